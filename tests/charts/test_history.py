"""History: shallow, deep, by default."""

from __future__ import annotations

from typing import Any

import pytest

from .doors import Engine
from .parts import note


def player(history: Any) -> Any:
    tracks = {
        "one": {"on": {"next": "two"}},
        "two": {
            "initial": "quiet",
            "states": {"quiet": {"on": {"up": "loud"}}, "loud": {}},
        },
    }
    return {
        "initial": "playing",
        "context": {"trace": []},
        "states": {
            "playing": {
                "initial": "one",
                "on": {"stop": "stopped"},
                "states": {**tracks, "before": {"type": "history", **history}},
            },
            "stopped": {"on": {"play": "playing.before", "anew": "playing"}},
        },
    }


@pytest.mark.parametrize(("kind", "inner"), [("shallow", "quiet"), ("deep", "loud")])
def test_history_brings_back_what_was_active(
    engine: Engine, kind: str, inner: str
) -> None:
    chart = engine.start(player({"history": kind}))
    for event in ("next", "up", "stop"):
        chart.send(event)
    assert chart.send("play").value == {"playing": {"two": inner}}


def test_history_is_shallow_unless_said_otherwise(engine: Engine) -> None:
    chart = engine.start(player({}))
    for event in ("next", "up", "stop"):
        chart.send(event)
    assert chart.send("play").value == {"playing": {"two": "quiet"}}


def test_other_ways_in_do_not_ask_the_history(engine: Engine) -> None:
    chart = engine.start(player({}))
    chart.send("next")
    chart.send("stop")
    assert chart.send("anew").value == {"playing": "one"}


def never_entered(history: Any) -> Any:
    return {**player(history), "initial": "stopped"}


def test_history_of_a_state_never_entered_is_its_initial(engine: Engine) -> None:
    chart = engine.start(never_entered({}))
    assert chart.send("play").value == {"playing": "one"}


def test_history_may_have_a_default_target(engine: Engine) -> None:
    chart = engine.start(never_entered({"target": "two"}))
    assert chart.send("play").value == {"playing": {"two": "quiet"}}


def test_history_of_a_parallel_state_remembers_every_region(engine: Engine) -> None:
    region = {"initial": "x", "states": {"x": {"on": {"go": "y"}}, "y": {}}}
    other = {"initial": "x", "states": {"x": {}, "y": {}}}
    document = {
        "initial": "p",
        "states": {
            "p": {
                "type": "parallel",
                "on": {"stop": "off"},
                "states": {
                    "r": region,
                    "s": other,
                    "before": {"type": "history", "history": "deep"},
                },
            },
            "off": {"on": {"back": "p.before"}},
        },
    }
    chart = engine.start(document)
    chart.send("go")
    assert chart.send("stop").value == "off"
    assert chart.send("back").value == {"p": {"r": "y", "s": "x"}}


def test_states_of_history_are_entered_with_their_actions(engine: Engine) -> None:
    document = player({"history": "deep"})
    document["states"]["playing"]["states"]["two"]["entry"] = note("two")
    chart = engine.start(document)
    for event in ("next", "stop", "play"):
        chart.send(event)
    assert chart.snapshot().context["trace"] == ["two", "two"]
