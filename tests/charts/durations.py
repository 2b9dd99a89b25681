"""Lengths of time as documents write them, added to a point in time by the calendar."""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-zA-Z]+)")
_ISO = re.compile(r"([0-9]+(?:\.[0-9]+)?)([YMWDHS])|(T)")
_ISO_DATE = {"Y": "years", "M": "months", "W": "weeks", "D": "days"}
_ISO_TIME = {"H": "hours", "M": "minutes", "S": "seconds"}
_SECONDS = {"milliseconds": 0.001, "seconds": 1, "minutes": 60, "hours": 3600}
_WORDS = {
    "ms": "milliseconds",
    "s": "seconds",
    "sec": "seconds",
    "m": "minutes",
    "min": "minutes",
    "h": "hours",
    "d": "days",
}


def add(start: datetime, text: str, zone: str = "UTC") -> datetime:
    """The time that is `text` after `start`: days and months by the zone's calendar."""
    months, days, seconds = 0.0, 0.0, 0.0
    for amount, unit in _parts(text):
        if unit in _SECONDS:
            seconds += amount * _SECONDS[unit]
        elif unit in ("days", "weeks"):
            days += amount * (7 if unit == "weeks" else 1)
        else:
            months += amount * (12 if unit == "years" else 1)
    moved = start
    if months or days:
        local = start.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        local = _add_months(local, int(months)) + timedelta(days=days)
        moved = local.replace(tzinfo=ZoneInfo(zone)).astimezone(timezone.utc)
    return moved + timedelta(seconds=round(seconds, 6))


def _parts(text: str) -> list[tuple[float, str]]:
    if text.startswith("P"):
        return _iso_parts(text)
    if text.strip() == "0":
        return []
    found = [(float(amount), _unit(word)) for amount, word in _PART.findall(text)]
    if not found or _PART.sub("", text).strip():
        raise ValueError(f"{text!r} is no delay")
    return found


def _iso_parts(text: str) -> list[tuple[float, str]]:
    units, found = _ISO_DATE, []
    for amount, letter, time in _ISO.findall(text):
        if time:
            units = _ISO_TIME
        else:
            found.append((float(amount), units[letter]))
    return found


def _unit(word: str) -> str:
    word = word.lower()
    return _WORDS.get(word) or (word if word.endswith("s") else word + "s")


def _add_months(start: datetime, months: int) -> datetime:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return start.replace(year=year, month=month + 1, day=min(start.day, last))
