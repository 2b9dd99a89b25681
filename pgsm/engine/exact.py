"""JSON with exact numbers, and arithmetic on them as Postgres numeric does it.

A JSON value is None, bool, int, Decimal (never float), str, list or dict.  The
global decimal context is neither read nor changed: every operation names its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from decimal import (
    MAX_EMAX,
    MAX_PREC,
    MIN_EMIN,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)
from json import encoder as json_encoder
from typing import Any

Value = Any  # a JSON value
Number = Any  # an int or a Decimal; bool is not a number

LONGEST_INT = 4000  # digits; Python refuses to convert texts beyond 4300
MAX_DIGITS = 4000  # of a result of arithmetic
MAX_DEPTH = 200  # levels of a definition document
JSONB_BEFORE_POINT = 131072
JSONB_AFTER_POINT = 16383

_MAX_BITS = 13288  # 10 ** 4000 has 13288 bits


class NumberError(ValueError):
    """An arithmetic operation has no result, or one that is too long."""


class DocumentError(ValueError):
    """A text is no definition document; `problems` are (JSON path, message)."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{path}: {message}" for path, message in problems))
        self.problems = problems


# --------------------------------------------------------------------- reading


def _whole_number(text: str) -> Number:
    return int(text) if len(text) <= LONGEST_INT else Decimal(text)


def _refuse_constant(text: str) -> Value:
    raise ValueError(f"{text} is not a JSON number")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)
_LONG_DECODER = json.JSONDecoder(
    parse_float=Decimal, parse_int=_whole_number, parse_constant=_refuse_constant
)


def _decode(decoder: json.JSONDecoder, text: str) -> Value:
    try:
        return decoder.decode(text)
    except RecursionError:
        raise ValueError("the JSON text is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"the text is not JSON: {error}") from None
    except InvalidOperation:
        raise ValueError("the JSON text has a number out of all range") from None


def loads(text: str) -> Value:
    """The value of a JSON text: whole numbers as int, all others as Decimal.

    Raises ValueError.
    """
    decoder = _DECODER if len(text) <= LONGEST_INT else _LONG_DECODER
    return _decode(decoder, text)


class _Pairs(list[tuple[str, Value]]):
    """The members of an object as written, duplicates included."""


_DOCUMENT_DECODER = json.JSONDecoder(
    parse_float=Decimal,
    parse_int=_whole_number,
    parse_constant=_refuse_constant,
    object_pairs_hook=_Pairs,
)


def loads_document(text: str) -> Value:
    """The value of a definition document: `loads`, and stricter.

    Duplicate keys, U+0000, lone surrogates, numbers that jsonb cannot hold and
    nesting beyond MAX_DEPTH are refused, all at once, by a DocumentError.
    """
    problems: list[tuple[str, str]] = []
    try:
        value = _checked(_decode(_DOCUMENT_DECODER, text), [], problems)
    except DocumentError:
        raise
    except ValueError as error:
        raise DocumentError([("$", str(error))]) from None
    if problems:
        raise DocumentError(problems)
    return value


def _checked(
    value: Value, path: list[str | int], problems: list[tuple[str, str]]
) -> Value:
    """The value with objects as dicts; what is wrong with it goes to `problems`."""
    if len(path) > MAX_DEPTH:
        message = f"the document is nested more than {MAX_DEPTH} levels deep"
        raise DocumentError([(json_path(path[:10]), message)])
    if isinstance(value, _Pairs):
        return _checked_object(value, path, problems)
    if isinstance(value, list):
        return [_checked(v, [*path, i], problems) for i, v in enumerate(value)]
    problem = None
    if isinstance(value, str):
        problem = _text_problem(value)
    elif isinstance(value, Decimal):
        problem = _number_problem(value)
    if problem:
        problems.append((json_path(path), problem))
    return value


def _checked_object(
    pairs: _Pairs, path: list[str | int], problems: list[tuple[str, str]]
) -> dict[str, Value]:
    result: dict[str, Value] = {}
    for key, value in pairs:
        where = [*path, key]
        if key in result:
            problems.append((json_path(where), f"the key {quoted(key)} stands twice"))
        if problem := _text_problem(key):
            problems.append((json_path(where), f"in the key: {problem}"))
        result[key] = _checked(value, where, problems)
    return result


def _text_problem(text: str) -> str | None:
    if "\0" in text:
        return "the character \\u0000 cannot be stored in jsonb"
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        return "half of a surrogate pair is not a character"
    return None


_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def quoted(text: str) -> str:
    """The text as a JSON string, for messages and paths."""
    return json.dumps(text, ensure_ascii=not text.isprintable())


def json_path(parts: Sequence[str | int]) -> str:
    """A place in a document: `$.states.offered.on["a.b"][0].guard`."""
    return "$" + "".join(map(path_step, parts))


def path_step(part: str | int) -> str:
    """One step of a path: `.key`, `["a key"]` or `[0]`."""
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part}" if _PLAIN_KEY.fullmatch(part) else f"[{quoted(part)}]"


