from __future__ import annotations

import contextlib
import decimal
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgsm.engine import exact
from pgsm.engine.expressions import (
    EvaluationError,
    ExpressionError,
    compile_expression,
    is_variable,
)

NAMES = frozenset({"context", "event", "now"})
SCOPE = {
    "context": {
        "total": 5,
        "price": Decimal("12.50"),
        "a": {"b": {"c": 1}},
        "items": [{"price": Decimal("1.5"), "n": 2}, {"price": 3, "n": 1}],
        "name": "x",
        "nothing": None,
        "a key": 7,
        "größe": 8,
        "if": {"else": 9},
        "__class__": 10,
    },
    "event": {"type": "go", "data": {"from": 3, "class": "first"}},
    "now": "2024-02-29T12:00:00.000000Z",
    "in_state": lambda path: path == "a.b",
}


def evaluate(source):
    return compile_expression(source, NAMES)(SCOPE)


def failure(source):
    expression = compile_expression(source, NAMES)
    with pytest.raises(EvaluationError) as caught:
        expression(SCOPE)
    return str(caught.value)


def refusal(source):
    with pytest.raises(ExpressionError) as caught:
        compile_expression(source, NAMES)
    return caught.value


def gives(source, text):
    """The value, compared as JSON text: 1.50 is not 1.5, true is not 1."""
    assert exact.dumps(evaluate(source)) == text


# -------------------------------------------------------------- names and keys


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("context.total", "5"),
        ("context.a.b.c", "1"),
        ('context["a key"]', "7"),
        ('context["a"].b["c"]', "1"),
        ("context.items[0].n", "2"),
        ("context.items[-1].n", "1"),
        ("context.items[2 - 1].n", "1"),
        ("context.items[1.0].n", "1"),
        ("context . total", "5"),
        ("context.größe", "8"),
        ("context.name[0]", '"x"'),
    ],
)
def test_a_dot_or_an_index_reads_an_element(source, text):
    gives(source, text)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("event.data.from", "3"),
        ("event.data.class", '"first"'),
        ("context.if.else", "9"),
        ("9 if context.if.else == 9 else 0", "9"),
        ('"context.if" + event.data.class', '"context.iffirst"'),
    ],
)
def test_python_words_are_names_of_keys_after_a_dot(source, text):
    gives(source, text)


def test_a_missing_key_is_named_with_its_path():
    assert failure("context.a.x.y") == (
        'context.a.x is missing (context.a has the keys "b")'
    )
    assert failure("event.data.in") == (
        'event.data.in is missing (event.data has the keys "from", "class")'
    )
    assert failure('{}["b c"]') == '{}["b c"] is missing ({} is empty)'


def test_a_missing_key_in_a_loop_or_a_function_is_named_too():
    assert failure("[i.m for i in context.items]").startswith("i.m is missing")
    assert failure("len(context.b)").startswith("context.b is missing")


def test_a_key_of_what_is_no_object_is_an_error_that_says_so():
    assert failure("context.nothing.x") == (
        'context.nothing is null: it has no key "x"'
    )
    assert failure("context.name.x") == 'context.name is a text: it has no key "x"'
    assert failure("context.items.x") == 'context.items is a list: it has no key "x"'
    assert failure("context.total[0]") == (
        "context.total is a number: it has no elements"
    )
    assert failure("context[0]") == "context is an object: its keys are texts"


def test_an_index_out_of_range_says_how_many_there_are():
    assert failure("context.items[2]") == (
        "context.items[2] is missing (context.items has 2 elements)"
    )


def test_a_name_without_a_value_in_the_scope_is_an_error():
    expression = compile_expression("event.type", NAMES)
    with pytest.raises(EvaluationError, match="event is not available here"):
        expression({"context": {}})


def test_an_expression_knows_what_it_reads():
    expression = compile_expression(
        'context.a.b > 1 and event.data.items[0].x and context["c"] in now'
        ' and in_state("p.q") and [x.y for x in context.list]',
        NAMES,
    )
    assert expression.names == {"context", "event", "now", "in_state"}
    assert expression.paths == {
        ("context", "a", "b"),
        ("event", "data", "items"),
        ("context", "c"),
        ("now",),
        ("context", "list"),
    }
    assert expression.states == {"p.q"}
    assert not compile_expression("1 + 1", NAMES).names


