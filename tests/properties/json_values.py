"""What a JSON value is to the engine."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pgsm.engine import exact


def is_json(value: Any) -> bool:
    """Whether it is made of JSON values only, exact types, and can be written."""
    if not _is_made_of_json(value):
        return False
    text = exact.dumps(value)
    return bool(exact.loads(text) == value)


def _is_made_of_json(value: Any) -> bool:
    if type(value) is list:
        return all(map(_is_made_of_json, value))
    if type(value) is dict:
        return all(type(k) is str and _is_made_of_json(v) for k, v in value.items())
    if type(value) is Decimal:
        return value.is_finite()
    return value is None or type(value) in (bool, int, str)
