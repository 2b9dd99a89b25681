"""Warnings about transitions and branches that can never be taken."""

from __future__ import annotations

from typing import Any

import pytest

from pgsm.engine import definition, lint

FINAL = {"type": "final"}
GUARD = {"expr": "context.n > 0"}


def warned(document: Any) -> list[tuple[str, str]]:
    """The code and path of each warning."""
    found = lint.lint(definition.normalise(document))
    return [(warning.code, warning.path) for warning in found]


def machine(a: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """A machine that begins in `a`, with another state `b`."""
    states = {"a": a, "b": {"on": {"back": "a"}}}
    return {"initial": "a", "context": {"n": 1}, "states": states, **parts}


# ------------------------------------------------------- after one that always matches


def test_the_second_of_two_transitions_without_a_guard_is_never_taken() -> None:
    document = machine({"on": {"e": ["b", {"target": "b"}]}})
    assert warned(document) == [("duplicate_unguarded", "$.states.a.on.e[1]")]


def test_a_guarded_transition_after_one_without_a_guard_is_dead() -> None:
    document = machine({"on": {"e": ["b", {"target": "b", "guard": GUARD}]}})
    assert warned(document) == [("dead_transition", "$.states.a.on.e[1]")]


def test_a_guarded_transition_before_one_without_a_guard_is_fine() -> None:
    document = machine({"on": {"e": [{"target": "b", "guard": GUARD}, "b"]}})
    assert warned(document) == []


def test_always_has_an_order_too() -> None:
    document = machine({"always": ["b", {"target": "b", "guard": GUARD}]})
    assert warned(document) == [("dead_transition", "$.states.a.always[1]")]


def test_an_exact_event_and_a_wildcard_do_not_stand_in_each_other_s_way() -> None:
    assert warned(machine({"on": {"*": "b", "e.*": "b", "e": "b"}})) == []


def test_in_scxml_a_wildcard_stands_in_the_way_of_what_comes_after() -> None:
    transitions = [
        {"event": "a.b", "target": "b"},
        {"event": "a", "target": "b"},
        {"event": ["a.c", "a.b.c"], "target": "b"},
        {"event": ["a.c", "d"], "target": "b"},
    ]
    document = machine({"transitions": transitions}, semantics="scxml")
    assert warned(document) == [
        ("duplicate_unguarded", "$.states.a.transitions[2]"),
    ]


def test_on_done_and_on_of_the_same_event_are_one_list() -> None:
    inner = {"initial": "x", "states": {"x": {"on": {"e": "y"}}, "y": FINAL}}
    document = machine({**inner, "on": {"done.state.a": "b"}, "onDone": "b"})
    assert warned(document) == [("duplicate_unguarded", "$.states.a.onDone[0]")]


# ------------------------------------------------------------ handled by what is inside


def test_a_transition_that_every_state_inside_takes_is_dead() -> None:
    inner = {"x": {"on": {"e": "y"}}, "y": {"on": {"*": "x"}}}
    document = machine({"initial": "x", "states": inner, "on": {"e": "b"}})
    assert ("dead_transition", "$.states.a.on.e[0]") in warned(document)


@pytest.mark.parametrize(
    "y",
    [
        {"on": {"f": "x"}},
        {"on": {"e": {"target": "x", "guard": GUARD}}},
        {"on": {"e.*": {"target": "x", "guard": GUARD}}},
    ],
)
def test_one_state_inside_that_may_not_take_it_is_enough(y: Any) -> None:
    inner = {"x": {"on": {"e": "y"}}, "y": y}
    assert warned(machine({"initial": "x", "states": inner, "on": {"e": "b"}})) == []


def test_one_region_that_takes_it_is_enough_for_a_parallel_state() -> None:
    regions = {"p": {"on": {"e": {}}}, "q": {}}
    document = machine({"type": "parallel", "states": regions, "on": {"e": "b"}})
    assert ("dead_transition", "$.states.a.on.e[0]") in warned(document)


# ------------------------------------------------------ events that nothing here makes


@pytest.mark.parametrize(
    ("event", "hint"),
    [
        ("done.invoke.pay", 'did you mean "done.invoke.paying"?'),
        ("error.invoke.*", None),
        ("after.1 day.a", None),
        ("done.state.b", None),
        ("late.paying", None),
    ],
)
def test_an_event_of_the_engine_that_never_comes_is_dead(
    event: str, hint: str | None
) -> None:
    invoke = {"id": "paying", "machine": "payment", "onDone": "b"}
    if event == "error.invoke.*":
        invoke = {}
    parts = {"invoke": invoke} if invoke else {}
    document = machine({"on": {event: "b", "go": "b"}, **parts})
    [warning] = lint.lint(definition.normalise(document))
    assert warning.code == "dead_transition"
    assert hint is None or warning.hint == hint


@pytest.mark.parametrize(
    "event", ["done.invoke.paying", "error.invoke.*", "after.5 s.a", "error.execution"]
)
def test_an_event_of_the_engine_that_may_come_is_fine(event: str) -> None:
    invoke = {"id": "paying", "machine": "payment"}
    after = {"5 s": {"target": "b", "guard": GUARD}}
    taken = {"target": "b", "guard": GUARD}
    document = machine({"on": {event: taken}, "invoke": invoke, "after": after})
    assert warned(document) == []


def test_children_of_unknown_ids_may_end_with_any_event() -> None:
    spawn = {"type": "spawn", "machine": "m", "id": {"expr": "'child'"}}
    document = machine({"entry": spawn, "on": {"done.invoke.child": "b"}})
    assert warned(document) == []


def test_on_done_of_a_state_without_a_final_state_is_dead() -> None:
    inner = {"initial": "x", "states": {"x": {"on": {"out": "#b"}}}, "onDone": "b"}
    document = machine(inner)
    document["states"]["b"]["id"] = "b"
    assert warned(document) == [("dead_transition", "$.states.a.onDone[0]")]


def test_a_region_without_an_end_is_named() -> None:
    regions = {"p": {"initial": "x", "states": {"x": FINAL}}, "q": {}}
    document = machine({"type": "parallel", "states": regions, "onDone": "b"})
    found = lint.lint(definition.normalise(document))
    [warning] = [each for each in found if each.code == "dead_transition"]
    assert '"a.q"' in warning.message


# ---------------------------------------------------------------- states left at once


def test_what_a_state_never_gets_to_is_reported_once() -> None:
    document = machine({"always": "b", "on": {"e": "b"}, "after": {"5 s": "b"}})
    assert warned(document) == [("left_at_once", "$.states.a")]


def test_a_state_that_may_stay_is_fine() -> None:
    always = {"target": "b", "guard": GUARD}
    assert warned(machine({"always": always, "on": {"e": "b"}})) == []


def test_an_always_before_it_that_leads_nowhere_may_let_the_machine_rest() -> None:
    stays = {"guard": GUARD, "actions": {"type": "log", "message": "here"}}
    document = machine({"always": [stays, "b"], "on": {"e": "b"}})
    assert warned(document) == []


# ------------------------------------------------------------- guards and branches


@pytest.mark.parametrize(
    "guard",
    [
        {"expr": "true"},
        {"expr": "1 > 2"},
        {"and": [GUARD, {"expr": "false"}]},
        {"not": {"expr": "false"}},
        {"in": "a"},
        {"in": "b"},
    ],
)
def test_a_guard_that_always_says_the_same_is_reported(guard: Any) -> None:
    document = machine({"on": {"e": {"target": "b", "guard": guard}, "f": "b"}})
    assert warned(document) == [("constant_guard", "$.states.a.on.e[0].guard")]


@pytest.mark.parametrize(
    "guard",
    [GUARD, {"sql": "shop.open()"}, {"in": "a.x"}, {"or": [GUARD, {"expr": "false"}]}],
)
def test_a_guard_that_depends_is_fine(guard: Any) -> None:
    inner = {"initial": "x", "states": {"x": {"on": {"f": "y"}}, "y": {}}}
    document = machine({**inner, "on": {"e": {"target": "b", "guard": guard}}})
    assert warned(document) == []


def test_a_named_guard_is_reported_where_it_is_declared() -> None:
    implementations = {"guards": {"open": {"expr": "true"}}}
    document = machine(
        {"on": {"e": {"target": "b", "guard": "open"}}}, implementations=implementations
    )
    assert warned(document) == [("constant_guard", "$.implementations.guards.open")]


def test_a_branch_after_one_without_a_guard_is_dead() -> None:
    log = {"type": "log", "message": "x"}
    branches = [{"guard": GUARD, "actions": log}, {"actions": log}, {"actions": log}]
    document = machine(
        {"entry": {"type": "choose", "branches": branches}, "on": {"e": "b"}}
    )
    assert warned(document) == [("dead_branch", "$.states.a.entry[0].branches[2]")]


# ----------------------------------------------------------------------------- delays


def test_a_delay_longer_than_one_that_leads_out_is_never_over() -> None:
    document = machine({"after": {"90 s": "b", "1 minute": "b"}})
    assert warned(document) == [("dead_transition", '$.states.a.after["90 s"]')]


@pytest.mark.parametrize(
    "after",
    [
        {"1 minute": {"target": "b", "guard": GUARD}, "90 s": "b"},
        {"1 minute": {"actions": {"type": "log", "message": "x"}}, "90 s": "b"},
        {"30 days": "b", "1 month": "b"},
        {"24 hours": "b", "1 day": "b"},
    ],
)
def test_delays_that_may_both_be_over_are_fine(after: Any) -> None:
    assert warned(machine({"after": after})) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("60 s", "1 minute"), ("1000", "1s"), ("PT1H30M", "01:30"), ("1 week", "P7D")],
)
def test_equal_delays_are_reported(one: str, other: str) -> None:
    document = machine({"after": {one: {"target": "b", "guard": GUARD}, other: "b"}})
    assert [code for code, _ in warned(document)] == ["equal_delays"]


