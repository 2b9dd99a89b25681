"""What the operators of an expression do with JSON values, and the limits they keep.

Python in the server cannot be interrupted from outside, so each evaluation has a
budget of work.  Helpers take it as their last argument; it may be None where the
expression has no loop, as its own length then bounds the work.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from . import exact

Value = exact.Value

MAX_ELEMENTS = 1_000_000  # of a list, or characters of a text
DIVISION_COST = 20  # units of work
STEP_COST = 10  # units of work for one turn of a loop, at least
WORK = 1_000_000  # units of work for one evaluation: 100,000 turns
LONG_INT = 2048  # bits, from which on an int costs extra


class EvaluationError(Exception):
    """An expression has no value: the message says why."""


class Work:
    """The work that is left to one evaluation."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = WORK

    def spend(self, units: int) -> None:
        self.left -= units
        if self.left < 0:
            raise EvaluationError(
                "the expression does too much work"
                f" (at most {WORK // STEP_COST} turns of a loop)"
            )


_KINDS = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    Decimal: "a number",
    str: "a text",
    list: "a list",
    dict: "an object",
}


def kind(value: Value) -> str:
    """The type of a value, for messages: "a number"."""
    return _KINDS.get(type(value), f"a {type(value).__name__}")


def is_number(value: Value) -> bool:
    """Whether the value is a number; true and false are none."""
    return type(value) is int or type(value) is Decimal


def size(length: int, work: Work) -> None:
    """Pay for a list or text of that length; refuse it when it is too long."""
    if length > MAX_ELEMENTS:
        raise EvaluationError(f"the result has more than {MAX_ELEMENTS} elements")
    work.spend(length)


def text_size(length: int, work: Work) -> None:
    """The same for a text, which costs a sixteenth of a list."""
    if length > MAX_ELEMENTS:
        raise EvaluationError(f"the text has more than {MAX_ELEMENTS} characters")
    work.spend(length >> 4)


# ------------------------------------------------------------------ arithmetic


def add(x: Value, y: Value, work: Work) -> Value:
    """x + y: numbers, texts or lists."""
    if type(x) is int and type(y) is int:
        return x + y
    if type(x) is str and type(y) is str:
        text_size(len(x) + len(y), work)
        return x + y
    if type(x) is list and type(y) is list:
        size(len(x) + len(y), work)
        return x + y
    if is_number(x) and is_number(y):
        return _decimal(exact.SHORT.add, exact.add, x, y, work)
    hint = ""
    if type(x) is str or type(y) is str:
        hint = "; str(…) makes a text"
    raise EvaluationError(
        f"+ takes two numbers, texts or lists, not {kind(x)} and {kind(y)}{hint}"
    )


def subtract(x: Value, y: Value, work: Work) -> Value:
    """x - y: numbers."""
    if type(x) is int and type(y) is int:
        return x - y
    _check_numbers("-", x, y)
    return _decimal(exact.SHORT.subtract, exact.subtract, x, y, work)


def multiply(x: Value, y: Value, work: Work) -> Value:
    """x * y: numbers."""
    if type(x) is int and type(y) is int:
        if x.bit_length() + y.bit_length() <= LONG_INT:
            return x * y
        return _calculated(exact.multiply, x, y, work)
    _check_numbers("*", x, y)
    return _decimal(exact.SHORT.multiply, exact.multiply, x, y, work)


def divide(x: Value, y: Value, work: Work) -> Value:
    """x / y: numbers, to at least 16 significant digits."""
    _check_numbers("/", x, y)
    work.spend(DIVISION_COST)
    return _calculated(exact.divide, x, y, work)


def floor_divide(x: Value, y: Value, work: Work) -> Value:
    """x // y: numbers, rounded down to a whole one."""
    _check_numbers("//", x, y)
    return _calculated(exact.floor_divide, x, y, work)


def modulo(x: Value, y: Value, work: Work) -> Value:
    """x % y: numbers; the result has the sign of y."""
    _check_numbers("%", x, y)
    return _calculated(exact.modulo, x, y, work)


def power(x: Value, y: Value, work: Work) -> Value:
    """x ** y: numbers."""
    _check_numbers("**", x, y)
    work.spend(1 if type(x) is int and type(y) is int and y < 64 else 500)
    return _calculated(exact.power, x, y, work)


def negative(x: Value, work: Work) -> Value:
    """-x: a number."""
    if not is_number(x):
        raise EvaluationError(f"- takes a number, not {kind(x)}")
    work.spend(_digits(x))
    return exact.negate(x)


def positive(x: Value) -> Value:
    """+x: a number, unchanged."""
    if not is_number(x):
        raise EvaluationError(f"+ takes a number, not {kind(x)}")
    return x