# --------------------------------------------------------------------- writing

# The ends of a float; a search for one leading character is the fastest.
_FRACTION = re.compile(r"\.[0-9]+(?:[,}\]e]|$)")
_EXPONENT = re.compile(r"e[+-][0-9]+(?:[,}\]]|$)")


def dumps(value: Value) -> str:
    """The compact JSON text of a value, numbers exact.

    Raises ValueError for what jsonb cannot hold (U+0000, lone surrogates, numbers
    out of its range) and for what is not a JSON value (float, NaN, others).
    """
    numbers: list[str] = []

    def exact_number(item: object) -> str:
        # Stands in the C encoder's output as "\u0000", which no valid text has.
        if type(item) is not Decimal:
            raise ValueError(f"a {type(item).__name__} is not a JSON value")
        numbers.append(number_text(item))
        return "\0"

    try:
        text = "".join(_encoder(exact_number)(value, 0))
    except RecursionError:
        raise ValueError("the value is nested too deeply for JSON") from None
    except TypeError as error:
        raise ValueError(f"the value is not JSON: {error}") from None
    if "\\u0000" in text or numbers:
        text = _with_numbers(text, numbers, value)
    else:
        _refuse_floats(text, value)
    if not text.isascii():
        _refuse_surrogates(text)
    return text


_C_ENCODER: Any = getattr(json_encoder, "c_make_encoder", None)
_ENCODE_TEXT: Any = getattr(json_encoder, "encode_basestring", None)


def _encoder(default: Callable[[object], str]) -> Callable[[Value, int], Sequence[str]]:
    if _C_ENCODER is None:  # not CPython
        plain = json.JSONEncoder(
            ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=default
        )
        return lambda value, _level: [plain.encode(value)]
    encode: Callable[[Value, int], Sequence[str]] = _C_ENCODER(
        None, default, _ENCODE_TEXT, None, ":", ",", False, False, False
    )
    return encode


def _with_numbers(text: str, numbers: list[str], value: Value) -> str:
    """The text with its stand-ins replaced by the numbers they stand for."""
    parts = text.split('"\\u0000"')
    if text.count("\\u0000") != len(numbers) or len(parts) != len(numbers) + 1:
        _refuse_values(value, [])  # a text with U+0000, or the six characters \u0000
        if len(parts) != len(numbers) + 1:
            raise ValueError("the value has the character \\u0000")
    else:
        _refuse_floats(text, value)
    pieces = [parts[0]]
    for number, part in zip(numbers, parts[1:], strict=True):
        pieces += (number, part)
    return "".join(pieces)


def _refuse_floats(text: str, value: Value) -> None:
    # The C encoder writes floats without asking; here a text only looks like one.
    if _FRACTION.search(text) or _EXPONENT.search(text):
        _refuse_values(value, [])


