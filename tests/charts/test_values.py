"""Values survive: exact numbers, any text, large and deep contexts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .doors import Engine
from .parts import assign, expr

KEEP = {
    "context": {"v": None, "n": 0},
    "on": {
        "put": {"actions": assign(v=expr("event.data.v"))},
        "count": {"actions": assign(n=expr("context.n + 1"))},
    },
}


@pytest.mark.parametrize(
    "value",
    [
        10**30,
        -(10**30),
        Decimal("1e-30"),
        Decimal("0.1"),
        Decimal("12.50"),
        Decimal("1e30"),
        2**53 + 1,
        10**400,
        "",
        "ä ö ü 🛵 \u2028 \\ \" ' \t\n",
        '{"a": 1}',
        {"": 1, "a.b": {"c d": [None, True, False]}},
        [[], {}, [[]]],
    ],
    ids=repr,
)
def test_value_is_kept_as_it_is(engine: Engine, value: Any) -> None:
    chart = engine.start(KEEP)
    chart.send("put", {"v": value})
    assert chart.send("count").context == {"v": value, "n": 1}


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("0.1 + 0.2", Decimal("0.3")),
        ("event.data.big + 1", 10**30 + 1),
        ("event.data.small * 2", Decimal("2e-30")),
        ("round(0.125, 2)", Decimal("0.13")),
        ("7 // 2", 3),
        ("2 ** 64", 2**64),
    ],
)
def test_arithmetic_is_exact(engine: Engine, source: str, result: Any) -> None:
    chart = engine.start({"on": {"go": {"actions": assign(n=expr(source))}}})
    data = {"big": 10**30, "small": Decimal("1e-30")}
    assert chart.send("go", data).context["n"] == result


def test_trailing_zeros_stay(engine: Engine) -> None:
    chart = engine.start(KEEP)
    chart.send("put", {"v": Decimal("12.50")})
    assert str(chart.send("count").context["v"]) == "12.50"


def test_large_context_is_kept_through_steps(engine: Engine) -> None:
    chart = engine.start(KEEP)
    rows = [{"id": n, "text": "ä" * 40} for n in range(1500)]
    chart.send("put", {"v": rows})
    assert chart.send("count").context == {"v": rows, "n": 1}


def test_deep_context_is_kept_through_steps(engine: Engine) -> None:
    value: Any = "bottom"
    for _ in range(150):
        value = {"in": [value]}
    chart = engine.start(KEEP)
    chart.send("put", {"v": value})
    assert chart.send("count").context["v"] == value


def test_deep_charts_work(engine: Engine) -> None:
    node: Any = {"on": {"go": {"actions": assign(n=1)}}}
    for _ in range(40):
        node = {"initial": "s", "states": {"s": node}}
    chart = engine.start(node)
    assert len(chart.snapshot().states) == 40
    assert chart.send("go").context == {"n": 1}


def test_state_names_are_any_text(engine: Engine) -> None:
    keys = ["zu Hause", "a*", 'q"uo\\te', "家", "{x,y}"]
    document: Any = {"initial": keys[0], "states": {}}
    for key, following in zip(keys, [*keys[1:], keys[0]], strict=True):
        inner = {"initial": "x", "states": {"x": {"type": "final"}}}
        document["states"][key] = {**inner, "onDone": {"guard": expr("false")}}
        document["states"][key]["on"] = {"go": following}
    chart = engine.start(document)
    seen = [chart.send("go").states[0] for _ in keys]
    assert seen == [*keys[1:], keys[0]]


def test_star_in_the_name_of_a_state_is_no_wildcard(engine: Engine) -> None:
    document = {
        "initial": "*",
        "states": {
            "*": {
                "initial": "x",
                "states": {"x": {}},
                "onDone": {"actions": assign(done=True)},
            }
        },
    }
    assert engine.start(document).send("done.anything").outcome == "no_transition"


def test_context_that_is_no_object_starts_nothing(engine: Engine) -> None:
    with pytest.raises(Exception, match="the context is an object, not a number"):
        engine.start({"context": {"expr": "1"}})