def _check_numbers(symbol: str, x: Value, y: Value) -> None:
    if not (is_number(x) and is_number(y)):
        raise EvaluationError(
            f"{symbol} takes two numbers, not {kind(x)} and {kind(y)}"
        )


_Operation = Callable[[Any, Any], Any]


def _decimal(
    short: _Operation, long: _Operation, x: Value, y: Value, work: Work
) -> Value:
    """The result of `short`, or of `long` and paid for, when it is a long number."""
    try:
        result = short(x, y)
    except ArithmeticError:
        return _calculated(long, x, y, work)
    return result if result else result.copy_abs()


def _calculated(function: _Operation, x: Value, y: Value, work: Work) -> Value:
    work.spend(_digits(x) + _digits(y))
    try:
        return function(x, y)
    except exact.NumberError as error:
        raise EvaluationError(str(error)) from None


def _digits(number: Value) -> int:
    if type(number) is int and number.bit_length() < 128:
        return 0
    return exact.digits(number)


# ------------------------------------------------------------------ comparison


def _ordered(x: Value, y: Value, symbol: str, work: Work | None) -> None:
    """Refuse what has no order; pay for numbers that are long to compare."""
    if type(x) is str and type(y) is str:
        return
    if not (is_number(x) and is_number(y)):
        raise EvaluationError(
            f"{symbol} compares two numbers or two texts, not {kind(x)} and {kind(y)}"
        )
    pay_for_comparison(x, y, work)


def pay_for_comparison(x: Value, y: Value, work: Work | None) -> None:
    """Pay for an int that must become a Decimal to be compared."""
    if work is not None and type(x) is not type(y):
        whole = x if type(x) is int else y
        if whole.bit_length() > LONG_INT:
            work.spend(exact.digits(whole))


def less(x: Value, y: Value, work: Work | None) -> bool:
    """x < y: two numbers, or two texts by their code points."""
    if type(x) is int and type(y) is int:
        return x < y
    _ordered(x, y, "<", work)
    return bool(x < y)


def less_equal(x: Value, y: Value, work: Work | None) -> bool:
    """x <= y."""
    if type(x) is int and type(y) is int:
        return x <= y
    _ordered(x, y, "<=", work)
    return bool(x <= y)


def greater(x: Value, y: Value, work: Work | None) -> bool:
    """x > y."""
    if type(x) is int and type(y) is int:
        return x > y
    _ordered(x, y, ">", work)
    return bool(x > y)


def greater_equal(x: Value, y: Value, work: Work | None) -> bool:
    """x >= y."""
    if type(x) is int and type(y) is int:
        return x >= y
    _ordered(x, y, ">=", work)
    return bool(x >= y)


def equal(x: Value, y: Value, work: Work | None) -> bool:
    """x == y as JSON values: true is not 1, 1 is 1.0, the order of keys is nothing."""
    if type(x) is type(y):
        if type(x) is list:
            return len(x) == len(y) and _equal_lists(x, y, work)
        if type(x) is dict:
            return len(x) == len(y) and _equal_objects(x, y, work)
        return bool(x == y)
    if is_number(x) and is_number(y):
        pay_for_comparison(x, y, work)
        return bool(x == y)
    return False


def _equal_lists(x: list[Value], y: list[Value], work: Work | None) -> bool:
    if work is not None:
        work.spend(2 * len(x))
    return all(equal(a, b, work) for a, b in zip(x, y, strict=True))


def _equal_objects(x: dict[str, Value], y: dict[str, Value], work: Work | None) -> bool:
    if work is not None:
        work.spend(2 * len(x))
    return all(key in y and equal(x[key], y[key], work) for key in x)


def not_equal(x: Value, y: Value, work: Work | None) -> bool:
    """x != y."""
    return not equal(x, y, work)


def contained(x: Value, y: Value, work: Work) -> bool:
    """x in y: an element of a list, a part of a text, a key of an object."""
    if type(y) is list:
        work.spend(len(y))
        if type(x) is str:
            return x in y
        return any(equal(x, element, work) for element in y)
    if type(y) is dict or type(y) is str:
        if type(x) is not str:
            what = "a key" if type(y) is dict else "a part of a text"
            raise EvaluationError(f"{what} is a text, not {kind(x)}")
        if type(y) is str:
            work.spend(len(y) >> 4)
        return x in y
    raise EvaluationError(f"in takes a list, a text or an object, not {kind(y)}")


def not_contained(x: Value, y: Value, work: Work) -> bool:
    """x not in y."""
    return not contained(x, y, work)


# --------------------------------------------------------------- keys, indexes


def datum(scope: dict[str, Value], name: str) -> Value:
    """The value of a name in the context."""
    context = scope["context"]
    if isinstance(context, dict) and name in context:
        return context[name]
    raise EvaluationError(f'there is no data "{name}"')


