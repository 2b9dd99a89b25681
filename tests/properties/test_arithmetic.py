"""Arithmetic of expressions against PostgreSQL's own, for random decimals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg
from hypothesis import strategies as st

from pgsm.engine import exact
from pgsm.engine.expressions import EvaluationError, compile_expression

from .test_numbers import collected

NAMES = frozenset({"context"})
numbers = (
    st.integers(-(10**40), 10**40)
    | st.integers(-20, 20)
    | st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-(10**25), max_value=10**25
    )
    | st.decimals(
        allow_nan=False, allow_infinity=False, places=2, min_value=-999, max_value=999
    )
    | st.builds(Decimal, st.sampled_from(["0.5", "-2.5", "1.00", "0.000", "-0.125"]))
)
pairs = st.tuples(numbers, numbers, st.integers(-6, 12))

# Ours → theirs.  The sign of % is Python's here and the dividend's there.
SAME = {
    "a + b": "a + b",
    "a - b": "a - b",
    "a * b": "a * b",
    "a / b": "a / nullif(b, 0)",
    "a % b": "mod(mod(a, nullif(b, 0)) + b, b)",
    "a // b": "floor_div(a, nullif(b, 0))",
    "round(a, n)": "round(a, n)",
    "round(a)": "round(a)",
    "abs(a)": "abs(a)",
    "-a": "-a",
    "floor(a)": "floor(a)",
    "ceil(a)": "ceil(a)",
    "int(a)": "trunc(a)",
    "a < b": "a < b",
    "a == b": "a = b",
    "max(a, b)": "greatest(a, b)",
    "sum([a, b, a])": "a + b + a",
}
FLOOR_DIV = """
create function pg_temp.floor_div (a numeric, b numeric) returns numeric
  language sql
return div(a, b) - case when mod(a, b) <> 0 and (a < 0) <> (b < 0) then 1 else 0 end
"""


def theirs(db: psycopg.Connection[Any], cases: list[Any]) -> list[dict[str, Any]]:
    """What PostgreSQL says to each of SAME, for all cases in one query."""
    db.execute(FLOOR_DIV)
    columns = ", ".join(
        f"({query.replace('floor_div', 'pg_temp.floor_div')})::text"
        for query in SAME.values()
    )
    query = (
        f"select {columns} from unnest(%s::numeric[], %s::numeric[], %s::int[])"
        " with ordinality as t (a, b, n, position) order by t.position"
    )
    first, second, places = zip(*cases, strict=True)
    found = db.execute(
        query,  # type: ignore[arg-type]
        [list(map(str, first)), list(map(str, second)), list(places)],
    )
    return [dict(zip(SAME, row, strict=True)) for row in found]


def ours(source: str, a: Any, b: Any, n: int) -> Any:
    """The expression's value, the names in it standing for keys of the context."""
    for name in ("a", "b", "n"):
        source = _renamed(source, name)
    try:
        return compile_expression(source, NAMES)({"context": {"a": a, "b": b, "n": n}})
    except EvaluationError as error:
        if str(error) == "division by zero":
            return None
        raise


def _renamed(source: str, name: str) -> str:
    """The source with a lone name as a key of the context."""
    padded = f" {source} "
    for before in " (-[":
        for after in " ,)]":
            word = f"{before}{name}{after}"
            padded = padded.replace(word, f"{before}context.{name}{after}")
    return padded.strip()


def plain(value: Any) -> Any:
    """A number as PostgreSQL's text of the same number, without its zeros."""
    if value is None or isinstance(value, bool):
        return {True: "true", False: "false", None: None}[value]
    number = exact.loads(value) if isinstance(value, str) else value
    text = format(Decimal(number), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def test_arithmetic_is_that_of_postgres(db: psycopg.Connection[Any]) -> None:
    cases = collected(pairs, 300)
    for (a, b, n), row in zip(cases, theirs(db, cases), strict=True):
        for source, text in row.items():
            known = text if text in ("true", "false", None) else plain(text)
            assert plain(ours(source, a, b, n)) == known, (source, a, b, n)


def test_sums_differences_and_products_keep_their_zeros(
    db: psycopg.Connection[Any],
) -> None:
    """1.50 + 1.50 is 3.00, as numeric has it."""
    cases = collected(pairs, 100)
    for (a, b, n), row in zip(cases, theirs(db, cases), strict=True):
        for source in ("a + b", "a - b", "a * b"):
            mine = ours(source, a, b, n)
            assert exact.scale(exact.loads(row[source])) == exact.scale(mine)
