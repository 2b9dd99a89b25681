"""SCXML's executable content becomes actions."""

from __future__ import annotations

from typing import Any

import pytest

from pgsm.formats import scxml


def actions(content: str) -> list[Any]:
    """The actions of an <onentry> with this content."""
    return imported(content).document["states"]["s"].get("entry", [])


def imported(content: str) -> scxml.Imported:
    return scxml.load(
        '<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0">'
        f'<state id="s"><onentry>{content}</onentry></state></scxml>'
    )


@pytest.mark.parametrize(
    ("content", "action"),
    [
        ('<raise event="a.b"/>', {"type": "raise", "event": "a.b"}),
        ('<log expr="x"/>', {"type": "log", "message": {"expr": "x"}}),
        ('<log label="x is"/>', {"type": "log", "message": "x is"}),
        (
            '<log label="x" expr="x"/>',
            {"type": "log", "message": {"label": "x", "value": {"expr": "x"}}},
        ),
        (
            '<assign location="a.b[1]" expr="x + 1"/>',
            {"type": "assign", "set": {"a.b[1]": {"expr": "x + 1"}}},
        ),
        (
            '<assign location="a">[1, 2]</assign>',
            {"type": "assign", "set": {"a": [1, 2]}},
        ),
        ('<cancel sendid="i"/>', {"type": "cancel", "id": "i"}),
        ('<cancel sendidexpr="i"/>', {"type": "cancel", "id": {"expr": "i"}}),
        (
            '<foreach array="xs" item="x" index="i"><raise event="e"/></foreach>',
            {
                "type": "foreach",
                "in": {"expr": "xs"},
                "item": "x",
                "index": "i",
                "actions": [{"type": "raise", "event": "e"}],
            },
        ),
    ],
)
def test_an_element_is_an_action(content: str, action: Any) -> None:
    assert actions(content) == [action]


def test_if_is_a_choice_of_branches() -> None:
    found = actions(
        '<if cond="a"><raise event="a"/><elseif cond="b"/>'
        '<else/><raise event="c"/><raise event="d"/></if>'
    )
    assert found == [
        {
            "type": "choose",
            "branches": [
                {"guard": {"expr": "a"}, "actions": [{"type": "raise", "event": "a"}]},
                {"guard": {"expr": "b"}},
                {
                    "actions": [
                        {"type": "raise", "event": "c"},
                        {"type": "raise", "event": "d"},
                    ]
                },
            ],
        }
    ]


def test_nothing_follows_else() -> None:
    with pytest.raises(scxml.FormatError, match="after <else>"):
        actions('<if cond="a"><else/><elseif cond="b"/></if>')


# ------------------------------------------------------------------------- send


def test_send_has_all_of_its_attributes() -> None:
    plain = actions(
        '<send event="e" target="#_parent" type="scxml" id="i" delay="1.5s"/>'
    )
    assert plain == [
        {
            "type": "send",
            "event": "e",
            "to": {"address": "#_parent"},
            "processor": "scxml",
            "delay": "1.5s",
            "id": "i",
        }
    ]
    computed = actions(
        '<send eventexpr="e" targetexpr="t" typeexpr="p" idlocation="i"'
        ' delayexpr="d" namelist="a b"><param name="c" expr="1"/>'
        '<param name="d" location="a"/></send>'
    )
    assert computed == [
        {
            "type": "send",
            "event": {"expr": "e"},
            "to": {"address": {"expr": "t"}},
            "processor": {"expr": "p"},
            "data": {
                "a": {"expr": "a"},
                "b": {"expr": "b"},
                "c": {"expr": "1"},
                "d": {"expr": "a"},
            },
            "delay": {"expr": "d"},
            "idLocation": "i",
        }
    ]


@pytest.mark.parametrize(
    ("content", "data"),
    [
        ("<content>123</content>", 123),
        ("<content>this is\n text</content>", "this is text"),
        ('<content>{"a": "b"}</content>', {"a": "b"}),
        ('<content expr="a.b"/>', {"expr": "a.b"}),
        ("<content/>", None),
    ],
)
def test_the_data_of_send_may_be_content(content: str, data: Any) -> None:
    (action,) = actions(f'<send event="e">{content}</send>')
    assert action.get("data") == data


@pytest.mark.parametrize(
    ("delay", "found"),
    [
        ("5s", "5s"),
        (".5s", "0.5s"),
        ("100ms", "100ms"),
        ("soon", {"expr": "'soon'"}),
    ],
)
def test_a_delay_is_a_css_time(delay: str, found: Any) -> None:
    assert actions(f'<send event="e" delay="{delay}"/>')[0]["delay"] == found


@pytest.mark.parametrize("location", ["&quot;foo", "1+1", "a.1"])
def test_an_illegal_location_never_compiles(location: str) -> None:
    loaded = imported(f'<send event="e" namelist="{location}"/>')
    (data,) = loaded.document["states"]["s"]["entry"][0]["data"].values()
    assert data["expr"].startswith("location: ")
    assert [warning.code for warning in loaded.warnings] == ["bad_location"]


def test_of_two_params_with_one_name_the_last_is_taken() -> None:
    loaded = imported(
        '<send event="e"><param name="a" expr="1"/><param name="a" expr="2"/></send>'
    )
    assert loaded.document["states"]["s"]["entry"][0]["data"] == {"a": {"expr": "2"}}
    assert [warning.code for warning in loaded.warnings] == ["duplicate_param"]


def test_content_excludes_other_data() -> None:
    with pytest.raises(scxml.FormatError, match="other data as well"):
        actions('<send event="e" namelist="a"><content>1</content></send>')


# ---------------------------------------------------------------------- scripts


def assigned(script: str) -> list[tuple[str, str]]:
    return [
        (path, value["expr"])
        for action in actions(f"<script>{script}</script>")
        for path, value in action["set"].items()
    ]


def test_a_script_is_its_assignments_in_order() -> None:
    script = "\n  a = 1\n  b.c[0] += a * 2\n  d = e = 'é' + f\n  g: int = 4; pass\n"
    assert assigned(script) == [
        ("a", "1"),
        ("b.c[0]", "b.c[0] + (a * 2)"),
        ("d", "'é' + f"),
        ("e", "'é' + f"),
        ("g", "4"),
    ]


@pytest.mark.parametrize(
    "script", ["foo(1)", "import os", "a, b = 1, 2", "a =", "del a"]
)
def test_what_is_no_assignment_fails_when_it_is_reached(script: str) -> None:
    loaded = imported(f"<script>{script}</script>")
    (action,) = loaded.document["states"]["s"]["entry"]
    assert action["set"] == {"_script": {"expr": script}}
    assert [warning.code for warning in loaded.warnings] == ["bad_script"]


def test_a_script_declares_what_it_assigns() -> None:
    found = scxml.load(
        '<scxml><script>a = 1\nb = 2</script><state id="s">'
        '<datamodel><data id="b"/></datamodel></state></scxml>'
    ).document
    assert found["context"] == {"a": None}
    assert found["entry"] == [
        {"type": "assign", "set": {"a": {"expr": "1"}}},
        {"type": "assign", "set": {"b": {"expr": "2"}}},
    ]


def test_an_ecmascript_script_is_translated() -> None:
    found = scxml.load(
        '<scxml datamodel="ecmascript"><state id="s"><onentry>'
        "<script>var a = 1; a++; b = a === 2;</script></onentry></state></scxml>"
    ).document["states"]["s"]["entry"]
    assert [action["set"] for action in found] == [
        {"a": {"expr": "1"}},
        {"a": {"expr": "a + 1"}},
        {"b": {"expr": "a == 2"}},
    ]
