"""Random expressions: an error of the language or a JSON value, and nothing else."""

from __future__ import annotations

import ast
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgsm.engine import exact
from pgsm.engine.expression_table import FUNCTIONS
from pgsm.engine.expressions import (
    EvaluationError,
    ExpressionError,
    compile_expression,
)

from .examples import FACTOR, examples
from .json_values import is_json

pytestmark = pytest.mark.timeout(120 * max(1, FACTOR))

NAMES = frozenset({"context", "event", "now", "item"})
CONTEXT = {
    "n": 2,
    "price": Decimal("12.50"),
    "text": "abc, 12",
    "many": [3, Decimal("1.5"), 2, 10**30],
    "thing": {"a": {"b": 1}, "k": [True, None]},
    "nothing": None,
}


def scope() -> dict[str, Any]:
    return {
        "context": CONTEXT,
        "event": {"type": "go", "data": CONTEXT},
        "now": "2030-01-01T00:00:00.000000Z",
        "item": [1, 2],
        "in_state": lambda path: path == "a",
    }


def outcome(source: str, by_name: bool = False) -> str:
    """How the expression ends; every other way of ending is a failure."""
    before = exact.dumps(CONTEXT)
    try:
        expression = compile_expression(source, NAMES, data_by_name=by_name)
        value = expression(scope())
    except ExpressionError:
        return "refused"
    except EvaluationError as error:
        # what no check of the language has foreseen
        return "failed" if "the expression failed" in str(error) else "error"
    finally:
        assert exact.dumps(CONTEXT) == before
    assert is_json(value)
    assert expression(scope()) == value
    return "value"


# ------------------------------------------------------------------ any Python at all

LOAD = ast.Load()
WORDS = (
    *("context", "event", "now", "item", "x", "y", "true", "false", "null", "in_state"),
    *("len", "str", "sorted", "get", "sum", "range", "__class__", "__builtins__"),
    *("eval", "type", "In", "_event", "print", "None_", "ｌen", "ﬁ"),
)
KEYS = (
    "n",
    "price",
    "many",
    "thing",
    "a",
    "k",
    "data",
    "__class__",
    "format",
    "gi_frame",
)
names = st.builds(ast.Name, st.sampled_from(WORDS), st.just(LOAD))
constants = st.builds(
    ast.Constant,
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-5, 5)
    | st.floats()
    | st.complex_numbers()
    | st.binary(max_size=3)
    | st.text(max_size=4)
    | st.sampled_from(["a", "k", ",", "__class__", "{0.__class__}", "%s", ...])
    | st.sampled_from([10**30, 10**100]),
)
BINARY = (
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow),
    *(ast.LShift, ast.RShift, ast.BitOr, ast.BitXor, ast.BitAnd, ast.MatMult),
)
COMPARE = (
    *(ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE),
    *(ast.Is, ast.IsNot, ast.In, ast.NotIn),
)


