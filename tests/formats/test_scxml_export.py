"""Our own documents become SCXML's: what it has no words for is kept and reported."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pgsm.formats import scxml


def dump(document: Any) -> scxml.Exported:
    return scxml.dump(document)


def body(document: Any) -> str:
    """The document's inside, on one line."""
    text = dump(document)
    inside = re.sub(r"\n\s*", "", text[text.index("<scxml") :])
    return inside[inside.index(">") + 1 : -len("</scxml>")]


def warnings(document: Any) -> list[tuple[str, str]]:
    return [(warning.path, warning.code) for warning in dump(document).warnings]


def machine(**states: Any) -> Any:
    return {"initial": next(iter(states)), "states": states}


def again(document: Any) -> Any:
    """The document after an export and an import."""
    return scxml.load(dump(document)).document


# ------------------------------------------------------------- transitions of our own


def test_transitions_by_event_stand_in_the_order_of_their_precedence() -> None:
    document = machine(
        s={
            "on": {"*": "t", "a.*": "t", "a.b.*": "t", "c": {"guard": {"expr": "true"}}}
        },
        t={},
    )
    assert re.findall('event="(.*?)"', body(document)) == ["c", "a.b.*", "a.*", "*"]


def test_a_descriptor_that_would_take_another_event_is_guarded() -> None:
    text = body(machine(s={"on": {"a": {"guard": {"expr": "1 < 2"}}, "a.b": "s"}}))
    assert (
        """<transition event="a" cond="(_event.name == 'a') and (1 &lt; 2)"/>""" in text
    )
    assert '<transition event="a.b"' in text


def test_an_event_with_spaces_is_known_by_its_name() -> None:
    text = body(machine(s={"on": {"go on": "t"}}, t={}))
    assert (
        """<transition event="*" cond="_event.name == 'go on'" target="t"/>""" in text
    )


def test_after_is_a_send_that_leaving_cancels() -> None:
    document = machine(
        s={"entry": {"type": "log", "message": "in"}, "after": {"2 minutes": "t"}}, t={}
    )
    assert body(document).startswith(
        '<state id="s">'
        '<onentry><log label="in"/></onentry>'
        '<onentry><send event="after.1.s" delay="120s" id="after.1.s"/></onentry>'
        '<onexit><cancel sendid="after.1.s"/></onexit>'
        '<transition event="after.1.s" target="t"/>'
    )


@pytest.mark.parametrize(
    ("delay", "written"),
    [
        ("1500", '"1500ms"'),
        ("1 hour 30 min", '"5400s"'),
        ("PT1M30S", '"90s"'),
        ("1 day", '"86400s"'),
        ("patience", """"str((a) * 1000) + 'ms'\""""),
    ],
)
def test_delays_are_seconds_and_milliseconds(delay: str, written: str) -> None:
    document = machine(s={"after": {delay: "s"}})
    delays = {"patience": {"expr": "context.a", "unit": "seconds"}}
    document |= {"context": {"a": 1}, "implementations": {"delays": delays}}
    assert f"={written}" in body(document)


def test_a_delay_that_scxml_cannot_say_is_kept() -> None:
    for delay in ("1 month", "P1D"):
        document = machine(s={"after": {delay: "s"}})
        assert [code for _, code in warnings(document)] == ["pgsm_only"]
        assert again(document)["states"]["s"]["entry"][0]["delay"] == delay


def test_done_states_and_answers_are_events() -> None:
    document = machine(
        s={
            "initial": "t",
            "onDone": "u",
            "invoke": {"id": "i", "machine": "m", "onDone": "u", "onError": "u"},
            "states": {"t": {"type": "final"}},
        },
        u={},
    )
    text = body(document)
    assert '<invoke id="i" src="m.scxml"/>' in text
    for event in ("done.state.s", "done.invoke.i", "error.invoke.i"):
        assert f'<transition event="{event}" target="u"/>' in text


def test_a_history_without_a_default_has_that_of_its_state() -> None:
    document = machine(
        s={"initial": "a", "states": {"a": {}, "h": {"type": "history"}}},
        p={
            "type": "parallel",
            "states": {"x": {}, "y": {}, "g": {"history": "deep"}},
        },
    )
    text = body(document)
    assert 'type="shallow"><transition target="s.a"/>' in text
    assert 'type="deep"><transition target="p.x p.y"/>' in text


