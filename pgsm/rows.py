"""What the clients return: rows of the database as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

Json = Any
ENDED = ("done", "stopped", "failed")


@dataclass(frozen=True)
class Snapshot:
    """An instance after a call, and what the call did.

    ``status``   active, paused, done, stopped; failed: a child whose start was refused
    ``value``    the configuration in XState's shape: "a" or {"a": "b"}
    ``states``   the paths of all active states, in document order
    ``outcome``  taken, no_transition, guarded (details: ``refused_by``), deferred, or
                 None where no event was sent

    Numbers are int or Decimal.
    """

    instance_id: str
    machine: str
    version: int
    status: str
    value: Json
    states: list[str]
    context: Json
    tags: list[str]
    output: Json
    revision: int
    outcome: str | None = None
    details: Json = None

    def matches(self, state: str) -> bool:
        """Whether the state of this path is active."""
        return state in self.states

    @property
    def ended(self) -> bool:
        """Whether it is over: done, stopped or failed."""
        return self.status in ENDED


@dataclass(frozen=True)
class LogEntry:
    """One step of an instance: a row of `pgsm.event_log`.

    ``origin``       start, event, post, timer, message, effect, upgrade, repair
    ``at``           the step's time by the database's clock
    ``transitions``  JSON paths of those taken, in order
    ``changes``      the context's: paths set and removed, or None
    ``emitted``      ``{"event", "data"}`` of its emit actions
    """

    instance_id: str
    revision: int
    at: datetime
    machine: str
    version: int
    origin: str
    event: str
    data: Json
    event_id: str | None
    facts: Json
    actor: Json
    source_states: list[str]
    target_states: list[str]
    transitions: list[str]
    changes: Json
    notes: list[Json]
    emitted: list[Json]

    def matches(self, state: str) -> bool:
        """Whether the state of this path was active after the step."""
        return state in self.target_states


@dataclass(frozen=True)
class EnabledEvent:
    """An event that an active state names.

    ``enabled`` is yes, no (its guards say no now), or depends: on the event's data, or
    on SQL, which is not asked.
    """

    event: str
    state: str
    enabled: str


@dataclass(frozen=True)
class Simulation:
    """What an event would do: the snapshot as it would be, and what it would write.

    ``effects``, ``timers``, ``messages``, ``children``, ``emitted`` are lists of
    objects, as `pgsm.simulate_event` has them.
    """

    snapshot: Snapshot
    changes: Json
    timers: list[Json]
    effects: list[Json]
    messages: list[Json]
    children: list[Json]
    emitted: list[Json]

    @property
    def outcome(self) -> str | None:
        return self.snapshot.outcome
