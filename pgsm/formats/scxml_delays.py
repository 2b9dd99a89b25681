"""Delays as SCXML has them: seconds and milliseconds."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

_PART = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-z]+)", re.IGNORECASE)
_ISO = re.compile(
    r"P(?:([\d.]+)W)?(?:([\d.]+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?"
)
_SECONDS = {
    Decimal("0.001"): "ms msec msecs millisecond milliseconds",
    Decimal(1): "s sec secs second seconds",
    Decimal(60): "m min mins minute minutes",
    Decimal(3600): "h hr hrs hour hours",
    Decimal(86400): "d day days",
    Decimal(604800): "w week weeks",
}
_UNITS = {name: size for size, names in _SECONDS.items() for name in names.split()}
_ISO_SIZES = (604800, 86400, 3600, 60, 1)


def css_time(delay: Any) -> tuple[str | None, bool]:
    """The delay as `1.5s` or `20ms`, and whether it is only about that long.

    A day is not always 24 hours.  None for what is no fixed length of time.
    """
    if isinstance(delay, (int, Decimal)) and not isinstance(delay, bool):
        return f"{delay:f}ms" if isinstance(delay, Decimal) else f"{delay}ms", False
    if not isinstance(delay, str):
        return None, False
    text = delay.strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?(ms|s)", text):
        return text, False
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return text + "ms", False
    parts = _parts(text)
    if parts is None:
        return None, False
    seconds = sum((number * size for number, size in parts), Decimal(0))
    return f"{seconds.normalize():f}s", any(size >= 86400 for _, size in parts)


def _parts(text: str) -> list[tuple[Decimal, Decimal]] | None:
    iso = _ISO.fullmatch(text)
    if iso and len(text) > 1:
        return [
            (Decimal(number), Decimal(size))
            for number, size in zip(iso.groups(), _ISO_SIZES, strict=True)
            if number
        ]
    found = _PART.findall(text)
    if not found or _PART.sub("", text).strip():
        return None
    if any(unit.lower() not in _UNITS for _, unit in found):
        return None
    return [(Decimal(number), _UNITS[unit.lower()]) for number, unit in found]