def test_in_state_asks_the_scope():
    assert evaluate('in_state("a.b")') is True
    assert evaluate('in_state("a.c") or not in_state("a.b")') is False
    with pytest.raises(EvaluationError, match="not available"):
        compile_expression('in_state("a")', NAMES)({})


# ------------------------------------------------------------------- operators


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("1 + 2 * 3", "7"),
        ("0.1 + 0.2 == 0.3", "true"),
        ("0.1 + 0.2", "0.3"),
        ("1_000.50", "1000.50"),
        ("1e3", "1E+3"),
        ("7 / 2", "3.5"),
        ("6 / 2", "3"),
        ("1 / 3", "0.33333333333333333333"),
        ("7 // 2", "3"),
        ("-7 // 2", "-4"),
        ("-7 % 2", "1"),
        ("2 ** 10", "1024"),
        ("-2 ** 2", "-4"),
        ("+context.price", "12.50"),
        ("-context.price", "-12.50"),
        ("context.price * 2", "25.00"),
        ('"a" + "b"', '"ab"'),
        ("[1] + [2.0]", "[1,2.0]"),
        ("null == false", "false"),
        ("true == 1", "false"),
        ("1 == 1.0", "true"),
        ("[true] == [1]", "false"),
        ('{"a": 1, "b": [1]} == {"b": [1.0], "a": 1}', "true"),
        ('"1" == 1', "false"),
        ('"1" != 1', "true"),
        ("1 < 2 < 3", "true"),
        ("1 < 3 < 2", "false"),
        ("3 > context.a.b.c >= 1 == true", "false"),
        ('"a" < "b" <= "b"', "true"),
        ("1.5 >= 1", "true"),
        ("2 in [1, 2.0]", "true"),
        ("true in [1]", "false"),
        ('"b" in "abc"', "true"),
        ('"total" in context', "true"),
        ('"zzz" not in context', "true"),
        ("context.nothing is null", "true"),
        ("context.nothing is not None", "false"),
        ("1 is true", "false"),
        ("null or 0 or [] or {} or 0.0 or 3", "3"),
        ("1 and null", "null"),
        ("not []", "true"),
        ('"yes" if context.total > 4 else "no"', '"yes"'),
        ("[True, False, None] == [true, false, null]", "true"),
        ("(1, 2)", "[1,2]"),
        ("[1, 2, 3][1:]", "[2,3]"),
        ('"abc"[::-1]', '"cba"'),
        ("[1, 2, 3][null:-1]", "[1,2]"),
        ('"a"\n\t"b"', '"ab"'),
        (r'"\u00e9\n\"\\"', r'"é\n\"\\"'),
        ("[\n  1,\n  2,\n]", "[1,2]"),
    ],
)
def test_operators(source, text):
    gives(source, text)


def test_and_and_or_stop_at_the_first_value_that_decides():
    assert evaluate("true or context.zzz") is True
    assert evaluate("false and context.zzz") is False
    assert evaluate("2 < 1 < context.zzz") is False


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('1 + "a"', r"\+ takes two numbers, texts or lists, not a number and a text"),
        ('"a" * 3', "not a text and a number"),
        ("[1] * 3", "not a list and a number"),
        ("true + 1", "not a boolean and a number"),
        ("null - 1", "not null and a number"),
        ('-"a"', "takes a number"),
        ('"%s" % 1', "not a text and a number"),
        ('1 < "a"', "compares two numbers or two texts"),
        ("null > 1", "compares two numbers or two texts"),
        ("true < false", "compares two numbers or two texts"),
        ("[1] < [2]", "compares two numbers or two texts"),
        ("1 in 2", "in takes a list, a text or an object"),
        ('1 in "a"', "a part of a text is a text"),
        ("1 in {}", "a key is a text"),
        ("1 / 0", "division by zero"),
        ("context.items[0.5]", "an index is a whole number"),
        ("context.items[0:true]", "a bound of a part is a whole number"),
        ("[1][::0]", "not zero"),
        ("context[1:]", "not an object"),
    ],
)
def test_values_of_wrong_types_are_errors(source, message):
    assert re.search(message, failure(source))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("[x * 2 for x in [1, 2, 3] if x > 1]", "[4,6]"),
        ("sum(i.price * i.n for i in context.items)", "6.0"),
        ("{k: v + 1 for k, v in items(context.a.b)}", '{"c":2}'),
        ("[k for k in context.a]", '["b"]'),
        ("[[x, y] for x in range(2) for y in [x]]", "[[0,0],[1,1]]"),
        ("[[x for x in [x, x]] for x in [1, 2]]", "[[1,1],[2,2]]"),
        ("[context for context in [1]]", "[1]"),
        ("[x for x in (y for y in [1])]", "[1]"),
        ("any(x > 1 for x in [1, 2])", "true"),
    ],
)
def test_comprehensions_run_over_lists_and_keys(source, text):
    gives(source, text)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("keys({'zeta': 1, 'é': 2, 'aa': 3, 'b': 4})", '["b","aa","é","zeta"]'),
        ("values({'zeta': 1, 'b': 2})", "[2,1]"),
        ("items({'zeta': 1, 'b': 2})", '[["b",2],["zeta",1]]'),
        ("[k for k in {'zeta': 1, 'b': 2}]", '["b","zeta"]'),
        ("len(split(str({'d': {'b': 1, 'a': 2}}), 'a'))", "2"),
        ("split(str([{'d': 1, 'c': 2}]), ':')[0]", r'"[{\"c\""'),
    ],
)
def test_keys_are_read_in_the_order_in_which_jsonb_keeps_them(source, text):
    gives(source, text)


