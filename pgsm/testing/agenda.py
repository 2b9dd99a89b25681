"""What falls due in a world, one thing after the other, each at its time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from . import documents
from .errors import Refused, Unsettled
from .host import Host, unhandled
from .rows import Effect, Row, Timer
from .work import Work
from .writing import Cause

Json = Any
# Stops come first, then timers and messages, then what the outside world answers.
Rank = tuple[Any, ...]
Task = tuple[Rank, datetime, Callable[[], None]]
MOST_ATTEMPTS = 10
UNDELIVERABLE = "error.communication"
_ORIGIN = {"message": "message", "deferred": "deferred", "post": "post"}
_OF_THE_FAMILY = re.compile(r"(done|error)\.invoke\.")


def _holds_back(effect: Effect, row: Row | None) -> bool:
    """Whether later ordered ones wait for it: also for a failure, while it is open."""
    if effect.open or effect.status != "failed":
        return effect.open
    if (effect.error or {}).get("handled"):
        return False
    left = row is None or (effect.state and effect.state not in row.states)
    return effect.kind == "action" or not left


class Agenda:
    """The clock's driver: timers, messages and effects by their due times."""

    def __init__(self, host: Host, work: Work, limit: int) -> None:
        self.host = host
        self.store = host.store
        self.work = work
        self.limit = limit

    def run(self, until: datetime) -> int:
        """Do all that is due until then, new things included; how many they were.

        The clock stands where the last thing was done.
        """
        done, at_once = 0, 0
        while task := self.next(until):
            _rank, at, act = task
            at_once = 0 if at > self.store.clock else at_once + 1
            if at_once > self.limit:
                raise Unsettled(
                    f"{self.limit} steps at {self.store.clock.isoformat()},"
                    " and still something is due: do machines answer each other's"
                    " messages for ever?"
                )
            self.store.clock = max(self.store.clock, at)
            with self.store.atomic():
                act()
            done += 1
        return done

    def next(self, until: datetime | None = None) -> Task | None:
        """What is to be done next, at the latest at `until`; None for nothing."""
        tasks = (t for t in self._tasks() if until is None or t[1] <= until)
        return min(tasks, key=lambda task: task[0], default=None)

    def _tasks(self) -> Iterator[Task]:
        tried = [
            timer
            for timer in self.store.timers.values()
            if timer.attempts and timer.status == "armed"
        ]
        for timer in self.store.timers.values():
            if timer.status == "armed" and self._may_fire(timer, tried):
                yield self._timer_task(timer)
        for effect in self.store.effects.values():
            if effect.open:
                yield from self._effect_tasks(effect)

    def _timer_task(self, timer: Timer) -> Task:
        rank: Rank = (1, timer.due_at, 0, 0, timer.order)
        if timer.kind == "stop":
            rank = (0, timer.due_at, 0, 0, timer.order)
        return rank, timer.due_at, lambda: self._fire(timer)

    def _effect_tasks(self, effect: Effect) -> Iterator[Task]:
        work = self.work
        if effect.status == "running":
            if effect.ends is not None:
                rank: Rank = (1, effect.due_at, 1, 0, effect.order)
                yield rank, effect.due_at, lambda: work.finish(effect, effect.ends)
            return
        if effect.deadline_at is not None:
            rank = (1, effect.deadline_at, 1, 0, effect.order)
            yield rank, effect.deadline_at, lambda: work.expire(effect)
        if effect.name in work.handlers and self._may_run(effect):
            priority = int(effect.policy.get("priority", 0))
            rank = (1, effect.due_at, 2, -priority, effect.order)
            yield rank, effect.due_at, lambda: work.attempt(effect)

    def _may_fire(self, timer: Timer, tried: list[Timer]) -> bool:
        """Not while its instance is paused, nor before a failed one of its pair."""
        row = self.store.rows.get(timer.instance_id)
        if row is not None and row.status == "paused":
            return False
        return timer.sender is None or not any(
            other.order < timer.order and other.instance_id == timer.instance_id
            for other in tried
            if other.sender == timer.sender
        )

    def _may_run(self, effect: Effect) -> bool:
        row = self.store.rows.get(effect.instance_id)
        if effect.kind == "invoke" and (row is None or row.status != "active"):
            return False
        if not effect.policy.get("ordered"):
            return True
        return not any(
            other.order < effect.order and _holds_back(other, row)
            for other in self.store.effects_of(effect.instance_id)
            if other.name == effect.name and other.policy.get("ordered")
        )

    # -- timers and messages ---------------------------------------------------------

    def _fire(self, timer: Timer) -> None:
        """Apply a due row to its instance; a refusal is raised, or kept with it."""
        try:
            with self.store.atomic():
                del self.store.timers[timer.instance_id, timer.timer_id]
                self._deliver(timer)
        except Refused as refusal:
            if not self.work.keep_failures:
                raise
            self._record_failure(timer, refusal)

    def _deliver(self, timer: Timer) -> None:
        row = self.store.rows.get(timer.instance_id)
        if row is None or not row.alive:
            self._give_back(timer)
            return
        if timer.kind == "stop":
            self.host.stop(row)
            return
        origin = _ORIGIN.get(timer.kind, "timer")
        if "effect" in (timer.facts.get("source") or {}):
            origin = "effect"  # its instance was paused
        cause = Cause(
            origin,
            timer.event,
            timer.data,
            self.store.clock,
            timer.actor,
            dict(timer.facts),
            timer.event_id,
        )
        self._take(timer, cause)

    def _take(self, timer: Timer, cause: Cause) -> None:
        row = self.host.row(timer.instance_id)
        if timer.event_id is not None and timer.event_id in row.answers:
            return  # it was sent meanwhile
        new, outcome, details = self.host.take(row, cause)
        if outcome == "deferred" and timer.kind == "deferred":
            self._keep_place(new, timer)
        version = self.host.version(row.machine, row.version)
        untaken = outcome in ("no_transition", "guarded")
        if timer.kind == "post" and untaken and version.unhandled == "refuse":
            raise unhandled(version, row, cause, details)
        if timer.event_id is not None:
            self.host.keep_answer(new, cause, outcome, details)

    def _keep_place(self, row: Row, timer: Timer) -> None:
        """A deferred event that is deferred again waits where it waited."""
        key = row.instance_id, f"deferred/{row.revision}"
        again = self.store.timers[key]
        self.store.put_timer(replace(again, armed_at=timer.armed_at, order=timer.order))

    def _give_back(self, timer: Timer) -> None:
        """A row that no instance can take: its sender hears of it, or it stays.

        What the engine itself sends in a family is of no account to who has ended.
        """
        if timer.kind == "stop" or _OF_THE_FAMILY.match(timer.event):
            return
        row = self.store.rows.get(timer.instance_id)
        why = "does not exist" if row is None else f"is {row.status}"
        error = {"code": "SM110", "message": f'instance "{timer.instance_id}" {why}'}
        sender = self.store.rows.get(timer.sender or "")
        told = timer.kind == "message" and timer.event != UNDELIVERABLE
        if told and sender is not None and sender.alive and self._listens(sender):
            self._tell(sender, timer, error)
        else:
            self.store.put_timer(
                replace(timer, status="undeliverable", last_error=error)
            )

    def _listens(self, row: Row) -> bool:
        version = self.host.version(row.machine, row.version)
        return documents.takes(version.document, UNDELIVERABLE)

    def _tell(self, sender: Row, timer: Timer, error: dict[str, Json]) -> None:
        what = {"type": UNDELIVERABLE, "event": timer.event, "to": timer.instance_id}
        facts = {"error": {**error, **what}, "source": {"instance": timer.instance_id}}
        if "id" in timer.facts:
            facts["id"] = timer.facts["id"]
        self.store.put_timer(
            Timer(
                instance_id=sender.instance_id,
                timer_id=f"undeliverable/{timer.timer_id}",
                kind="message",
                event=UNDELIVERABLE,
                data={},
                due_at=self.store.clock,
                armed_at=self.store.clock,
                order=self.store.next_order(),
                facts=facts,
            )
        )

    def _record_failure(self, timer: Timer, refusal: Refused) -> None:
        """Try a failed row again: 2 s, 4 s, 8 s … 15 min; ten times in all."""
        attempts = timer.attempts + 1
        wait = min(timedelta(seconds=2 * 2**timer.attempts), timedelta(minutes=15))
        self.store.put_timer(
            replace(
                timer,
                attempts=attempts,
                status="failed" if attempts >= MOST_ATTEMPTS else "armed",
                due_at=self.store.clock + wait,
                last_error={"code": refusal.sqlstate, "message": refusal.message},
            )
        )
