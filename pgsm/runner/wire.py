"""JSON texts for jsonb parameters: exact, and refused here where jsonb would refuse."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ..engine import exact


def dumps(value: Any) -> str:
    """The JSON text of what a handler returned; Decimals keep all their digits.

    Raises ValueError for what is not JSON or what jsonb cannot hold.
    """
    return exact.dumps(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is not a JSON number")
        return Decimal(repr(value))
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
