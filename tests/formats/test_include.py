"""Definitions of several files: what is built, where it comes from, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from pgsm.cli import main
from pgsm.formats import files, include
from pgsm.formats.common import FormatError
from pgsm.formats.include_schema import schema
from pgsm.testing import World

Json = Any
Write = Callable[..., None]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    monkeypatch.chdir(tmp_path)

    def write_file(name: str, value: Json) -> None:
        place = Path(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        text = value if isinstance(value, str) else json.dumps(value, indent=1)
        place.write_text(text, "utf-8")

    return write_file


def built(value: Json, write: Write) -> Json:
    write("main.json", value)
    return include.read("main.json").value


def refused(value: Json, write: Write) -> str:
    with pytest.raises(FormatError) as error:
        built(value, write)
    (problem,) = error.value.problems
    assert problem.code == "include"
    return f"{problem.path}: {problem.message}" + (
        f" | {problem.hint}" if problem.hint else ""
    )


# -- what is built ---------------------------------------------------------------------


def test_an_object_becomes_what_is_at_the_pointer(write: Write) -> None:
    write("lib/a.yaml", "x: {y: [1, {z: 2.50}]}\n'a/b': {'c~d': deep}\n")
    assert built({"p": {"$include": "lib/a.yaml#/x/y/1"}}, write) == {
        "p": {"z": files.read_yaml("2.50")}
    }
    assert built({"p": {"$include": "lib/a.yaml#/a~1b/c~0d"}}, write) == {"p": "deep"}
    assert built([{"$include": "lib/a.yaml#/x/y"}], write) == [
        [1, {"z": files.read_yaml("2.5")}]
    ]


def test_a_whole_file_comes_without_its_schema(write: Write) -> None:
    write("a.json", {"$schema": "s.json", "a": {"$schema": 1}})
    assert built({"$schema": "t.json", "p": {"$include": "a.json"}}, write) == {
        "$schema": "t.json",
        "p": {"a": {"$schema": 1}},
    }
    assert built({"$include": "a.json"}, write) == {"a": {"$schema": 1}}


def test_pointers_without_a_file_are_into_the_same_one(write: Write) -> None:
    write("a.json", {"one": {"$include": "#/two"}, "two": {"n": 2}})
    value = {"x": {"$include": "#/y"}, "y": 1, "z": {"$include": "a.json#/one"}}
    assert built(value, write) == {"x": 1, "y": 1, "z": {"n": 2}}


def test_includes_of_a_part_are_seen_from_its_file(write: Write) -> None:
    write("lib/a.json", {"p": {"$include": "deep/b.json#/q"}})
    write("lib/deep/b.json", {"q": {"$include": "../c.json#/r"}})
    write("lib/c.json", {"r": {"found": True}})
    assert built({"$include": "lib/a.json#/p"}, write) == {"found": True}


def test_parameters_are_values_and_parts_of_texts(write: Write) -> None:
    part = {
        "whole": "${v}",
        "text": "n is ${n}, v is ${s}",
        "${s}.done": "$${n} and ${n}",
        "list": ["${n}", 1, None],
    }
    write("a.json", {"p": part})
    given = {"v": {"deep": [1]}, "n": 5, "s": "pay"}
    value = {"$include": "a.json#/p", "with": given}
    assert built(value, write) == {
        "whole": {"deep": [1]},
        "text": "n is 5, v is pay",
        "pay.done": "${n} and 5",
        "list": [5, 1, None],
    }


def test_without_parameters_texts_stay(write: Write) -> None:
    write("a.json", {"p": "cost: ${n}"})
    assert built({"$include": "a.json#/p"}, write) == "cost: ${n}"
    assert built({"p": "${n}"}, write) == {"p": "${n}"}


def test_parameters_are_passed_on_and_not_seen_further_down(write: Write) -> None:
    inner = {"p": {"$include": "#/q", "with": {"m": "${n}"}}, "q": ["${m}", "${n}"]}
    write("b.json", inner)
    write("a.json", {"p": {"$include": "#/q", "with": {"m": "${n}"}}, "q": ["${m}"]})
    given = {"with": {"n": {"a": 1}}}
    assert built({"$include": "a.json#/p", **given}, write) == [{"a": 1}]
    said = refused({"$include": "b.json#/p", **given}, write)
    assert said.startswith('b.json:10: no parameter "n" is given')


def test_a_file_may_be_named_by_a_parameter(write: Write) -> None:
    write("a.json", {"p": {"$include": "${file}#/x"}})
    write("b.json", {"x": 1})
    value = {"$include": "a.json#/p", "with": {"file": "b.json"}}
    assert built(value, write) == 1


def test_other_keys_are_put_to_the_included_ones(write: Write) -> None:
    write("a.json", {"p": {"x": 1, "y": {"deep": 1}}, "q": {"z": 3}})
    assert built({"$include": "a.json#/p", "y": 2, "w": 4}, write) == {
        "x": 1,
        "y": 2,
        "w": 4,
    }
    both = ["a.json#/p", "a.json#/q"]
    assert built({"$include": both}, write) == {"x": 1, "y": {"deep": 1}, "z": 3}


def test_a_document_without_includes_is_as_it_was(write: Write) -> None:
    value = {"with": {"a": "${b}"}, "include": 1}
    assert built(value, write) == value


# -- what is refused -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"p": {"$include": "no.json"}}, 'main.json:3: "no.json" cannot be included: '),
        (
            {"p": {"$include": "a.json#/pq"}},
            'in "a.json" it has no "pq" | did you mean',
        ),
        ({"p": {"$include": "a.json#/p/z"}}, 'in "a.json" "/p" has no "z"'),
        ({"p": {"$include": "a.json#p"}}, '"#p" is no path: it begins with "#/" | #/p'),
        ({"p": {"$include": "a.json#/l/2"}}, 'in "a.json" "/l" has no "2"'),
        ({"p": {"$include": 1}}, '"$include" is "file#/path", or a list of such'),
        ({"p": {"$include": []}}, '"$include" is "file#/path", or a list of such'),
        ({"p": {"$include": "a.json#/l", "x": 1}}, '"a.json#/l" is no object, and'),
        ({"p": {"$include": ["a.json#/p", "a.json#/p"]}}, '"x" is in more than one of'),
        ({"p": {"$include": "a.json#/p", "with": 1}}, '"with" is an object of param'),
        ({"p": {"$include": "bad.json"}}, '"bad.json" cannot be included: the text is'),
        (
            {"p": {"$include": "a.json#/t", "with": {"m": {}}}},
            'a.json:9: the parameter "m" is an object, and has no place in a text',
        ),
    ],
)
def test_mistakes_are_told_with_file_and_line(
    write: Write, value: Json, said: str
) -> None:
    write("a.json", {"p": {"x": 1}, "l": [1, 2], "t": "a ${m}"})
    write("bad.json", "{")
    assert said in refused(value, write)


def test_what_includes_itself_is_refused_with_the_way(write: Write) -> None:
    write("lib/a.json", {"p": {"x": {"$include": "b.json#/q"}}})
    write("lib/b.json", {"q": [{"$include": "../lib/a.json#/p"}]})
    said = refused({"$include": "lib/a.json#/p"}, write)
    assert said == (
        'lib/b.json:4: "../lib/a.json#/p" includes itself:'
        " main.json# → lib/a.json#/p → lib/b.json#/q"
    )
    assert "includes itself" in refused({"a": {"$include": "#/a"}}, write)
    assert "includes itself" in refused({"a": {"$include": "main.json"}}, write)


def test_what_grows_without_end_is_refused(write: Write, monkeypatch: Any) -> None:
    monkeypatch.setattr(include, "MOST_VALUES", 1000)
    doubled = {f"p{n}": [{"$include": f"#/p{n + 1}"}] * 2 for n in range(20)}
    assert "too large" in refused({**doubled, "p20": 1}, write)


# -- where it comes from ---------------------------------------------------------------


def places(*paths: str) -> list[tuple[str, str, int]]:
    found = include.read("main.yaml")
    return [(p.path, p.file, p.line) for p in map(found.place, paths)]


def test_places_are_those_of_the_files(write: Write) -> None:
    write("lib.yaml", "p:\n  a: 1\n  b:\n    c: ${v}\n    d: {e: 2}\n")
    write(
        "main.yaml",
        "x: 1\nq:\n  $include: lib.yaml#/p\n  with:\n    v: {f: 3}\nr:\n"
        "  $include: lib.yaml#/p\n  b: {d: 4}\n",
    )
    assert places("$.x", "$.q.a", "$.q.b.c.f", "$.q.b.d.e", "$.q.b") == [
        ("$.x", "", 1),
        ("$.q.a", "lib.yaml", 2),
        ("$.q.b.c.f", "", 5),
        ("$.q.b.d.e", "lib.yaml", 5),
        ("$.q.b", "lib.yaml", 3),
    ]
    assert places("$.r.a", "$.r.b.d") == [("$.r.a", "lib.yaml", 2), ("$.r.b.d", "", 8)]


def test_places_of_the_normal_form_are_found(write: Write) -> None:
    write("lib.yaml", "p:\n  on:\n    go: b\n")
    write("main.yaml", "states:\n  a: {$include: lib.yaml#/p}\n  b: {}\n")
    assert places("$.states.a.on.go[0].target[0]") == [
        ("$.states.a.on.go", "lib.yaml", 3)
    ]


# -- commands --------------------------------------------------------------------------

MACHINE = "initial: a\nstates:\n  a: {$include: lib.yaml#/a}\n  b: {}\n"
LIBRARY = "a:\n  on: {go: b}\n"


def run(*arguments: str, given: str | None = None) -> tuple[int, str]:
    result = CliRunner().invoke(main, arguments, input=given)
    return result.exit_code, result.output


def test_commands_that_read_files_see_the_whole(write: Write) -> None:
    write("lib.yaml", LIBRARY)
    write("m.yaml", MACHINE)
    write("m.scenarios.yaml", "machine: m\nsteps: [{send: go, expect: {value: b}}]\n")
    for command in (
        ("check", "m.yaml"),
        ("explore", "m.yaml", "--to", "b"),
        ("diagram", "m.yaml"),
        ("test", "m.scenarios.yaml"),
        ("export", "xstate", "m.yaml"),
    ):
        code, said = run(*command)
        assert code == 0, said
    code, said = run("simulate", "m.yaml", given="go\n")
    assert (code, "m-1  b" in said) == (0, True)
    world = World()
    world.define("m.yaml")
    assert world.start("m").send("go").value == "b"


def test_build_writes_json_and_yaml(write: Write) -> None:
    write("lib.yaml", LIBRARY)
    write("m.yaml", MACHINE)
    whole = {"initial": "a", "states": {"a": {"on": {"go": "b"}}, "b": {}}}
    code, said = run("build", "m.yaml")
    assert (code, json.loads(said)) == (0, whole)
    for name in ("out/m.json", "out/m.yaml"):
        assert run("build", "m.yaml", "-o", name) == (0, "")
        assert files.read_definition(name) == whole
    code, said = run("build", "-", given=MACHINE)
    assert (code, json.loads(said)) == (0, whole)


def test_build_tells_file_and_line_of_what_is_wrong(write: Write) -> None:
    write("lib.yaml", "b: {}\n")
    write("m.yaml", MACHINE)
    code, said = run("build", "m.yaml")
    assert code == 1
    assert said.startswith('error: m.yaml:3: in "lib.yaml" it has no "a"')
    assert run("build", "no.yaml")[0] == 2
    assert run("build")[0] == 2


def test_check_tells_the_place_in_the_included_file(write: Write) -> None:
    write("lib.yaml", "a:\n  on:\n    go: nowhere\n")
    write("m.yaml", MACHINE)
    code, said = run("check", "m.yaml")
    assert code == 1
    assert said.startswith("lib.yaml:3:5: error: $.states.a.on.go: there is no state")
    found = json.loads(run("check", "m.yaml", "--json")[1])["files"][0]["problems"][0]
    assert (found["file"], found["line"]) == ("lib.yaml", 3)


# -- the schema for editors ------------------------------------------------------------


def complaints(value: Json) -> list[str]:
    found = jsonschema.Draft202012Validator(schema()).iter_errors(value)
    return [f"{error.json_path}: {error.message}" for error in found]


def test_schema_takes_includes_anywhere_and_machines_as_they_are() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    for place in sorted((ROOT / "examples").rglob("*.v1.json")):
        assert complaints(json.loads(place.read_text("utf-8"))) == []
    part = {"$include": "a.yaml#/x", "with": {"n": 1}}
    assert (
        complaints(
            {
                "initial": "a",
                "context": part,
                "states": {
                    "a": part,
                    "b": {"on": {"go": part}, "entry": [part], "after": part},
                    "c": {"initial": "d", "invoke": part, "states": part},
                },
                "implementations": {"guards": part, "effects": {"x": {"retry": part}}},
            }
        )
        == []
    )
    assert complaints({"initial": "a", "states": part}) == []


def test_schema_refuses_mistakes_as_before() -> None:
    assert complaints({"statse": {}})
    assert complaints({"states": {"a": {"onn": {}}}})
    assert complaints({"states": {"a": {"$include": 1}}})
