"""Expressions reach nothing but their names, and end: the known ways out of a sandbox.

An attack ends with ExpressionError when it is defined or EvaluationError when it is
evaluated, or it is harmless and has a JSON value.  That it ends is the budget's doing,
which counts work and no time; the timeout only reports an attack that has succeeded.
"""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import pytest

from pgsm.engine import exact
from pgsm.engine.expression_table import FUNCTIONS
from pgsm.engine.expressions import (
    EvaluationError,
    ExpressionError,
    compile_expression,
)

from .json_values import is_json

pytestmark = pytest.mark.timeout(20)

NAMES = frozenset({"context", "event", "now", "item", "index"})
TEN = "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]"


def scope() -> dict[str, Any]:
    """Values of each kind; new ones, as an attack may try to change them."""
    return {
        "context": {
            "n": 2,
            "price": Decimal("12.50"),
            "text": "abc",
            "many": [1, "a", None],
            "thing": {"a": {"b": 1}, "__class__": "a key", "x": [True]},
            "nothing": None,
        },
        "event": {"type": "go", "data": {}},
        "now": "2030-01-01T00:00:00.000000Z",
        "item": [1],
        "index": 0,
        "in_state": lambda path: path == "a",
    }


def attempt(source: str, **options: Any) -> Any:
    """The error that the source ends with, or its value."""
    names = scope()
    try:
        value = compile_expression(source, NAMES, **options)(names)
    except (ExpressionError, EvaluationError) as error:
        return error
    assert is_json(value)
    del names["in_state"]
    untouched = scope()
    del untouched["in_state"]
    assert names == untouched
    return value


def fails(source: str) -> None:
    for by_name in (False, True):
        result = attempt(source, data_by_name=by_name)
        assert isinstance(result, (ExpressionError, EvaluationError)), result


# ----------------------------------------------------------- reaching Python's objects

BASES = [
    *("()", "[]", "{}", "''", "1", "(1.5)", "true", "null", "len", "context", "now"),
    *("context.many", "context.thing", "(lambda: 1)", "(x for x in [1])", "in_state"),
]
ATTRIBUTES = [
    *("__class__", "__base__", "__bases__", "__mro__", "__subclasses__", "__dict__"),
    *("__globals__", "__builtins__", "__code__", "__closure__", "__self__", "__init__"),
    *("__reduce__", "__reduce_ex__", "__getattribute__", "__call__", "__import__"),
    *("__module__", "__doc__", "__wrapped__", "__traceback__", "__context__"),
    *("gi_frame", "gi_code", "gi_yieldfrom", "cr_frame", "ag_frame", "f_back"),
    *("f_globals", "f_locals", "f_builtins", "tb_frame", "func_globals", "mro"),
    *("format", "format_map", "join", "encode", "translate", "append", "clear", "pop"),
    *("update", "as_tuple", "real", "to_bytes", "from_bytes", "copy", "setdefault"),
]


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_no_attribute_is_read(attribute: str) -> None:
    for base in BASES:
        if (base, attribute) != ("context.thing", "__class__"):
            fails(f"{base}.{attribute}")
            fails(f"{base}['{attribute}']") if base != "context.thing" else None
        fails(f"{base}.{attribute}()")
        fails(f"{base}['{attribute}']()")
        fails(f"[x.{attribute} for x in [{base}]]")
        fails(f"[x.{attribute}() for x in [{base}]]")


def test_a_dunder_key_of_an_object_is_data() -> None:
    assert attempt("context.thing['__class__']") == "a key"
    assert attempt("get(context.thing, '__class__')") == "a key"
    assert attempt("get(context.thing, '__init__')") is None


@pytest.mark.parametrize(
    "name",
    [
        *(
            "__builtins__",
            "__import__",
            "__name__",
            "__file__",
            "__loader__",
            "__spec__",
        ),
        *("eval", "exec", "compile", "open", "input", "print", "getattr", "setattr"),
        *("delattr", "hasattr", "globals", "locals", "vars", "dir", "type", "object"),
        *("super", "classmethod", "property", "memoryview", "bytearray", "bytes"),
        *("breakpoint", "help", "exit", "quit", "id", "hash", "repr", "ascii", "chr"),
        *("iter", "next", "map", "filter", "slice", "set", "dict", "list", "tuple"),
        *("isinstance", "callable", "complex", "pow", "divmod", "hex", "oct", "bin"),
        *("Decimal", "Exception", "BaseException", "scope", "work", "exact"),
        *("plpy", "SD", "GD", "run", "self", "sys", "os", "_", "__", "___"),
    ],
)
def test_no_name_of_python_is_known(name: str) -> None:
    for source in (name, f"{name}()", f"{name}('os')", f"{name}.x", f"{name}[0]"):
        result = attempt(source)
        assert isinstance(result, ExpressionError), (source, result)
        by_name = attempt(source, data_by_name=True)
        assert isinstance(by_name, (ExpressionError, EvaluationError))
    fails(f"[{name}('1') for x in [1]]")