def scope_value(scope: dict[str, Value], name: str) -> Value:
    """The value of a name, or the error that it has none here."""
    try:
        return scope[name]
    except KeyError:
        raise EvaluationError(f"{name} is not available here") from None


def element(value: Value, key: Value, place: str) -> Value:
    """value[key]; `place` is what the source calls the value, for messages."""
    if type(value) is dict:
        if type(key) is not str:
            raise EvaluationError(f"{place} is an object: its keys are texts")
        if key not in value:
            raise EvaluationError(_missing_key(value, key, place))
        return value[key]
    if type(key) is str or type(value) not in (list, str):
        what = f"no key {exact.quoted(key)}" if type(key) is str else "no elements"
        raise EvaluationError(f"{place} is {kind(value)}: it has {what}")
    index = whole(key, "an index")
    try:
        return value[index]
    except IndexError:
        message = f"{place}[{index}] is missing ({place} has {len(value)} elements)"
        raise EvaluationError(message) from None


def _missing_key(value: dict[str, Value], key: str, place: str) -> str:
    shown = [exact.quoted(name) for name in list(value)[:8]]
    if len(value) > 8:
        shown.append("…")
    has = f"has the keys {', '.join(shown)}" if shown else "is empty"
    return f"{place}{exact.path_step(key)} is missing ({place} {has})"


def whole(value: Value, what: str) -> int:
    """The value as an int, when it is a whole number."""
    if type(value) is int:
        return value
    if type(value) is Decimal and value.adjusted() < 10 and value == int(value):
        return int(value)
    given = "one with a fraction" if type(value) is Decimal else kind(value)
    raise EvaluationError(f"{what} is a whole number, not {given}")


def part(value: Value, start: Value, stop: Value, step: Value, work: Work) -> Value:
    """value[start:stop:step] of a list or text; null is a bound left out."""
    if type(value) is not list and type(value) is not str:
        raise EvaluationError(f"a list or a text has parts, not {kind(value)}")
    bounds = [
        None if bound is None else whole(bound, "a bound of a part")
        for bound in (start, stop, step)
    ]
    if bounds[2] == 0:
        raise EvaluationError("the step of a part is not zero")
    work.spend(len(value) >> (4 if type(value) is str else 0))
    return value[slice(*bounds)]


# ----------------------------------------------------------------------- loops


def keys_of(value: dict[str, Value]) -> list[str]:
    """An object's keys in the order in which jsonb keeps them.

    In a step's own objects they stand as they were written, and would be read in
    another order once the context has been stored.
    """
    return sorted(value, key=_stored)


def _stored(key: str) -> tuple[int, bytes]:
    text = key.encode()
    return len(text), text


def stored(value: Value) -> Value:
    """The value with the keys of all its objects in that order."""
    if type(value) is dict:
        return {key: stored(value[key]) for key in keys_of(value)}
    return [stored(item) for item in value] if type(value) is list else value


def turns(value: Value, cost: int, work: Work) -> list[Value]:
    """What a `for` runs over, paid for: elements of a list, keys of an object."""
    if type(value) is dict:
        value = keys_of(value)
    elif type(value) is not list:
        raise EvaluationError(f"for takes a list or an object, not {kind(value)}")
    work.spend(len(value) * cost)
    return value  # type: ignore[no-any-return]


def tuples(value: Value, names: int, cost: int, work: Work) -> list[Value]:
    """The same for `for a, b in …`: each element is a list of so many."""
    elements = turns(value, cost, work)
    for item in elements:
        if type(item) is not list or len(item) != names:
            given = kind(item) + (f" of {len(item)}" if type(item) is list else "")
            raise EvaluationError(
                f"for with {names} names takes lists of {names}, not {given}"
            )
    return elements


def key_text(value: Value) -> str:
    """The value as the key of an object: a text."""
    if type(value) is not str:
        raise EvaluationError(f"the key of an object is a text, not {kind(value)}")
    return value


def in_state(scope: dict[str, Value], path: Value) -> bool:
    """What the interpreter says about a state."""
    if type(path) is not str:
        raise EvaluationError(f"in_state takes the path of a state, not {kind(path)}")
    return bool(scope_value(scope, "in_state")(path))


def pay_for_value(value: Value, work: Work) -> Value:
    """The value; refused when written out it is far longer than what it is made of.

    Lists may hold one value many times: small here, and huge as JSON.
    """
    pending = [value]
    while pending:
        item = pending.pop()
        if type(item) is list:
            work.spend(len(item))
            pending.extend(item)
        elif type(item) is dict:
            work.spend(len(item))
            pending.extend(item.values())
        elif type(item) is str:
            work.spend(len(item) >> 4)
        elif type(item) is Decimal:
            work.spend(item.__sizeof__() >> 6)
        elif type(item) is int:
            work.spend(item.bit_length() >> 8)
    return value
