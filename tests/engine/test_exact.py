from __future__ import annotations

import decimal
import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgsm.engine import exact

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
decimals = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30
)
numbers = st.one_of(st.integers(-(10**40), 10**40), decimals)
documents = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(texts, inner)),
    max_leaves=20,
)


@given(documents)
def test_a_value_survives_writing_and_reading(value):
    assert exact.loads(exact.dumps(value)) == value


@given(documents)
def test_what_is_written_is_json_for_others_too(value):
    json.loads(exact.dumps(value))


def test_numbers_are_read_exactly():
    value = exact.loads("[1, 1.10, 1e2, 0.1, -0]")
    assert [str(n) for n in value] == ["1", "1.10", "1E+2", "0.1", "0"]
    assert [type(n) for n in value] == [int, Decimal, Decimal, Decimal, int]


def test_a_written_number_keeps_its_zeros():
    assert exact.dumps({"a": Decimal("1.10"), "b": [1]}) == '{"a":1.10,"b":[1]}'


def test_very_long_whole_numbers_are_read_as_decimals():
    assert exact.loads("9" * 5000) == Decimal("9" * 5000)
    assert exact.dumps(exact.loads("[" + "9" * 5000 + "]")) == "[" + "9" * 5000 + "]"


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "-Infinity", "", "{", "01"])
def test_what_is_not_json_is_refused(text):
    with pytest.raises(ValueError, match="JSON"):
        exact.loads(text)


def test_deep_nesting_is_an_error_and_no_crash():
    with pytest.raises(ValueError, match="nested too deeply"):
        exact.loads("[" * 100_000)
    value = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(ValueError, match="nested too deeply"):
        exact.dumps(value)


@pytest.mark.parametrize(
    "value",
    [0.5, [1.0], {"a": 1e-7}, [1e22, Decimal(1)], float("nan"), {1, 2}, object()],
)
def test_floats_and_other_objects_are_not_written(value):
    with pytest.raises(ValueError, match="JSON"):
        exact.dumps(value)


@pytest.mark.parametrize("text", ["1.5", ",1.5]", '":0.5}', "12:00:00.5", "1e+5"])
def test_texts_that_look_like_floats_are_written(text):
    assert exact.loads(exact.dumps([text, Decimal(1)])) == [text, Decimal(1)]
    assert exact.loads(exact.dumps([text])) == [text]


@pytest.mark.parametrize("value", ["\0", ["a\0b"], {"\0": 1}, [Decimal(1), "\0"]])
def test_the_null_character_is_not_written(value):
    with pytest.raises(ValueError, match="u0000"):
        exact.dumps(value)


@pytest.mark.parametrize("text", ["\\u0000", '"\\u0000"', '"\\', "\\\\u0000\\"])
def test_the_letters_of_its_escape_are_an_ordinary_text(text):
    for value in ([text], [text, Decimal("1.5")], {text: Decimal("1.5")}):
        assert json.loads(exact.dumps(value), parse_float=Decimal) == value


def test_half_of_a_surrogate_pair_is_not_written():
    with pytest.raises(ValueError, match="surrogate"):
        exact.dumps({"a": "\ud800"})


@pytest.mark.parametrize("text", ["1E+131072", "1E-16384", "-1E+999999", "Infinity"])
def test_numbers_that_jsonb_cannot_hold_are_not_written(text):
    with pytest.raises(ValueError, match="number"):
        exact.dumps([Decimal(text)])


# ------------------------------------------------------------ definition documents


def problems_of(text):
    with pytest.raises(exact.DocumentError) as caught:
        exact.loads_document(text)
    return caught.value.problems


def test_a_document_keeps_the_order_of_its_keys():
    value = exact.loads_document('{"b": 1, "a": {"d": 1.50, "c": [null]}}')
    assert exact.dumps(value) == '{"b":1,"a":{"d":1.50,"c":[null]}}'


def test_all_problems_of_a_document_are_reported_with_their_paths():
    text = (
        '{"states": {"a": 1, "b c": [{"x": "\\u0000"}], "a": 2},'
        ' "k\\u0000": 1, "n": 1e999999, "s": "\\ud800"}'
    )
    assert [path for path, _ in problems_of(text)] == [
        '$.states["b c"][0].x',
        "$.states.a",
        '$["k\\u0000"]',
        "$.n",
        "$.s",
    ]


def test_a_document_that_is_not_json_says_where():
    ((path, message),) = problems_of('{"a": 1,\n "b" 2}')
    assert path == "$"
    assert "line 2" in message


def test_a_document_is_not_nested_without_end():
    ((_, message),) = problems_of("[" * 300 + "]" * 300)
    assert "levels deep" in message
    assert problems_of("[" * 100_000)


def test_a_path_quotes_what_is_not_a_plain_name():
    parts = ["states", "offered", "on", "restaurant.accept", 0, "guard"]
    written = '$.states.offered.on["restaurant.accept"][0].guard'
    assert exact.json_path(parts) == written
    assert exact.json_path([]) == "$"


# ---------------------------------------------------------------------- arithmetic


def fraction(number):
    return Fraction(number)


