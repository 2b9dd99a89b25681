"""How long a constant delay is, as far as that is known without Postgres."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_PART = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-z]+)", re.IGNORECASE)
_CLOCK = re.compile(r"\s*([0-9]+):([0-9]{2})(?::([0-9]+(?:\.[0-9]+)?))?\s*")
_ISO = re.compile(
    r"P(?:(?P<years>[0-9]+)Y)?(?:(?P<months>[0-9]+)M)?(?:(?P<weeks>[0-9]+)W)?"
    r"(?:(?P<days>[0-9]+)D)?(?:T(?:(?P<hours>[0-9]+)H)?(?:(?P<minutes>[0-9]+)M)?"
    r"(?:(?P<seconds>[0-9]+(?:\.[0-9]+)?)S)?)?"
)
_MONTHS = {"month": 1, "mon": 1, "year": 12, "yr": 12, "y": 12}
_DAYS = {"day": 1, "d": 1, "week": 7, "w": 7}
_MILLISECONDS = {
    **dict.fromkeys(("ms", "msec", "millisecond"), 1),
    **dict.fromkeys(("s", "sec", "second"), 1000),
    **dict.fromkeys(("m", "min", "minute"), 60_000),
    **dict.fromkeys(("h", "hr", "hour"), 3_600_000),
}


@dataclass(frozen=True)
class Length:
    """A length of time; months and days are of no fixed length."""

    months: Decimal = Decimal(0)
    days: Decimal = Decimal(0)
    milliseconds: Decimal = Decimal(0)

    def is_less_than(self, other: Length) -> bool:
        """Whether it is shorter on every calendar."""
        return self != other and (
            self.months <= other.months
            and self.days <= other.days
            and self.milliseconds <= other.milliseconds
        )


def length(delay: Any) -> Length | None:
    """The length of a delay of a document; None when it depends or is not known."""
    if isinstance(delay, (int, Decimal)) and not isinstance(delay, bool):
        return Length(milliseconds=Decimal(delay))
    if not isinstance(delay, str):
        return None
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", delay):
        return Length(milliseconds=Decimal(delay))
    return _iso(delay) if delay.startswith("P") else _words(delay)


def _words(text: str) -> Length | None:
    found = {"months": Decimal(0), "days": Decimal(0), "milliseconds": Decimal(0)}
    offset = 0
    while match := _PART.match(text, offset):
        offset = match.end()
        for name, units in (
            ("months", _MONTHS),
            ("days", _DAYS),
            ("milliseconds", _MILLISECONDS),
        ):
            unit = match[2].lower()
            factor = units.get(unit, units.get(unit.removesuffix("s")))
            if factor is not None:
                found[name] += Decimal(match[1]) * factor
                break
        else:
            return None
    if not text[offset:].strip():
        return _whole(Length(**found)) if offset else None
    clock = _CLOCK.fullmatch(text, offset)
    if clock is None:
        return None
    minutes = Decimal(clock[1]) * 60 + Decimal(clock[2])
    found["milliseconds"] += minutes * 60_000 + Decimal(clock[3] or 0) * 1000
    return _whole(Length(**found))


def _iso(text: str) -> Length | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    part = {name: Decimal(number or 0) for name, number in match.groupdict().items()}
    minutes = part["hours"] * 60 + part["minutes"]
    return Length(
        part["years"] * 12 + part["months"],
        part["weeks"] * 7 + part["days"],
        minutes * 60_000 + part["seconds"] * 1000,
    )


def _whole(found: Length) -> Length | None:
    """The length, unless it has parts of months or days, which spill over."""
    whole = found.months % 1 == 0 and found.days % 1 == 0
    return found if whole else None
