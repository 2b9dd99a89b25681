"""No expression works long or grows large: Python in the server has no interrupt."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pgsm.engine.expressions import EvaluationError, compile_expression

SCOPE = {
    "context": {
        "list": list(range(100_000)),
        "text": "x" * 500_000,
        "whole": 10**3900,
        "long": Decimal("1." + "3" * 3900),
        "huge": Decimal("7" * 100_000),
        "object": {str(i): i for i in range(5000)},
        "objects": [{"k": Decimal(i)} for i in range(20_000)],
    },
    "now": "2024-01-01T00:00:00.000000Z",
}
LOOPS = "for x in range(10000) for y in range(10000)"


def failure(source):
    expression = compile_expression(source, {"context", "now"})
    with pytest.raises(EvaluationError) as caught:
        expression(SCOPE)
    return str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        "1",
        "1 / 7",
        "2 ** 0.5",
        "3 ** 2000",
        "10 ** x",
        "context.whole + context.whole",
        "context.whole / 7",
        "context.long + 1",
        "context.long % 7",
        "context.huge == context.whole",
        "context.huge > context.whole",
        "-context.huge",
        "context.huge",
        "context.whole",
        "round(context.long, 900)",
        "floor(1.5)",
        "str(context.whole)",
        "context.text",
        "context.text + context.text",
        "context.text[1:]",
        "upper(context.text)",
        'split(context.text, "x")',
        '"y" in context.text',
        'replace(context.text, "x", "y")',
        "context.list",
        "context.list + context.list",
        "context.list[1:]",
        "sorted(context.list)",
        "unique(context.list)",
        "str(context.list)",
        "sum(context.list)",
        "max(context.list)",
        "-1 in context.list",
        "zip(context.list, context.list)",
        "context.objects == context.objects",
        'sorted(context.objects, "k")',
        "context.object",
        "keys(context.object)",
        "items(context.object)",
        "merge(context.object, context.object)",
        "range(10000)",
        "timestamp(now)",
        "add_seconds(now, 1.5)",
        "[z for z in context.list]",
    ],
)
def test_loops_end_when_their_work_is_used_up(body):
    assert "too much work" in failure(f"[{body} {LOOPS}]")


def test_nested_loops_multiply():
    inner = "sum(sum(1 for y in range(1000)) for x in range(1000))"
    assert "too much work" in failure(inner)
    small = "sum(sum(1 for y in range(100)) for x in range(100))"
    assert compile_expression(small, set())({}) == 10_000


def test_a_hundred_thousand_turns_are_too_many_and_ten_thousand_fine():
    assert compile_expression("len([x for x in range(10000)])", set())({}) == 10_000


@pytest.mark.parametrize(
    "source",
    [
        "10 ** 10 ** 10",
        "10 ** 4001",
        "2 ** 99999999999",
        "1.5 ** 9999999",
        "(10 ** 3000) * (10 ** 3000)",
        "context.huge * context.huge",
        "context.huge // 3",
        "1e1000 * 1e1000 * 1e1000 * 1e1000 * 1e1000",
    ],
)
def test_huge_numbers_are_refused_before_they_are_computed(source):
    assert "digits" in failure(source)


@pytest.mark.parametrize(
    "source",
    [
        "context.text + context.text + context.text",
        'replace(context.text, "x", "abc")',
        "join(split(context.text, 'x'), 'abc')",
        "flatten([context.list for x in range(20)])",
        "str([context.text, context.text, context.text])",
    ],
)
def test_long_results_are_refused(source):
    message = failure(source)
    assert "more than 1000000" in message or "too much work" in message


def test_a_value_that_is_small_here_and_huge_as_json_is_refused():
    tower = "[[a, a, a, a, a, a, a, a] for a in "
    source = tower * 8 + "[1]" + "]" * 8
    assert "too much work" in failure(source)
    many = "[" + ", ".join(["context.list"] * 30) + "]"
    assert "too much work" in failure(many)


def test_deep_values_are_an_error_and_no_crash():
    deep: list[object] = []
    for _ in range(50_000):
        deep = [deep]
    other: list[object] = []
    for _ in range(50_000):
        other = [other]
    scope = {"context": deep, "now": other}
    for source in ("context == now", "unique([context])", "str(context)"):
        with pytest.raises(EvaluationError, match="nested"):
            compile_expression(source, {"context", "now"})(scope)
