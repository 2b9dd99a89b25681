"""What a world holds: the rows that the database has, as frozen values.

A row is replaced, never changed, so that a world is undone, copied and compared by its
rows.  Texts of JSON are as the engine takes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pgsm.rows import Snapshot as Snapshot

Json = Any


@dataclass(frozen=True)
class Version:
    """A version of a machine: an immutable document in normal form."""

    machine: str
    version: int
    checksum: str
    document: str
    unhandled: str = "ignore"
    scxml: bool = False


@dataclass(frozen=True)
class Timer:
    """A delayed, queued or deferred event of an instance.

    ``kind``    after, send (delayed, to itself), message, post, stop, deferred
    ``status``  armed, held, deferred, failed, undeliverable
    ``facts``   what the event carries beside its data: id, output, error, source
    """

    instance_id: str
    timer_id: str
    kind: str
    event: str
    data: Json
    due_at: datetime
    armed_at: datetime
    order: int
    facts: Mapping[str, Json] = field(default_factory=dict)
    state: str | None = None
    delay: str | None = None
    send_id: str | None = None
    sender: str | None = None
    actor: Json = None
    event_id: str | None = None
    status: str = "armed"
    attempts: int = 0
    last_error: Json = None


@dataclass(frozen=True)
class Effect:
    """A piece of work on the outside world; a fake handler is given it.

    ``status``  pending, running, retrying, succeeded, failed, cancelled, late
    ``key``     the idempotency key, the same for all attempts
    ``attempt`` counts from 1 while an attempt runs
    """

    instance_id: str
    effect_id: str
    machine: str
    name: str
    kind: str
    input: Json
    key: str
    policy: Mapping[str, Json]
    created_at: datetime
    due_at: datetime
    order: int
    deadline_at: datetime | None = None
    state: str | None = None
    invoke_id: str | None = None
    item: int | None = None
    reply: str | None = None
    status: str = "pending"
    attempt: int = 0
    output: Json = None
    error: Json = None
    cancel_requested: bool = False
    finished_at: datetime | None = None
    ends: Json = None  # how a running attempt will end, when the clock comes to due_at

    @property
    def open(self) -> bool:
        """Whether an answer is still to come."""
        return self.status in OPEN

    @property
    def attempts(self) -> int:
        """How many attempts its policy allows."""
        return int(self.policy.get("retry", {}).get("attempts", 10))


OPEN = ("pending", "retrying", "running")


@dataclass(frozen=True)
class LogEntry:
    """One step of an instance, as its row in the event log.

    ``changes``      the context's: paths set and removed, or None
    ``transitions``  JSON paths of those taken, in order
    ``origin``       start, event, post, timer, message, effect, repair
    """

    revision: int
    at: datetime
    origin: str
    event: str
    data: Json
    facts: Mapping[str, Json]
    actor: Json
    source_states: tuple[str, ...]
    target_states: tuple[str, ...]
    transitions: tuple[str, ...]
    changes: Json
    notes: tuple[Json, ...]
    emitted: tuple[Json, ...]
    answers: tuple[Json, ...]


@dataclass(frozen=True)
class Row:
    """An instance."""

    instance_id: str
    machine: str
    version: int
    clock: datetime
    started_at: datetime
    status: str = "active"
    states: tuple[str, ...] = ()
    value: Json = None
    tags: tuple[str, ...] = ()
    context: str = "{}"
    history: str | None = None
    work: str | None = None
    output: Json = None
    revision: int = 0
    parent_id: str | None = None
    child_id: str | None = None  # by what name its parent knows it
    keys: Mapping[str, Json] = field(default_factory=dict)
    answers: Mapping[str, Json] = field(default_factory=dict)  # by event id
    log: tuple[LogEntry, ...] = ()
    finished_at: datetime | None = None
    error: Json = None  # why a child's first step was refused

    @property
    def alive(self) -> bool:
        return self.status in ("active", "paused")