def test_a_root_that_does_something_gets_a_state() -> None:
    document = machine(a={"on": {"e": "b"}}, b={"type": "final"}) | {
        "exit": {"type": "log", "message": "bye"},
        "on": {"stop": ".b"},
        "output": {"expr": "event.output"},
    }
    found = again(document)
    assert found["initial"] == ["#root"]
    assert list(found["states"]) == ["root", "root_done"]
    assert found["states"]["root"]["exit"] == [{"type": "log", "message": "bye"}]
    assert found["states"]["root_done"]["output"] == {"expr": "_event.data"}


# --------------------------------------------------------- named parts, expressions


def test_named_parts_stand_where_they_are_used() -> None:
    document = machine(
        s={
            "entry": [
                {"type": "add", "params": {"n": {"expr": "context.a + 1"}}},
                "say",
            ],
            "always": {
                "guard": {"and": ["big", {"in": "#(machine).t"}]},
                "target": "t",
            },
        },
        t={},
    ) | {
        "context": {"a": 1},
        "implementations": {
            "actions": {
                "add": [
                    {"type": "assign", "set": {"a": {"expr": "context.a * params.n"}}},
                    "say",
                ],
                "say": {"type": "log", "message": {"expr": "context.a"}},
            },
            "guards": {"big": {"not": {"expr": "context.a < 5"}}},
        },
    }
    assert body(document) == (
        '<datamodel><data id="a">1</data></datamodel><state id="s"><onentry>'
        '<assign location="a" expr="a * (a + 1)"/><log expr="a"/><log expr="a"/>'
        '</onentry><transition cond="(not (a &lt; 5)) and (In(\'t\'))" target="t"/>'
        '</state><state id="t"/>'
    )


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("context.a.context", "a.context"),
        ("event.data.event", "_event.data.event"),
        ("event.type == 'context.a'", "_event.name == 'context.a'"),
        ("event.output or event.error", "_event.data or _event.data"),
        ("null if true else false", "None if True else False"),
        ("instance.id + instance.machine", "_sessionid + _name"),
        ("in_state('s')", "In('s')"),
        ("[x.true for x in context.a]", "[x.true for x in a]"),
    ],
)
def test_expressions_are_in_scxml_s_words(ours: str, theirs: str) -> None:
    found = again(machine(s={"always": {"guard": {"expr": ours}, "target": "t"}}, t={}))
    assert found["states"]["s"]["always"][0]["guard"] == {"expr": theirs}


@pytest.mark.parametrize("source", ["now", "auth.role", "context", "instance.parent"])
def test_what_expressions_have_no_words_for_is_reported(source: str) -> None:
    document = machine(s={"entry": {"type": "log", "message": {"expr": source}}})
    assert warnings(document) == [("$.states.s.entry[0].message", "expression")]


def test_the_input_is_what_it_overrides_or_data_of_its_own() -> None:
    document = machine(s={}) | {"context": {"a": {"expr": "input.a"}}}
    assert again(document)["context"] == {"a": None}
    assert warnings(document) == []
    document["context"]["b"] = {"expr": "input.a + 1"}
    assert again(document)["context"] == {
        "input": {},
        "a": None,
        "b": {"expr": "input.a + 1"},
    }
    assert warnings(document) == [("$.context", "input")]


# ------------------------------------------------------------- what only we have


def test_what_scxml_has_no_words_for_is_reported_and_kept() -> None:
    sql = {"sql": "shop.f(text)", "args": [{"expr": "context.a"}]}
    document = machine(
        s={
            "tags": ["x"],
            "defer": ["e"],
            "entry": [{"type": "effect", "name": "mail", "input": sql}],
            "invoke": {"id": "i", "src": "mail", "timeout": "1s", "input": {"a": 1}},
            "always": {"guard": sql, "target": "t"},
        },
        t={"type": "final", "output": sql},
    ) | {
        "unhandled": "refuse",
        "context": {"a": sql | {"args": [1]}},
        "implementations": {"effects": {"mail": {}, "more": {"priority": 1}}},
    }
    found = again(document)
    theirs = {"sql": "shop.f(text)", "args": [{"expr": "a"}]}
    assert found == {
        "semantics": "scxml",
        "initial": ["#s"],
        "context": {"a": {"sql": "shop.f(text)", "args": [1]}},
        "states": {
            "s": {
                "id": "s",
                "entry": [{"type": "effect", "name": "mail", "input": theirs}],
                "invoke": [
                    {
                        "id": "i",
                        "src": "mail",
                        "input": {"a": {"expr": "1"}},
                        "timeout": "1s",
                    }
                ],
                "always": [{"target": ["#t"], "guard": theirs, "reenter": True}],
                "tags": ["x"],
                "defer": ["e"],
            },
            "t": {"id": "t", "type": "final", "output": theirs},
        },
        "unhandled": "refuse",
        "implementations": {"effects": {"mail": {}, "more": {"priority": 1}}},
    }
    assert warnings(document) == [
        ("$.unhandled", "pgsm_only"),
        ("$.implementations", "pgsm_only"),
        ("$.context", "pgsm_only"),
        ("$.states.s.defer", "pgsm_only"),
        ("$.states.s.entry[0]", "pgsm_only"),
        ("$.states.s.invoke[0]", "pgsm_only"),
        ("$.states.s.invoke[0].timeout", "pgsm_only"),
        ("$.states.s.always[0].guard", "pgsm_only"),
        ("$.states.t.output", "pgsm_only"),
    ]
    assert again(found) == found


