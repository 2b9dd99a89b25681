"""Warnings about states: not reached, not left, complete without anybody noticing."""

from __future__ import annotations

from typing import Any

import pytest

from pgsm.engine import definition, lint

FINAL = {"type": "final"}


def warned(document: Any) -> list[tuple[str, str]]:
    """The code and path of each warning."""
    found = lint.lint(definition.normalise(document))
    return [(warning.code, warning.path) for warning in found]


def machine(states: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {"initial": next(iter(states)), "states": states, **parts}


def unreachable(document: Any) -> list[str]:
    return [path for code, path in warned(document) if code == "unreachable_state"]


# -------------------------------------------------------------------- what is reached


def test_a_state_that_no_transition_leads_to_is_unreachable() -> None:
    assert unreachable(machine({"a": {"on": {"e": "b"}}, "b": FINAL, "c": FINAL})) == [
        "$.states.c"
    ]


def test_a_target_of_an_unreachable_state_does_not_count() -> None:
    states = {"a": FINAL, "b": {"on": {"e": "c"}}, "c": FINAL}
    assert unreachable(machine(states)) == ["$.states.b", "$.states.c"]


def test_a_target_of_a_transition_that_is_never_taken_does_not_count() -> None:
    states = {"a": {"on": {"e": ["b", {"target": "c"}]}}, "b": FINAL, "c": FINAL}
    assert unreachable(machine(states)) == ["$.states.c"]


def test_regions_are_reached_with_their_parallel_state() -> None:
    region = machine({"x": {"on": {"e": "y"}}, "y": FINAL})
    both = {"type": "parallel", "states": {"p": region, "q": region}, "onDone": "b"}
    assert unreachable(machine({"a": both, "b": FINAL})) == []


def test_the_initial_state_is_not_reached_by_a_transition_past_it() -> None:
    inner = {"initial": "x", "states": {"x": {"on": {"e": "y"}}, "y": FINAL}}
    states = {"a": {"on": {"e": "b.y"}}, "b": {**inner, "onDone": "a"}}
    assert unreachable(machine(states)) == ["$.states.b.states.x"]


def test_a_history_state_leads_to_its_default_and_its_parent_s_initial() -> None:
    inner = machine(
        {
            "x": {"on": {"e": "#a"}},
            "y": {"on": {"e": "#a"}},
            "h": {"type": "history", "target": "y"},
            "i": {"type": "history"},
        }
    )
    states = {"a": {"id": "a", "on": {"e": "b.h", "f": "b.i"}}, "b": inner}
    assert unreachable(machine(states)) == []


def test_a_history_state_without_a_transition_to_it_is_unreachable() -> None:
    states = {"a": {"on": {"e": "b"}}, "b": FINAL, "h": {"type": "history"}}
    assert unreachable(machine(states)) == ["$.states.h"]


def test_on_done_leads_on_only_when_the_final_state_is_reached() -> None:
    inner = machine({"x": {"on": {"e": "x"}}, "y": FINAL}, onDone="c")
    assert unreachable(machine({"a": inner, "c": FINAL})) == [
        "$.states.a.states.y",
        "$.states.c",
    ]


# ------------------------------------------------------------------------- ways out


def no_way_out(document: Any) -> list[str]:
    return [path for code, path in warned(document) if code == "no_way_out"]


def test_an_atomic_state_that_nothing_leaves_has_no_way_out() -> None:
    assert no_way_out(machine({"a": {"on": {"e": "b"}}, "b": {}})) == ["$.states.b"]


@pytest.mark.parametrize(
    "parts",
    [
        {"on": {"e": "a"}},
        {"on": {"e": {"actions": {"type": "log", "message": "still here"}}}},
        {"after": {"1 day": "a"}},
        {"always": {"target": "a", "guard": {"expr": "context.n > 0"}}},
        {"invoke": {"machine": "child"}},
        {"type": "final"},
    ],
)
def test_a_state_in_which_something_happens_is_fine(parts: Any) -> None:
    states = {"a": {"on": {"e": "b"}}, "b": parts}
    assert no_way_out(machine(states, context={"n": 1})) == []


def test_a_transition_of_a_state_around_it_is_a_way_out() -> None:
    inner = machine({"x": {}}, on={"cancel": "b"})
    assert no_way_out(machine({"a": inner, "b": FINAL})) == []


def test_a_transition_that_the_state_forbids_is_none() -> None:
    inner = machine({"x": {"on": {"*": {}}}}, on={"cancel": "b"})
    assert no_way_out(machine({"a": inner, "b": FINAL})) == ["$.states.a.states.x"]


def test_another_transition_than_the_forbidden_one_is_a_way_out() -> None:
    inner = machine({"x": {"on": {"cancel": {}}}}, on={"cancel": "b", "end": "b"})
    assert no_way_out(machine({"a": inner, "b": FINAL})) == []


def test_a_transition_for_errors_is_no_way_out() -> None:
    document = machine({"a": {}, "b": FINAL}, on={"error.execution": ".b"})
    assert no_way_out(document) == ["$.states.a"]


def test_a_region_that_leads_out_of_the_parallel_state_is_a_way_out_of_all() -> None:
    regions = {
        "p": machine({"x": {}}),
        "q": machine({"y": {"on": {"end": "#b"}}}),
    }
    states = {"a": {"type": "parallel", "states": regions}, "b": {**FINAL, "id": "b"}}
    assert no_way_out(machine(states)) == []


def test_a_region_without_states_is_there_to_stay() -> None:
    regions = {"p": {}, "q": machine({"y": {"on": {"end": "z"}}, "z": {}})}
    assert no_way_out({"type": "parallel", "states": regions}) == [
        "$.states.q.states.z"
    ]


def test_an_invocation_whose_end_nobody_notices_leads_nowhere() -> None:
    effects = {"implementations": {"effects": {"mail": {}}}}
    states = {"a": {"invoke": {"src": "mail", "onError": "b"}}, "b": FINAL}
    found = lint.lint(definition.normalise(machine(states, **effects)))
    assert [(w.code, w.path) for w in found] == [("no_way_out", "$.states.a")]
    assert "invocation" in found[0].message


# ------------------------------------------------------------- ends that nobody sees


def flow(**parts: Any) -> dict[str, Any]:
    """A machine with a state that can be complete, and with the parts given."""
    inner = machine({"x": {"on": {"e": "y"}}, "y": FINAL}, **parts)
    return machine({"a": inner, "b": FINAL}, on={"cancel": ".b"})


def test_a_completion_that_nothing_takes_leaves_the_machine_stuck() -> None:
    assert warned(flow()) == [("stuck_when_done", "$.states.a")]


@pytest.mark.parametrize(
    "parts",
    [
        {"onDone": "b"},
        {"on": {"done.state.a": "b"}},
        {"on": {"done.*": "b"}},
        {"always": {"target": "b", "guard": {"in": "a.y"}}},
        {"always": {"target": "b", "guard": {"expr": "in_state('a.y')"}}},
    ],
)
def test_whatever_looks_at_the_completion_will_do(parts: Any) -> None:
    assert warned(flow(**parts)) == []


def test_a_final_state_that_raises_an_event_says_so_itself() -> None:
    document = flow(on={"finished": "b"})
    final = document["states"]["a"]["states"]["y"]
    document["states"]["a"]["states"]["y"] = {
        **final,
        "entry": {"type": "raise", "event": "finished"},
    }
    assert warned(document) == []


def test_regions_complete_their_parallel_state_and_need_no_on_done() -> None:
    region = machine({"x": {"on": {"e": "y"}}, "y": FINAL})
    both = {"type": "parallel", "states": {"p": region, "q": region}}
    document = machine({"a": both, "b": FINAL}, on={"cancel": ".b"})
    assert warned(document) == [("stuck_when_done", "$.states.a")]
    assert warned({"type": "parallel", "states": {"p": region, "q": region}}) == []
