"""Targetless, internal and reentering transitions; targets of all kinds; always."""

from __future__ import annotations

from typing import Any

import pytest

from .doors import Engine
from .parts import assign, expr, note, raise_, traced


def chart_with(transition: Any) -> Any:
    return {
        "initial": "a",
        "context": {"trace": []},
        "states": {
            "a": traced(
                "a",
                initial="b",
                on={"go": transition},
                states={"b": traced("b"), "c": traced("c")},
            ),
            "d": traced("d"),
        },
    }


@pytest.mark.parametrize(
    ("transition", "trace"),
    [
        ({"actions": note("act")}, ["act"]),
        ({"target": ".c", "actions": note("act")}, ["-b", "act", "+c"]),
        ({"target": ".c", "reenter": True}, ["-b", "-a", "+a", "+c"]),
        ({"target": "a"}, ["-b", "+b"]),
        ({"target": "a", "reenter": True}, ["-b", "-a", "+a", "+b"]),
        ({"target": "a.c"}, ["-b", "+c"]),
        ({"target": "d"}, ["-b", "-a", "+d"]),
    ],
)
def test_what_a_transition_leaves_and_enters(
    engine: Engine, transition: Any, trace: list[str]
) -> None:
    taken = engine.start(chart_with(transition)).send("go")
    assert taken.outcome == "taken"
    assert taken.context["trace"] == ["+a", "+b", *trace]


def test_forbidden_transition_hides_the_outer_one(engine: Engine) -> None:
    document = {
        "initial": "a",
        "states": {
            "a": {
                "initial": "b",
                "on": {"go": "d"},
                "states": {"b": {"on": {"go": {}, "next": "c"}}, "c": {}},
            },
            "d": {},
        },
    }
    chart = engine.start(document)
    assert chart.send("go").outcome == "no_transition"
    chart.send("next")
    assert chart.send("go").value == "d"


def test_forbidden_transition_may_have_a_guard(engine: Engine) -> None:
    document = {
        "initial": "a",
        "on": {"go": ".b"},
        "states": {"a": {"on": {"go": {"guard": expr("event.data.stay")}}}, "b": {}},
    }
    chart = engine.start(document)
    assert chart.send("go", {"stay": True}).value == "a"
    assert chart.send("go", {"stay": False}).value == "b"


def test_several_targets_enter_several_regions(engine: Engine) -> None:
    regions = {
        name: {"initial": "x", "states": {"x": {}, "y": {}}} for name in ("r", "s", "t")
    }
    document = {
        "initial": "a",
        "states": {
            "a": {"on": {"go": {"target": ["p.r.y", "p.t.y"]}}},
            "p": {"type": "parallel", "states": regions},
        },
    }
    taken = engine.start(document).send("go")
    assert taken.value == {"p": {"r": "y", "s": "x", "t": "y"}}


def test_targets_by_id_and_below_an_id(engine: Engine) -> None:
    document = {
        "initial": "a",
        "states": {
            "a": {"on": {"one": "#deep", "two": "#deep.inner"}},
            "b": {
                "initial": "c",
                "states": {
                    "c": {
                        "id": "deep",
                        "initial": "x",
                        "states": {"x": {}, "inner": {}},
                    }
                },
            },
        },
    }
    assert engine.start(document).send("one").value == {"b": {"c": "x"}}
    assert engine.start(document).send("two").value == {"b": {"c": "inner"}}


# -- always ---------------------------------------------------------------------------


def counting(limit: int) -> Any:
    return {
        "initial": "count",
        "context": {"n": 0},
        "states": {
            "count": {
                "always": [
                    {"target": "end", "guard": expr(f"context.n >= {limit}")},
                    {"actions": assign(n=expr("context.n + 1"))},
                ]
            },
            "end": {},
        },
    }


def test_always_is_taken_until_nothing_is_enabled(engine: Engine) -> None:
    snapshot = engine.start(counting(10)).snapshot()
    assert (snapshot.value, snapshot.context) == ("end", {"n": 10})


def test_always_comes_before_raised_events(engine: Engine) -> None:
    document = {
        "initial": "a",
        "context": {"trace": []},
        "states": {
            "a": {"on": {"go": {"target": "b", "actions": raise_("raised")}}},
            "b": {
                "always": {"target": "c", "actions": note("always")},
                "on": {"raised": {"actions": note("too early")}},
            },
            "c": {"on": {"raised": {"actions": note("raised")}}},
        },
    }
    assert engine.start(document).send("go").context["trace"] == ["always", "raised"]


def test_always_sees_the_event_of_its_macrostep(engine: Engine) -> None:
    document = {
        "initial": "a",
        "states": {
            "a": {"on": {"go": "b"}},
            "b": {"always": {"target": "c", "guard": expr("event.data.on")}},
            "c": {},
        },
    }
    assert engine.start(document).send("go", {"on": True}).value == "c"
    assert engine.start(document).send("go", {"on": False}).value == "b"


def test_machine_that_never_settles_is_refused(engine: Engine) -> None:
    document = counting(10**9)
    document["initial"] = "a"
    document["states"]["a"] = {"on": {"go": "count"}}
    refusal = engine.start(document).refuse("go")
    assert refusal.sqlstate == "SM103"
    assert "1000 microsteps" in refusal.message
    assert "$.states.count.always[1]" in refusal.detail


def test_events_that_raise_each_other_are_refused(engine: Engine) -> None:
    document = {
        "on": {
            "ping": {"actions": raise_("pong")},
            "pong": {"actions": raise_("ping")},
        }
    }
    assert engine.start(document).refuse("ping").sqlstate == "SM103"
