"""JSON texts for jsonb parameters: exact, and refused here where jsonb would refuse."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from ..engine import exact


def dumps(value: Any) -> str:
    """The JSON text of what a handler returned; Decimals keep all their digits.

    Dataclasses, msgspec's Structs, pydantic's models, dates, UUIDs, enums and sets have
    their usual forms.  Raises ValueError for what has none or what jsonb cannot hold.
    """
    try:
        builtins = msgspec.to_builtins(
            value, builtin_types=(Decimal,), str_keys=True, enc_hook=_other
        )
    except (TypeError, RecursionError) as problem:
        raise ValueError(str(problem)) from problem
    return exact.dumps(_plain(builtins))


def _other(value: Any) -> Any:
    if isinstance(value, str):
        return str.__str__(value)  # a subclass, which msgspec does not take
    if isinstance(value, (int, float)):
        return int(value) if isinstance(value, int) else float(value)
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    raise TypeError(f"a {type(value).__name__} has no form in JSON")


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
