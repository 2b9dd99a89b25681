"""Delays and durations: milliseconds, interval texts, ISO 8601, names, points in time.

Only the looks of an interval are checked here; Postgres has the last word on the texts
that are collected in `Check.intervals`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from . import exact
from .definition_problems import quote
from .definition_shapes import (
    DROP,
    At,
    Check,
    Shape,
    is_name,
    one_of,
    read_object,
)
from .definition_values import expression, value

LONGEST_DELAY = 1000 * 366 * 24 * 60 * 60 * 1000  # a thousand years of milliseconds

_UNITS = (
    "us|usecs?|microseconds?|ms|msecs?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?"
    "|h|hrs?|hours?|d|days?|w|weeks?|mons?|months?|y|yrs?|years?"
    "|decs?|decades?|cent|century|centuries|mil|mils|millennium|millennia"
)
_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{1,15})?"
_MILLISECONDS = re.compile(_NUMBER)
_INTERVAL = re.compile(
    rf"\s*@?(?:\s*{_NUMBER}\s*(?:{_UNITS})(?![a-z]))*"
    rf"(?:\s*[0-9]{{1,9}}:[0-9]{{2}}(?::{_NUMBER})?)?\s*",
    re.IGNORECASE,
)
_ISO = re.compile(rf"P(?=[0-9T])(?:{_NUMBER}[YMWD])*(?:T(?=[0-9])(?:{_NUMBER}[HMS])+)?")
_ATTEMPT = re.compile(r"[\s\d+@.:-]|PT?[0-9]|$")  # at a length of time, not a name
_UNIT_WORDS = ("seconds", "minutes", "hours", "days", "weeks", "months", "years")
_EXAMPLES = 'write milliseconds, "10 minutes", "PT10M" or the name of a delay'


def looks_like_interval(raw: str) -> bool:
    """Whether the text is an interval at first sight: `1 day 02:30`, `PT10M`."""
    if not any(char.isdigit() for char in raw):
        return False
    return bool(_ISO.fullmatch(raw) or _INTERVAL.fullmatch(raw))


def is_number(raw: str) -> bool:
    """Whether a text counts units, milliseconds where none are named."""
    return bool(_MILLISECONDS.fullmatch(raw))


def looks_like_delay(raw: str) -> bool:
    """Whether a text is a delay by itself, so that it cannot be the name of one."""
    return is_number(raw) or looks_like_interval(raw)


def milliseconds(check: Check, raw: Any, at: At) -> Any:
    """A number of milliseconds that is not negative."""
    if 0 <= raw <= LONGEST_DELAY:
        return raw
    message = "a delay may not be negative" if raw < 0 else "the delay is too long"
    check.problem(at, "bad_delay", message)
    return DROP


def duration(check: Check, raw: Any, at: At) -> Any:
    """A length of time that is fixed at definition: milliseconds or a text."""
    if isinstance(raw, (int, Decimal)) and not isinstance(raw, bool):
        return milliseconds(check, raw, at)
    if not isinstance(raw, str):
        return check.wrong_type(at, "a length of time", raw)
    return raw if _delay_text(check, raw, at, None) else DROP


def delay_key(check: Check, raw: str, at: At) -> bool:
    """Whether a key of `after` is a delay; if not, that is reported."""
    return _delay_text(check, raw, at, check.declared["delays"])


def _delay_text(check: Check, raw: str, at: At, names: frozenset[str] | None) -> bool:
    if names and raw in names:
        return True
    if is_number(raw):
        return milliseconds(check, Decimal(raw), at) is not DROP
    if looks_like_interval(raw):
        check.intervals.append((exact.json_path(at.path), raw))
        return True
    if names is not None and not _ATTEMPT.match(raw):
        message = f"there is no delay {quote(raw)}"
        hint = check.suggest(raw, names) or 'declare it in "implementations"."delays"'
        check.problem(at, "unresolved_delay", message, hint)
    else:
        check.problem(at, "bad_delay", f"{quote(raw)} is not a delay", _EXAMPLES)
    return False


def delay(check: Check, raw: Any, at: At) -> Any:
    """A delay of any form."""
    if isinstance(raw, str):
        return raw if delay_key(check, raw, at) else DROP
    if isinstance(raw, dict) and "type" in raw:
        return _named(check, raw, at)
    return delay_definition(check, raw, at)


def delay_definition(check: Check, raw: Any, at: At) -> Any:
    """A delay of any form but a name, as implementations have it."""
    if not isinstance(raw, dict):
        return duration(check, raw, at)
    if "at" in raw:
        return read_object(check, raw, at, _POINT_IN_TIME)
    if "expr" in raw:
        return read_object(check, raw, at, _COMPUTED)
    message = "an object that is a delay has one of the keys expr, at, type"
    hint = 'write {"at": {"sql": …}} for a time that a function gives'
    check.problem(at, "bad_delay", message, hint if "sql" in raw else None)
    return DROP


def _named(check: Check, raw: dict[str, Any], at: At) -> Any:
    result = read_object(check, raw, at, _NAMED)
    return result["type"] if list(result) == ["type"] else result


def _delay_name(check: Check, raw: Any, at: At) -> Any:
    if not isinstance(raw, str):
        return check.wrong_type(at, "the name of a delay", raw)
    known = check.declared["delays"]
    if raw not in known:
        message = f"there is no delay {quote(raw)}"
        check.problem(at, "unresolved_delay", message, check.suggest(raw, known))
    return raw


def delay_implementation(check: Check, raw: dict[str, Any], at: At) -> dict[str, Any]:
    """The delays of implementations; their names may not look like delays."""
    result = {}
    for key, item in raw.items():
        if is_name(check, key, at / key) and looks_like_delay(key):
            message = f"{quote(key)} is a delay by itself and cannot be a name"
            check.problem(at / key, "reserved_name", message)
        result[key] = delay_definition(check, item, at / key)
    return {key: item for key, item in result.items() if item is not DROP}


def rearmed(check: Check, raw: Any, at: At) -> Any:
    """The delay of some `after` of the document, as that writes it."""
    if not isinstance(raw, str):
        return check.wrong_type(at, "the delay of an after transition", raw)
    if raw not in check.after_keys:
        message = f"no state has an after transition with the delay {quote(raw)}"
        hint = check.suggest(raw, check.after_keys)
        check.problem(at, "unresolved_delay", message, hint)
    return raw


_POINT_IN_TIME = Shape("delay", {"at": value}, ("at",))
_COMPUTED = Shape(
    "delay", {"expr": expression, "unit": one_of("milliseconds", *_UNIT_WORDS)}
)
_NAMED = Shape("delay", {"type": _delay_name, "params": value})
