"""Event descriptors, guards, and what an outcome says."""

from __future__ import annotations

from typing import Any

import pytest

from .doors import Engine
from .parts import assign, expr, note, note_event


def listening(*descriptors: str) -> Any:
    return {
        "context": {"by": None},
        "on": {name: {"actions": assign(by=name)} for name in descriptors},
    }


@pytest.mark.parametrize(
    ("event", "by"),
    [
        ("order.paid", "order.paid"),
        ("order.paid.twice", "order.paid.*"),
        ("order.sent", "order.*"),
        ("order", "order.*"),
        ("orders", "*"),
        ("something.else", "*"),
    ],
)
def test_exact_before_longest_wildcard_before_star(
    engine: Engine, event: str, by: str
) -> None:
    chart = engine.start(listening("*", "order.*", "order.paid.*", "order.paid"))
    assert chart.send(event).context == {"by": by}


def test_wildcard_of_a_child_wins_over_the_name_in_its_parent(engine: Engine) -> None:
    document = {
        "initial": "a",
        "on": {"go": {"actions": assign(by="parent")}},
        "states": {"a": {"on": {"*": {"actions": assign(by="child")}}}},
    }
    assert engine.start(document).send("go").context == {"by": "child"}


def test_next_wildcard_is_asked_when_a_guard_says_no(engine: Engine) -> None:
    document = {
        "on": {
            "go": {"guard": expr("false"), "actions": assign(by="go")},
            "*": {"actions": assign(by="*")},
        }
    }
    assert engine.start(document).send("go").context == {"by": "*"}


@pytest.mark.parametrize("name", ["grüße.an.alle", "注文.受付", "a b", "🛵", "x" * 500])
def test_event_names_are_any_text(engine: Engine, name: str) -> None:
    chart = engine.start(
        {"context": {"trace": []}, "on": {"*": {"actions": note_event()}}}
    )
    assert chart.send(name).context["trace"] == [name]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x" * 501,
        "a\nb",
        "done.invoke.x",
        "done.state.x",
        "error.execution",
        "after.1 day.a",
        "pgsm.start",
    ],
)
def test_engine_s_own_and_unprintable_events_cannot_be_sent(
    engine: Engine, name: str
) -> None:
    assert engine.start({"on": {"*": {}}}).refuse(name).sqlstate == "SM104"


@pytest.mark.parametrize("data", [[], "text", 1, True])
def test_data_is_an_object(engine: Engine, data: Any) -> None:
    assert engine.start({"on": {"go": {}}}).refuse("go", data).sqlstate == "SM104"


# -- guards --


def guarded(guard: Any, **implementations: Any) -> Any:
    return {
        "initial": "a",
        "context": {"n": 5},
        "states": {"a": {"on": {"go": {"target": "b", "guard": guard}}}, "b": {}},
        "implementations": implementations,
    }


BIG, SMALL = expr("context.n > 3"), expr("context.n < 3")


@pytest.mark.parametrize(
    ("guard", "allows"),
    [
        (BIG, True),
        (SMALL, False),
        ({"not": SMALL}, True),
        ({"and": [BIG, {"not": SMALL}]}, True),
        ({"and": [BIG, SMALL]}, False),
        ({"or": [SMALL, BIG]}, True),
        ({"or": [SMALL, SMALL]}, False),
        ({"in": "a"}, True),
        ({"in": "b"}, False),
        (expr("in_state('a')"), True),
        (expr("null"), False),
        (expr("[]"), False),
        ("big", True),
        ({"type": "above", "params": {"limit": 4}}, True),
        ({"type": "above", "params": {"limit": expr("context.n")}}, False),
        ({"and": ["big", {"type": "above", "params": {"limit": 9}}]}, False),
        ({"sql": "shop.in_stock(text)", "args": ["apple"]}, True),
        ({"sql": "shop.in_stock(text)", "args": ["pear"]}, False),
        ({"sql": "shop.in_stock(text)", "args": ["unknown"]}, False),
        ({"or": [{"sql": "shop.in_stock(text)", "args": ["pear"]}, "stocked"]}, True),
    ],
)
def test_guard_decides(engine: Engine, guard: Any, allows: bool) -> None:
    guards = {
        "big": BIG,
        "above": expr("context.n > params.limit"),
        "stocked": {"sql": "shop.in_stock(text)", "args": [expr("'app' + 'le'")]},
    }
    taken = engine.start(guarded(guard, guards=guards)).send("go")
    assert taken.value == ("b" if allows else "a")
    assert taken.outcome == ("taken" if allows else "guarded")


def test_outcome_names_the_guards_that_said_no(engine: Engine) -> None:
    document = {
        "initial": "a",
        "context": {"n": 5},
        "on": {"go": {"guard": {"not": "big"}, "actions": note("never")}},
        "states": {
            "a": {
                "on": {
                    "go": [
                        {"guard": "small", "target": "b"},
                        {"guard": {"and": ["big", expr("context.n == 4")]}},
                    ]
                }
            },
            "b": {},
        },
        "implementations": {"guards": {"big": BIG, "small": SMALL}},
    }
    chart = engine.start(document)
    before = chart.snapshot()
    refused = chart.send("go")
    assert refused.outcome == "guarded"
    assert refused.details["refused_by"] == [
        "small",
        "(big) and (context.n == 4)",
        "not (big)",
    ]
    assert chart.snapshot() == before
