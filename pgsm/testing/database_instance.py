"""What a test holds of an instance in PostgreSQL; as `Instance` in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pgsm.rows import EnabledEvent, LogEntry, Snapshot

from .database_rows import EFFECTS, TIMERS, read_effect, read_timer, refusals
from .errors import NotFound, as_error
from .held import Held, Which
from .rows import Effect, Timer
from .store import plain

if TYPE_CHECKING:
    from .database import Database

Json = Any


class DatabaseInstance(Held):
    """An instance of a test's database.

    It has no state of its own: what it shows is what the database holds now.
    """

    def __init__(self, database: Database, instance_id: str) -> None:
        self.database = database
        self.id = instance_id

    # -- where it stands -------------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot:
        with refusals():
            return self.database.client.snapshot(self.id)

    @property
    def children(self) -> dict[str, DatabaseInstance]:
        """The children that are alive, by the id that this instance knows them by."""
        found = self.database.rows(
            "select instance_id, parent_invoke from pgsm.instances"
            " where parent_id = %(id)s and status in ('active', 'paused')",
            id=self.id,
        )
        return {
            row["parent_invoke"]: DatabaseInstance(self.database, row["instance_id"])
            for row in found
        }

    # -- what it did -----------------------------------------------------------------

    @property
    def log(self) -> list[LogEntry]:
        """Its steps, the first being its start."""
        return self.database.client.history(self.id)

    @property
    def timers(self) -> list[Timer]:
        """What waits for it, in the order of falling due: messages and posts too."""
        return [read_timer(row) for row in self.database.rows(TIMERS, id=self.id)]

    @property
    def effects(self) -> list[Effect]:
        """Its effects, oldest first, whatever became of them."""
        return [read_effect(row) for row in self.database.rows(EFFECTS, id=self.id)]

    # -- events ----------------------------------------------------------------------

    def send(
        self,
        event: str,
        data: Json = None,
        *,
        auth: Json = None,
        event_id: str | None = None,
        expected_revision: int | None = None,
        on_unhandled: Any = None,
    ) -> Snapshot:
        """Apply an event now; the snapshot with its outcome.  As `Instance.send`."""
        with self.database.acting(auth):
            return self.database.client.send(
                self.id,
                event,
                plain(data),
                event_id=event_id,
                expected_revision=expected_revision,
                on_unhandled=on_unhandled,
            )

    def post(
        self,
        event: str,
        data: Json = None,
        *,
        auth: Json = None,
        event_id: str | None = None,
        delay: str | None = None,
    ) -> str:
        """Queue an event: it is applied by `settle`, or after the delay."""
        with self.database.acting(auth):
            return self.database.client.post(
                self.id, event, plain(data), event_id=event_id, delay=delay
            )

    def can(self, event: str, data: Json = None) -> bool:
        """Whether a transition would take the event now; nothing happens."""
        with refusals():
            found = self.database.client.simulate(self.id, event, plain(data))
        return found.outcome == "taken"

    def enabled_events(self) -> list[EnabledEvent]:
        return self.database.client.enabled_events(self.id)

    # -- effects ---------------------------------------------------------------------

    def complete(self, which: Which, output: Json = None) -> Snapshot:
        """Let an effect succeed; its event follows."""
        self.database.end(self._lease(which), {"output": plain(output)})
        return self.snapshot

    def fail(
        self,
        which: Which,
        error: Json = "failed",
        *,
        permanent: bool = True,
        retry_after: float | None = None,
    ) -> Snapshot:
        """Let an attempt at an effect fail, for good unless `permanent` is False."""
        ends = {
            "error": plain(as_error(error)),
            "permanent": permanent,
            "retry_after": retry_after,
        }
        self.database.end(self._lease(which), ends)
        return self.snapshot

    def retry(self, which: Which) -> Effect:
        """Try an effect again from the start, as `retry_effect` does."""
        effect = self.effect(which)
        with refusals():
            self.database.rows(
                "select pgsm.retry_effect(%(id)s, %(effect_id)s)",
                id=self.id,
                effect_id=effect.effect_id,
            )
        return self.effect(effect.effect_id)

    def _lease(self, which: Which) -> Json:
        """Begin an attempt at an effect, whatever its time is; what proves that."""
        from .database import lease_of

        effect = self.effect(which)
        if effect.status == "retrying":  # it waits for its time
            self.retry(effect)
        place = self.id, effect.effect_id

        def is_it(row: dict[str, Any]) -> bool:
            return (row["instance_id"], row["effect_id"]) == place

        found = self.database.claim([effect.name], is_it)
        if not found:
            raise NotFound(
                f'effect "{effect.name}" cannot be claimed now: it is {effect.status};'
                " or its name or its machine is paused, it is at its limit, or an"
                " earlier one comes first"
            )
        return lease_of(found[0])

    # -- operators -------------------------------------------------------------------

    def pause(self) -> None:
        """Events are refused, timers and messages wait, until `resume`."""
        with refusals():
            self.database.client.pause(self.id)

    def resume(self) -> None:
        """Take events again; what fell due meanwhile is due now."""
        with refusals():
            self.database.client.resume(self.id)

    def stop(self, reason: str | None = None) -> Snapshot:
        """End it where it stands; no exit actions run."""
        with refusals():
            return self.database.client.stop(self.id, reason)
