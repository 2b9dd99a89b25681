"""Scenarios and their steps as they stand in a file; what hosts show of instances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

Json = Any

# what a step may do, and the keys that go with it
VERBS: dict[str, tuple[str, ...]] = {
    "send": ("data", "to", "as", "event_id"),
    "post": ("data", "to", "as", "delay"),
    "advance": (),
    "advance_to": (),
    "done": ("output", "of"),
    "error": ("message", "code", "type", "data", "of"),
    "retry": ("message", "code", "type", "data", "after", "of"),
    "start": ("input", "id", "as"),
    "functions": (),
}


@dataclass(frozen=True)
class Step:
    """One step: a verb (none: only a look), what it takes, and what is then expected.

    ``path`` is its place in the file, ``lines`` the lines of its keys and of those of
    its expectation ("expect.value").
    """

    number: int
    path: str
    line: int
    verb: str | None
    given: Mapping[str, Json]
    expect: Mapping[str, Json]
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Scenario:
    """A scenario of a file.  ``machine`` and ``machines`` are sources as written."""

    name: str
    file: str
    line: int
    machine: Json
    steps: tuple[Step, ...]
    machines: tuple[Json, ...] = ()
    version: int | None = None
    input: Json = None
    instance_id: str | None = None
    clock: str | None = None
    actor: Json = None
    functions: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class View:
    """An instance as a step finds it; `effects` and `timers` are rows.

    An effect has effect_id, name, invoke, input, status, attempt, key, output, error;
    a timer event, state, delay, send_id, data, status and due_at.
    """

    instance_id: str
    machine: str
    version: int
    status: str
    value: Json
    states: Sequence[str]
    context: Json
    tags: Sequence[str]
    output: Json
    revision: int
    effects: Sequence[Mapping[str, Json]] = ()
    timers: Sequence[Mapping[str, Json]] = ()


@dataclass(frozen=True)
class Entry:
    """A step of an instance's log, as far as expectations and coverage go."""

    revision: int
    transitions: Sequence[str]
    source_states: Sequence[str]
    target_states: Sequence[str]
    notes: Sequence[Json]
    emitted: Sequence[Json]


class HostError(Exception):
    """A step cannot be done: there is no such effect, function, instance."""


class Host(Protocol):
    """Where a scenario is played.

    Calls raise `pgsm.testing.Refused` for what a machine or pgsm refuses, HostError for
    what the scenario has wrong.
    """

    @property
    def clock(self) -> datetime: ...
    def define(self, document: Json, name: str) -> None: ...
    def knows(self, machine: str) -> bool: ...
    def functions(self, returned: Mapping[str, Json]) -> None: ...
    def start(
        self,
        machine: str,
        given: Json,
        instance_id: str | None,
        actor: Json,
        version: int | None = None,
    ) -> str: ...
    def send(
        self,
        instance_id: str,
        event: str,
        data: Json,
        actor: Json,
        event_id: str | None,
    ) -> tuple[str | None, Json]: ...
    def post(
        self, instance_id: str, event: str, data: Json, actor: Json, delay: str | None
    ) -> None: ...
    def complete(self, instance_id: str, effect: str, output: Json) -> None: ...
    def fail(
        self,
        instance_id: str,
        effect: str,
        error: Json,
        permanent: bool,
        after: str | None,
    ) -> None: ...
    def settle(self) -> None: ...
    def advance_to(self, time: datetime) -> None: ...
    def view(self, instance_id: str) -> View: ...
    def log(self, instance_id: str, after: int) -> list[Entry]: ...
    def would_take(
        self, instance_id: str, event: str, data: Json, actor: Json
    ) -> bool: ...
    def find(self, near: str, name: str) -> str: ...
    def failures(self) -> list[tuple[str, str, str]]: ...
