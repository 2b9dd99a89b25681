"""The functions of texts and of times, which are texts in ISO 8601."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from . import exact
from . import expression_values as values
from .exact import Value
from .expression_table import function, list_of, number_of, refusal, text_of
from .expression_values import EvaluationError, Work

TIME_COST = 30  # units of work to read a time


@function("upper(text)")
def upper(work: Work, text: Value) -> Value:
    """The text in upper case."""
    return text_of("upper", text, work).upper()


@function("lower(text)")
def lower(work: Work, text: Value) -> Value:
    """The text in lower case."""
    return text_of("lower", text, work).lower()


@function("trim(text)")
def trim(work: Work, text: Value) -> Value:
    """The text without white space at its beginning and end."""
    return text_of("trim", text, work).strip()


@function("split(text, separator=null)")
def split(work: Work, text: Value, separator: Value = None) -> Value:
    """The parts of a text between separators, or else between white space."""
    text = text_of("split", text, work)
    if separator is None:
        work.spend(len(text) // 2)
        return text.split()
    if not text_of("split", separator, work):
        raise EvaluationError("the separator of split is not empty")
    values.size(text.count(separator) + 1, work)
    return text.split(separator)


@function("join(list, separator='')")
def join(work: Work, texts: Value, separator: Value = "") -> Value:
    """One text of the texts in a list, with the separator between them."""
    total = 0
    for text in list_of("join", texts, work):
        if type(text) is not str:
            raise refusal("join", "a list of texts", text)
        total += len(text)
    between = text_of("join", separator, work)
    values.text_size(total + len(between) * len(texts), work)
    return between.join(texts)


@function("replace(text, old, new)")
def replace(work: Work, text: Value, old: Value, new: Value) -> Value:
    """The text with each occurrence of one text replaced by another."""
    text, old = text_of("replace", text, work), text_of("replace", old, work)
    if not old:
        raise EvaluationError("replace cannot replace an empty text")
    found = text.count(old)
    values.text_size(len(text) + found * len(text_of("replace", new, work)), work)
    return text.replace(old, new)


@function("startswith(text, prefix)")
def startswith(work: Work, text: Value, prefix: Value) -> Value:
    """Whether the text begins with the prefix."""
    return text_of("startswith", text, work).startswith(
        text_of("startswith", prefix, work)
    )


@function("endswith(text, suffix)")
def endswith(work: Work, text: Value, suffix: Value) -> Value:
    """Whether the text ends with the suffix."""
    return text_of("endswith", text, work).endswith(text_of("endswith", suffix, work))


_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6})[0-9]{0,12})?)?"
    r"\s?(Z|z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
_MICROSECOND = timedelta(microseconds=1)


def _time(name: str, value: Value, work: Work) -> datetime:
    """A point in time from ISO 8601 text, in UTC; UTC where the text names no zone."""
    text = text_of(name, value, work)
    work.spend(TIME_COST)
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


@function("seconds(a, b)")
def seconds(work: Work, a: Value, b: Value) -> Value:
    """The exact number of seconds from time a to time b; negative when b is earlier."""
    passed = _time("seconds", b, work) - _time("seconds", a, work)
    return exact.divide(passed // _MICROSECOND, 1_000_000)


@function("add_seconds(time, number)")
def add_seconds(work: Work, time: Value, number: Value) -> Value:
    """The time so many seconds later, in UTC with six decimals."""
    start = _time("add_seconds", time, work)
    micros = exact.round_half_up(
        values.multiply(number_of("add_seconds", number, work), 1_000_000, work)
    )
    try:
        return _written(start + timedelta(microseconds=int(micros)))
    except OverflowError:
        raise EvaluationError("add_seconds: the time is out of range") from None


@function("timestamp(time)")
def timestamp(work: Work, time: Value) -> Value:
    """The time in UTC with six decimals, which is the form of `now`."""
    return _written(_time("timestamp", time, work))


@function("date(time)")
def date(work: Work, time: Value) -> Value:
    """The day of a time in UTC, such as "2024-02-29"."""
    return _time("date", time, work).date().isoformat()
