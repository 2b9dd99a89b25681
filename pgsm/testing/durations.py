"""Lengths of time as documents write them, added to a point in time by the calendar.

The arithmetic is Postgres's: months, then days by the wall clock of a zone, then
seconds; the fraction of a greater unit becomes smaller ones.
"""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_TIME = re.compile(rf"([0-9]+):([0-9]{{2}})(?::({_NUMBER}))?")
_PART = re.compile(rf"({_NUMBER})\s*([a-zA-Z]+)")
_ISO = re.compile(rf"({_NUMBER})([YMWDHS])|(T)")
_ISO_DATE = {"Y": "year", "M": "month", "W": "week", "D": "day"}
_ISO_TIME = {"H": "hour", "M": "minute", "S": "second"}

_SECONDS = {
    "microsecond": Decimal("0.000001"),
    "millisecond": Decimal("0.001"),
    "second": Decimal(1),
    "minute": Decimal(60),
    "hour": Decimal(3600),
}
_DAYS = {"day": 1, "week": 7}
_MONTHS = {
    "month": 1,
    "year": 12,
    "decade": 120,
    "century": 1200,
    "millennium": 12000,
}
_DAY = 86400
_WORDS = {
    word: unit
    for unit, words in {
        "microsecond": "us usec usecs microseconds",
        "millisecond": "ms msec msecs milliseconds",
        "second": "s sec secs seconds",
        "minute": "m min mins minutes",
        "hour": "h hr hrs hours",
        "day": "d days",
        "week": "w weeks",
        "month": "mon mons months",
        "year": "y yr yrs years",
        "decade": "dec decs decades",
        "century": "c cent centuries",
        "millennium": "mil mils millennia",
    }.items()
    for word in (unit, *words.split())
}


def add(start: datetime, length: str, zone: str = "UTC") -> datetime:
    """The time that is `length` after `start`: days and months by the zone's calendar.

        add(noon, "1 day 02:30")
        add(noon, "P1M", "Europe/Berlin")

    Raises ValueError for what is no length of time.
    """
    months, days, seconds = 0, 0, Decimal(0)
    for amount, unit in _parts(length):
        more_months, more_days, more_seconds = _split(amount, unit)
        months += more_months
        days += more_days
        seconds += more_seconds
    moved = start
    try:
        if months or days:
            local = start.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
            local = _add_months(local, months) + timedelta(days=days)
            moved = _in_zone(local, ZoneInfo(zone)).astimezone(timezone.utc)
        microseconds = (seconds * 1_000_000).to_integral_value(ROUND_HALF_EVEN)
        return moved + timedelta(microseconds=int(microseconds))
    except OverflowError:
        raise ValueError(f'"{length}" is too long a delay') from None


def span(length: str | int | Decimal) -> timedelta:
    """A length of time that needs no calendar: a month has 30 days, a day 24 hours.

    A number, or a text of one, is milliseconds.
    """
    if isinstance(length, (int, Decimal)) or re.fullmatch(_NUMBER, length):
        return timedelta(milliseconds=float(length))
    seconds = Decimal(0)
    for amount, unit in _parts(length):
        months, days, rest = _split(amount, unit)
        seconds += (months * 30 + days) * _DAY + rest
    return timedelta(microseconds=int(seconds * 1_000_000))


_POINT = re.compile(
    r"(\d{4}-\d{2}-\d{2})"
    r"(?:[T ](\d{2}):(\d{2})(?::(\d{2}(?:[.,]\d+)?))?)?"
    r"\s*(?:Z|([+-])(\d{2})(?::?(\d{2}))?)?",
    re.ASCII,
)


