"""Warnings about events, ids and names that nothing is at the other end of."""

from __future__ import annotations

from typing import Any

import pytest

from pgsm.engine import definition, lint

GUARD = {"expr": "context.n > 0"}


def warnings(document: Any) -> list[lint.Problem]:
    return lint.lint(definition.normalise(document))


def codes(document: Any) -> list[str]:
    return [warning.code for warning in warnings(document)]


def machine(entry: Any = (), on: Any = None, **parts: Any) -> dict[str, Any]:
    """A machine whose first state has this entry content and these transitions."""
    a = {"on": {"go": "b", **(on or {})}, **({"entry": entry} if entry else {})}
    states = {"a": a, "b": {"type": "final"}}
    return {"initial": "a", "context": {"n": 1}, "states": states, **parts}


# ----------------------------------------------------------------------------- events


def test_an_internal_event_that_no_action_makes_never_comes() -> None:
    document = machine(on={"tick": "b"}, internalEvents=["tick"])
    assert codes(document) == ["event_nobody_sends"]


@pytest.mark.parametrize(
    "action",
    [
        {"type": "raise", "event": "tick.soon"},
        {"type": "effect", "name": "mail", "reply": "tick.soon"},
        {"type": "send", "to": {"instance": "x"}, "event": "tick.soon"},
        {"type": "spawn", "machine": "m", "id": "child"},
    ],
)
def test_an_internal_event_may_come_from_anywhere_inside(action: Any) -> None:
    effects = {"effects": {"mail": {}}} if action["type"] == "effect" else {}
    document = machine(
        [action],
        {"tick.*": "b"},
        internalEvents="tick.*",
        implementations=effects,
    )
    assert codes(document) == []


@pytest.mark.parametrize("output", [{"output": {"n": 1}}, {}])
def test_the_parent_of_a_machine_may_send_an_internal_event(output: Any) -> None:
    actions = [] if output else [{"type": "send", "to": "parent", "event": "x"}]
    document = machine(actions, {"tick": "b"}, internalEvents=["tick"])
    document["states"]["b"].update(output)
    assert codes(document) == []


def test_a_raised_event_that_no_transition_takes_is_reported_with_a_hint() -> None:
    [warning] = warnings(machine([{"type": "raise", "event": "gone"}], {"gonne": "b"}))
    assert warning.code == "event_nobody_takes"
    assert warning.path == "$.states.a.entry[0].event"
    assert warning.hint == 'did you mean "gonne"?'


def test_a_reply_that_no_transition_takes_is_reported() -> None:
    effects = {"effects": {"mail": {}}}
    action = {"type": "effect", "name": "mail", "reply": "sent"}
    assert codes(machine([action], implementations=effects)) == ["event_nobody_takes"]


def test_a_late_answer_that_no_transition_takes_is_reported() -> None:
    document = machine(implementations={"effects": {"pay": {"late": "deliver"}}})
    document["states"]["a"]["invoke"] = {"id": "pay", "src": "pay"}
    assert codes(document) == ["event_nobody_takes"]
    document["on"] = {"late.pay": {"actions": {"type": "log", "message": "late"}}}
    assert codes(document) == []


def test_a_wildcard_takes_everything() -> None:
    assert codes(machine([{"type": "raise", "event": "tick"}], {"*": "b"})) == []


def test_an_event_that_is_kept_and_never_taken_is_reported() -> None:
    document = machine()
    document["states"]["a"]["defer"] = ["payment.*"]
    assert codes(document) == ["deferred_forever"]
    document["states"]["a"]["on"]["go"] = "c"
    document["states"]["c"] = {"on": {"payment.done": "b"}}
    assert codes(document) == []


def test_an_event_that_is_taken_where_it_should_be_kept_is_reported() -> None:
    document = machine(on={"payment": "b"})
    document["states"]["a"]["defer"] = ["payment"]
    assert codes(document) == ["never_deferred"]
    document["states"]["a"]["on"]["payment"] = {"target": "b", "guard": GUARD}
    assert codes(document) == []


def test_a_state_keeps_an_event_that_the_one_around_it_takes() -> None:
    document = machine()
    document["on"] = {"payment": ".b"}
    document["states"]["a"]["defer"] = ["payment"]
    assert codes(document) == []


# -------------------------------------------------------------------------------- ids


def test_a_cancel_of_an_id_that_nothing_has_is_reported() -> None:
    raised = {"type": "raise", "event": "go", "delay": "1 s", "id": "reminder"}
    cancel = {"type": "cancel", "id": "remindr"}
    [warning] = warnings(machine([raised, cancel]))
    assert (warning.code, warning.hint) == (
        "cancels_nothing",
        'did you mean "reminder"?',
    )


def test_actions_of_a_block_of_scxml_are_looked_at() -> None:
    inside = {"type": "send", "event": "e", "delay": "1s", "id": "one"}
    document = {
        "semantics": "scxml",
        "entry": [{"type": "block", "actions": [inside]}],
        "transitions": [{"event": "*", "actions": {"type": "cancel", "id": "one"}}],
    }
    assert "cancels_nothing" not in codes(document)


