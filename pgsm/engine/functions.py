"""The functions of the expression language.

Each is pure and bounded, and takes the budget of work as its first argument.  The
first line of its docstring is its line in the reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from . import exact
from . import expression_values as values
from .exact import Value
from .expression_values import EvaluationError, Work, kind

MAX_RANGE = 10_000
MANY = 255  # arguments


@dataclass(frozen=True)
class Function:
    """A function of the language: `call(work, *arguments)`."""

    name: str
    signature: str
    least: int  # arguments
    most: int
    call: Callable[..., Value]

    @property
    def summary(self) -> str:
        """Its line in the reference."""
        return (self.call.__doc__ or "").splitlines()[0]


FUNCTIONS: dict[str, Function] = {}
_Call = TypeVar("_Call", bound=Callable[..., Any])


def _function(signature: str) -> Callable[[_Call], _Call]:
    """Put a function into the table, with the arity that its signature tells."""
    name, _, rest = signature.rstrip(")").partition("(")
    parameters = [p.strip() for p in rest.split(",")]
    required = [p for p in parameters if p != "…" and "=" not in p]
    most = MANY if "…" in parameters else len(parameters)

    def register(call: _Call) -> _Call:
        FUNCTIONS[name] = Function(name, signature, len(required), most, call)
        return call

    return register


def _refuse(name: str, wants: str, value: Value) -> EvaluationError:
    return EvaluationError(f"{name} takes {wants}, not {kind(value)}")


def _list(name: str, value: Value, work: Work) -> list[Value]:
    if type(value) is not list:
        raise _refuse(name, "a list", value)
    work.spend(len(value))
    return value


def _object(name: str, value: Value, work: Work) -> dict[str, Value]:
    if type(value) is not dict:
        raise _refuse(name, "an object", value)
    work.spend(len(value))
    return value


def _text(name: str, value: Value, work: Work) -> str:
    if type(value) is not str:
        raise _refuse(name, "a text", value)
    work.spend(len(value) >> 4)
    return value


def _number(name: str, value: Value, work: Work) -> Any:
    if type(value) is int:
        return value
    if type(value) is not Decimal:
        raise _refuse(name, "a number", value)
    work.spend(exact.digits(value) >> 2)
    return value


# --------------------------------------------------------------------- numbers


def _rounded(number: Any, digits: int) -> Value:
    try:
        return exact.round_half_up(number, digits)
    except exact.NumberError as error:
        raise EvaluationError(str(error)) from None


@_function("round(number, digits=0)")
def round_(work: Work, number: Value, digits: Value = 0) -> Value:
    """The number rounded to so many digits after the point, halves away from zero."""
    places = values.whole(digits, "the second argument of round")
    if abs(places) > 1000:
        raise EvaluationError("round takes at most 1000 digits")
    return _rounded(_number("round", number, work), places)


@_function("abs(number)")
def abs_(work: Work, number: Value) -> Value:
    """The number without its sign."""
    number = _number("abs", number, work)
    return exact.negate(number) if number < 0 else number


@_function("floor(number)")
def floor(work: Work, number: Value) -> Value:
    """The greatest whole number that is not above the number."""
    return values.floor_divide(_number("floor", number, work), 1, work)


@_function("ceil(number)")
def ceil(work: Work, number: Value) -> Value:
    """The least whole number that is not below the number."""
    number = exact.negate(_number("ceil", number, work))
    return exact.negate(values.floor_divide(number, 1, work))


_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")


def _read_number(name: str, value: Value, work: Work) -> Any:
    """A number, or the one that a text or a boolean stands for."""
    if type(value) is bool:
        return int(value)
    if type(value) is not str:
        return _number(name, value, work)
    text = value.strip()
    if len(text) > exact.LONGEST_INT or not _NUMBER.fullmatch(text):
        shown = exact.quoted(text if len(text) <= 40 else text[:40] + "…")
        raise EvaluationError(f"{name} cannot read a number from {shown}")
    work.spend(len(text))
    if text.lstrip("+-").isdigit():
        return int(text)
    try:
        return exact.add(Decimal(text), 0)
    except (exact.NumberError, InvalidOperation):
        raise EvaluationError(f"{name}: the number is out of range") from None


@_function("number(value)")
def number_(work: Work, value: Value) -> Value:
    """The exact number that a text stands for; numbers unchanged, true is 1."""
    return _read_number("number", value, work)


@_function("float(value)")
def float_(work: Work, value: Value) -> Value:
    """The same as `number`: exact, as JSON knows no floats."""
    return _read_number("float", value, work)


@_function("int(value)")
def int_(work: Work, value: Value) -> Value:
    """The number, or the one that a text stands for, cut off after the point."""
    number = _read_number("int", value, work)
    if number >= 0:
        return values.floor_divide(number, 1, work)
    return exact.negate(values.floor_divide(exact.negate(number), 1, work))


@_function("sum(list)")
def sum_(work: Work, numbers: Value) -> Value:
    """The exact sum of the numbers of a list; 0 when it is empty."""
    total: Value = 0
    for number in _list("sum", numbers, work):
        if not values.is_number(number):
            raise _refuse("sum", "numbers", number)
        total = values.add(total, number, work)
    return total


def _extreme(name: str, arguments: tuple[Value, ...], work: Work) -> list[Value]:
    several = len(arguments) > 1
    elements = list(arguments) if several else _list(name, arguments[0], work)
    if not elements:
        raise EvaluationError(f"{name} of an empty list")
    _check_order(name, elements, work)
    return elements


def _check_order(name: str, elements: list[Value], work: Work) -> None:
    """Refuse elements that have no order: all are numbers, or all are texts."""
    work.spend(len(elements))
    if not elements or type(elements[0]) is str:
        for element in elements:
            if type(element) is not str:
                raise _refuse(name, "all numbers or all texts", element)
        return
    for element in elements:
        if not values.is_number(element):
            raise _refuse(name, "all numbers or all texts", element)
        values.pay_for_comparison(element, Decimal(), work)


@_function("min(list or value, …)")
def min_(work: Work, *arguments: Value) -> Value:
    """The least of a list, or of several values: all numbers or all texts."""
    return min(_extreme("min", arguments, work))


@_function("max(list or value, …)")
def max_(work: Work, *arguments: Value) -> Value:
    """The greatest of a list, or of several values: all numbers or all texts."""
    return max(_extreme("max", arguments, work))


@_function("range(start or stop, stop=, step=1)")
def range_(work: Work, start: Value, stop: Value = None, step: Value = 1) -> Value:
    """The whole numbers from start (0) to before stop, at most 10,000, as a list."""
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


# ------------------------------------------------------------------ conversion


@_function("str(value)")
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
        text = exact.dumps(value)
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


@_function("bool(value)")
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


@_function("type_of(value)")
def type_of(work: Work, value: Value) -> Value:
    """The JSON type as jsonb_typeof names it: "null", "number", "array" and so on."""
    return _TYPES[type(value)]


@_function("coalesce(value, …)")
def coalesce(work: Work, *arguments: Value) -> Value:
    """The first argument that is not null; null when all are."""
    return next((value for value in arguments if value is not None), None)


# ----------------------------------------------------------------------- lists


@_function("len(value)")
def len_(work: Work, value: Value) -> Value:
    """The number of elements of a list, keys of an object, characters of a text."""
    if type(value) not in (list, dict, str):
        raise _refuse("len", "a list, an object or a text", value)
    return len(value)


@_function("any(list)")
def any_(work: Work, elements: Value) -> Value:
    """Whether at least one element is true; all of them are evaluated."""
    return any(_list("any", elements, work))


@_function("all(list)")
def all_(work: Work, elements: Value) -> Value:
    """Whether no element is false; all of them are evaluated."""
    return all(_list("all", elements, work))


@_function("sorted(list, key=)")
def sorted_(work: Work, elements: Value, key: Value = None) -> Value:
    """The list in ascending order; a list of objects by one of their keys."""
    elements = _list("sorted", elements, work)
    keys = elements
    if key is not None:
        name = _text("sorted", key, work)
        keys = [values.element(e, name, "an element of the list") for e in elements]
    _check_order("sorted", keys, work)
    work.spend(2 * len(keys))
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return [elements[index] for index in order]


@_function("reversed(list or text)")
def reversed_(work: Work, value: Value) -> Value:
    """The list or the text from its end to its beginning."""
    return values.part(value, None, None, -1, work)


@_function("first(list, default=null)")
def first(work: Work, elements: Value, default: Value = None) -> Value:
    """The first element of a list, or the default when it is empty."""
    if type(elements) is not list:
        raise _refuse("first", "a list", elements)
    return elements[0] if elements else default


@_function("last(list, default=null)")
def last(work: Work, elements: Value, default: Value = None) -> Value:
    """The last element of a list, or the default when it is empty."""
    if type(elements) is not list:
        raise _refuse("last", "a list", elements)
    return elements[-1] if elements else default


@_function("unique(list)")
def unique(work: Work, elements: Value) -> Value:
    """The list without elements that are equal to an earlier one."""
    values.pay_for_value(_list("unique", elements, work), work)
    return list({_hashable(e): e for e in reversed(elements)}.values())[::-1]


def _hashable(value: Value) -> Value:
    """What is equal exactly for values that are equal as JSON."""
    if type(value) is list:
        return ("array", *map(_hashable, value))
    if type(value) is dict:
        return ("object", frozenset((k, _hashable(v)) for k, v in value.items()))
    return (_TYPES[type(value)], value)


@_function("zip(list, …)")
def zip_(work: Work, *lists: Value) -> Value:
    """Lists of the first elements, the second ones …, up to the end of the shortest."""
    checked = [_list("zip", elements, work) for elements in lists]
    return [list(group) for group in zip(*checked, strict=False)]


@_function("enumerate(list, start=0)")
def enumerate_(work: Work, elements: Value, start: Value = 0) -> Value:
    """A list of [index, element] for each element."""
    elements = _list("enumerate", elements, work)
    offset = values.whole(start, "the second argument of enumerate")
    return [[index, element] for index, element in enumerate(elements, offset)]


@_function("flatten(list)")
def flatten(work: Work, lists: Value) -> Value:
    """The elements of the lists in a list, as one list."""
    result: list[Value] = []
    for elements in _list("flatten", lists, work):
        values.size(len(result) + len(_list("flatten", elements, work)), work)
        result += elements
    return result


@_function("contains(container, item)")
def contains(work: Work, container: Value, item: Value) -> Value:
    """The same as `item in container`: a list, a text, or an object and a key."""
    return values.contained(item, container, work)


# --------------------------------------------------------------------- objects


@_function("get(object, key, default=null)")
def get(work: Work, value: Value, key: Value, default: Value = None) -> Value:
    """The value at a key of an object or an index of a list, or else the default."""
    if value is None:
        return default
    if type(value) is dict:
        if type(key) is not str:
            raise _refuse("get", "a text as the key of an object", key)
        return value.get(key, default)
    if type(value) is not list:
        raise _refuse("get", "an object or a list", value)
    index = values.whole(key, "the index of a list")
    return value[index] if -len(value) <= index < len(value) else default


@_function("merge(object, …)")
def merge(work: Work, *objects: Value) -> Value:
    """One object with the keys of all; for keys in several, the last one's value."""
    result: dict[str, Value] = {}
    for value in objects:
        result.update(_object("merge", value, work))
    return result


