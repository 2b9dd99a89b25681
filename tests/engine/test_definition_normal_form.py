"""Shorthand is written out, XState's spellings are translated, nothing else changes."""

from __future__ import annotations

from typing import Any

import pytest

from pgsm.engine import definition

ACTIONS: dict[str, Any] = {"note": [], "other": []}


def normal(**parts: Any) -> dict[str, Any]:
    document = {
        "id": "m",
        "initial": "a",
        "states": {"a": parts, "b": {}},
        "implementations": {
            "guards": {"ready": {"expr": "true"}},
            "actions": ACTIONS,
            "effects": {"mail": {}},
        },
    }
    result: dict[str, Any] = definition.normalise(document)["states"]["a"]
    return result


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("b", [{"target": ["b"]}]),
        ({"target": "b"}, [{"target": ["b"]}]),
        ({"target": ["b"]}, [{"target": ["b"]}]),
        ({}, [{}]),
        ({"target": []}, [{}]),
        ({"actions": "note"}, [{"actions": [{"type": "note"}]}]),
        ({"actions": []}, [{}]),
        ({"guard": "ready"}, [{"guard": {"type": "ready"}}]),
        ({"cond": "ready"}, [{"guard": {"type": "ready"}}]),
        (["b", {"reenter": False}], [{"target": ["b"]}, {"reenter": False}]),
        (
            {"x-a": 1, "meta": 2, "description": "d", "actions": "note", "target": "b"},
            [
                {
                    "target": ["b"],
                    "actions": [{"type": "note"}],
                    "description": "d",
                    "meta": 2,
                    "x-a": 1,
                }
            ],
        ),
    ],
)
def test_a_transition_is_a_list_of_objects(written: Any, expected: Any) -> None:
    found = normal(on={"go": written})["on"]["go"]
    assert found == expected
    assert [list(item) for item in found] == [list(item) for item in expected]


def test_what_is_empty_is_left_out() -> None:
    empty: dict[str, Any] = {
        "on": {"go": []},
        "after": {},
        "always": [],
        "entry": [],
        "exit": [],
        "tags": [],
        "invoke": [],
        "states": {},
    }
    assert normal(**empty) == {}


def test_an_initial_state_is_an_object() -> None:
    inner: dict[str, Any] = {"c": {}, "d": {}}
    assert normal(initial="c", states=inner)["initial"] == {"target": ["c"]}
    written = {"target": "c", "actions": "note"}
    assert normal(initial=written, states=inner)["initial"] == {
        "target": ["c"],
        "actions": [{"type": "note"}],
    }


def test_types_that_can_be_inferred_are_left_out() -> None:
    assert "type" not in normal(type="atomic")
    assert "type" not in normal(type="compound", initial="c", states={"c": {}})
    assert normal(type="final")["type"] == "final"


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ({"type": "history"}, "shallow"),
        ({"type": "history", "history": True}, "shallow"),
        ({"history": "deep"}, "deep"),
    ],
)
def test_a_history_state_says_its_depth(written: Any, kind: str) -> None:
    inner = normal(initial="c", states={"c": {}, "h": {**written, "target": "c"}})
    expected = {"type": "history", "history": kind, "target": ["c"]}
    assert inner["states"]["h"] == expected
    assert list(inner["states"]["h"]) == list(expected)


def test_an_invocation_has_an_id() -> None:
    found = normal(invoke=["mail", {"src": "mail", "id": "x"}, {"machine": "sub"}])
    assert found["invoke"] == [
        {"id": "a", "src": "mail"},
        {"id": "x", "src": "mail"},
        {"id": "a/2", "machine": "sub"},
    ]
    root = definition.normalise({"id": "m", "invoke": {"machine": "sub"}})
    assert root["invoke"][0]["id"] == "m"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("xstate.done.state.m.a", "done.state.a"),
        ("xstate.done.state.own", "done.state.b"),
        ("xstate.done.actor.mail", "done.invoke.mail"),
        ("xstate.done.actor.0.m.a", "done.invoke.a"),
        ("xstate.done.actor.1.m.a", "done.invoke.a/1"),
        ("xstate.error.actor.mail", "error.invoke.mail"),
        ("xstate.done.actor.*", "done.invoke.*"),
        ("xstate.after.1000.m.a", "after.1000.a"),
        ("done.invoke.mail", "done.invoke.mail"),
    ],
)
def test_an_event_of_xstate_has_our_name(written: str, expected: str) -> None:
    document = {
        "id": "m",
        "initial": "a",
        "states": {"a": {"on": {written: ".c"}, "initial": "c", "states": {"c": {}}}},
    }
    document["states"]["b"] = {"id": "own"}  # type: ignore[index]
    assert list(definition.normalise(document)["states"]["a"]["on"]) == [expected]


