"""SCXML's <invoke>, other files, and the machines that they bring along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pgsm.formats import scxml

CHILD = '<scxml version="1.0"><final id="end"/></scxml>'
CHILD_DOCUMENT = {
    "semantics": "scxml",
    "initial": ["#end"],
    "states": {"end": {"id": "end", "type": "final"}},
}


def load(inside: str, resolver: Any = None) -> scxml.Imported:
    text = (
        '<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" name="main">'
        f'<state id="s">{inside}</state></scxml>'
    )
    return scxml.load(text, resolver)


def invoke(inside: str, resolver: Any = None) -> Any:
    return load(inside, resolver).document["states"]["s"]["invoke"]


def test_inline_machines_are_named_after_their_place() -> None:
    content = f"<content>{CHILD}</content>"
    found = load(
        f"<invoke>{content}</invoke><invoke>{content}</invoke>"
        f'<invoke id="i">{content}</invoke>'
    )
    assert found.machines == {
        "main": found.document,
        "main.s": CHILD_DOCUMENT,
        "main.s.2": CHILD_DOCUMENT,
        "main.i": CHILD_DOCUMENT,
    }
    assert found.document["states"]["s"]["invoke"] == [
        {"machine": "main.s"},
        {"machine": "main.s.2"},
        {"id": "i", "machine": "main.i"},
    ]


def test_invoke_has_all_of_its_parts() -> None:
    (found,) = invoke(
        '<invoke srcexpr="where" typeexpr="how" idlocation="i" autoforward="true"'
        ' namelist="a"><param name="b" expr="1"/>'
        '<finalize><assign location="a" expr="_event.data.a"/></finalize></invoke>'
    )
    assert found == {
        "machine": {"expr": "where"},
        "input": {"a": {"expr": "a"}, "b": {"expr": "1"}},
        "processor": {"expr": "how"},
        "idLocation": "i",
        "autoforward": True,
        "finalize": [{"type": "assign", "set": {"a": {"expr": "_event.data.a"}}}],
    }


@pytest.mark.parametrize(
    "kind", ["scxml", "http://www.w3.org/TR/scxml", "http://www.w3.org/TR/scxml/"]
)
def test_scxml_s_own_type_need_not_be_said(kind: str) -> None:
    text = f'<invoke type="{kind}"><content expr="x"/></invoke>'
    assert invoke(text) == [{"machine": {"expr": "x"}}]


def test_another_type_is_an_error_of_the_running_machine() -> None:
    found = load('<invoke type="ccxml"><content expr="x"/></invoke>')
    assert found.document["states"]["s"]["invoke"][0]["processor"] == "ccxml"
    assert [warning.code for warning in found.warnings] == ["bad_invoke"]


def test_an_empty_finalize_assigns_what_was_passed() -> None:
    (found,) = invoke(
        '<invoke srcexpr="x" namelist="a"><param name="b" location="c.d"/>'
        '<param name="e" expr="1"/><finalize/></invoke>'
    )
    assert found["finalize"] == [
        {
            "type": "choose",
            "branches": [
                {
                    "guard": {"expr": "_event.data is not None and 'a' in _event.data"},
                    "actions": [
                        {"type": "assign", "set": {"a": {"expr": "_event.data['a']"}}}
                    ],
                }
            ],
        },
        {
            "type": "choose",
            "branches": [
                {
                    "guard": {"expr": "_event.data is not None and 'b' in _event.data"},
                    "actions": [
                        {"type": "assign", "set": {"c.d": {"expr": "_event.data['b']"}}}
                    ],
                }
            ],
        },
    ]


def test_invoke_needs_exactly_one_machine() -> None:
    for text in (
        "<invoke/>",
        '<invoke src="a.scxml"><content expr="x"/></invoke>',
        "<invoke><content>text</content></invoke>",
    ):
        with pytest.raises(scxml.FormatError) as refused:
            load(text, {"a.scxml": CHILD}.__getitem__)
        assert [problem.code for problem in refused.value.problems] == ["bad_invoke"]


def test_an_assigned_machine_is_its_name() -> None:
    found = load(
        f'<onentry><assign location="a">{CHILD}</assign></onentry>'
        '<invoke><content expr="a"/></invoke>'
    )
    assert list(found.machines) == ["main", "main.inline"]
    assert found.document["states"]["s"]["entry"][0]["set"] == {"a": "main.inline"}


# ------------------------------------------------------------------------- files


def test_a_file_becomes_a_machine_once() -> None:
    files = {
        "file:sub.scxml": f'<scxml><state id="x"><invoke src="./sub.scxml"/>'
        f"<invoke><content>{CHILD}</content></invoke></state></scxml>"
    }
    found = load('<invoke src="file:sub.scxml"/>' * 2, files.__getitem__)
    assert list(found.machines) == ["main", "sub", "sub.x"]
    assert found.document["states"]["s"]["invoke"] == [{"machine": "sub"}] * 2
    assert found.machines["sub"]["states"]["x"]["invoke"] == [
        {"machine": "sub"},
        {"machine": "sub.x"},
    ]


def test_a_problem_in_a_file_names_the_file() -> None:
    files = {
        "sub.scxml": '<scxml>\n<state initial="x"><state id="y"/></state></scxml>',
        "bad.scxml": "<scxml>\n",
    }
    sources = ("sub.scxml", "none.scxml", "bad.scxml")
    with pytest.raises(scxml.FormatError) as refused:
        load("".join(f'<invoke src="{each}"/>' for each in sources), files.__getitem__)
    assert [(problem.path, problem.code) for problem in refused.value.problems] == [
        ("sub.scxml, line 2", "bad_target"),
        ("line 1", "unresolved_src"),
        ("bad.scxml, line 2", "bad_xml"),
    ]


def test_without_a_resolver_a_machine_is_named_only() -> None:
    found = load('<invoke src="https://example.com/a/sub.scxml?x=1"/>')
    assert found.document["states"]["s"]["invoke"] == [{"machine": "sub"}]
    assert [warning.code for warning in found.warnings] == ["unresolved_src"]


def test_scripts_and_data_are_taken_from_files(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "a.json").write_text("[1, 2]")
    (tmp_path / "a b.txt").write_text(" some\n text ")
    main = tmp_path / "main.scxml"
    main.write_text(
        '<scxml><datamodel><data id="x"/><data id="y" src="file:a.json"/>'
        '<data id="z" src="a%20b.txt"/></datamodel>'
        '<script src="a.py"/><state id="s"/></scxml>'
    )
    for given in (main, str(main)):
        found = scxml.load(given)
        assert list(found.machines) == ["main"]
        assert found.document["context"] == {"x": None, "y": [1, 2], "z": "some text"}
        assert found.document["entry"][0]["set"] == {"x": {"expr": "1"}}


@pytest.mark.parametrize("source", ["../secret", "/etc/passwd", "http://x/y", "none"])
def test_only_files_beside_the_document_are_read(tmp_path: Path, source: str) -> None:
    (tmp_path / "secret").write_text("1")
    (tmp_path / "in").mkdir()
    main = tmp_path / "in" / "main.scxml"
    main.write_text(
        f'<scxml><datamodel><data id="x" src="{source}"/></datamodel>'
        '<state id="s"/></scxml>'
    )
    with pytest.raises(scxml.FormatError) as refused:
        scxml.load(main)
    assert [problem.code for problem in refused.value.problems] == ["unresolved_src"]


def test_a_file_that_does_not_exist_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(scxml.FormatError, match="cannot be read"):
        scxml.load(tmp_path / "none.scxml")


def test_a_file_s_own_encoding_counts(tmp_path: Path) -> None:
    main = tmp_path / "main.scxml"
    text = '<?xml version="1.0" encoding="iso-8859-1"?><scxml><state id="é"/></scxml>'
    main.write_bytes(text.encode("iso-8859-1"))
    assert scxml.load(main).document["initial"] == ["#é"]