def test_several_assignments_at_once_are_made_one_by_one() -> None:
    document = machine(s={"entry": {"type": "assign", "set": {"a": 1, "b": 2}}})
    assert warnings(document) == [("$.states.s.entry[0]", "order")]


def test_a_parallel_state_that_takes_what_a_region_takes_is_reported() -> None:
    document = machine(
        p={
            "type": "parallel",
            "on": {"a.b": "q"},
            "states": {"x": {"on": {"a.*": {}}}, "y": {}},
        },
        q={},
    )
    assert [code for _, code in warnings(document)] == ["precedence"]


def test_a_parallel_state_that_scxml_leaves_is_reported() -> None:
    document = machine(
        p={"type": "parallel", "on": {"e": ".x"}, "states": {"x": {}, "y": {}}}
    )
    assert [code for _, code in warnings(document)] == ["reentry"]


@pytest.mark.parametrize(
    ("kind", "target", "written"),
    [
        ({}, "s", ""),
        ({"initial": "t", "states": {"t": {}}}, "s", 'target="s.t" type="internal"'),
        ({"initial": "t", "states": {"t": {}}}, ".t", 'target="s.t" type="internal"'),
    ],
)
def test_a_transition_to_itself_does_not_leave(
    kind: Any, target: str, written: str
) -> None:
    text = body(machine(s={"on": {"e": {"target": target}}, **kind}))
    assert f'<transition event="e" {written}'.strip() + "/>" in text


def test_content_of_the_start_that_reads_the_event_is_reported() -> None:
    document = machine(
        s={
            "entry": {"type": "log", "message": {"expr": "event.type"}},
            "exit": {"type": "log", "message": {"expr": "event.type"}},
        }
    )
    assert warnings(document) == [("$.states.s.entry[0].message", "no_event")]


def test_eventless_transitions_that_stay_enabled_are_reported() -> None:
    document = machine(
        s={
            "initial": "t",
            "always": [
                {"guard": {"expr": "context.a"}},
                {"guard": {"expr": "context.a"}, "target": ".t"},
                {"guard": {"expr": "context.a"}, "target": "u"},
            ],
            "states": {"t": {}},
        },
        u={},
    ) | {"context": {"a": True}}
    assert warnings(document) == [
        ("$.states.s.always[0]", "precedence"),
        ("$.states.s.always[1]", "precedence"),
    ]
    # The first does nothing, and would do so for ever.
    assert len(again(document)["states"]["s"]["always"]) == 2


def test_a_history_that_may_name_the_source_is_reported() -> None:
    document = machine(
        s={
            "initial": "t",
            "states": {
                "t": {"on": {"e": "h", "f": {"target": "h", "reenter": True}}},
                "h": {"type": "history"},
            },
        }
    )
    assert warnings(document) == [("$.states.s.states.t.on.e[0]", "reentry")]


def test_a_rearmed_delay_is_cancelled_and_sent_again() -> None:
    document = machine(
        s={
            "after": {"5": "s"},
            "on": {"e": {"actions": {"type": "rearm", "delay": "5"}}},
        }
    )
    assert "delay" in [code for _, code in warnings(document)]
    assert (
        '<if cond="In(\'s\')"><cancel sendid="after.1.s"/>'
        '<send event="after.1.s" delay="5ms" id="after.1.s"/></if>'
    ) in body(document)
