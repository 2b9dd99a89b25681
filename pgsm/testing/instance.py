"""What a test holds of an instance: where it stands, and what may happen to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from . import documents
from .errors import NotFound, Refused
from .held import Held, Which
from .host import SYSTEM, describe, unhandled
from .rows import Effect, LogEntry, Row, Snapshot, Timer
from .store import plain
from .writing import Cause, cancel, due_at

if TYPE_CHECKING:
    from .world import World

Json = Any


class Instance(Held):
    """An instance of a world.

        order = world.start("order", {"total": 12})
        order.send("accept", {"eta": 20})
        assert order.value == "accepted"
        order.complete("email.send")

    It has no state of its own: what it shows is what the world holds now.
    """

    def __init__(self, world: World, instance_id: str) -> None:
        self.world = world
        self.id = instance_id

    @property
    def _row(self) -> Row:
        return self.world._host.row(self.id)

    # -- where it stands -------------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot:
        """All of it, as `get_instance` gives it; values that do not change later."""
        return describe(self._row)

    @property
    def keys(self) -> dict[str, Json]:
        """By what it is found: the document's keys, as texts."""
        return dict(self._row.keys)

    @property
    def error(self) -> Json:
        """Why a child's first step was refused; None for all others."""
        return self._row.error

    @property
    def parent(self) -> Instance | None:
        parent_id = self._row.parent_id
        return None if parent_id is None else self.world[parent_id]

    @property
    def children(self) -> dict[str, Instance]:
        """The children that are alive, by the id that this instance knows them by."""
        return {
            str(row.child_id): Instance(self.world, row.instance_id)
            for row in self.world._store.rows.values()
            if row.parent_id == self.id and row.alive
        }

    def child(self, child_id: str) -> Instance:
        """The youngest child of that id, alive or not."""
        found = [
            row.instance_id
            for row in self.world._store.rows.values()
            if (row.parent_id, row.child_id) == (self.id, child_id)
        ]
        if not found:
            raise NotFound(f'instance "{self.id}" has no child "{child_id}"')
        return Instance(self.world, found[-1])

    # -- what it did -----------------------------------------------------------------

    @property
    def log(self) -> list[LogEntry]:
        """Its steps, the first being its start."""
        return list(self._row.log)

    @property
    def timers(self) -> list[Timer]:
        """What waits for it, in the order of falling due: messages and posts too."""
        return self.world._store.timers_of(self.id)

    @property
    def effects(self) -> list[Effect]:
        """Its effects, oldest first, whatever became of them."""
        return self.world._store.effects_of(self.id)

    # -- events ----------------------------------------------------------------------

    def send(
        self,
        event: str,
        data: Json = None,
        *,
        auth: Json = None,
        event_id: str | None = None,
        expected_revision: int | None = None,
        on_unhandled: str | None = None,
    ) -> Snapshot:
        """Apply an event now, run to completion; the snapshot with its outcome.

        `auth` is who sends it, such as ``{"role": "courier", "claims": {…}}``.  Raises
        Refused where `send_event` raises; nothing has happened then, anywhere.
        """
        world = self.world
        data = _object(data)
        world._door.check_event(event, data, "event")
        row = self._row
        if event_id is not None:
            first = world._host.first_answer(row, event_id, event, data)
            if first is not None:
                return Snapshot(**first)
        _check_sendable(row, expected_revision)
        facts = {} if event_id is None else {"id": event_id}
        actor = world.auth if auth is None else plain(auth)
        cause = Cause("event", event, data, world.clock, actor, facts, event_id)
        with world._atomic():
            new, outcome, details = world._host.take(row, cause)
            if outcome in ("no_transition", "guarded"):
                self._refuse_unhandled(row, cause, details, on_unhandled)
            if event_id is not None:
                world._host.keep_answer(new, cause, outcome, details)
        return describe(self._row, outcome, details)

    def _refuse_unhandled(
        self, row: Row, cause: Cause, details: Json, on_unhandled: str | None
    ) -> None:
        version = self.world._host.version(row.machine, row.version)
        policy = on_unhandled or version.unhandled
        if policy not in ("ignore", "refuse"):
            message = f"on_unhandled is 'ignore' or 'refuse', not '{policy}'"
            raise Refused("SM115", message)
        if policy == "refuse":
            raise unhandled(version, row, cause, details)

    def can(self, event: str, data: Json = None, *, auth: Json = None) -> bool:
        """Whether a transition would take the event now; nothing happens."""
        with self.world._undone():
            sent = self.send(event, data, auth=auth, on_unhandled="ignore")
            return sent.outcome == "taken"

    def enabled_events(self) -> list[Json]:
        """``{"event", "state", "enabled"}``; enabled is true, false or "depends"."""
        world, row = self.world, self._row
        version = world._host.version(row.machine, row.version)
        found = world._door.enabled(version, row, world.clock, world.auth)
        return list(found)

    def post(
        self,
        event: str,
        data: Json = None,
        *,
        auth: Json = None,
        event_id: str | None = None,
        delay: str | None = None,
    ) -> str:
        """Queue an event: it is applied when the world settles, or after the delay."""
        world, row, data = self.world, self._row, _object(data)
        store = world._store
        version = world._host.version(row.machine, row.version)
        root = documents.read_root(version.document)
        internal, zone = root.get("internalEvents", ()), root.get("timeZone", "UTC")
        world._door.check_event(event, data, "post", internal)
        if not row.alive:
            _check_sendable(row, None)
        if event_id is not None:
            if world._host.first_answer(row, event_id, event, data) is not None:
                return event_id
            waiting = store.timers.get((self.id, event_id))
            if waiting is not None:
                if (waiting.event, waiting.data) == (event, data):
                    return event_id
                raise Refused("SM107", f'event id "{event_id}" is taken')
        due = due_at(world.clock, {"in": delay or "0"}, zone)
        order = store.next_order()
        timer = Timer(
            instance_id=self.id,
            timer_id=event_id or f"post/{order}",
            kind="post",
            event=event,
            data=data,
            due_at=due,
            armed_at=world.clock,
            order=order,
            facts={} if event_id is None else {"id": event_id},
            actor=world.auth if auth is None else plain(auth),
            event_id=event_id,
        )
        store.put_timer(timer)
        world._after()
        return timer.timer_id

    def deliver(
        self, event: str, data: Json = None, *, origin: str = "timer", **facts: Json
    ) -> Snapshot:
        """Apply an event as the engine's own come: reserved names are allowed.

        For tests that begin in the middle of things; `facts` are output, error, source.
        """
        world, row = self.world, self._row
        _check_sendable(row, None)
        cause = Cause(
            origin, event, _object(data), world.clock, SYSTEM, plain(facts) or {}
        )
        with world._atomic():
            _new, outcome, details = world._host.take(row, cause)
        return describe(self._row, outcome, details)

    # -- effects ---------------------------------------------------------------------

    def claim(self, which: Which) -> Effect:
        """Begin an attempt by hand: the effect is running until its answer is given.

        When its state is left meanwhile, the answer is late.
        """
        effect = self.effect(which)
        _check_open(effect)
        return effect if effect.status == "running" else self.world._work.claim(effect)

    def complete(self, which: Which, output: Json = None) -> Snapshot:
        """Let an effect succeed; its event follows.

        By name or invoke id the oldest open one is meant.
        """
        with self.world._atomic():
            effect = self.claim(which)
            self.world._work.succeed(replace(effect, ends=None), plain(output))
        return self.snapshot

    def fail(
        self,
        which: Which,
        error: Json = "failed",
        *,
        permanent: bool = True,
        retry_after: float | None = None,
    ) -> Snapshot:
        """Let an attempt at an effect fail, for good unless `permanent` is False.

        The error is a text, ``{"type", "message", "code", "data"}``, or an exception.
        """
        wait = None if retry_after is None else timedelta(seconds=retry_after)
        with self.world._atomic():
            effect = replace(self.claim(which), ends=None)
            self.world._work.fail(effect, error, permanent, wait)
        return self.snapshot

    def retry(self, which: Which) -> Effect:
        """Try a failed effect again from the start, as `retry_effect` does."""
        with self.world._atomic():
            effect = self.effect(which)
            if effect.status not in ("failed", "pending", "retrying"):
                raise _not_open(effect, "retried")
            self.world._work.retry(effect)
        return self.effect(effect.effect_id)

    def cancel(self, which: Which) -> Effect:
        """Stop an effect: a waiting one never runs, a running one's answer is late."""
        effect = self.effect(which)
        if not effect.open and effect.status not in ("failed", "late"):
            raise _not_open(effect, "cancelled")
        if not effect.open:
            effect = replace(effect, status="pending")
        return cancel(self.world._store, effect)

    # -- operators -------------------------------------------------------------------

    def pause(self) -> None:
        """Events are refused, timers and messages wait, until `resume`."""
        row = self._row
        _check_sendable(row, None)
        self.world._store.put_row(replace(row, status="paused"))

    def resume(self) -> None:
        """Take events again; what fell due meanwhile is due now."""
        row = self._row
        if row.status == "paused":
            self.world._store.put_row(replace(row, status="active"))
            self.world._after()

    def stop(self, reason: str | None = None) -> Snapshot:
        """End it where it stands, as `stop_instance` does: no exit actions run."""
        world, row = self.world, self._row
        if not row.alive:
            _check_sendable(row, None)
        data = {} if reason is None else {"reason": reason}
        cause = Cause("repair", "pgsm.stop", data, world.clock, world.auth)
        with world._atomic():
            world._host.end(row, "stopped", cause)
        return self.snapshot


def _object(data: Json) -> Json:
    return {} if data is None else plain(data)


def _check_sendable(row: Row, expected_revision: int | None) -> None:
    if row.status == "paused":
        hint = "resume it, or use post: a posted event waits"
        raise Refused("SM111", f'instance "{row.instance_id}" is paused', hint=hint)
    if row.status != "active":
        detail = f"it ended at {row.finished_at}" if row.finished_at else ""
        message = f'instance "{row.instance_id}" is {row.status}'
        raise Refused("SM110", message, detail)
    if expected_revision is not None and expected_revision != row.revision:
        raise Refused(
            "SM108",
            f'instance "{row.instance_id}" is at revision {row.revision},'
            f" not {expected_revision}",
            hint="read it again and decide anew",
        )


def _check_open(effect: Effect) -> None:
    if not effect.open:
        raise _not_open(effect, "answered")


def _not_open(effect: Effect, what: str) -> Refused:
    return Refused(
        "SM303",
        f'effect "{effect.effect_id}" of instance "{effect.instance_id}"'
        f" cannot be {what}",
        f"It is {effect.status}.",
    )
