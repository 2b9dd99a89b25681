"""What pgsm does otherwise than XState on purpose: both, side by side.

The reasons are in docs/explanation/xstate-differences.md.  Those of differences.py are
also looked for in random machines: there XState with the change does what pgsm does.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from pgsm import testing

from . import differences
from .implementations import IMPLEMENTATIONS
from .pair import both, names, trace

Json = Any
PAGE = Path(__file__).parents[2] / "docs/explanation/xstate-differences.md"


def test_regions_are_asked_in_document_order_not_in_that_of_their_entry() -> None:
    now: Json = {"type": "isEvent", "params": {"type": "F"}}
    first: Json = {
        "initial": "r",
        "states": {
            "r": {"on": {"E": "s"}},
            "s": {"always": {"guard": now, "actions": trace("first region")}},
        },
    }
    second: Json = {
        "initial": "r",
        "states": {"r": {"always": {"guard": now, "actions": trace("second region")}}},
    }
    machine = {"type": "parallel", "states": {"p": first, "q": second}}
    pgsm, xstate = both(machine, "E", "F", mend="document order")
    assert names(pgsm) == ["first region", "second region"]
    assert names(xstate) == ["second region", "first region"]


INITIAL = "initial actions run wherever a state is entered by default"


def test_a_region_beside_a_target_runs_its_initial_actions() -> None:
    beside = {
        "initial": {"target": "r", "actions": trace("q begins")},
        "states": {"r": {}},
    }
    regions = {"p": {"initial": "r", "states": {"r": {}, "s": {}}}, "q": beside}
    machine = {
        "initial": "idle",
        "states": {
            "idle": {"on": {"E": "work.p.s"}},
            "work": {"type": "parallel", "states": regions},
        },
    }
    pgsm, xstate = both(machine, "E", mend=INITIAL)
    assert pgsm["value"] == xstate["value"] == {"work": {"p": "s", "q": "r"}}
    assert names(pgsm) == ["q begins"]
    assert names(xstate) == []


def test_a_state_of_shallow_history_runs_its_initial_actions() -> None:
    kept = {"initial": {"target": "q", "actions": trace("begins")}, "states": {"q": {}}}
    machine = {
        "initial": "on",
        "states": {
            "off": {"on": {"E": "on.last"}},
            "on": {
                "initial": "p",
                "on": {"E": "off"},
                "states": {"p": kept, "last": {"type": "history"}},
            },
        },
    }
    pgsm, xstate = both(machine, "E", "E", mend=INITIAL)
    assert names(pgsm) == ["begins"]
    assert names(xstate) == []


ENTERED = "only what has been left is entered"


def test_a_state_that_was_not_left_is_not_entered_again_by_its_own_history() -> None:
    machine = {
        "initial": "p",
        "states": {
            "p": {"on": {"E": "last"}, "entry": trace("entry"), "exit": trace("exit")},
            "last": {"type": "history"},
        },
    }
    pgsm, xstate = both(machine, "E", mend=ENTERED)
    assert names(pgsm) == []
    assert names(xstate) == ["entry"]


def test_the_root_is_not_entered_again_as_a_target() -> None:
    machine = {
        "initial": "p",
        "entry": trace("entry of the root"),
        "states": {"p": {"on": {"E": "#m"}, "entry": trace("entry of p")}},
    }
    pgsm, xstate = both(machine, "E", mend=ENTERED)
    assert names(pgsm) == ["entry of p"]
    assert names(xstate) == ["entry of the root", "entry of p"]


def test_the_history_of_an_active_parallel_state_does_not_leave_it() -> None:
    parallel = {
        "type": "parallel",
        "entry": trace("entry"),
        "exit": trace("exit"),
        "states": {"q": {"on": {"E": "last"}}, "r": {}, "last": {"type": "history"}},
    }
    machine = {"initial": "p", "states": {"p": parallel}}
    mend = "the history of a parallel state stands for its regions"
    pgsm, xstate = both(machine, "E", mend=mend)
    assert names(pgsm) == []
    assert names(xstate) == ["exit"]


def test_cancel_drops_all_delayed_events_of_an_id() -> None:
    delayed = {"type": "raise", "event": "R", "delay": 10, "id": "d"}
    machine = {
        "initial": "p",
        "states": {"p": {}},
        "on": {
            "E": {"actions": delayed},
            "F": {"actions": {"type": "cancel", "id": "d"}},
        },
    }
    mend = "cancel drops all delayed events of an id"
    pgsm, xstate = both(machine, "E", "E", "F", mend=mend)
    assert pgsm["due"] == []
    assert xstate["due"] == [10]


def test_history_that_is_recorded_again_as_it_was_is_no_change() -> None:
    machine = {
        "initial": "p",
        "always": {
            "target": ".p.last",
            "guard": {"type": "isEvent", "params": {"type": "E"}},
            "actions": trace("always"),
        },
        "states": {
            "p": {"initial": "q", "states": {"q": {}, "last": {"type": "history"}}}
        },
    }
    mend = "an eventless transition that changes nothing is taken once"
    pgsm, xstate = both(machine, "E", mend=mend)
    assert names(pgsm) == ["always", "always"]
    assert "Infinite loop" in xstate["error"]


# -- what random machines avoid --------------------------------------------------------


def test_the_output_of_a_top_final_state_is_the_machine_s() -> None:
    final = {"type": "final", "output": "shipped"}
    machine = {"initial": "p", "states": {"p": {"on": {"E": "q"}}, "q": final}}
    pgsm, xstate = both(machine, "E")
    assert (pgsm["status"], pgsm["output"]) == ("done", "shipped")
    assert (xstate["status"], xstate["output"]) == ("done", None)


def test_a_branch_sees_the_states_that_are_active_while_it_runs() -> None:
    entered = {"guard": {"in": "#m.q"}, "actions": [trace("in q")]}
    branches = [entered, {"actions": [trace("not yet")]}]
    state = {"entry": {"type": "choose", "branches": branches}}
    machine = {"initial": "p", "states": {"p": {"on": {"E": "q"}}, "q": state}}
    pgsm, xstate = both(machine, "E")
    assert names(pgsm) == ["in q"]
    assert names(xstate) == ["not yet"]


def test_an_error_refuses_the_event_and_leaves_the_instance_as_it_was() -> None:
    on = {"E": {"target": "q", "actions": ["both", "fail"]}}
    machine = {"initial": "p", "states": {"p": {"on": on}, "q": {}}}
    pgsm, xstate = both(machine, "E")
    assert pgsm["error"] == "SM102"
    assert xstate["error"] == "failed"  # the actor's status is "error", for good

    instance = started({**machine, "context": {"n": {"a": 0, "b": 0}, "kept": None}})
    with refused("SM102"):
        instance.send("E")
    assert (instance.status, instance.value) == ("active", "p")
    assert instance.context["n"] == {"a": 0, "b": 0}


def test_a_machine_that_never_settles_refuses_the_event() -> None:
    loop = {"q": {"always": "r"}, "r": {"always": "q"}}
    machine = {"initial": "p", "states": {"p": {"on": {"E": "q"}}, **loop}}
    pgsm, xstate = both(machine, "E")
    assert pgsm["error"] == "SM103"
    assert "Infinite loop" in xstate["error"]  # only because maxIterations is given


def test_an_event_for_a_machine_that_is_done_is_refused() -> None:
    machine = {"initial": "p", "states": {"p": {"type": "final"}}}
    _, xstate = both(machine, "E")
    assert xstate["status"] == "done"  # and the event is dropped, with a warning
    with refused("SM110"):
        started(machine).send("E")


def test_states_with_numbers_as_keys_stay_in_document_order() -> None:
    states = {key: {"entry": trace(key)} for key in ("b", "2", "1")}
    pgsm, xstate = both({"type": "parallel", "states": states})
    assert names(pgsm) == ["b", "2", "1"]
    assert names(xstate) == ["1", "2", "b"]


def test_a_list_of_targets_under_after_is_a_list_of_transitions() -> None:
    machine = {"initial": "p", "states": {"p": {"after": {"10": ["q"]}}, "q": {}}}
    pgsm, xstate = both(machine, 10)
    assert pgsm["value"] == "q"
    assert xstate["value"] == "p"


# -- the page --------------------------------------------------------------------------


def test_the_page_names_each_test_and_each_mend() -> None:
    tree = ast.parse(Path(__file__).read_text())
    tests = {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    } - {"test_the_page_names_each_test_and_each_mend"}
    page = PAGE.read_text()
    assert set(re.findall(r"`(test_\w+)`", page)) == tests
    source = Path(__file__).read_text()
    assert all(f'"{mend}"' in source for mend in differences.MENDS)


def started(machine: Json) -> testing.Instance:
    world = testing.World()
    document = {"id": "m", **machine, "implementations": IMPLEMENTATIONS}
    return world.start(world.define(document, "m"))


def refused(code: str) -> Any:
    return pytest.raises(testing.Refused, match=code)