def test_two_spellings_of_one_event_are_refused() -> None:
    on = {"done.invoke.x": "a", "xstate.done.actor.x": "a"}
    checked = definition.check({"initial": "a", "states": {"a": {"on": on}}})
    assert [p.code for p in checked.problems] == ["duplicate_event"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("note", {"type": "note"}),
        ({"type": "note", "params": {"a": 1}}, {"type": "note", "params": {"a": 1}}),
        (
            {"type": "xstate.raise", "event": {"type": "e", "n": 1}, "delay": 10},
            {"type": "raise", "event": "e", "data": {"n": 1}, "delay": 10},
        ),
        (
            {"type": "xstate.raise", "params": {"event": {"type": "e"}}},
            {"type": "raise", "event": "e"},
        ),
        (
            {"type": "sendTo", "to": "kid", "event": {"type": "e"}},
            {"type": "send", "to": {"child": "kid"}, "event": "e"},
        ),
        (
            {"type": "sendParent", "event": {"type": "e"}},
            {"type": "send", "to": "parent", "event": "e"},
        ),
        (
            {"type": "xstate.sendTo", "to": "#_internal", "event": {"type": "e"}},
            {"type": "raise", "event": "e"},
        ),
        ({"type": "xstate.cancel", "sendId": "t"}, {"type": "cancel", "id": "t"}),
        ({"type": "xstate.log", "value": "v"}, {"type": "log", "message": "v"}),
        (
            {"type": "xstate.assign", "assignment": {"n": 1}},
            {"type": "assign", "set": {"n": 1}},
        ),
        ({"type": "xstate.stopChild", "actorRef": "k"}, {"type": "stop", "id": "k"}),
        (
            {"type": "xstate.spawnChild", "src": "sub", "id": "k"},
            {"type": "spawn", "machine": "sub", "id": "k"},
        ),
        (
            {"type": "raise", "event": "e", "delay": {"type": "1 day"}},
            None,
        ),
    ],
)
def test_an_action_is_an_object_of_ours(written: Any, expected: Any) -> None:
    if expected is None:
        with pytest.raises(definition.DefinitionError):
            normal(entry=written)
    else:
        assert normal(entry=written)["entry"] == [expected]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("ready", {"type": "ready"}),
        ({"type": "ready"}, {"type": "ready"}),
        (
            {"and": ["ready", {"not": "ready"}]},
            {"and": [{"type": "ready"}, {"not": {"type": "ready"}}]},
        ),
        (
            {"type": "xstate.or", "guards": ["ready"]},
            {"or": [{"type": "ready"}]},
        ),
        ({"type": "xstate.not", "guards": ["ready"]}, {"not": {"type": "ready"}}),
        ({"type": "xstate.stateIn", "stateValue": "#m.b"}, {"in": "#m.b"}),
        ({"type": "xstate.stateIn", "stateValue": {"a": "c"}}, {"in": "a.c"}),
        (
            {"type": "xstate.stateIn", "params": {"stateValue": {"a": {}, "b": {}}}},
            {"and": [{"in": "a"}, {"in": "b"}]},
        ),
    ],
)
def test_a_guard_is_an_object_of_ours(written: Any, expected: Any) -> None:
    found = normal(
        always={"target": "b", "guard": written}, initial="c", states={"c": {}}
    )
    assert found["always"][0]["guard"] == expected


def test_values_meta_and_extensions_are_kept_as_written() -> None:
    value = {"z": [{"expr": "1"}], "a": {"literal": []}, "sql": "x"}
    kept = {"meta": {"z": None, "a": value}, "x-b": [value], "x-a": {}}
    found = normal(**kept)
    assert found == kept
    assert list(found["meta"]) == ["z", "a"]


def test_a_named_action_may_do_nothing() -> None:
    nothing: dict[str, Any] = {"nothing": []}
    document = {"implementations": {"actions": nothing}}
    assert definition.normalise(document) == document


def test_normalise_raises_with_all_problems() -> None:
    with pytest.raises(definition.DefinitionError) as raised:
        definition.normalise({"a": 1, "b": 2})
    assert [p.path for p in raised.value.problems] == ["$.a", "$.b"]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("a", ["a"]),
        ("a.b-c.d e", ["a", "b-c", "d e"]),
        ("votes[event.source.child]", ["votes", ("expr", "event.source.child")]),
        ("a['x.y'].b", ["a", ("expr", "'x.y'"), "b"]),
        ("a[m['k]'][0]][1]", ["a", ("expr", "m['k]'][0]"), ("expr", "1")]),
        ("[event.type]", [("expr", "event.type")]),
    ],
)
def test_a_path_has_steps(text: str, steps: list[Any]) -> None:
    assert definition.parse_path(text) == steps


@pytest.mark.parametrize(
    "text", ["", ".", "a.", ".a", "a..b", "a[", "a[]", "a]", "a[1]b", "a['", "a[(]"]
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(definition.PathError):
        definition.parse_path(text)