def _refuse_surrogates(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        message = "half of a surrogate pair is not a character"
        raise ValueError(message) from None


def _refuse_values(value: Value, path: list[str | int]) -> None:
    """Raise ValueError with the place of what is not a value of jsonb."""
    problem = None
    if isinstance(value, str):
        problem = _text_problem(value)
    elif isinstance(value, float):
        problem = "a float is not a JSON value here; numbers are int or Decimal"
    if problem:
        raise ValueError(f"{json_path(path)}: {problem}")
    if isinstance(value, dict):
        for key, item in value.items():
            _refuse_values(key, [*path, key])
            _refuse_values(item, [*path, key])
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            _refuse_values(item, [*path, index])


def number_text(number: Decimal) -> str:
    """The JSON text of a Decimal; raises ValueError when jsonb cannot hold it."""
    text = str(number)
    plain = number.is_finite() and "E" not in text and len(text) <= JSONB_AFTER_POINT
    if not plain and (problem := _number_problem(number)):
        raise ValueError(problem)
    return text


def _number_problem(number: Decimal) -> str | None:
    if not number.is_finite():
        return f"{number} is not a JSON number"
    if number and number.adjusted() >= JSONB_BEFORE_POINT:
        return f"the number has more than {JSONB_BEFORE_POINT} digits before its point"
    if scale(number) > JSONB_AFTER_POINT:
        return f"the number has more than {JSONB_AFTER_POINT} digits after its point"
    return None


# ------------------------------------------------------------------ arithmetic

_TRAPS = [InvalidOperation, DivisionByZero, Overflow, Inexact]


def _context(digits: int) -> Context:
    return Context(
        prec=digits,
        rounding=ROUND_HALF_UP,
        Emin=-MAX_DIGITS,
        Emax=MAX_DIGITS,
        traps=_TRAPS,
    )


# Operations in SHORT raise Inexact when the exact result is longer than that.
SHORT = _context(100)
_LONG = _context(MAX_DIGITS)
_ANY = Context(
    prec=MAX_PREC,
    rounding=ROUND_HALF_UP,
    Emin=MIN_EMIN,
    Emax=MAX_EMAX,
    traps=[InvalidOperation],
)
_TOO_LONG = f"the result has more than {MAX_DIGITS} digits"


def scale(number: Number) -> int:
    """The number of digits after the point, as written (1.10 has two)."""
    if type(number) is int:
        return 0
    return max(0, -int(number.as_tuple().exponent))


def digits(number: Number) -> int:
    """The number of significant digits, zeros before the point included."""
    if type(number) is int:
        return number.bit_length() * 31 // 100 + 1
    parts = number.as_tuple()
    return len(parts.digits) + max(0, int(parts.exponent))


def add(a: Number, b: Number) -> Number:
    """a + b, exactly."""
    if type(a) is int and type(b) is int:
        return a + b
    return _exactly(SHORT.add, _LONG.add, a, b)


def subtract(a: Number, b: Number) -> Number:
    """a - b, exactly."""
    if type(a) is int and type(b) is int:
        return a - b
    return _exactly(SHORT.subtract, _LONG.subtract, a, b)


def multiply(a: Number, b: Number) -> Number:
    """a * b, exactly."""
    if type(a) is int and type(b) is int:
        if a.bit_length() + b.bit_length() > _MAX_BITS:
            raise NumberError(_TOO_LONG)
        return a * b
    return _exactly(SHORT.multiply, _LONG.multiply, a, b)


def negate(a: Number) -> Number:
    """-a; zero has no sign."""
    if type(a) is int:
        return -a
    return a.copy_negate() if a else a.copy_abs()


_Operation = Callable[[Number, Number], Decimal]


def _exactly(short: _Operation, long: _Operation, a: Number, b: Number) -> Decimal:
    try:
        result = short(a, b)
    except ArithmeticError:
        try:
            result = long(a, b)
        except ArithmeticError:
            raise NumberError(_TOO_LONG) from None
    return result if result else result.copy_abs()


def divide(a: Number, b: Number) -> Number:
    """a / b to at least 16 significant digits, rounded as Postgres numeric does.

    An int where two ints divide evenly.  Zeros at the end are dropped, down to the
    longer scale of the two: 7 / 2 is 3.5, and 1.00 / 4 is 0.25.
    """
    if not b:
        raise NumberError("division by zero")
    if type(a) is int and type(b) is int:
        quotient, rest = divmod(a, b)
        if not rest:
            return quotient
    places = _division_scale(a, b)
    shift = max(scale(a), scale(b))
    dividend, divisor = _as_ints(a, b, shift)
    quotient, rest = divmod(abs(dividend) * 10**places, abs(divisor))
    if 2 * rest >= abs(divisor):
        quotient += 1
    if (dividend < 0) != (divisor < 0):
        quotient = -quotient
    return _without_zeros(quotient, places, shift)


def _without_zeros(unscaled: int, places: int, least: int) -> Decimal:
    while places > least and unscaled % 10 == 0:
        unscaled //= 10
        places -= 1
    return _unscaled(unscaled, places)


def _unscaled(value: int, places: int) -> Decimal:
    """value / 10 ** places, written with that many places."""
    return _ANY.scaleb(Decimal(value), -places)


def _as_ints(a: Number, b: Number, places: int) -> tuple[int, int]:
    """Both numbers times 10 ** places; NumberError when they are out of bounds."""
    return _as_int(a, places), _as_int(b, places)


def _as_int(number: Number, places: int) -> int:
    if type(number) is int:
        return number * int(10**places) if places else number
    if places > 2 * MAX_DIGITS or number.adjusted() > MAX_DIGITS:
        raise NumberError(f"a number has more than {MAX_DIGITS} digits")
    return int(_ANY.scaleb(number, places))


def _division_scale(a: Number, b: Number) -> int:
    """Digits after the point of a quotient: numeric's `select_div_scale`.

    numeric counts in groups of four decimal digits, hence the fours.
    """
    weight_a, first_a = _leading_group(a)
    weight_b, first_b = _leading_group(b)
    weight = weight_a - weight_b - (1 if first_a <= first_b else 0)
    return min(max(16 - 4 * weight, scale(a), scale(b), 0), 1000)


def _leading_group(number: Number) -> tuple[int, int]:
    if not number:
        return 0, 0
    decimal = Decimal(number)
    weight = decimal.adjusted() // 4
    if abs(weight) > MAX_DIGITS:
        raise NumberError(f"a number has more than {MAX_DIGITS} digits")
    return weight, int(_ANY.scaleb(decimal, -4 * weight).copy_abs())


def floor_divide(a: Number, b: Number) -> int:
    """The whole part of a / b, rounded down: -7 // 2 is -4 (Python's sign)."""
    if not b:
        raise NumberError("division by zero")
    if type(a) is int and type(b) is int:
        return a // b
    dividend, divisor = _as_ints(a, b, max(scale(a), scale(b)))
    result = dividend // divisor
    if result.bit_length() > _MAX_BITS:
        raise NumberError(_TOO_LONG)
    return result


def modulo(a: Number, b: Number) -> Number:
    """a - b * (a // b): has the sign of b (Python's; Postgres takes a's)."""
    if not b:
        raise NumberError("division by zero")
    if type(a) is int and type(b) is int:
        return a % b
    places = max(scale(a), scale(b))
    dividend, divisor = _as_ints(a, b, places)
    return _unscaled(dividend % divisor, places)


def power(a: Number, b: Number) -> Number:
    """a ** b: exact for whole b >= 0, else to at least 16 significant digits."""
    if b == _truncated(b):
        exponent = _truncated(b)
        if exponent >= 0:
            return _whole_power(a, exponent)
        if not a:
            raise NumberError("zero cannot be raised to a negative power")
        return divide(1, _whole_power(a, -exponent))
    if a < 0:
        raise NumberError("a negative number has no power with a fraction")
    if not a:
        if b < 0:
            raise NumberError("zero cannot be raised to a negative power")
        return 0
    return _fractional_power(Decimal(a), b)


def _truncated(number: Number) -> int:
    if type(number) is int:
        return number
    if number.adjusted() > MAX_DIGITS:
        raise NumberError(_TOO_LONG)
    return int(number)


def _whole_power(a: Number, exponent: int) -> Number:
    if type(a) is int:
        if abs(a) > 1 and (a.bit_length() - 1) * exponent > _MAX_BITS:
            raise NumberError(_TOO_LONG)
        result = a**exponent if abs(a) > 1 else a ** (exponent % 2 if a else exponent)
        if result.bit_length() > _MAX_BITS:
            raise NumberError(_TOO_LONG)
        return result
    if digits(a) * exponent > MAX_DIGITS or scale(a) * exponent > MAX_DIGITS:
        raise NumberError(_TOO_LONG)
    try:
        return _LONG.power(a, exponent)
    except ArithmeticError:
        raise NumberError(_TOO_LONG) from None


def _fractional_power(base: Decimal, exponent: Decimal) -> Decimal:
    rough = Context(prec=20, traps=[])
    magnitude = rough.multiply(rough.log10(base), exponent)
    if magnitude.copy_abs() > 1000:
        raise NumberError("the result of ** is out of range")
    places = max(16 - int(magnitude), scale(base), scale(exponent), 0)
    if places > 1000:
        raise NumberError(_TOO_LONG)
    precise = Context(prec=places + max(0, int(magnitude)) + 8, traps=[])
    result = precise.power(base, exponent)
    return round_half_up(result, places)  # type: ignore[no-any-return]


def round_half_up(value: Number, digits: int = 0) -> Number:
    """The value rounded to so many digits after the point, halves away from zero.

    An int when digits <= 0 (hundreds with -2); never padded with zeros.
    """
    if scale(value) <= digits:
        return value
    if type(value) is not int and value.adjusted() > MAX_DIGITS:
        raise NumberError(_TOO_LONG)
    if digits > 0:
        return _quantized(value, digits)
    if digits < -MAX_DIGITS:
        return 0
    if type(value) is int:
        whole, unit = value, int(10**-digits)
        quotient, rest = divmod(abs(whole), unit)
        return (quotient + (2 * rest >= unit)) * unit * (1 if whole >= 0 else -1)
    return int(_quantized(value, digits))


def _quantized(value: Decimal, digits: int) -> Decimal:
    result = _ANY.quantize(value, Decimal((0, (1,), -digits)))
    return result if result else result.copy_abs()