def made(kind: Any, *parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(kind, *parts)


def operators(kinds: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    return st.sampled_from(kinds).map(lambda kind: kind())


def loops(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[list[ast.comprehension]]:
    variables = st.sampled_from(["x", "y", "len", "__z"]).map(
        lambda name: ast.Name(name, ast.Store())
    )
    loop = made(
        ast.comprehension,
        variables,
        inner,
        st.lists(inner, max_size=1),
        st.sampled_from([0, 0, 0, 1]),
    )
    return st.lists(loop, min_size=1, max_size=2)


def arguments(name: str) -> ast.arguments:
    return ast.arguments([], [ast.arg(name)], None, [], [], None, [])


def grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    some = st.lists(inner, max_size=3)
    two = st.lists(inner, min_size=2, max_size=3)
    load = st.just(LOAD)
    keyword = made(ast.keyword, st.sampled_from(["key", "x", None]), inner)
    slices = made(ast.Slice, st.none() | inner, st.none() | inner, st.none() | inner)
    formatted = made(ast.FormattedValue, inner, st.sampled_from([-1, 114]), st.none())
    return st.one_of(
        made(ast.BinOp, inner, operators(BINARY), inner),
        made(ast.BinOp, inner, operators(BINARY), inner),
        made(ast.BoolOp, operators((ast.And, ast.Or)), two),
        made(ast.UnaryOp, operators((ast.USub, ast.UAdd, ast.Not, ast.Invert)), inner),
        made(
            ast.Compare,
            inner,
            st.tuples(operators(COMPARE)).map(list),
            st.tuples(inner).map(list),
        ),
        made(ast.IfExp, inner, inner, inner),
        made(ast.Call, inner, some, st.just([])),
        made(ast.Call, inner, some, st.just([]) | st.lists(keyword, max_size=1)),
        made(ast.Attribute, inner, st.sampled_from(KEYS), load),
        made(ast.Subscript, inner, inner | slices, load),
        made(ast.List, some, load),
        made(ast.Tuple, some, load),
        made(ast.Set, st.lists(inner, min_size=1, max_size=2)),
        st.lists(st.tuples(inner, inner), max_size=2).map(
            lambda pairs: ast.Dict([k for k, _ in pairs], [v for _, v in pairs])
        ),
        made(ast.ListComp, inner, loops(inner)),
        made(ast.GeneratorExp, inner, loops(inner)),
        made(ast.SetComp, inner, loops(inner)),
        made(ast.DictComp, inner, inner, loops(inner)),
        made(ast.Lambda, st.sampled_from(["x", "y"]).map(arguments), inner),
        made(ast.NamedExpr, st.just(ast.Name("x", ast.Store())), inner),
        made(ast.Await, inner),
        made(ast.Yield, inner),
        made(ast.YieldFrom, inner),
        made(ast.Starred, inner, load),
        st.lists(formatted | constants, max_size=2).map(ast.JoinedStr),
    )


python = st.recursive(names | constants, grown, max_leaves=12)


def unparsed(node: Any) -> str:
    """The source of a tree; a tree that Python itself cannot write gives ""."""
    try:
        return ast.unparse(ast.fix_missing_locations(ast.Expression(node)))
    except (ValueError, AttributeError, TypeError):
        return ""


@given(python.map(unparsed), st.booleans())
@examples(150)
def test_any_python_expression_ends_as_the_language_says(
    source: str, by_name: bool
) -> None:
    assert outcome(source, by_name) != "failed"


# ---------------------------------------------------------------------- the language

PLACES = [
    *("context", "context.n", "context.price", "context.text", "context.many", "item"),
    *("context.thing", "context.thing.a", "context.nothing", "event.data.many", "now"),
    *("x", "context.many[0]", "context.thing['k']", "in_state('a')"),
]
LITERALS = [
    *("0", "1", "-2", "0.5", "12.50", "1e30", "1e-30", "10 ** 30", "'a'", "','", "''"),
    *("true", "false", "null", "[]", "{}", "[1, 2.50, 3]", "['b', 'a']", "{'a': 1}"),
]
texts = st.sampled_from(PLACES) | st.sampled_from(LITERALS)


def called(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A call of a function with a right number of arguments."""

    @st.composite
    def call(draw: st.DrawFn) -> str:
        name = draw(st.sampled_from(sorted(FUNCTIONS)))
        most = min(FUNCTIONS[name].most, 3)
        count = draw(st.integers(FUNCTIONS[name].least, most))
        return f"{name}({', '.join(draw(inner) for _ in range(count))})"

    return call()


def written(pattern: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda found: pattern.format(*found))


def composed(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    symbols = st.sampled_from(
        ["+", "-", "*", "/", "//", "%", "**", "<", ">=", "==", "!=", "in", "not in"]
    )
    loops = st.sampled_from(["x", "context", "y"])
    return st.one_of(
        written("({} {} {})", inner, symbols, inner),
        written("({} {} {})", inner, st.sampled_from(["and", "or"]), inner),
        written("({} if {} else {})", inner, inner, inner),
        written("[{}, {}]", inner, inner),
        written("{{'a': {}, 'b': {}}}", inner, inner),
        written("{}[{}]", inner, inner),
        written("{}[{}:{}]", inner, inner, inner),
        written("[{} for {} in {}]", inner, loops, inner),
        written("[{} for x in {} if {}]", inner, inner, inner),
        written("{{str(x): {} for x in {}}}", inner, inner),
        written("(not {})", inner),
        called(inner),
        called(inner),
    )


language = st.recursive(texts, composed, max_leaves=8)


def test_any_expression_of_the_language_has_a_json_value_or_says_why_not() -> None:
    ends: Counter[str] = Counter()

    @given(language)
    @examples(300)
    def run(source: str) -> None:
        end = outcome(source)
        assert end != "failed"
        ends[end] += 1

    run()
    assert ends["value"] > sum(ends.values()) / 10
    assert ends["error"] > sum(ends.values()) / 10


@given(
    st.text(
        st.sampled_from("context.n[]()'\"+-*/ 019eE,:{}<=>!_\\axforiｃ\x00\n"),
        max_size=30,
    )
)
@examples(400)
def test_any_text_ends_as_the_language_says(source: str) -> None:
    assert outcome(source) != "failed"
    assert outcome(source, by_name=True) != "failed"


@given(language, st.integers(0, 200), st.text(max_size=3))
@examples(200)
def test_a_damaged_expression_ends_as_the_language_says(
    source: str, place: int, more: str
) -> None:
    place %= len(source) + 1
    damaged = source[:place] + more + source[place + 1 :]
    assert outcome(damaged) != "failed"
