"""Numbers go through an instance unharmed, and come out as jsonb writes them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgsm.engine import exact
from tests.charts.doors import Engine
from tests.charts.parts import assign, expr

from . import door
from .examples import examples

Json = Any

KEEP = {
    "id": "m",
    "context": {"v": {"expr": 'get(input, "v")'}, "n": 0},
    "on": {
        "put": {"actions": assign(v=expr("event.data.v"))},
        "copy": {"actions": assign(v=expr("[x for x in context.v]"))},
        "add": {"actions": assign(n=expr("context.n + event.data.v"))},
        "count": {"actions": assign(n=expr("context.n + 1"))},
    },
}

TEXTS = [
    *("1", "1.0", "1.00", "-1.50", "0", "-0", "0.0", "-0.0", "-0.00", "0e5", "0e-5"),
    *("1e30", "1E+30", "1.5e30", "-1e-30", "12e-1", "120e-1", "1e0", "1.20e1"),
    "1" + "0" * 30,
    "0." + "0" * 29 + "1",
    "9" * 400,
    "-" + "9" * 5000,
    "0." + "3" * 5000,
    "1e4000",
    "1e-4000",
    "123456789012345678901234567890.123456789012345678901234567890",
    "0.1000000000000000055511151231257827",
    str(2**53 + 1),
    str(2**63),
]
digits = st.text("0123456789", min_size=1, max_size=40)
json_numbers = st.builds(
    lambda sign, whole, part, exponent: (
        sign
        + (whole.lstrip("0") or "0")
        + (f".{part}" if part else "")
        + (f"e{exponent}" if exponent is not None else "")
    ),
    st.sampled_from(["", "-"]),
    digits,
    st.just("") | digits,
    st.none() | st.integers(-60, 60),
)


def collected(strategy: st.SearchStrategy[Any], number: int) -> list[Any]:
    """Examples of a strategy, to be asked about in one query."""
    found: list[Any] = []

    @given(strategy)
    @examples(number)
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    return found


def as_jsonb(db: psycopg.Connection[Any], texts: list[str]) -> list[str]:
    """What PostgreSQL makes of JSON texts when it stores them."""
    query = (
        "select t.text::jsonb::text from unnest(%s::text[])"
        " with ordinality as t (text, position) order by t.position"
    )
    return [row[0] for row in db.execute(query, [texts])]


# ------------------------------------------------------------------- text to text


def test_a_number_is_written_as_the_value_that_was_read(
    db: psycopg.Connection[Any],
) -> None:
    """With its trailing zeros; minus zero is zero, an exponent is multiplied out."""
    texts = [*TEXTS, *collected(json_numbers, 300)]
    written = [exact.dumps(exact.loads(text)) for text in texts]
    assert as_jsonb(db, written) == as_jsonb(db, texts)


@pytest.mark.parametrize("where", ["event", "input", "copy"])
def test_context_holds_what_jsonb_holds(engine: Engine, where: str) -> None:
    numbers = [*TEXTS, *collected(json_numbers, 60)]
    given = exact.loads("[" + ",".join(numbers) + "]")
    chart = engine.start(KEEP, {"v": given} if where == "input" else {})
    if where != "input":
        chart.send("put", {"v": given})
    if where == "copy":
        chart.send("copy")
    kept = chart.send("count").context["v"]
    assert kept == given
    assert [number_text(number) for number in kept] == [
        number_text(exact.loads(text)) for text in numbers
    ]


def number_text(number: Any) -> str:
    """A number as jsonb writes it."""
    text = format(number, "f") if isinstance(number, Decimal) else str(number)
    return text.removeprefix("-") if not number else text


@pytest.mark.parametrize(
    "text", ["1" + "0" * 30, "1e30", "1e-30", "0." + "0" * 29 + "1"]
)
def test_the_very_large_and_the_very_small_survive_a_round_trip(
    engine: Engine, text: str
) -> None:
    number = exact.loads(text)
    chart = engine.start(KEEP, {"v": number})
    assert chart.snapshot().context["v"] == number
    chart.send("put", {"v": [number]})
    chart.send("add", {"v": number})
    context = chart.send("count").context
    assert context["v"] == [number]
    assert Fraction(context["n"]) == Fraction(number) + 1


# ------------------------------------------------------------ what is not a number


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "-NaN", "nan", "inf"])
@pytest.mark.parametrize("place", ["{}", "[{}]", '{{"a": {}}}', "[1, {}]"])
def test_a_text_with_what_is_no_number_is_refused_by_the_door(
    text: str, place: str
) -> None:
    machine = door.Machine.of(KEEP)
    now = door.start(machine).after
    value = place.format(text)
    with pytest.raises(ValueError, match="JSON"):
        door.step(machine, now, door.Message("put", f'{{"v": {value}}}'))
    for part in ("output", "error"):
        facts = f'{{"{part}": {value}}}'
        event = door.Message("done.invoke.x", "{}", facts, "effect")
        with pytest.raises(ValueError, match="JSON"):
            door.step(machine, now, event)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_no_number_is_refused_as_input_and_as_data(
    engine: Engine, number: str
) -> None:
    value = Decimal(number)
    with pytest.raises(ValueError, match="not a JSON number"):
        engine.start(KEEP, {"v": value})
    chart = engine.start(KEEP)
    for data in (value, [value], float(number.lower().strip("s"))):
        with pytest.raises(ValueError, match="JSON"):
            chart.send("put", {"v": data})
    assert chart.snapshot().revision == 1


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_postgres_takes_no_json_text_with_what_is_no_number(
    db: psycopg.Connection[Any], number: str
) -> None:
    define = "select pgsm.define_machine('m', %s::json)"
    db.execute(define, [exact.dumps(KEEP)])
    db.execute("select pgsm.start_instance('m', 'i-1')")
    text = f'{{"v": {number}}}'
    for call in (
        "select pgsm.start_instance('m', 'i-2', %s::jsonb)",
        "select pgsm.send_event('i-1', 'put', %s::jsonb)",
        "select pgsm.post_event('i-1', 'put', %s::jsonb)",
    ):
        bad = pytest.raises(psycopg.errors.InvalidTextRepresentation)
        with bad, db.transaction():
            db.execute(call, [text])


@pytest.mark.parametrize(
    "source",
    [
        " * ".join(["1e400"] * 11),
        "10 ** 4000 * 10 ** 4000",
        "9e999 ** 9e999",
        "10 ** 10 ** 10",
        "1 / 0",
        "0 / 0",
        "0.0 / 0.0",
        "1 % 0",
        "1 // 0.0",
        "0 ** -1",
        "0 * 1 / 0",
        "number('NaN')",
        "number('Infinity') * 0",
        "float('inf')",
        "float('-inf') + float('inf')",
        "int('nan')",
        "number('1e99999')",
        "(-1) ** 0.5",
        "(-8) ** (1 / 3)",
        "round(context.v, 10 ** 6)",
    ],
)
def test_an_expression_without_a_number_for_its_value_is_an_error(
    engine: Engine, source: str
) -> None:
    chart = engine.start({**KEEP, "on": {"go": {"actions": assign(v=expr(source))}}})
    refusal = chart.refuse("go")
    assert refusal.sqlstate == "SM102"
    assert chart.snapshot().context == {"v": None, "n": 0}


def test_a_product_that_outgrows_every_bound_is_refused(engine: Engine) -> None:
    times = {"actions": assign(v=expr("context.v * context.v"))}
    chart = engine.start({**KEEP, "on": {"go": times}}, {"v": 10**3999})
    assert "digits" in chart.refuse("go").message
    assert chart.snapshot().context["v"] == 10**3999


def test_a_number_that_jsonb_cannot_hold_is_refused_as_data() -> None:
    machine = door.Machine.of(KEEP)
    now = door.start(machine).after
    for text in ("1e131072", "1e-16384", "1e999999999", "-1e-999999999"):
        outcome = door.step(machine, now, door.Message("put", f'{{"v": {text}}}'))
        assert outcome.result["error"]["code"] == "SM105"
        assert outcome.after == now


# ---------------------------------------------------------------------- money

cents = st.integers(-(10**12), 10**12)


@given(st.lists(st.tuples(cents, st.integers(0, 1000)), max_size=20))
@examples(100)
def test_money_is_exact(lines: list[tuple[int, int]]) -> None:
    machine = door.Machine.of(
        {
            "id": "m",
            "context": {"total": Decimal("0.00"), "lines": []},
            "on": {
                "line": {
                    "actions": assign(
                        total=expr(
                            "context.total + event.data.price * event.data.quantity"
                        ),
                        lines=expr("context.lines + [event.data]"),
                    )
                },
            },
        }
    )
    now = door.start(machine).after
    for price, quantity in lines:
        data = f'{{"price": {Decimal(price).scaleb(-2)}, "quantity": {quantity}}}'
        now = door.step(machine, now, door.Message("line", data)).after
    total = exact.loads(now.context)["total"]
    assert total == Decimal(sum(price * n for price, n in lines)).scaleb(-2)
    assert exact.scale(total) == 2


def test_ten_dimes_are_a_dollar(engine: Engine) -> None:
    chart = engine.start(KEEP)
    for _ in range(10):
        chart.send("add", {"v": Decimal("0.10")})
    assert chart.snapshot().context["n"] == 1
    assert exact.dumps(chart.snapshot().context["n"]) == "1.00"


def test_a_text_of_a_number_stays_a_text(engine: Engine) -> None:
    chart = engine.start(KEEP, {"v": "1.10"})
    assert chart.snapshot().context["v"] == "1.10"
    assert chart.send("put", {"v": "NaN"}).context["v"] == "NaN"