@pytest.mark.parametrize(
    "source",
    [
        "f'{context}'",
        "f'{context.__class__}'",
        "f'{context!r:{10**9}}'",
        "F'''{1}'''",
        "rf'{1}'",
        "'{0.__class__}'.format(context)",
        "'{0[__class__]}'.format(context)",
        "'{a.b}'.format_map(context.thing)",
        "'%s' % context",
        "'%(a)s' % context.thing",
        "'%1000000000d' % 1",
        "'%*d' % [1000000000, 1]",
        "context.text % context.many",
        "str(context, '{}')",
        "join(['{0.__class__}'], context)",
        "replace('{x}', 'x', context)",
    ],
)
def test_no_format_reaches_an_attribute(source: str) -> None:
    fails(source)


@pytest.mark.parametrize(
    "source",
    [
        "[x for x in x]",
        "[y for x in [1] for x in y]",
        "[[y for y in [1]] for x in [y]]",
        "[x for x in [1]] + [x]",
        "[len for len in [1]]",
        "[in_state for in_state in [1]]",
        "[(y := x) for x in [1]]",
        "(context := 1)",
        "[y := 1, y]",
        "[x for x in (y := [1])]",
        "[1 for x in [1] if (z := x)]",
        "(lambda: context)()",
        "(lambda x=context: x)()",
        "(lambda *a, **k: a)(1)",
        "[lambda: x for x in [1]]",
        "(lambda f: f(f))(lambda f: f(f))",
        "(yield)",
        "(yield context)",
        "(yield from [1])",
        "await context",
        "[x async for x in [1]]",
        "[await x for x in [1]]",
        "{x: 1 for x in [1]}.items()",
        "(x for x in [1]).gi_frame.f_globals",
        "(x for x in [1]).send(1)",
        "(x for x in [1]).throw(1)",
        "[g.gi_frame for g in [(x for x in [1])]]",
        "[*[1]]",
        "{**context}",
        "merge(*[context])",
        "merge(**context)",
        "len(value=[1])",
        "sorted([1], key=len)",
        "sorted([1], len)",
        "max([1], key=context)",
        "sorted([{'a': 1}], '__class__')",
        "[len][0]([1])",
        "(len if true else str)(1)",
        "(len or str)(1)",
        "context.many[0]()",
        "context()",
        "null()",
        "'len'()",
        "1()",
        "print",
        "not_a_name",
        "context.many.append(1)",
        "context.thing.update(a=1)",
        "context.n = 1",
        "context.n += 1",
        "del context.n",
        "context['n'] = 1",
        "import os",
        "from os import path",
        "raise context",
        "assert false",
        "try: 1\nexcept: 2",
        "1\n2",
        "1; 2",
        "while true: 1",
        "for x in [1]: x",
        "def f(): return 1",
        "class A: pass",
        "with context: pass",
        "global context",
        "@context",
        "match context:",
        "lambda: 1",
        "...",
        "Ellipsis",
        "NotImplemented",
        "1j",
        "b'a'",
        "{1, 2}",
        "context.many[...]",
        "context.many[0, 1]",
        "context.many[1:2, 3]",
        "context.many[{}:]",
        "context.many[true]",
        "context.text['a']",
        "context.n[0]",
        "context.thing[0]",
        "context.thing[null]",
        "context.thing[[]]",
        "{[]: 1}",
        "{null: 1}",
        "{context.thing: 1}",
        "in_state(context)",
        "in_state(['a'])",
        "in_state(len)",
        "In(context)",
        "1 / 0 if context else __import__",
        "null.__class__.__mro__[1].__subclasses__()",
        "true.real",
    ],
)
def test_no_construct_of_python_leads_out(source: str) -> None:
    fails(source)