@_function("without(object, key, …)")
def without(work: Work, value: Value, *keys: Value) -> Value:
    """The object without these keys; a key that it does not have is nothing."""
    for key in keys:
        _text("without", key, work)
    return {k: v for k, v in _object("without", value, work).items() if k not in keys}


@_function("keys(object)")
def keys_(work: Work, value: Value) -> Value:
    """The keys of an object, as a list."""
    return list(_object("keys", value, work))


@_function("values(object)")
def values_(work: Work, value: Value) -> Value:
    """The values of an object, as a list."""
    return list(_object("values", value, work).values())


@_function("items(object)")
def items(work: Work, value: Value) -> Value:
    """A list of [key, value] for each key of an object."""
    return [list(pair) for pair in _object("items", value, work).items()]


# ----------------------------------------------------------------------- texts


@_function("upper(text)")
def upper(work: Work, text: Value) -> Value:
    """The text in upper case."""
    return _text("upper", text, work).upper()


@_function("lower(text)")
def lower(work: Work, text: Value) -> Value:
    """The text in lower case."""
    return _text("lower", text, work).lower()


@_function("trim(text)")
def trim(work: Work, text: Value) -> Value:
    """The text without white space at its beginning and end."""
    return _text("trim", text, work).strip()


@_function("split(text, separator=)")
def split(work: Work, text: Value, separator: Value = None) -> Value:
    """The parts of a text between separators, or else between white space."""
    text = _text("split", text, work)
    if separator is None:
        work.spend(len(text) // 2)
        return text.split()
    if not _text("split", separator, work):
        raise EvaluationError("the separator of split is not empty")
    values.size(text.count(separator) + 1, work)
    return text.split(separator)


@_function("join(list, separator=)")
def join(work: Work, texts: Value, separator: Value = "") -> Value:
    """One text of the texts in a list, with the separator between them."""
    total = 0
    for text in _list("join", texts, work):
        if type(text) is not str:
            raise _refuse("join", "a list of texts", text)
        total += len(text)
    between = _text("join", separator, work)
    values.text_size(total + len(between) * len(texts), work)
    return between.join(texts)


@_function("replace(text, old, new)")
def replace(work: Work, text: Value, old: Value, new: Value) -> Value:
    """The text with each occurrence of one text replaced by another."""
    text, old = _text("replace", text, work), _text("replace", old, work)
    if not old:
        raise EvaluationError("replace cannot replace an empty text")
    found = text.count(old)
    values.text_size(len(text) + found * len(_text("replace", new, work)), work)
    return text.replace(old, new)


@_function("startswith(text, prefix)")
def startswith(work: Work, text: Value, prefix: Value) -> Value:
    """Whether the text begins with the prefix."""
    return _text("startswith", text, work).startswith(_text("startswith", prefix, work))


@_function("endswith(text, suffix)")
def endswith(work: Work, text: Value, suffix: Value) -> Value:
    """Whether the text ends with the suffix."""
    return _text("endswith", text, work).endswith(_text("endswith", suffix, work))


# ------------------------------------------------------------------------ time

_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6})[0-9]{0,12})?)?"
    r"\s?(Z|z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
