"""Machines without a database, for tests."""

from __future__ import annotations

from pgsm.engine.definition import DefinitionError

from .errors import (
    FunctionError,
    MissingFunction,
    NotFound,
    PermanentFailure,
    Refused,
    RetryAfter,
    Unsettled,
)
from .instance import Instance
from .outcomes import Takes, by_attempt
from .rows import Effect, LogEntry, Snapshot, Timer
from .world import World

__all__ = [
    "DefinitionError",
    "Effect",
    "FunctionError",
    "Instance",
    "LogEntry",
    "MissingFunction",
    "NotFound",
    "PermanentFailure",
    "Refused",
    "RetryAfter",
    "Snapshot",
    "Takes",
    "Timer",
    "Unsettled",
    "World",
    "by_attempt",
]