@given(numbers, numbers)
def test_sums_differences_and_products_are_exact(a, b):
    assert fraction(exact.add(a, b)) == fraction(a) + fraction(b)
    assert fraction(exact.subtract(a, b)) == fraction(a) - fraction(b)
    assert fraction(exact.multiply(a, b)) == fraction(a) * fraction(b)


@given(numbers, numbers.filter(bool))
def test_a_quotient_is_rounded_to_at_least_sixteen_digits(a, b):
    quotient = fraction(exact.divide(a, b))
    true = fraction(a) / fraction(b)
    assert abs(quotient - true) <= abs(true) / 10**15


@given(numbers, numbers.filter(bool))
def test_whole_division_and_rest_belong_together(a, b):
    whole, rest = exact.floor_divide(a, b), exact.modulo(a, b)
    assert fraction(whole) * fraction(b) + fraction(rest) == fraction(a)
    assert not rest or (rest < 0) == (b < 0)


@given(numbers, st.integers(-5, 20))
def test_halves_are_rounded_away_from_zero(number, digits):
    unit = Fraction(10) ** -digits
    true = fraction(number)
    units, rest = divmod(abs(true), unit)
    expected = (units + (rest * 2 >= unit)) * unit * (1 if true >= 0 else -1)
    assert fraction(exact.round_half_up(number, digits)) == expected


# What `select a::numeric / b` gives in PostgreSQL 15.
@pytest.mark.parametrize(
    ("a", "b", "quotient"),
    [
        ("1", "3", "0.33333333333333333333"),
        ("2", "3", "0.66666666666666666667"),
        ("-1", "3", "-0.33333333333333333333"),
        ("10000", "3", "3333.3333333333333333"),
        ("1", "30000000000", "0.0000000000333333333333333333"),
        ("123456789", "7", "17636684.142857142857"),
        ("12.50", "7", "1.7857142857142857"),
    ],
)
def test_a_quotient_has_the_digits_of_numeric(a, b, quotient):
    result = exact.divide(exact.loads(a), exact.loads(b))
    assert format(result, "f") == quotient


def test_even_quotients_of_whole_numbers_are_whole():
    assert exact.divide(6, 2) == 3
    assert type(exact.divide(6, 2)) is int
    assert str(exact.divide(7, 2)) == "3.5"
    assert str(exact.divide(Decimal("1.00"), 4)) == "0.25"


@pytest.mark.parametrize("function", [exact.divide, exact.floor_divide, exact.modulo])
@pytest.mark.parametrize("zero", [0, Decimal("0.00")])
def test_division_by_zero_is_an_error(function, zero):
    with pytest.raises(exact.NumberError, match="division by zero"):
        function(1, zero)


def test_whole_powers_are_exact_and_others_rounded():
    assert exact.power(2, 100) == 2**100
    assert str(exact.power(Decimal("1.1"), 3)) == "1.331"
    assert exact.power(2, -2) == Decimal("0.25")
    assert str(exact.power(2, Decimal("0.5"))) == "1.4142135623730950"
    assert exact.power(0, 0) == 1
    assert exact.power(-1, 10**20) == 1


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (10, 10**10),
        (-7, 10**100),
        (Decimal("1.1"), 10**9),
        (Decimal(10), Decimal("1E+300")),
        (Decimal("1E+4000"), 2),
        (2, Decimal("1E+999999")),
        (Decimal("1.5"), Decimal("123456789.5")),
        (0, -1),
        (-2, Decimal("0.5")),
    ],
)
def test_powers_without_a_result_of_a_sane_size_are_refused_at_once(a, b):
    with pytest.raises(exact.NumberError):
        exact.power(a, b)


def test_results_that_are_too_long_are_refused():
    long = Decimal("1E+4000")
    for function in (exact.multiply, exact.add):
        with pytest.raises(exact.NumberError, match="digits"):
            function(long, Decimal("1E-3000") if function is exact.add else long)
    with pytest.raises(exact.NumberError, match="digits"):
        exact.multiply(10**3000, 10**3000)
    for function in (exact.floor_divide, exact.divide, exact.modulo):
        with pytest.raises(exact.NumberError, match="digits"):
            function(Decimal("1E+999999999"), Decimal("0.3"))


def test_zero_has_no_sign():
    assert str(exact.multiply(Decimal("0.0"), -1)) == "0.0"
    assert str(exact.negate(Decimal("0.0"))) == "0.0"
    assert str(exact.round_half_up(Decimal("-0.04"), 1)) == "0.0"


def test_the_decimal_context_of_the_caller_is_neither_used_nor_changed():
    with decimal.localcontext(decimal.Context(prec=1, traps=[decimal.Inexact])) as own:
        assert str(exact.add(Decimal("1.234"), 1)) == "2.234"
        assert str(exact.divide(1, 3)) == "0.33333333333333333333"
        assert str(exact.power(2, Decimal("0.5"))) == "1.4142135623730950"
        assert str(exact.round_half_up(Decimal("12.345"), 2)) == "12.35"
        assert exact.dumps(exact.loads("[1.234]")) == "[1.234]"
        assert own.prec == 1
        assert not any(own.flags.values())