_MICROSECOND = timedelta(microseconds=1)


def _time(name: str, value: Value, work: Work) -> datetime:
    """A point in time from ISO 8601 text, in UTC; UTC where the text names no zone."""
    text = _text(name, value, work)
    match = _ISO.fullmatch(text)
    try:
        if not match:
            raise ValueError
        year, month, day, hour, minute, second = (
            int(part or 0) for part in match.group(1, 2, 3, 4, 5, 6)
        )
        micros = int((match.group(7) or "").ljust(6, "0"))
        local = datetime(year, month, day, hour, minute, second, micros)
        return local - _zone(match.group(8))
    except (ValueError, OverflowError):
        shown = exact.quoted(text if len(text) <= 40 else text[:40] + "…")
        raise EvaluationError(f"{name}: {shown} is not a time in ISO 8601") from None


def _zone(text: str | None) -> timedelta:
    if text is None or text in "Zz":
        return timedelta()
    minutes = int(text[1:3]) * 60 + int(text[3:].lstrip(":") or 0)
    return timedelta(minutes=-minutes if text[0] == "-" else minutes)


def _written(time: datetime) -> str:
    return time.isoformat(timespec="microseconds") + "Z"


@_function("seconds(a, b)")
def seconds(work: Work, a: Value, b: Value) -> Value:
    """The exact number of seconds from time a to time b; negative when b is earlier."""
    passed = _time("seconds", b, work) - _time("seconds", a, work)
    return exact.divide(passed // _MICROSECOND, 1_000_000)


@_function("add_seconds(time, number)")
def add_seconds(work: Work, time: Value, number: Value) -> Value:
    """The time so many seconds later, in UTC with six decimals."""
    start = _time("add_seconds", time, work)
    micros = exact.round_half_up(
        values.multiply(_number("add_seconds", number, work), 1_000_000, work)
    )
    try:
        return _written(start + timedelta(microseconds=micros))
    except OverflowError:
        raise EvaluationError("add_seconds: the time is out of range") from None


@_function("timestamp(time)")
def timestamp(work: Work, time: Value) -> Value:
    """The time in UTC with six decimals, which is the form of `now`."""
    return _written(_time("timestamp", time, work))


@_function("date(time)")
def date(work: Work, time: Value) -> Value:
    """The day of a time in UTC, such as "2024-02-29"."""
    return _time("date", time, work).date().isoformat()
