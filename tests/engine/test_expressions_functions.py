from __future__ import annotations

import pytest

from pgsm.engine import exact
from pgsm.engine.expressions import (
    EvaluationError,
    ExpressionError,
    compile_expression,
)
from pgsm.engine.functions import FUNCTIONS


def evaluate(source):
    return compile_expression(source, frozenset())({})


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("round(0.125, 2)", "0.13"),
        ("round(2.5)", "3"),
        ("round(-2.5)", "-3"),
        ("round(1250, -2)", "1300"),
        ("round(1.5, 5)", "1.5"),
        ("abs(-1.50)", "1.50"),
        ("[floor(-1.5), ceil(-1.5), floor(2), ceil(2.1)]", "[-2,-1,2,3]"),
        ("[int(-1.9), int(1.9), int(' 12 '), int(true)]", "[-1,1,12,1]"),
        ("[number('1.50'), float('1e2'), number(3)]", "[1.50,1E+2,3]"),
        ("[sum([]), sum([0.1, 0.2, 1])]", "[0,1.3]"),
        ("[min([3, 1.5]), max(1, 2, 3), min('b', 'a')]", '[1.5,3,"a"]'),
        ("[range(3), range(1, 3), range(3, 0, -2)]", "[[0,1,2],[1,2],[3,1]]"),
        ("range(5, 1)", "[]"),
        ("[str(1.50), str(1e3), str(true), str(null), str('a')]", None),
        ("str({'a': [1, 2.50]})", r'"{\"a\":[1,2.50]}"'),
        ("[bool(0.0), bool('0')]", "[false,true]"),
        ("[type_of(null), type_of(1), type_of(1.5)]", '["null","number","number"]'),
        ("[type_of(''), type_of([]), type_of({})]", '["string","array","object"]'),
        ("[coalesce(null, 0, 1), coalesce(null)]", "[0,null]"),
        ("[len('äb'), len([1]), len({})]", "[2,1,0]"),
        ("[any([0, 1]), any([]), all([]), all([1, 0])]", "[true,false,true,false]"),
        ("sorted([3, 1.5, 2])", "[1.5,2,3]"),
        ("sorted([{'n': 2}, {'n': 1}], 'n')", '[{"n":1},{"n":2}]'),
        ("[reversed([1, 2]), reversed('ab')]", '[[2,1],"ba"]'),
        ("[first([1, 2]), last([1, 2]), first([]), last([], 0)]", "[1,2,null,0]"),
        ("unique([1, 1.0, true, '1', {'a': 1}, {'a': 1.0}])", '[1,true,"1",{"a":1}]'),
        ("zip([1, 2], ['a', 'b', 'c'])", '[[1,"a"],[2,"b"]]'),
        ("enumerate(['a'], 1)", '[[1,"a"]]'),
        ("flatten([[1], [], [2, [3]]])", "[1,2,[3]]"),
        ("[contains([1], 1.0), contains('ab', 'b')]", "[true,true]"),
        ("[get({'a': 1}, 'a'), get({}, 'a'), get({}, 'a', 2)]", "[1,null,2]"),
        ("[get(null, 'a', 3), get([1], 0), get([1], 1, 4)]", "[3,1,4]"),
        ("get({'a': null}, 'a', 1)", "null"),
        ("merge({'a': 1, 'b': 1}, {'b': 2})", '{"a":1,"b":2}'),
        ("without({'a': 1, 'b': 2}, 'a', 'c')", '{"b":2}'),
        ("[keys({'a': 1}), values({'a': 1}), items({'a': 1})]", None),
        ("[upper('aß'), lower('ÄB'), trim(' a ')]", '["ASS","äb","a"]'),
        ("[split('a,b,', ','), split(' a  b ')]", '[["a","b",""],["a","b"]]'),
        ("[join(['a', 'b'], '-'), join(['a', 'b'])]", '["a-b","ab"]'),
        ("replace('aXbX', 'X', '')", '"ab"'),
        ("[startswith('abc', 'ab'), endswith('abc', 'ab')]", "[true,false]"),
        ("seconds('2024-01-01T00:00:00Z', '2024-01-01T00:01:00.5Z')", "60.5"),
        ("seconds('2024-01-02', '2024-01-01 00:00')", "-86400"),
        ("seconds('2024-01-01T02:00:00+02:00', '2024-01-01T00:00:00Z')", "0"),
        ("add_seconds('2024-02-28T23:59:59Z', 1.5)", '"2024-02-29T00:00:00.500000Z"'),
        ("timestamp('2024-01-01T00:00:00-0130')", '"2024-01-01T01:30:00.000000Z"'),
        ("date('2024-01-01T00:00:00+01:00')", '"2023-12-31"'),
    ],
)
def test_functions(source, text):
    expected = {
        "str(1.50)": '["1.50","1000","true","null","a"]',
        "keys({'a'": '[["a"],[1],[["a",1]]]',
    }
    if text is None:
        text = next(t for start, t in expected.items() if source[1:].startswith(start))
    assert exact.dumps(evaluate(source)) == text


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("max([])", "max of an empty list"),
        ("sorted([1, 'a'])", "all numbers or all texts"),
        ("sorted([true, false])", "all numbers or all texts"),
        ("sorted([{'a': 1}, {}], 'a')", "an element of the list.a is missing"),
        ("sum(['a'])", "sum takes numbers, not a text"),
        ("len(1)", "len takes a list, an object or a text, not a number"),
        ("round('a')", "round takes a number, not a text"),
        ("round(1.5, 0.5)", "a whole number"),
        ("int('1.5x')", 'cannot read a number from "1.5x"'),
        ("number('')", "cannot read a number"),
        ("number('NaN')", "cannot read a number"),
        ("number('1e9999')", "out of range"),
        ("number(null)", "not null"),
        ("range(10001)", "at most 10000"),
        ("range(10 ** 30)", "at most 10000"),
        ("range(0, 1, 0)", "not zero"),
        ("merge({}, null)", "merge takes an object, not null"),
        ("get('a', 0)", "get takes an object or a list, not a text"),
        ("keys([])", "keys takes an object, not a list"),
        ("add_seconds('2024-01-01', 1e18)", "the time is out of range"),
        ("join([1], '')", "join takes a list of texts"),
        ("split('a', '')", "not empty"),
        ("replace('a', '', 'b')", "empty"),
        ("upper(null)", "upper takes a text, not null"),
        ("seconds('yesterday', '2024-01-01')", "is not a time in ISO 8601"),
        ("date('2024-02-30')", "is not a time in ISO 8601"),
        ("date('0001-01-01T00:00:00+01:00')", "is not a time in ISO 8601"),
        ("add_seconds('2024-01-01', 10 ** 30)", "out of range"),
    ],
)
def test_wrong_arguments_are_errors(source, message):
    with pytest.raises(EvaluationError) as caught:
        evaluate(source)
    assert message in str(caught.value)


def test_a_wrong_number_of_arguments_is_an_error_of_the_definition():
    for source in ("len()", "len(1, 2)", "round(1, 2, 3)", "zip()", "in_state()"):
        with pytest.raises(ExpressionError, match="argument") as caught:
            compile_expression(source, frozenset())
        assert caught.value.hint


def test_every_function_has_a_line_for_the_reference():
    for name, function in FUNCTIONS.items():
        assert function.signature.startswith(f"{name}(")
        assert function.summary.endswith((".", "any others"))
        assert 1 <= function.least <= function.most


def test_times_compare_as_texts_in_the_form_of_now():
    assert evaluate(
        "timestamp('2024-01-01T10:00:00+02:00') < timestamp('2024-01-01T08:00:00.1Z')"
    )
