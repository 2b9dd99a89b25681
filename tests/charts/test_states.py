"""Atomic, compound, parallel and final states."""

from __future__ import annotations

import pytest

from .doors import Engine
from .parts import assign, expr, note, raise_, traced

SWITCH = {"initial": "off", "states": {"off": {"on": {"press": "on"}}, "on": {}}}


def test_machine_without_states_is_one_atomic_state(engine: Engine) -> None:
    chart = engine.start({"on": {"ping": {"actions": assign(n=1)}}})
    assert chart.snapshot().value == {}
    assert chart.send("ping").context == {"n": 1}


def test_event_moves_an_atomic_state(engine: Engine) -> None:
    chart = engine.start(SWITCH)
    assert chart.snapshot().value == "off"
    taken = chart.send("press")
    assert (taken.value, taken.states, taken.outcome) == ("on", ["on"], "taken")


def test_revision_counts_the_steps(engine: Engine) -> None:
    chart = engine.start(SWITCH)
    assert chart.snapshot().revision == 1
    assert chart.send("press").revision == 2


def test_event_that_nothing_takes_changes_nothing(engine: Engine) -> None:
    chart = engine.start(SWITCH)
    before = chart.snapshot()
    after = chart.send("pull")
    assert (after.outcome, after.details) == ("no_transition", {})
    assert chart.snapshot() == before


def test_entering_a_compound_state_enters_its_initial_child(engine: Engine) -> None:
    inner = {
        "initial": "b",
        "states": {"a": {}, "b": {"initial": "c", "states": {"c": {}}}},
    }
    chart = engine.start({"initial": "outer", "states": {"outer": inner}})
    snapshot = chart.snapshot()
    assert snapshot.value == {"outer": {"b": "c"}}
    assert snapshot.states == ["outer", "outer.b", "outer.b.c"]


def test_initial_may_have_actions_and_a_deep_target(engine: Engine) -> None:
    document = {
        "initial": {"target": "outer.inner", "actions": note("initial")},
        "context": {"trace": []},
        "states": {
            "outer": traced(
                "outer", initial="other", states={"other": {}, "inner": traced("inner")}
            )
        },
    }
    snapshot = engine.start(document).snapshot()
    assert snapshot.value == {"outer": "inner"}
    assert snapshot.context["trace"] == ["initial", "+outer", "+inner"]


PARALLEL = {
    "type": "parallel",
    "states": {
        "left": {"initial": "a", "states": {"a": {"on": {"go": "b"}}, "b": {}}},
        "right": {
            "initial": "x",
            "states": {"x": {"on": {"go": "y", "only": "y"}}, "y": {}},
        },
    },
}


def test_all_regions_of_a_parallel_state_are_active(engine: Engine) -> None:
    chart = engine.start(PARALLEL)
    assert chart.snapshot().value == {"left": "a", "right": "x"}
    assert chart.snapshot().states == ["left", "left.a", "right", "right.x"]


def test_event_moves_every_region_that_takes_it(engine: Engine) -> None:
    chart = engine.start(PARALLEL)
    assert chart.send("only").value == {"left": "a", "right": "y"}
    assert chart.send("go").value == {"left": "b", "right": "y"}


def test_final_child_of_the_root_ends_the_machine(engine: Engine) -> None:
    document = {
        "initial": "a",
        "context": {"n": 3},
        "states": {
            "a": {"on": {"go": "end"}},
            "end": {"type": "final", "output": {"n": expr("context.n + 1")}},
        },
    }
    chart = engine.start(document)
    done = chart.send("go")
    assert (done.status, done.output, done.value) == ("done", {"n": 4}, "end")
    assert chart.refuse("go").sqlstate == "SM110"


def test_output_of_the_root_sees_the_output_of_the_final_state(engine: Engine) -> None:
    document = {
        "initial": "end",
        "output": {"all": expr("event.output.n")},
        "states": {"end": {"type": "final", "output": {"n": 1}}},
    }
    assert engine.start(document).snapshot().output == {"all": 1}