def test_loop_variables_end_with_their_loop():
    assert refusal("[x for x in [1]] + [x]").message == 'unknown name "x"'
    assert refusal("[x for x in x]").message == 'unknown name "x"'
    assert refusal("[y for x in [y] for y in [1]]").message == 'unknown name "y"'


def test_loops_over_other_values_are_errors():
    assert failure('[x for x in "abc"]') == (
        "for takes a list or an object, not a text"
    )
    assert "lists of 2" in failure("[a for a, b in [[1, 2, 3]]]")
    assert "lists of 2" in failure('[a for a, b in ["ab"]]')
    assert failure("{x: 1 for x in [1]}") == (
        "the key of an object is a text, not a number"
    )


def test_a_value_is_not_copied_but_shared_with_the_scope():
    assert evaluate("context.items") is SCOPE["context"]["items"]


def test_the_decimal_context_of_the_caller_has_no_influence():
    with decimal.localcontext(decimal.Context(prec=1, traps=[decimal.Inexact])):
        gives("-1.234 + 1 - round(2.345, 2) * abs(-3.456)", "-8.35560")
        gives("[1.25, 1.2][0.0] < 1.26", "true")
        gives('str(1.234) + str(number("5.678"))', '"1.2345.678"')


small = st.one_of(
    st.integers(-(10**6), 10**6),
    st.decimals(-1000, 1000, allow_nan=False, places=3),
)


@given(small, small, st.sampled_from(["+", "-", "*", "/", "//", "%"]))
def test_arithmetic_is_that_of_the_exact_module(a, b, operator):
    functions = {
        "+": exact.add,
        "-": exact.subtract,
        "*": exact.multiply,
        "/": exact.divide,
        "//": exact.floor_divide,
        "%": exact.modulo,
    }
    expression = compile_expression(f"item {operator} index", {"item", "index"})
    scope = {"item": a, "index": b}
    if b == 0 and operator in ("/", "//", "%"):
        with pytest.raises(EvaluationError, match="division by zero"):
            expression(scope)
    else:
        assert expression(scope) == functions[operator](a, b)


scalars = st.one_of(st.none(), st.booleans(), small, st.text(max_size=3))
trees = st.recursive(
    scalars,
    lambda t: st.one_of(
        st.lists(t, max_size=3), st.dictionaries(st.text(max_size=2), t, max_size=3)
    ),
    max_leaves=6,
)


@given(trees, trees)
def test_no_values_make_an_expression_fail_in_another_way(a, b):
    for source in (
        "item + index",
        "item < index",
        "item[index]",
        "item.a",
        "index in item",
        "item == index",
        "[x for x in item]",
        "sorted(item)",
        "get(item, index)",
        "unique([item, index])",
        "str(item) + str(index)",
        "round(item, index)",
        "number(item) ** index",
        "seconds(item, index)",
    ):
        with contextlib.suppress(EvaluationError):
            compile_expression(source, {"item", "index"})({"item": a, "index": b})


def test_the_name_of_a_loop_variable_is_checked_for_others():
    assert is_variable("row")
    for name in ("len", "true", "in_state", "for", "a b", "ｘ", "__x", "1a", ""):
        assert not is_variable(name)
