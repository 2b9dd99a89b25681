"""Warnings about what goes round without end."""

from __future__ import annotations

from typing import Any

import pytest

from pgsm.engine import definition, lint

GUARD = {"expr": "context.n > 0"}
OTHER = {"expr": "context.n > 5"}
COUNT = {"type": "assign", "set": {"n": {"expr": "context.n - 1"}}}
LOG = {"type": "log", "message": "x"}


def codes(document: Any) -> list[str]:
    return [warning.code for warning in lint.lint(definition.normalise(document))]


def machine(a: Any, b: Any, **parts: Any) -> dict[str, Any]:
    """A machine of two states, with an end beside them."""
    states = {"a": a, "b": b, "c": {"type": "final"}}
    on = {"end": ".c"}
    return {"initial": "a", "context": {"n": 1}, "states": states, "on": on, **parts}


# --------------------------------------------------------------------------- always


def test_always_there_and_back_never_ends() -> None:
    found = lint.lint(definition.normalise(machine({"always": "b"}, {"always": "a"})))
    assert [(w.code, w.path) for w in found] == [
        ("always_loop", "$.states.a.always[0]")
    ]
    assert "a → b → a" in found[0].message


def test_an_assign_does_not_end_a_circle_without_guards() -> None:
    back = {"target": "a", "actions": COUNT}
    assert codes(machine({"always": "b"}, {"always": back})) == ["always_loop"]


def test_a_circle_through_the_initial_state_inside_is_found() -> None:
    inner = {"initial": "x", "states": {"x": {"always": "#m.a"}}}
    document = machine({"always": "b"}, inner, id="m")
    assert codes(document) == ["always_loop"]


def test_a_circle_that_one_guard_opens_and_nothing_changes_never_ends() -> None:
    a = {"always": {"target": "b", "guard": GUARD}}
    b = {"always": {"target": "a", "guard": GUARD}}
    assert codes(machine(a, b)) == ["always_loop"]


def test_a_while_loop_whose_exit_nothing_can_reach_never_ends() -> None:
    a = {"always": [{"target": "c", "guard": GUARD}, {"target": "b"}]}
    assert codes(machine(a, {"always": "a"})) == ["always_loop"]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        # the guard reads what the circle changes
        ({"target": "b", "guard": GUARD}, {"target": "a", "actions": COUNT}),
        # two guards need not hold both
        ({"target": "b", "guard": GUARD}, {"target": "a", "guard": OTHER}),
        # a guard that asks the database may say something else
        ({"target": "b", "guard": {"sql": "shop.open()"}}, {"target": "a"}),
        # the other leads somewhere else
        ({"target": "b"}, {"target": "c"}),
    ],
)
def test_circles_that_may_end_are_fine(a: Any, b: Any) -> None:
    assert "always_loop" not in codes(machine({"always": a}, {"always": b}))


def test_an_always_to_where_it_is_rests_unless_it_assigns() -> None:
    stay = {"actions": LOG}
    assert codes(machine({"always": stay}, {}, on={"end": ".c", "go": ".b"})) == []
    count = {"actions": COUNT}
    document = machine({"always": count}, {}, on={"end": ".c", "go": ".b"})
    assert codes(document) == ["always_loop"]


def test_in_scxml_it_does_not_rest() -> None:
    always = {"target": "a", "reenter": True}
    a = {"always": always, "transitions": [{"event": "go", "target": "b"}]}
    document = {
        "semantics": "scxml",
        "initial": "a",
        "states": {"a": a, "b": {"type": "final"}},
    }
    assert "always_loop" in codes(document)


# ---------------------------------------------------------------------------- raise


def raises(**parts: Any) -> dict[str, Any]:
    return {"type": "raise", "event": "go", **parts}


def test_a_transition_that_raises_its_own_event_never_ends() -> None:
    a = {"on": {"go": {"actions": raises()}, "e": "b"}}
    assert codes(machine(a, {})) == ["raise_loop"]


def test_entry_content_can_raise_it_too() -> None:
    a = {"entry": raises(), "on": {"go": {"target": "a", "reenter": True}, "e": "b"}}
    assert codes(machine(a, {})) == ["raise_loop"]


@pytest.mark.parametrize(
    "go",
    [
        {"actions": raises(), "guard": GUARD},
        {"actions": raises(), "target": "b"},
        {
            "actions": {
                "type": "choose",
                "branches": [{"guard": GUARD, "actions": raises()}],
            }
        },
    ],
)
def test_a_raised_event_that_may_end_is_fine(go: Any) -> None:
    assert codes(machine({"on": {"go": go, "e": "b"}}, {})) == []


# --------------------------------------------------------------------------- delays


def test_a_delay_that_enters_its_own_state_again_is_a_poll_loop() -> None:
    again = {"target": "a", "reenter": True}
    document = machine({"after": {"5 minutes": again}, "on": {"e": "b"}}, {})
    assert codes(document) == ["self_rearming_delay"]


def test_a_delay_may_come_back_by_way_of_the_state_around_it() -> None:
    inner = {"initial": "x", "states": {"x": {"after": {"5 s": "#m.a"}}}}
    document = machine({**inner, "on": {"e": "b"}}, {}, id="m")
    assert codes(document) == ["self_rearming_delay"]


def test_a_raise_with_a_delay_can_go_on_for_ever_too() -> None:
    a = {"entry": raises(delay="5 s"), "on": {"e": "b"}}
    a["on"]["go"] = {"target": "a", "reenter": True}
    assert codes(machine(a, {})) == ["self_rearming_delay"]


@pytest.mark.parametrize(
    "after",
    [
        [{"target": "a", "reenter": True, "guard": GUARD}, {"target": "c"}],
        [{"target": "b"}],
    ],
)
def test_a_bounded_poll_loop_is_fine(after: Any) -> None:
    assert codes(machine({"after": {"5 s": after}, "on": {"e": "b"}}, {})) == []
