"""What a watcher does, without doing it: generators of questions, rests and steps.

A client drives one of these with its own connection: it answers an `Ask` with the
statement's result, rests for a `Rest` until it is notified or the time is over, and
hands a `Found` to the caller.  So both clients wait in the same way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

from ..rows import LogEntry, Snapshot
from . import statements
from .statements import Statement

CHANNEL = "pgsm_watch"
LEASE_SECONDS = 60.0
QUICK_FIRST = 0.02
BEHIND_SECONDS = 5.0  # the poll behind the notifications
BATCH = 500

Predicate = Callable[[Snapshot], bool]
Clock = Callable[[], float]
Returned = TypeVar("Returned")


class WaitTimeout(TimeoutError):
    """`wait_for` waited in vain; `snapshot` is the instance as it was last seen."""

    def __init__(self, snapshot: Snapshot, seconds: float) -> None:
        where = f"{snapshot.status}, {snapshot.value}, revision {snapshot.revision}"
        super().__init__(f"after {seconds} s {snapshot.instance_id!r} is {where}")
        self.snapshot = snapshot


class NeverReached(Exception):
    """The instance has ended, and what `wait_for` waits for is not so."""

    def __init__(self, snapshot: Snapshot) -> None:
        where = f"{snapshot.status} in {snapshot.value}"
        super().__init__(f"instance {snapshot.instance_id!r} has ended, {where}")
        self.snapshot = snapshot


@dataclass(frozen=True)
class Ask:
    """A statement to be run, whose result is sent in."""

    statement: Statement[Any]


@dataclass(frozen=True)
class Rest:
    """Sleep for so long, or until the instance's id is notified."""

    seconds: float


@dataclass(frozen=True)
class Found:
    """A step for the caller."""

    step: LogEntry


Plan = Generator[Ask | Rest | Found, Any, Returned]


class Attention:
    """Keeps the database notifying, and knows how long to rest.

    The registration is in the instance's row, under its lock: once it is there, every
    later step notifies.  Where a step is under way it is not waited for, since it may
    be the caller's own.
    """

    def __init__(
        self, instance_id: str, listens: bool, poll: float, clock: Clock
    ) -> None:
        self._instance_id = instance_id
        self._listens = listens
        self._poll = poll
        self._clock = clock
        self._renew_at = 0.0
        self._quick = QUICK_FIRST

    def renew(self) -> Plan[float]:
        """Register, where that is due; for how long to rest after the next look."""
        if not self._listens:
            return self._next_quick()
        left = self._renew_at - self._clock()
        if left <= 0:
            seconds = yield Ask(statements.watch_for(self._instance_id, LEASE_SECONDS))
            if seconds <= 0:
                return self._next_quick()
            left = seconds / 2
            self._renew_at = self._clock() + left
        self._quick = QUICK_FIRST
        return min(left, max(self._poll, BEHIND_SECONDS))

    def _next_quick(self) -> float:
        quick = min(self._quick, self._poll)
        self._quick *= 2
        return quick

    def moved(self) -> None:
        """Something has happened: more may follow soon."""
        self._quick = QUICK_FIRST


def watching(
    instance_id: str,
    since: int | None,
    listens: bool,
    poll: float,
    clock: Clock = time.monotonic,
) -> Plan[None]:
    """Find each step after a revision (None: from now on) until the instance ends."""
    attention = Attention(instance_id, listens, poll, clock)
    seen = since
    while True:
        rest = yield from attention.renew()
        # the snapshot first: what ends an instance is a step that is read after it
        now: Snapshot = yield Ask(statements.snapshot(instance_id))
        if seen is None:
            seen = now.revision
        while seen < now.revision:
            attention.moved()
            statement = statements.history(instance_id, since=seen, limit=BATCH)
            steps: list[LogEntry] = yield Ask(statement)
            for step in steps:
                yield Found(step)
            # a month of the log may have been dropped
            seen = steps[-1].revision if steps else now.revision
        if now.ended:
            return
        yield Rest(rest)


def waiting(
    instance_id: str,
    predicate: Predicate,
    timeout: float | None,
    listens: bool,
    poll: float,
    clock: Clock = time.monotonic,
) -> Plan[Snapshot]:
    """Return the first snapshot of which the predicate is true.

    Raises WaitTimeout, or NeverReached where the instance ends before.
    """
    attention = Attention(instance_id, listens, poll, clock)
    until = None if timeout is None else clock() + timeout
    revision, rest = -1, 0.0
    while True:
        now: Snapshot = yield Ask(statements.snapshot(instance_id))
        if predicate(now):
            return now
        if now.ended:
            raise NeverReached(now)
        left = float("inf") if until is None else until - clock()
        if left <= 0:
            raise WaitTimeout(now, timeout or 0)
        if now.revision != revision:
            attention.moved()
        revision = now.revision
        # Not after the first look: most waits are over before they begin, and need no
        # registration; what came before that has notified nobody.
        if rest:
            yield Rest(min(rest, left))
        rest = yield from attention.renew()


def condition(
    predicate: Predicate | None, state: str | None, tag: str | None, done: bool
) -> Predicate:
    """All that is given, at once."""
    if predicate is None and state is None and tag is None and not done:
        raise TypeError("wait_for wants a predicate, state=, tag= or done=True")

    def holds(now: Snapshot) -> bool:
        return (
            (state is None or state in now.states)
            and (tag is None or tag in now.tags)
            and (not done or now.status == "done")
            and (predicate is None or predicate(now))
        )

    return holds