def test_done_machine_leaves_all_its_states_and_drops_its_work(engine: Engine) -> None:
    document = {
        "initial": "a",
        "context": {"trace": []},
        "exit": note("-root"),
        "after": {"1 hour": {"actions": note("late")}},
        "states": {
            "a": traced("a", on={"go": "end"}),
            "end": {"type": "final", "exit": note("-end")},
        },
    }
    chart = engine.start(document)
    assert chart.send("go").context["trace"] == ["+a", "-a", "-end", "-root"]
    assert chart.timers() == []


def test_compound_state_is_done_with_the_output_of_its_final_child(
    engine: Engine,
) -> None:
    document = {
        "initial": "work",
        "states": {
            "work": {
                "initial": "busy",
                "states": {
                    "busy": {"on": {"finish": "over"}},
                    "over": {"type": "final", "output": expr("event.data.result")},
                },
                "onDone": {
                    "target": "rest",
                    "actions": assign(
                        result=expr("event.output"), by=expr("event.type")
                    ),
                },
            },
            "rest": {},
        },
    }
    finished = engine.start(document).send("finish", {"result": [1, 2]})
    assert finished.value == "rest"
    assert finished.context == {"result": [1, 2], "by": "done.state.work"}


def region(event: str) -> dict[str, object]:
    return {
        "initial": "on",
        "states": {"on": {"on": {event: "off"}}, "off": {"type": "final"}},
    }


@pytest.mark.parametrize("order", [["a", "b"], ["b", "a"]])
def test_parallel_state_is_done_when_all_regions_are(
    engine: Engine, order: list[str]
) -> None:
    document = {
        "initial": "both",
        "states": {
            "both": {
                "type": "parallel",
                "states": {"one": region("a"), "two": region("b")},
                "onDone": "end",
            },
            "end": {},
        },
    }
    chart = engine.start(document)
    assert chart.send(order[0]).value != "end"
    assert chart.send(order[1]).value == "end"


def test_root_that_is_parallel_ends_with_its_regions(engine: Engine) -> None:
    chart = engine.start(
        {"type": "parallel", "states": {"one": region("a"), "two": region("b")}}
    )
    assert chart.send("a").status == "active"
    assert chart.send("b").status == "done"


def test_regions_that_finish_in_one_step_are_done_once(engine: Engine) -> None:
    document = {
        "initial": "both",
        "context": {"trace": []},
        "states": {
            "both": {
                "type": "parallel",
                "states": {"one": region("a"), "two": region("a")},
                "onDone": {"actions": note("done")},
            }
        },
    }
    assert engine.start(document).send("a").context["trace"] == ["done"]


def test_tags_of_all_active_states_are_shown(engine: Engine) -> None:
    document = {
        "initial": "a",
        "tags": ["root"],
        "states": {
            "a": {"tags": ["busy", "red"], "on": {"go": "b"}},
            "b": {"tags": "calm"},
        },
    }
    chart = engine.start(document)
    assert chart.snapshot().tags == ["root", "busy", "red"]
    assert chart.send("go").tags == ["root", "calm"]


def test_events_raised_at_the_start_are_taken_in_the_first_step(engine: Engine) -> None:
    document = {
        "initial": "a",
        "states": {"a": {"entry": raise_("go"), "on": {"go": "b"}}, "b": {}},
    }
    snapshot = engine.start(document).snapshot()
    assert (snapshot.value, snapshot.revision) == ("b", 1)


def test_many_raised_events_are_no_cycle(engine: Engine) -> None:
    document = {
        "initial": "a",
        "entry": {
            "type": "foreach",
            "in": expr("[n for n in range(1500)]"),
            "actions": raise_("nobody.listens"),
        },
        "states": {"a": {}},
    }
    assert engine.start(document).snapshot().value == "a"