def test_a_named_delay_can_be_equal_too() -> None:
    after = {"patience": {"target": "b", "guard": GUARD}, "1 minute": "b"}
    delays = {"delays": {"patience": "60 seconds"}}
    document = machine({"after": after}, implementations=delays)
    assert [code for code, _ in warned(document)] == ["equal_delays"]


def test_a_transition_to_its_own_state_does_not_arm_its_delay_again() -> None:
    poll = {"target": "a", "actions": {"type": "log", "message": "poll"}}
    document = machine({"after": {"5 s": poll}, "on": {"e": "b"}})
    assert warned(document) == [("not_reentered", '$.states.a.after["5 s"][0]')]


def test_a_transition_to_its_own_state_that_does_nothing_is_reported() -> None:
    entry = {"type": "log", "message": "entered"}
    document = machine({"entry": entry, "on": {"again": "a", "e": "b"}})
    assert warned(document) == [("not_reentered", "$.states.a.on.again[0]")]


@pytest.mark.parametrize(
    "a",
    [
        {"on": {"again": "a", "e": "b"}},
        {
            "entry": {"type": "log", "message": "x"},
            "on": {"again": {"target": "a", "reenter": True}, "e": "b"},
        },
    ],
)
def test_a_transition_to_its_own_state_may_be_meant(a: Any) -> None:
    assert warned(machine(a)) == []
