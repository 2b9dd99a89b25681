"""SCXML documents become definitions: states, transitions, data."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pgsm.engine import definition
from pgsm.formats import scxml


def document(inside: str, attributes: str = "") -> str:
    head = f'xmlns="http://www.w3.org/2005/07/scxml" version="1.0" {attributes}'
    return f"<scxml {head}>\n{inside}\n</scxml>"


def load(inside: str, attributes: str = "") -> Any:
    return scxml.load(document(inside, attributes)).document


def problems(inside: str, attributes: str = "") -> list[tuple[str, str]]:
    with pytest.raises(scxml.FormatError) as refused:
        load(inside, attributes)
    return [(problem.path, problem.code) for problem in refused.value.problems]


def warnings(inside: str, attributes: str = "") -> list[tuple[str, str]]:
    imported = scxml.load(document(inside, attributes))
    return [(warning.path, warning.code) for warning in imported.warnings]


def test_document_has_scxml_semantics_and_its_name() -> None:
    assert load('<state id="a"/>', 'name="door" binding="late"') == {
        "id": "door",
        "semantics": "scxml",
        "binding": "late",
        "initial": ["#a"],
        "states": {"a": {"id": "a"}},
    }


def test_a_name_that_a_state_has_as_its_id_is_the_machine_s_only() -> None:
    imported = scxml.load(document('<state id="door"/>', 'name="door"'))
    assert list(imported.machines) == ["door"]
    assert "id" not in imported.document


def test_what_is_loaded_is_a_definition() -> None:
    text = """
    <datamodel><data id="n" expr="0"/></datamodel>
    <parallel id="p">
      <history id="h" type="deep"><transition target="a1"/></history>
      <state id="a" initial="a1"><state id="a1"/><final id="a2"/></state>
      <state id="b"><transition event="x y.*" cond="n == 0" target="h"/></state>
    </parallel>"""
    assert definition.check(load(text)).problems == []


def test_the_first_state_is_initial_by_default() -> None:
    found = load('<parallel id="p"><state id="a"/></parallel><state id="b"/>')
    assert found["initial"] == ["#p"]


def test_initial_may_name_several_deep_states() -> None:
    found = load(
        '<parallel id="p"><state id="a"><state id="a1"/><state id="a2"/></state>'
        '<state id="b"><state id="b1"/><state id="b2"/></state></parallel>',
        'initial="a2 b2"',
    )
    assert found["initial"] == ["#a2", "#b2"]


def test_initial_element_and_history_have_content() -> None:
    found = load(
        """<state id="s">
        <initial><transition target="h"><raise event="in"/></transition></initial>
        <history id="h"><transition target="t"><raise event="back"/></transition>
        </history><state id="t"/></state>"""
    )["states"]["s"]
    assert found["initial"] == {
        "target": ["#h"],
        "actions": [{"type": "raise", "event": "in"}],
    }
    assert found["states"]["h"] == {
        "id": "h",
        "type": "history",
        "history": "shallow",
        "target": ["#t"],
        "actions": [{"type": "raise", "event": "back"}],
    }


def test_transitions_keep_their_order_and_all_descriptors() -> None:
    found = load(
        """<state id="s">
        <transition event="b a.*" target="t"/>
        <transition cond="In('t')" target="t"/>
        <transition event="*"><log label="other"/></transition>
        </state><state id="t"/>"""
    )["states"]["s"]
    assert found["transitions"] == [
        {"event": ["b", "a.*"], "target": ["#t"], "reenter": True},
        {"event": ["*"], "actions": [{"type": "log", "message": "other"}]},
    ]
    assert found["always"] == [
        {"target": ["#t"], "guard": {"expr": "In('t')"}, "reenter": True}
    ]


@pytest.mark.parametrize(
    ("state", "external"),
    [
        ('<state id="s">{}<state id="t"/></state>', False),
        ('<parallel id="s">{}<state id="t"/></parallel>', True),
        ('<state id="t"><state id="s">{}<state/></state></state>', True),
        ('<state id="s">{}</state><state id="t"/>', True),
    ],
)
def test_internal_counts_for_targets_inside_of_compound_states_only(
    state: str, external: bool
) -> None:
    text = state.format('<transition event="e" type="internal" target="t"/>')
    states = load(text)["states"]
    states = states if "s" in states else states["t"]["states"]
    (transition,) = states["s"]["transitions"]
    assert transition.get("reenter", False) is external


def test_a_key_without_dots_stands_for_an_id_with_dots() -> None:
    found = load('<state id="a.b"><transition event="e" target="a.b"/></state>')
    assert found["initial"] == ["#a.b"]
    assert found["states"]["a_b"]["id"] == "a.b"
    assert found["states"]["a_b"]["transitions"][0]["target"] == ["#a.b"]


def test_a_key_never_makes_another_state_s_id_ambiguous() -> None:
    text = '<state id="a"><state id="b"/></state><state id="a.b"/>'
    found = load(text, 'initial="a.b"')
    assert list(found["states"]["a"]["states"]) == ["b_2"]
    assert definition.check(found).problems == []


def test_states_without_ids_get_some() -> None:
    found = load('<state id="state2"/><state><state/></state>')
    assert [state["id"] for state in found["states"].values()] == [
        "state2",
        "state2_2",
    ]
    assert found["states"]["state2_2"]["initial"] == ["#state3"]


def test_final_states_have_donedata() -> None:
    found = load(
        """<final id="a"><donedata><param name="x" expr="1"/></donedata></final>
        <final id="b"><donedata><content>foo  bar</content></donedata></final>
        <final id="c"><donedata><content expr="1 + 1"/></donedata></final>
        <final id="d"/>"""
    )["states"]
    assert [state.get("output") for state in found.values()] == [
        {"x": {"expr": "1"}},
        "foo bar",
        {"expr": "1 + 1"},
        None,
    ]


# ------------------------------------------------------------------------- data


def test_data_are_declared_where_they_stand() -> None:
    found = load(
        """<datamodel><data id="a" expr="1"/><data id="b"/></datamodel>
        <state id="s"><datamodel><data id="c" expr="a"/></datamodel></state>"""
    )
    assert found["context"] == {"a": {"expr": "1"}, "b": None}
    assert found["states"]["s"]["context"] == {"c": {"expr": "a"}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[1, 2.50]", [1, Decimal("2.50")]),
        ('{"expr": "x"}', {"literal": {"expr": "x"}}),
        ("{'a': None}", {"expr": "{'a': None}"}),
        (" this  is\n text ", "this is text"),
        ("", None),
        ('<books xmlns=""><b t="1&amp;2"/></books>', '<books><b t="1&amp;2"/></books>'),
        ('<b xmlns="urn:x">1</b>', '<b xmlns="urn:x">1</b>'),
    ],
)
def test_inline_data_are_json_python_or_text(text: str, value: Any) -> None:
    found = load(f'<datamodel><data id="a">{text}</data></datamodel><state id="s"/>')
    assert found["context"]["a"] == value


def test_the_null_datamodel_knows_in() -> None:
    found = load(
        '<state id="s"><transition cond="In(s)" target="s"/></state>',
        'datamodel="null"',
    )
    assert found["states"]["s"]["always"][0]["guard"] == {"expr": "In('s')"}


def test_simple_ecmascript_is_translated_with_a_warning() -> None:
    text = """<state id="s">
    <transition cond="a.b === 1 &amp;&amp; !c || x.length !== null" target="s"/>
    <transition cond="a ? b : c" target="s"/></state>"""
    imported = scxml.load(document(text, 'datamodel="ecmascript"'))
    first = imported.document["states"]["s"]["always"][0]
    assert first["guard"]["expr"] == "a.b == 1 and (not c) or len(x) != None"
    assert [(w.path, w.code) for w in imported.warnings] == [
        ("line 1", "ecmascript"),
        ("line 4", "bad_expression"),
    ]
    assert "Python-style" in (imported.warnings[1].hint or "")


# -------------------------------------------------------------------- complaints


def test_all_problems_are_reported_at_once_with_their_lines() -> None:
    found = problems(
        """<state id="s">
        <transition event="e" target="nowhere"/>
        <transition event="a..b"/>
        <transition type="sideways" event="e"/>
        </state>
        <state id="s"/>
        <history id="h"/>
        <state id="t" initial="s"><state id="u"/></state>
        <state id="v"><history id="x"/><state id="w"/></state>
        <state id="y z"><onentry><raise/><send event="a" eventexpr="b"/></onentry>
        </state>"""
    )
    assert found == [
        ("line 7", "duplicate_id"),
        ("line 11", "bad_id"),
        ("line 3", "bad_target"),
        ("line 4", "bad_event"),
        ("line 5", "bad_transition"),
        ("line 9", "bad_target"),
        ("line 10", "bad_transition"),
        ("line 11", "missing_attribute"),
        ("line 11", "conflicting_attributes"),
    ]


def test_a_misspelt_target_has_a_hint() -> None:
    with pytest.raises(scxml.FormatError) as refused:
        load('<state id="open"><transition event="e" target="opne"/></state>')
    assert refused.value.problems[0].hint == 'did you mean "open"?'


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "missing_states"),
        ('<state id="s"><state id="t"><initial/></state></state>', None),
        ('<state id="s"><initial/><state id="t"/></state>', "bad_transition"),
        (
            """<state id="s"><state id="t"/>
            <initial><transition event="e" target="t"/></initial></state>""",
            "bad_transition",
        ),
        ('<state id="s" initial=""><state id="t"/></state>', "bad_target"),
    ],
)
def test_structural_faults_are_problems(text: str, code: str | None) -> None:
    if code:
        assert [found for _, found in problems(text)] == [code]
    else:
        assert warnings(text) == [("line 2", "misplaced_initial")]


def test_what_is_unknown_is_left_out_with_a_warning() -> None:
    found = warnings(
        """<state id="s" colour="red"><onentry><beep/></onentry>
        <x:y xmlns:x="urn:x"/><x:y xmlns:x="urn:x"/>text</state>"""
    )
    assert found == [
        ("line 2", "unknown_attribute"),
        ("line 3", "unknown_namespace"),
        ("line 2", "unknown_text"),
        ("line 2", "unknown_element"),
    ]


def test_an_unknown_datamodel_is_a_problem_that_says_what_to_write() -> None:
    with pytest.raises(scxml.FormatError, match="xpath") as refused:
        load('<state id="s"/>', 'datamodel="xpath"')
    assert "Python-style" in (refused.value.problems[0].hint or "")


def test_an_expression_that_does_not_compile_is_a_warning() -> None:
    text = '<state id="s"><transition cond="return" target="s"/></state>'
    assert warnings(text) == [("line 2", "bad_expression")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<a>", "bad_xml"),
        ("", "bad_xml"),
        ("<state/>", "bad_root"),
        ("<scxml a='1' a='2'/>", "bad_xml"),
        ('<!DOCTYPE scxml SYSTEM "file:///etc/passwd"><scxml/>', "forbidden_xml"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "forbidden_xml"),
        ("<scxml>" + "<state>" * 300, "too_deep"),
    ],
)
def test_what_is_no_safe_xml_is_refused(text: str, code: str) -> None:
    with pytest.raises(scxml.FormatError) as refused:
        scxml.load(text)
    assert [problem.code for problem in refused.value.problems] == [code]
