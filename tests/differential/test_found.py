"""Mistakes of the interpreter that random machines have found, at their smallest."""

from __future__ import annotations

from typing import Any

from .pair import both, names, trace

Json = Any
EVENT: Json = {"type": "isEvent", "params": {"type": "E"}}
LAST: Json = {"type": "history"}


def same(machine: Json, *events: Any) -> Json:
    """The last record of both sides."""
    pgsm, xstate = both(machine, *events)
    assert pgsm == xstate
    return pgsm


def test_a_region_that_goes_to_itself_leaves_the_others_where_they_are() -> None:
    other = {"initial": "v", "on": {"F": ".w"}, "states": {"v": {}, "w": {}}}
    itself = {"initial": "t", "on": {"E": "#m.u"}, "states": {"t": {}}}
    machine = {"type": "parallel", "states": {"u": itself, "s": other}}
    assert same(machine, "F", "E")["value"] == {"u": "t", "s": "w"}


def test_an_atomic_state_that_goes_to_itself_is_left_by_another_region() -> None:
    regions = {"q": {"on": {"E": "#m.p.q"}}, "r": {"on": {"E": "#m.w"}}}
    machine = {
        "initial": "p",
        "states": {"p": {"type": "parallel", "states": regions}, "w": {}},
    }
    assert same(machine, "E")["value"] == "w"


def test_history_is_recorded_during_the_start() -> None:
    counted = {"type": "inc", "params": {"key": "a"}}
    first = {"type": "lt", "params": {"key": "a", "value": 1}}
    inner = {
        "initial": "q",
        "states": {
            "q": {"always": "r"},
            "r": {"always": {"target": "#m.t", "guard": first, "actions": counted}},
            "last": LAST,
        },
    }
    machine = {
        "initial": "p",
        "states": {"p": inner, "t": {"on": {"E": "p.last"}}},
    }
    assert same(machine, "E")["value"] == {"p": "r"}


def test_a_history_state_without_target_and_record_runs_the_initial_actions() -> None:
    initial = {"target": "t", "actions": trace("initial")}
    machine = {
        "initial": "w",
        "states": {
            "w": {"on": {"E": "p.last"}},
            "p": {"initial": initial, "states": {"last": LAST, "t": {}}},
        },
    }
    assert names(same(machine, "E")) == ["initial"]


def test_eventless_transitions_are_asked_after_an_event_that_nothing_took() -> None:
    machine = {
        "initial": "p",
        "states": {"p": {"always": {"guard": EVENT, "target": "q"}}, "q": {}},
    }
    assert same(machine, "E")["value"] == "q"


def test_an_eventless_transition_that_changes_nothing_is_taken_once() -> None:
    machine = {
        "initial": "p",
        "always": {"guard": EVENT, "actions": trace("always")},
        "states": {"p": {}},
    }
    assert names(same(machine, "E")) == ["always"]


def test_eventless_transitions_of_a_parallel_state_are_asked_for_each_region() -> None:
    inc = {"type": "inc", "params": {"key": "a"}}
    once = {"type": "lt", "params": {"key": "a", "value": 1}}
    guarded = {"and": [EVENT, once]}
    machine = {
        "type": "parallel",
        "always": {"guard": guarded, "actions": trace("root")},
        "states": {
            "q": {"always": {"guard": guarded, "actions": [trace("region"), inc]}},
            "r": {},
        },
    }
    assert names(same(machine, "E")) == ["region", "root"]