def read_time(text: str, zone: str = "UTC") -> datetime:
    """The point in time of an ISO 8601 text; in `zone` where it has no offset.

    Raises ValueError for what is none.
    """
    match = _POINT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f'"{text:.100}" is no point in time')
    day, hours, minutes, seconds, sign, *offset = match.groups()
    try:
        passed = _time_of_day(hours or "0", minutes or "0", seconds or "0")
        local = datetime.fromisoformat(day) + passed
        if sign is None and "Z" not in text:
            return _in_zone(local, ZoneInfo(zone)).astimezone(timezone.utc)
        ahead = _offset(*(int(part or 0) for part in offset))
        local += ahead if sign == "-" else -ahead
        return local.replace(tzinfo=timezone.utc)
    except OverflowError:
        raise ValueError(f'"{text}" is beyond the calendar') from None


def _time_of_day(hours: str, minutes: str, seconds: str) -> timedelta:
    """What has passed since midnight; as in Postgres until 24:00, and a second more."""
    exact = Decimal(seconds.replace(",", "."))
    micros = int((exact * 1_000_000).to_integral_value(ROUND_HALF_EVEN))
    passed = timedelta(hours=int(hours), minutes=int(minutes), microseconds=micros)
    if int(minutes) > 59 or int(exact) > 60 or passed > timedelta(days=1):
        raise ValueError(f"there is no time of {hours}:{minutes}:{seconds}")
    return passed


def _offset(hours: int, minutes: int) -> timedelta:
    if hours > 15 or minutes > 59:
        raise ValueError("there is no such time zone")
    return timedelta(hours=hours, minutes=minutes)


def _split(amount: Decimal, unit: str) -> tuple[int, int, Decimal]:
    """Months, days and seconds of so many units."""
    if unit in _SECONDS:
        return 0, 0, amount * _SECONDS[unit]
    months, days = 0, amount * _DAYS.get(unit, 0)
    if unit in _MONTHS:
        exact = amount * _MONTHS[unit]
        if unit == "month":
            months, days = int(exact), (exact - int(exact)) * 30
        else:
            months = int(exact.to_integral_value(ROUND_HALF_EVEN))
    whole = int(days)
    return months, whole, (days - whole) * _DAY


def _parts(length: str) -> list[tuple[Decimal, str]]:
    found: list[tuple[Decimal, str]] = []
    text = length.strip()
    if text == "0":
        return []
    if text.startswith("P"):
        found = _iso_parts(text)
    else:
        said: set[str] = set()
        if time := _TIME.search(text):
            clock = zip(time.groups(), ("hour", "minute", "second"), strict=True)
            found = [(Decimal(n), unit) for n, unit in clock if n is not None]
            text = text[: time.start()] + text[time.end() :]
            said = set(_SECONDS)
        words = _PART.findall(text)
        if any(word.lower() not in _WORDS for _, word in words):
            raise ValueError(f'"{length}" is no delay')
        named = [(Decimal(amount), _WORDS[word.lower()]) for amount, word in words]
        found += named
        if _PART.sub("", text).strip(" @") or _says_twice(named, said):
            found = []
    if not found:
        raise ValueError(f'"{length}" is no delay')
    return found


def _says_twice(parts: list[tuple[Decimal, str]], said: set[str]) -> bool:
    """Whether Postgres finds a unit twice; seconds with a fraction are all below."""
    for amount, unit in parts:
        units = {unit}
        if unit == "second" and amount != int(amount):
            units = {"second", "millisecond", "microsecond"}
        if units & said:
            return True
        said |= units
    return False


def _iso_parts(text: str) -> list[tuple[Decimal, str]]:
    units, found = _ISO_DATE, []
    for amount, letter, time in _ISO.findall(text):
        if time:
            units = _ISO_TIME
        elif letter not in units:
            return []
        else:
            found.append((Decimal(amount), units[letter]))
    return [] if _ISO.sub("", text) != "P" else found


def _add_months(start: datetime, months: int) -> datetime:
    if not months:
        return start
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    last = calendar.monthrange(year, month + 1)[1]
    return start.replace(year=year, month=month + 1, day=min(start.day, last))


def _in_zone(local: datetime, zone: ZoneInfo) -> datetime:
    """A wall clock's time; one that comes twice, or never, is standard time's."""
    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    before, after = first.utcoffset(), second.utcoffset()
    assert before is not None
    assert after is not None
    return second if before > after else first
