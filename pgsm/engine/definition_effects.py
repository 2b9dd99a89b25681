"""Effects: their declarations, and what a use of one may override."""

from __future__ import annotations

from typing import Any

from .definition_delays import duration
from .definition_problems import quote
from .definition_shapes import (
    DROP,
    At,
    Check,
    Reader,
    Shape,
    anything,
    boolean,
    map_of,
    number,
    one_of,
    read_object,
    schema,
    text,
)
from .definition_values import value

RETRY = Shape(
    "retry",
    {
        "attempts": number(1, whole=True, most=1_000_000),
        "backoff": duration,
        "factor": number(1, most=1_000),
        "max": duration,
        "jitter": number(0, most=1),
    },
)


def _retry(check: Check, raw: Any, at: At) -> Any:
    return read_object(check, raw, at, RETRY)


LATE = one_of("deliver", "keep")
OVERRIDES: dict[str, Reader] = {
    "retry": _retry,
    "timeout": duration,
    "within": duration,
    "priority": number(-1_000_000, whole=True, most=1_000_000),
    "ordered": boolean,
    "key": value,
}
EFFECT = Shape(
    "effect",
    {
        **OVERRIDES,
        "late": LATE,
        "inputSchema": schema,
        "outputSchema": schema,
        "description": text,
        "meta": anything,
    },
)


def declared_effect(check: Check, raw: Any, at: At) -> Any:
    """The name of an effect that implementations declare; it is noted as used."""
    if not isinstance(raw, str):
        return check.wrong_type(at, "the name of an effect", raw)
    known = check.declared["effects"]
    if raw in known:
        check.effects[raw] = None
        return raw
    hint = check.suggest(raw, known)
    hint = hint or 'declare it in "implementations"."effects"; {} is enough'
    message = f"the effect {quote(raw)} is not declared"
    check.problem(at, "undeclared_effect", message, hint)
    return DROP


def _effect(check: Check, raw: Any, at: At) -> Any:
    return read_object(check, raw, at, EFFECT)


effect_implementations = map_of(_effect)