@pytest.mark.parametrize(
    "source",
    [
        "context.ﬁle.__class__",
        "𝓬𝓸𝓷𝓽𝓮𝔁𝓽",
        "𝒄ontext.n",
        "ｅval('1')",
        "__ｉmport__('os')",
        "＿＿class＿＿",
        "context.＿＿class＿＿",
        "context._＿class_＿",
        "context.__𝖼𝗅𝖺𝗌𝗌__",
        "ℓen([1])",
        "ｌen([1])",
        "lеn([1])",  # a Cyrillic letter
        "[１]",
        "1 ＋ 1",
        "context\u200b.n",
        "context\u00a0.\u2028x",
        "\ufeffcontext.nope",
        "context\u202e.n",
        "co\\u006etext",
        "\x00",
        "context\x00.n",
        "'a\x00b'",
        r"'a\x00b'",
        r"'\0'",
        r"'\N{NULL}'",
        r"'\ud800'",
        "'\ud800'",
        "'\udfff' + '\ud800'",
        "# coding: utf-7\n+AGMAbwBuAHQAZQB4AHQ-",
        "\x0c__import__('os')",
        "1 \\\n + __import__('os')",
        "context.n\x1a",
        "\x1bcontext",
    ],
)
def test_no_spelling_leads_out(source: str) -> None:
    fails(source)


def test_a_loop_variable_hides_a_name_within_its_loop_only() -> None:
    assert attempt("[[context for context in [1]], context.n]") == [[1], 2]
    assert attempt("[[x for x in [context.n] for context in [7]], context.n]") == [
        [2],
        2,
    ]


def test_escapes_in_texts_make_keys_and_nothing_else() -> None:
    assert attempt(r"context.thing['__cl\x61ss__']") == "a key"
    fails(r"context['__cl\x61ss__']")
    fails(r"context.many['\x5f_class__']")


def test_an_error_carries_no_value_of_python() -> None:
    error = attempt("context.many + context.thing")
    assert isinstance(error, EvaluationError)
    assert all(isinstance(part, str) for part in error.args)
    assert error.__cause__ is None
    unforeseen = attempt("[x for x in context.n]")
    assert isinstance(unforeseen, EvaluationError)
    assert all(isinstance(part, str) for part in unforeseen.args)


# ----------------------------------------------------------------- using up the server


@pytest.mark.parametrize(
    "source",
    [
        "'a' * 10 ** 9",
        "10 ** 9 * 'a'",
        "[0] * 10 ** 9",
        "10 ** 10 ** 10",
        "9 ** 9 ** 9 ** 9",
        "2 ** 2 ** 2 ** 2 ** 2 ** 2",
        "(10 ** 4000) ** 10",
        "0.1 ** 10 ** 9",
        "1.1 ** 10 ** 9",
        "(1 + 1e-9) ** 1e9",
        "2 ** 1e18",
        "10 ** -(10 ** 10)",
        "1 << 10 ** 9",
        "1 >> -1",
        "~10 ** 9",
        "range(10 ** 9)",
        "range(10 ** 100)",
        "range(-(10 ** 9), 10 ** 9)",
        "range(0, 10 ** 9, 10 ** 9 - 1) + range(10 ** 9)",
        "sorted(range(10 ** 9))",
        "sum(range(10 ** 8))",
        "len(range(10 ** 12))",
        "list(range(10))",
        "round(1.5, 10 ** 9)",
        "round(10 ** 3000, -(10 ** 9))",
        "1e999999999",
        "number('1e999999999')",
        "number('" + "9" * 5000 + "')",
        "int('" + "9" * 5000 + "')",
        "str(10 ** 4000) + str(10 ** 5000)",
        "1" * 5000,
        "0." + "1" * 5000,
        "'" + "a" * 10_001 + "'",
        f"[0 {'for x in ' + TEN + ' '}" + f"for y in {TEN} " * 9 + "]",
        f"[{'0 ' + f'for x in {TEN} ' * 5}]",
        "[" * 6 + "0" + f" for x in {TEN}]" * 6,
        "sum([1 for x in range(10000) for y in range(10000)])",
        "[[y for y in range(10000)] for x in range(10000)]",
        "{str(x): range(10000) for x in range(10000)}",
        "join([join([now for x in range(10000)], 'xxxxx') for y in range(10000)])",
        "join([now for x in range(10000)], join([now for x in range(10000)], now))",
        "replace(replace(replace(now, '0', now), '0', now), '0', join(range(9)))",
        "upper(join([now for x in range(10000)], join([now for x in range(2000)])))",
        "flatten([range(10000) for x in range(10000)])",
        "sorted([x for x in range(10000) for y in range(1000)])",
        "unique([x for x in range(10000) for y in range(1000)])",
        "zip(range(10000), [range(10000) for x in range(10000)])",
        "[x for x in range(10000) if x in range(10000)]",
        "max([10 ** 3999 + x for x in range(10000)])",
        "sum([10 ** 3999 * 1.5 for x in range(10000)])",
        "[1 / 3 ** 999 for x in range(10000) for y in range(100)]",
        "[split(now, '0') for x in range(10000) for y in range(100)]",
        "[timestamp(now) for x in range(10000) for y in range(100)]",
        "(" * 99 + "1" + ")" * 99,
        "(" * 4000 + "1" + ")" * 4000,
        "[" * 4000 + "]" * 4000,
        "{'a':" * 1500 + "1" + "}" * 1500,
        "-" * 9999 + "1",
        "not " * 2400 + "1",
        "1 if 1 else " * 800 + "1",
        "context" + ".a" * 4000,
        "context" + "[0]" * 3000,
        "len(" * 2000 + "1" + ")" * 2000,
        "lambda: " * 1000 + "1",
        "1" + " ** 1" * 1900,
        "1" + " < 1" * 1900,
        "[x " + "for x in [1] " * 700 + "]",
        "f'{" * 50 + "1" + "}'" * 50,
    ],
    ids=lambda source: source[:50],
)
def test_no_expression_works_long_or_grows_large(source: str) -> None:
    fails(source)


