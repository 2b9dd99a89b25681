"""Entry and exit order, which transitions are taken together, and conflicts."""

from __future__ import annotations

from typing import Any

from .doors import Engine
from .parts import note, traced


def nested() -> Any:
    return {
        "initial": "p",
        "context": {"trace": []},
        "states": {
            "p": traced(
                "p",
                type="parallel",
                states={
                    "r": traced("r", initial="r1", states={"r1": traced("r1")}),
                    "s": traced("s", initial="s1", states={"s1": traced("s1")}),
                },
                on={"leave": {"target": "q", "actions": note("leaving")}},
            ),
            "q": traced("q"),
        },
    }


def test_states_are_entered_in_document_order(engine: Engine) -> None:
    chart = engine.start(nested())
    assert chart.snapshot().context["trace"] == ["+p", "+r", "+r1", "+s", "+s1"]


def test_states_are_left_in_reverse_before_the_actions(engine: Engine) -> None:
    trace = engine.start(nested()).send("leave").context["trace"][5:]
    assert trace == ["-s1", "-s", "-r1", "-r", "-p", "leaving", "+q"]


def test_transition_of_a_descendant_wins(engine: Engine) -> None:
    document = {
        "initial": "a",
        "context": {"trace": []},
        "states": {
            "a": {
                "initial": "b",
                "on": {"go": {"target": "outer"}},
                "states": {"b": {"on": {"go": "c"}}, "c": {}},
            },
            "outer": {},
        },
    }
    chart = engine.start(document)
    assert chart.send("go").value == {"a": "c"}
    assert chart.send("go").value == "outer"


def test_first_enabled_transition_in_document_order_wins(engine: Engine) -> None:
    document = {
        "initial": "a",
        "states": {
            "a": {
                "on": {
                    "go": [
                        {"target": "no", "guard": {"expr": "false"}},
                        {"target": "first"},
                        {"target": "second"},
                    ]
                }
            },
            "no": {},
            "first": {},
            "second": {},
        },
    }
    assert engine.start(document).send("go").value == "first"


def conflicting(first: str, second: str) -> Any:
    return {
        "initial": "p",
        "context": {"trace": []},
        "states": {
            "p": {
                "type": "parallel",
                "states": {
                    "r": {"initial": "r1", "states": {"r1": {"on": {"go": first}}}},
                    "s": {
                        "initial": "s1",
                        "states": {"s1": {"on": {"go": second}}, "s2": {}},
                    },
                },
            },
            "x": {},
            "y": {},
        },
    }


def test_of_two_transitions_that_leave_the_same_the_earlier_wins(
    engine: Engine,
) -> None:
    assert (
        engine.start(conflicting("#(machine).x", "#(machine).y")).send("go").value
        == "x"
    )


def test_transition_that_leaves_the_parallel_state_preempts_a_later_inner_one(
    engine: Engine,
) -> None:
    assert engine.start(conflicting("#(machine).x", "s2")).send("go").value == "x"


def test_event_of_a_region_does_not_disturb_the_other(engine: Engine) -> None:
    document = nested()
    document["states"]["p"]["states"]["r"]["states"]["r2"] = traced("r2")
    document["states"]["p"]["states"]["r"]["states"]["r1"]["on"] = {"go": "r2"}
    trace = engine.start(document).send("go").context["trace"][5:]
    assert trace == ["-r1", "+r2"]


def test_actions_of_two_regions_run_in_document_order(engine: Engine) -> None:
    regions = {
        name: {"on": {"go": {"actions": note(name)}}}
        for name in ("one", "two", "three")
    }
    document = {"type": "parallel", "context": {"trace": []}, "states": regions}
    assert engine.start(document).send("go").context["trace"] == ["one", "two", "three"]


def test_transition_of_the_parallel_state_waits_for_its_regions_to_decline(
    engine: Engine,
) -> None:
    document = {
        "initial": "p",
        "context": {"trace": []},
        "states": {
            "p": {
                "type": "parallel",
                "on": {"go": {"actions": note("p")}},
                "states": {"r": {"on": {"go": {"actions": note("r")}}}, "s": {}},
            }
        },
    }
    assert engine.start(document).send("go").context["trace"] == ["r"]
