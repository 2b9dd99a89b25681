"""A host in a database: one transaction, which is rolled back.

The clock is replaced in it, and due timers are fired of the scenario's own instances
only: others keep theirs.  That takes the rights of pgsm_owner, as a superuser has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import psycopg

from pgsm.engine import exact

from ..programs import SetupError
from ..testing import Refused, database_rows, durations
from ..testing.world import NOON
from . import database_sql as sql
from .database_log import Recorded
from .memory import refusals
from .model import Entry, HostError, View

if TYPE_CHECKING:
    from typing_extensions import LiteralString

Json = Any
Row = dict[str, Any]
RUNNER = "pgsm test"
MOST_TURNS = 10_000


class DatabaseHost:
    """Plays in the transaction of a connection whose rows are dicts."""

    def __init__(
        self, connection: psycopg.Connection[Row], clock: datetime | str | None = None
    ) -> None:
        self.connection = connection
        self.started: list[str] = []
        self.recorded = Recorded(connection)
        start = durations.read_time(clock) if isinstance(clock, str) else clock or NOON
        self._begin()
        self._set_clock(start)

    def _begin(self) -> None:
        # two that replace one function at a time: the second would be an error
        self.rows("select pg_advisory_xact_lock(hashtext('pgsm test'))")
        with self._owner():
            self.rows(sql.CLOCK)

    def _set_clock(self, time: datetime) -> None:
        self.clock = time.astimezone(timezone.utc)
        query = "select set_config('pgsm.test_clock', %(clock)s, true)"
        self.rows(query, clock=self.clock.isoformat())

    def rows(self, query: LiteralString, **values: Any) -> list[Row]:
        """The rows of a query."""
        done = self.connection.execute(query, values or None)
        return done.fetchall() if done.description else []

    @contextmanager
    def _owner(self) -> Iterator[None]:
        try:
            self.rows("set local role pgsm_owner")
        except psycopg.errors.InsufficientPrivilege as error:
            raise SetupError(
                error.diag.message_primary or "",
                "the clock of a database is moved by a superuser or a member of"
                " pgsm_owner; all is rolled back",
            ) from None
        yield
        self.rows("reset role")

    @contextmanager
    def _as(self, actor: Json) -> Iterator[None]:
        """A block with the role and claims of a sender, undone where it is refused."""
        with database_rows.refusals(), self.connection.transaction():
            if actor is not None:
                claims = exact.dumps(actor["claims"]) if "claims" in actor else ""
                query = "select set_config('request.jwt.claims', %(claims)s, true)"
                self.rows(query, claims=claims)
                if "role" in actor:
                    query = "select set_config('role', %(role)s, true)"
                    self.rows(query, role=actor["role"])
            yield
            if actor is not None:
                self.rows("reset role")
                self.rows("select set_config('request.jwt.claims', '', true)")

    # -- what there is -----------------------------------------------------------------

    def define(self, document: Json, name: str) -> None:
        query = "select pgsm.define_machine(%(name)s, %(document)s::json)"
        try:
            with database_rows.refusals(), self.connection.transaction():
                self.rows(query, name=name, document=exact.dumps(document))
        except Refused as refusal:
            raise HostError(f"the machine {name}: {refusal}") from None

    def knows(self, machine: str) -> bool:
        query = "select true as found from pgsm.machines where machine = %(machine)s"
        return bool(self.rows(query, machine=machine))

    def functions(self, results: Mapping[str, Json]) -> None:
        """Nothing: the database has the real ones."""

    # -- what happens ------------------------------------------------------------------

    def start(
        self,
        machine: str,
        given: Json,
        instance_id: str | None,
        actor: Json,
        version: int | None = None,
    ) -> str:
        chosen = self._free_id(machine) if instance_id is None else instance_id
        with self._as(actor):
            self.rows(
                "select * from pgsm.start_instance(%(machine)s, %(id)s,"
                " %(input)s::jsonb, version => %(version)s)",
                machine=machine,
                id=chosen,
                input=exact.dumps({} if given is None else given),
                version=version,
            )
        self.started.append(chosen)
        return chosen

    def _free_id(self, machine: str) -> str:
        number = 1
        query = "select true as found from pgsm.instances where instance_id = %(id)s"
        while self.rows(query, id=f"{machine}-{number}"):
            number += 1
        return f"{machine}-{number}"

    def send(
        self,
        instance_id: str,
        event: str,
        data: Json,
        actor: Json,
        event_id: str | None,
    ) -> tuple[str | None, Json]:
        with self._as(actor):
            (row,) = self.rows(
                "select * from pgsm.send_event(%(id)s, %(event)s, %(data)s::jsonb,"
                " event_id => %(event_id)s)",
                id=instance_id,
                event=event,
                data=exact.dumps({} if data is None else data),
                event_id=event_id,
            )
        if row["outcome"] == "guarded":
            self.recorded.guarded(row, event, data, actor, self.clock)
        return row["outcome"], row["details"]

    def post(
        self, instance_id: str, event: str, data: Json, actor: Json, delay: str | None
    ) -> None:
        with self._as(actor):
            self.rows(
                "select pgsm.post_event(%(id)s, %(event)s, %(data)s::jsonb,"
                " delay => %(delay)s::interval)",
                id=instance_id,
                event=event,
                data=exact.dumps({} if data is None else data),
                delay=delay,
            )

    def complete(self, instance_id: str, effect: str, output: Json) -> None:
        with database_rows.refusals(), self.connection.transaction():
            done = {**self._claim(instance_id, effect), "output": output}
            query = "select * from pgsm.complete_effects(%(done)s::jsonb)"
            self.rows(query, done=exact.dumps([done]))

    def fail(
        self,
        instance_id: str,
        effect: str,
        error: Json,
        permanent: bool,
        after: str | None,
    ) -> None:
        with database_rows.refusals(), self.connection.transaction():
            claimed = self._claim(instance_id, effect)
            self.rows(
                "select pgsm.fail_effect(%(instance_id)s, %(effect_id)s,"
                " %(lease_token)s::uuid, %(error)s::jsonb, %(permanent)s,"
                " %(after)s::interval)",
                **claimed,
                error=exact.dumps(error),
                permanent=permanent,
                after=after,
            )

    def _claim(self, instance_id: str, which: str) -> dict[str, str]:
        """Begin an attempt at an effect; its lease."""
        effect = self._effect(instance_id, which)
        asked = {"id": instance_id, "effect_id": effect["effect_id"]}
        if effect["status"] == "retrying":  # it waits for its time
            self.rows("select pgsm.retry_effect(%(id)s, %(effect_id)s)", **asked)
        mine, others = None, []
        while mine is None:
            found = self.rows(
                "select instance_id, effect_id, lease_token::text from"
                " pgsm.claim_effects(%(runner)s, array[%(name)s], 1000, '1 hour')",
                runner=RUNNER,
                name=effect["name"],
            )
            for lease in found:
                place = lease["instance_id"], lease["effect_id"]
                if place == (instance_id, effect["effect_id"]):
                    mine = lease
                else:
                    others.append(lease)
            if not found and mine is None:
                raise HostError(
                    f'effect "{which}" cannot be claimed now: its name or its machine'
                    " is paused, it is at its limit, or an earlier one comes first"
                )
        self.rows(
            "select pgsm.release_effects(%(runner)s, %(leases)s::jsonb)",
            runner=RUNNER,
            leases=exact.dumps(others),
        )
        return mine

    def _effect(self, instance_id: str, which: str) -> Row:
        found = self.rows(sql.EFFECTS, ids=[instance_id])
        for effect in found:
            if which in (effect["effect_id"], effect["name"], effect["invoke"]) and (
                effect["status"] in ("pending", "retrying", "running")
            ):
                return effect
        known = ", ".join(
            f"{e['name']} ({e['effect_id']}) {e['status']}" for e in found
        )
        raise HostError(
            f'instance "{instance_id}" has no open effect "{which}"; its effects:'
            f" {known or 'none'}"
        )

    # -- time --------------------------------------------------------------------------

    def settle(self) -> None:
        for _ in range(MOST_TURNS):
            ids = self.instances()
            with database_rows.refusals(), self._owner():
                (turn,) = self.rows(
                    "select * from pgsm_private.fire_instances(%(ids)s, 25)", ids=ids
                )
            if not turn["fired"] + turn["failed"]:
                return
        raise HostError("it does not settle: do machines answer each other for ever?")

    def advance_to(self, time: datetime) -> None:
        if time < self.clock:
            raise HostError(f"it is {self.clock.isoformat()} already")
        while (due := self._next_due(time)) is not None:
            self._set_clock(max(self.clock, due))
            with database_rows.refusals(), self._owner():
                self.rows("select pgsm_private.sweep_effects(1000)")
            self.settle()
        self._set_clock(time)

    def _next_due(self, until: datetime) -> datetime | None:
        """When the next timer or deadline of the scenario's own instances is."""
        (row,) = self.rows(
            "select least((select min(due_at) from pgsm.timers where status = 'armed'"
            " and instance_id = any (%(ids)s) and due_at <= %(until)s),"
            " (select min(deadline_at) from pgsm.effects where status in"
            " ('pending', 'retrying') and instance_id = any (%(ids)s)"
            " and deadline_at <= %(until)s)) as at",
            ids=self.instances(),
            until=until,
        )
        found: datetime | None = row["at"]
        return found

    # -- what is then ------------------------------------------------------------------

    def instances(self) -> list[str]:
        """The ids of the instances that were started here, and of their children."""
        return [row["instance_id"] for row in self.rows(sql.FAMILY, ids=self.started)]

    def view(self, instance_id: str) -> View:
        with database_rows.refusals():
            query = "select * from pgsm.get_instance(%(id)s)"
            (found,) = self.rows(query, id=instance_id)
        names = ("machine", "version", "status", "value", "states", "context", "tags")
        return View(
            instance_id=instance_id,
            **{name: found[name] for name in (*names, "output", "revision")},
            effects=self.rows(sql.EFFECTS, ids=[instance_id]),
            timers=self.rows(sql.TIMERS, ids=[instance_id]),
        )

    def log(self, instance_id: str, after: int) -> list[Entry]:
        found = self.rows(
            "select revision, transitions, source_states, target_states, notes, emitted"
            " from pgsm.event_log where instance_id = %(id)s and revision > %(after)s"
            " order by revision",
            id=instance_id,
            after=after,
        )
        return [Entry(**{key: _some(item) for key, item in r.items()}) for r in found]

    def would_take(self, instance_id: str, event: str, data: Json, actor: Json) -> bool:
        with self._as(actor):
            (found,) = self.rows(
                "select (s).outcome from pgsm.simulate_event(%(id)s, %(event)s,"
                " %(data)s::jsonb) as s",
                id=instance_id,
                event=event,
                data=exact.dumps({} if data is None else data),
            )
        return bool(found["outcome"] == "taken")

    def find(self, near: str, name: str) -> str:
        found = self.rows(
            "select instance_id from pgsm.instances where instance_id = %(name)s"
            " or (parent_id = %(near)s and parent_invoke = %(name)s)"
            " order by instance_id <> %(name)s, started_at desc, instance_id desc",
            near=near,
            name=name,
        )
        if not found:
            known = ", ".join(self.instances())
            message = f'there is no instance or child "{name}"; there are {known}'
            raise HostError(message)
        instance_id: str = found[0]["instance_id"]
        return instance_id

    def failures(self) -> list[tuple[str, str, str]]:
        found: list[tuple[str, str, str]] = []
        ids = self.instances()
        for row in self.rows(
            "select instance_id, event, attempts, last_error from pgsm.timers"
            " where instance_id = any (%(ids)s) and last_error is not null"
            " and status <> 'undeliverable'",
            ids=ids,
        ):
            error = row["last_error"]
            name = f"{row['event']} of {row['instance_id']}, {row['attempts']}"
            found.append((name, str(error.get("code")), str(error.get("message"))))
        for row in self.rows(
            "select instance_id, effect_id, error from pgsm.effects"
            " where instance_id = any (%(ids)s) and error is not null",
            ids=ids,
        ):
            found += refusals(row["instance_id"], row["effect_id"], row["error"])
        return found


def _some(value: Any) -> Any:
    return [] if value is None else value