def test_a_budget_is_for_one_evaluation_and_used_up_at_the_same_place() -> None:
    source = "len([x for x in range(10000) for y in range({})])"
    most = next(n for n in range(1, 100) if is_too_much(source.format(n)))
    assert 2 < most <= 11
    for _ in range(3):
        assert not is_too_much(source.format(most - 1))
        assert is_too_much(source.format(most))


def is_too_much(source: str) -> bool:
    result = attempt(source)
    return isinstance(result, EvaluationError) and "too much work" in str(result)


# -------------------------------------------------------------------- type confusion

VALUES = [
    *("null", "true", "false", "0", "-1", "1.50", "10 ** 30", "''", "'a'", "'12'"),
    *("[]", "[1]", "['a', 'b']", "[[1, 2]]", "{}", "{'a': 1}", "now", "context"),
]
OPERATORS = [
    *("+", "-", "*", "/", "//", "%", "**", "<", "<=", ">", ">=", "==", "!="),
    *("in", "not in", "and", "or", "is", "is not"),
]


@pytest.mark.parametrize("operator", OPERATORS)
def test_an_operator_takes_any_two_values_or_says_why_not(operator: str) -> None:
    for a, b in itertools.product(VALUES, VALUES):
        result = attempt(f"({a}) {operator} ({b})")
        assert "failed" not in str(result), (a, operator, b)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_takes_any_values_or_says_why_not(name: str) -> None:
    function = FUNCTIONS[name]
    for count in range(function.least, min(function.most, 2) + 1):
        for arguments in itertools.product(VALUES, repeat=count):
            source = f"{name}({', '.join(arguments)})"
            assert "failed" not in str(attempt(source)), source
    for third in VALUES if function.most >= 3 else ():
        for first, second in itertools.product(VALUES[::3], VALUES[::3]):
            source = f"{name}({first}, {second}, {third})"
            assert "failed" not in str(attempt(source)), source


def test_an_index_takes_any_value_or_says_why_not() -> None:
    for a, b in itertools.product(VALUES, VALUES):
        for source in (f"({a})[{b}]", f"({a})[{b}:]", f"({a})[::{b}]"):
            assert "failed" not in str(attempt(source)), source
    for a in VALUES:
        for source in (
            f"({a}).a",
            f"-({a})",
            f"+({a})",
            f"not ({a})",
            f"[x for x in ({a})]",
            f"[[x, y] for x, y in ({a})]",
            f"{{x: 1 for x in ({a})}}",
            f"{{({a}): 1}}",
            f"1 if ({a}) else 2",
            f"in_state({a})",
        ):
            assert "failed" not in str(attempt(source)), source


def test_values_of_any_size_of_number_are_written_or_refused() -> None:
    for source in ("10 ** 3999", "1e999", "1e-999", "-1e-999", "1 / 3", "0.1 ** 99"):
        value = attempt(source)
        assert exact.loads(exact.dumps(value)) == value
