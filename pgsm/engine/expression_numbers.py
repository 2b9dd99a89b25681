"""The functions of numbers, and from one type of value to another."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from . import exact
from . import expression_values as values
from .exact import Value
from .expression_table import function, list_of, number_of, refusal
from .expression_values import EvaluationError, Work

MAX_RANGE = 10_000


def _rounded(number: Any, digits: int) -> Value:
    try:
        return exact.round_half_up(number, digits)
    except exact.NumberError as error:
        raise EvaluationError(str(error)) from None


@function("round(number, digits=0)")
def round_(work: Work, number: Value, digits: Value = 0) -> Value:
    """The number rounded to so many digits after the point, halves away from zero."""
    places = values.whole(digits, "the second argument of round")
    if abs(places) > 1000:
        raise EvaluationError("round takes at most 1000 digits")
    return _rounded(number_of("round", number, work), places)


@function("abs(number)")
def abs_(work: Work, number: Value) -> Value:
    """The number without its sign."""
    number = number_of("abs", number, work)
    return exact.negate(number) if number < 0 else number


@function("floor(number)")
def floor(work: Work, number: Value) -> Value:
    """The greatest whole number that is not above the number."""
    return values.floor_divide(number_of("floor", number, work), 1, work)


@function("ceil(number)")
def ceil(work: Work, number: Value) -> Value:
    """The least whole number that is not below the number."""
    number = exact.negate(number_of("ceil", number, work))
    return exact.negate(values.floor_divide(number, 1, work))


_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")


def _read_number(name: str, value: Value, work: Work) -> Any:
    """A number, or the one that a text or a boolean stands for."""
    if type(value) is bool:
        return int(value)
    if type(value) is not str:
        return number_of(name, value, work)
    text = value.strip()
    if len(text) > exact.LONGEST_INT or not _NUMBER.fullmatch(text):
        shown = exact.quoted(text if len(text) <= 40 else text[:40] + "…")
        raise EvaluationError(f"{name} cannot read a number from {shown}")
    work.spend(len(text))
    if text.lstrip("+-").isdigit():
        return int(text)
    number = Decimal(text)
    if number and abs(number.adjusted()) > exact.MAX_DIGITS:
        raise EvaluationError(f"{name}: the number is out of range")
    return number


@function("number(value)")
def number_(work: Work, value: Value) -> Value:
    """The exact number that a text stands for; numbers unchanged, true is 1."""
    return _read_number("number", value, work)


@function("float(value)")
def float_(work: Work, value: Value) -> Value:
    """The same as `number`: exact, as JSON knows no floats."""
    return _read_number("float", value, work)


@function("int(value)")
def int_(work: Work, value: Value) -> Value:
    """The number, or the one that a text stands for, cut off after the point."""
    number = _read_number("int", value, work)
    if number >= 0:
        return values.floor_divide(number, 1, work)
    return exact.negate(values.floor_divide(exact.negate(number), 1, work))


@function("sum(list)")
def sum_(work: Work, numbers: Value) -> Value:
    """The exact sum of the numbers of a list; 0 when it is empty."""
    total: Value = 0
    for number in list_of("sum", numbers, work):
        if not values.is_number(number):
            raise refusal("sum", "numbers", number)
        total = values.add(total, number, work)
    return total


def _extreme(name: str, arguments: tuple[Value, ...], work: Work) -> list[Value]:
    several = len(arguments) > 1
    elements = list(arguments) if several else list_of(name, arguments[0], work)
    if not elements:
        raise EvaluationError(f"{name} of an empty list")
    check_order(name, elements, work)
    return elements


def check_order(name: str, elements: list[Value], work: Work) -> None:
    """Refuse elements that have no order: all are numbers, or all are texts."""
    work.spend(len(elements))
    if not elements or type(elements[0]) is str:
        for element in elements:
            if type(element) is not str:
                raise refusal(name, "all numbers or all texts", element)
        return
    for element in elements:
        if not values.is_number(element):
            raise refusal(name, "all numbers or all texts", element)
        values.pay_for_comparison(element, Decimal(), work)


@function("min(value, …)")
def min_(work: Work, *arguments: Value) -> Value:
    """The least of a list, or of several values: all numbers or all texts."""
    return min(_extreme("min", arguments, work))


@function("max(value, …)")
def max_(work: Work, *arguments: Value) -> Value:
    """The greatest of a list, or of several values: all numbers or all texts."""
    return max(_extreme("max", arguments, work))


@function("range(start, stop=null, step=1)")
def range_(work: Work, start: Value, stop: Value = None, step: Value = 1) -> Value:
    """A list of the whole numbers from start to before stop; from 0 to before start."""
    if stop is None:
        start, stop = 0, start
    bounds = [values.whole(b, "an argument of range") for b in (start, stop, step)]
    if not bounds[2]:
        raise EvaluationError("the step of range is not zero")
    numbers = range(*bounds)
    try:
        values.size(len(numbers), work)
    except OverflowError:
        numbers = range(MAX_RANGE + 1)
    if len(numbers) > MAX_RANGE:
        raise EvaluationError(f"range makes at most {MAX_RANGE} numbers")
    return list(numbers)


@function("str(value)")
def str_(work: Work, value: Value) -> Value:
    """The value as text: a text unchanged, a number in plain digits, others as JSON."""
    if type(value) is str:
        return value
    if type(value) is Decimal:
        return _plain_digits(value, work)
    if type(value) is int:
        work.spend(exact.digits(value))
    values.pay_for_value(value, work)
    try:
        text = exact.dumps(values.stored(value))
    except ValueError as error:
        raise EvaluationError(str(error)) from None
    values.text_size(len(text), work)
    return text


def _plain_digits(number: Decimal, work: Work) -> str:
    if abs(number.adjusted()) > 2 * exact.MAX_DIGITS:
        raise EvaluationError("the number is too long for a text")
    text = format(number if number else number.copy_abs(), "f")
    work.spend(len(text))
    return text


@function("bool(value)")
def bool_(work: Work, value: Value) -> Value:
    """False for null, false, 0, an empty text, list or object; true for all others."""
    return bool(value)


_TYPES = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    Decimal: "number",
    str: "string",
    list: "array",
    dict: "object",
}


def json_type(value: Value) -> str:
    """What jsonb_typeof says of a value."""
    return _TYPES[type(value)]


@function("type_of(value)")
def type_of(work: Work, value: Value) -> Value:
    """The JSON type as jsonb_typeof names it: "null", "number", "array" and so on."""
    return json_type(value)


@function("coalesce(value, …)")
def coalesce(work: Work, *arguments: Value) -> Value:
    """The first argument that is not null; null when all are."""
    return next((value for value in arguments if value is not None), None)