@pytest.mark.parametrize("given", ["remindr", {"expr": "'remind' + 'r'"}])
def test_a_cancel_of_an_id_that_may_be_is_fine(given: Any) -> None:
    raised = {"type": "raise", "event": "go", "delay": "1 s", "id": given}
    assert codes(machine([raised, {"type": "cancel", "id": "remindr"}])) == []


@pytest.mark.parametrize(
    "action",
    [
        {"type": "send", "to": {"child": "chlid"}, "event": "x"},
        {"type": "stop", "id": "chlid"},
    ],
)
def test_a_child_that_is_never_started_is_reported(action: Any) -> None:
    spawn = {"type": "spawn", "machine": "m", "id": "child"}
    [warning] = warnings(machine([spawn, action]))
    assert (warning.code, warning.hint) == ("no_such_child", 'did you mean "child"?')


def test_an_invoked_machine_is_a_child() -> None:
    document = machine([{"type": "stop", "id": "child"}])
    document["states"]["a"]["invoke"] = {"id": "child", "machine": "m"}
    assert codes(document) == []


# ------------------------------------------------------------------------------ names


def test_unused_implementations_are_reported() -> None:
    implementations = {
        "guards": {"ready": GUARD},
        "actions": {"note": {"type": "log", "message": "x"}},
        "delays": {"patience": "1 minute"},
        "effects": {"mail": {}},
    }
    found = warnings(machine(implementations=implementations))
    assert {warning.code for warning in found} == {"unused_implementation"}
    assert [warning.path for warning in found] == [
        "$.implementations.guards.ready",
        "$.implementations.actions.note",
        "$.implementations.delays.patience",
        "$.implementations.effects.mail",
    ]


def test_a_use_by_something_unused_is_no_use() -> None:
    implementations = {
        "guards": {"ready": {"not": "open"}, "open": GUARD},
        "actions": {"tell": "note", "note": {"type": "log", "message": "x"}},
    }
    found = warnings(machine(implementations=implementations))
    assert len(found) == 4


def test_a_use_by_something_used_is_one() -> None:
    implementations = {
        "guards": {"ready": {"not": "open"}, "open": GUARD},
        "actions": {
            "tell": [
                {
                    "type": "choose",
                    "branches": [{"guard": "ready", "actions": ["note", "later"]}],
                }
            ],
            "note": {"type": "effect", "name": "mail"},
            "later": {"type": "raise", "event": "go", "delay": "patience"},
        },
        "delays": {"patience": "1 minute"},
        "effects": {"mail": {}},
    }
    assert codes(machine(["tell"], implementations=implementations)) == []


def test_data_that_looks_like_a_name_is_no_use() -> None:
    note = {"type": "log", "message": {"type": "note"}}
    implementations = {"actions": {"note": {"type": "log", "message": "x"}}}
    document = machine([note], implementations=implementations)
    assert codes(document) == ["unused_implementation"]


@pytest.mark.parametrize(
    ("one", "other"), [("order.submit", "order_submit"), ("CANCEL", "cancel")]
)
def test_events_that_differ_in_spelling_only_are_reported(one: str, other: str) -> None:
    assert codes(machine(on={one: "b", other: "b"})) == ["similar_names"]


def test_sibling_states_that_differ_in_spelling_only_are_reported() -> None:
    document = machine(on={"x": "onTheWay", "y": "on_the_way"})
    document["states"]["onTheWay"] = {"type": "final"}
    document["states"]["on_the_way"] = {"type": "final"}
    assert codes(document) == ["similar_names"]


def test_names_that_are_merely_near_are_fine() -> None:
    assert codes(machine(on={"step1": "b", "step2": "b", "approve": "b"})) == []


# ---------------------------------------------------------------------------- context


def test_context_that_nothing_sets_is_reported_with_a_hint() -> None:
    guard = {"expr": "context.totl > 0"}
    document = machine(on={"x": {"target": "b", "guard": guard}}, context={"total": 1})
    [warning] = warnings(document)
    assert warning.code == "undeclared_context"
    assert warning.path == "$.states.a.on.x[0].guard.expr"
    assert warning.hint == 'did you mean "total"?'


@pytest.mark.parametrize(
    "parts",
    [
        {"contextSchema": {"properties": {"m": {}}}},
        {"entry": {"type": "assign", "set": {"m.x": 1}}},
        {"entry": {"type": "call", "function": "shop.f()", "assign": "m"}},
        {"entry": {"type": "assign", "set": {"[event.data.key]": 1}}},
    ],
)
def test_context_that_something_may_set_is_fine(parts: Any) -> None:
    guard = {"expr": "context.m > 0"}
    document = machine(on={"x": {"target": "b", "guard": guard}}, **parts)
    assert codes(document) == []


@pytest.mark.parametrize(
    "source", ["get(context, 'm', 0) > 0", "'m' in context and context.m > 0"]
)
def test_an_expression_that_asks_whether_a_key_is_there_is_fine(source: str) -> None:
    document = machine(on={"x": {"target": "b", "guard": {"expr": source}}})
    assert codes(document) == []
