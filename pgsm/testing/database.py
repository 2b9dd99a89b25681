"""A world in PostgreSQL: what `World` is in memory, with the real database under it.

    def test_offer_expires(pgsm_database):
        pgsm_database.define("machines/order.json")
        order = pgsm_database.start("order", {"total": 12})
        pgsm_database.advance("10 minutes")
        assert order.value == "expired"

Its clock takes the place of the database's, and effects are done by fake handlers
through the runner's own functions.  Functions that a machine calls are the database's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads

from pgsm.client import Client
from pgsm.engine import exact

from . import documents, durations, outcomes
from .clock import set_clock
from .database_instance import DatabaseInstance
from .database_rows import EFFECTS, TIMERS, read_effect, read_timer, refusals
from .errors import Refused, Unsettled
from .rows import Effect, Timer
from .store import plain
from .world import NOON

if TYPE_CHECKING:
    from typing_extensions import LiteralString

Json = Any
Row = dict[str, Any]
RUNNER = "pgsm tests"
LEASE = "100 years"  # of the test's clock, which may be moved far


@dataclass(frozen=True)
class Attempt:
    """An attempt that is under way, and how and when it will end."""

    lease: Json
    ends_at: datetime
    ends: Json


class Database:
    """A database of a test's own, its clock, and fake handlers.

    `dsn` is a superuser's connection string, `connection` an open connection in
    autocommit mode, `client` a `pgsm.Client` on it.  `clock` is where time begins, noon
    of 2030-01-01, UTC; None leaves the database its real one.  `failures`: as of
    `World`.
    """

    def __init__(
        self,
        dsn: str,
        clock: datetime | str | None = NOON,
        *,
        failures: str = "raise",
        limit: int = 10_000,
    ) -> None:
        self.dsn = dsn
        self.failures = failures
        self.limit = limit
        self.connection: psycopg.Connection[Row] = psycopg.connect(
            dsn, autocommit=True, row_factory=dict_row
        )
        set_json_loads(_loads, self.connection)
        self.client = Client(self.connection)
        self._handlers: dict[str, Any] = {}
        self._running: list[Attempt] = []
        self._clock: datetime | None = None
        self.set_clock(clock)

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def rows(self, query: LiteralString, **values: Any) -> list[Row]:
        """The rows of a query, as dicts; parameters are %(named)s."""
        done = self.connection.execute(query, values or None)
        return done.fetchall() if done.description else []

    # -- what there is -----------------------------------------------------------------

    def define(
        self,
        source: documents.Source,
        name: str | None = None,
        *,
        version: int | None = None,
        make_current: bool = True,
    ) -> str:
        """Define a machine, or its next version; its name.  As `World.define`."""
        suggested, document = documents.read(source)
        machine = name or suggested or "machine"
        text = document if isinstance(document, str) else exact.dumps(document)
        with refusals():
            self.rows(
                "select pgsm.define_machine(%(name)s, %(text)s::json,"
                " %(version)s::integer, make_current => %(current)s)",
                name=machine,
                text=text,
                version=version,
                current=make_current,
            )
        return machine

    def effect(self, name: str, handler: Any = None) -> None:
        """Give an effect a fake handler: a function of an Effect, or an outcome.

        As `World.effect`.
        """
        self._handlers[name] = handler

    def no_effect(self, name: str) -> None:
        """Take an effect's fake handler away: from now on it waits."""
        self._handlers.pop(name, None)

    # -- instances ---------------------------------------------------------------------

    def start(
        self,
        machine: str,
        input: Json = None,  # noqa: A002
        *,
        instance_id: str | None = None,
        version: int | None = None,
        auth: Json = None,
    ) -> DatabaseInstance:
        """Start an instance and take its first step.  As `World.start`."""
        chosen = self._free_id(machine) if instance_id is None else instance_id
        with self.acting(auth):
            self.client.start(machine, chosen, plain(input), version=version)
        return DatabaseInstance(self, chosen)

    def _free_id(self, machine: str) -> str:
        (row,) = self.rows(
            "select n from generate_series(1, 1000000) as n where not exists ("
            " select from pgsm.instances"
            " where instance_id = %(machine)s || '-' || n::text) order by n limit 1",
            machine=machine,
        )
        return f"{machine}-{row['n']}"

    def __getitem__(self, instance_id: str) -> DatabaseInstance:
        """The instance of that id; Refused (SM100) where there is none."""
        with refusals():
            self.client.snapshot(instance_id)
        return DatabaseInstance(self, instance_id)

    def __contains__(self, instance_id: object) -> bool:
        query = "select true as found from pgsm.instances where instance_id = %(id)s"
        return bool(self.rows(query, id=instance_id))

    def instances(self, machine: str | None = None) -> list[DatabaseInstance]:
        """All instances, or those of a machine, oldest first."""
        found = self.rows(
            "select instance_id from pgsm.instances"
            " where machine = coalesce(%(machine)s, machine)"
            " order by started_at, instance_id",
            machine=machine,
        )
        return [DatabaseInstance(self, row["instance_id"]) for row in found]

    def find(self, machine: str, key: str, value: str) -> list[DatabaseInstance]:
        """The instances of a machine that have this value of a key."""
        found = self.client.find(machine, key, value)
        return [DatabaseInstance(self, one.instance_id) for one in found]

    @property
    def timers(self) -> list[Timer]:
        """What waits for all instances, in the order in which it falls due."""
        return [read_timer(row) for row in self.rows(TIMERS, id=None)]

    @property
    def effects(self) -> list[Effect]:
        """The effects of all instances, oldest first."""
        return [read_effect(row) for row in self.rows(EFFECTS, id=None)]

    @contextmanager
    def acting(self, auth: Json = None) -> Iterator[None]:
        """A transaction with the role and the claims of a sender; Refused is raised."""
        with refusals(), self.connection.transaction():
            if auth is not None and "claims" in auth:
                query = "select set_config('request.jwt.claims', %(claims)s, true)"
                self.rows(query, claims=exact.dumps(plain(auth["claims"])))
            if auth is not None and "role" in auth:
                query = "select set_config('role', %(role)s, true)"
                self.rows(query, role=auth["role"])
            yield

    # -- time --------------------------------------------------------------------------

    @property
    def clock(self) -> datetime:
        """The database's time."""
        if self._clock is not None:
            return self._clock
        return datetime.now(timezone.utc)

    def set_clock(self, time: datetime | str | None) -> None:
        """Let the clock stand at a time; None lets it run with the real one."""
        if isinstance(time, str):
            time = durations.read_time(time)
        self._clock = time
        set_clock(self.connection, time)

    def settle(self) -> int:
        """Do all that is due now, and what follows from it at once; how much it was."""
        done = 0
        while (count := self._fire() + self._end_attempts() + self._attempt()) > 0:
            done += count
            if done > self.limit:
                raise Unsettled(f"more than {self.limit} steps at {self.clock}")
        return done

    def advance(self, length: str | timedelta) -> int:
        """Move the clock, doing what falls due on the way, each at its time.

            pgsm_database.advance("10 minutes")

        Returns how many timers, messages and attempts there were.
        """
        if isinstance(length, timedelta):
            return self.advance_to(self.clock + length)
        return self.advance_to(durations.add(self.clock, length))

    def advance_to(self, time: datetime | str) -> int:
        """The same, to a point in time; ValueError when it is past."""
        until = durations.read_time(time) if isinstance(time, str) else time
        if until < self.clock:
            raise ValueError(f"it is {self.clock.isoformat()} already")
        done = self.settle()
        while (due := self._next_due()) is not None and due <= until:
            self.set_clock(due)
            done += self.settle()
        self.set_clock(until)
        return done

    def advance_to_next(self) -> datetime | None:
        """Go to the next time at which something is due, and do all that is due then.

        None, and nothing happens, when nothing is ever due.
        """
        if self.settle():
            return self.clock
        due = self._next_due()
        if due is not None:
            self.advance_to(due)
        return due

    def _next_due(self) -> datetime | None:
        (row,) = self.rows(
            "select min(at) as at from ("
            " select due_at as at from pgsm.timers where status = 'armed'"
            " union all select due_at from pgsm.effects"
            "  where status in ('pending', 'retrying') and name = any (%(names)s)"
            " union all select deadline_at from pgsm.effects"
            "  where status in ('pending', 'retrying')) as d where at > %(now)s",
            names=list(self._handlers),
            now=self.clock,
        )
        times = [attempt.ends_at for attempt in self._running]
        return min([*times, *([row["at"]] if row["at"] else [])], default=None)

    def _fire(self) -> int:
        (turn,) = self.rows("select fired, failed from pgsm.fire_timers()")
        if turn["failed"] and self.failures == "raise":
            (row,) = self.rows(
                "select instance_id, event, last_error from pgsm.timers"
                " where last_error is not null order by attempts limit 1"
            )
            error, event = row["last_error"], row["event"]
            detail = f"{event} of {row['instance_id']}; {error.get('detail') or ''}"
            raise Refused(error.get("code") or "", error.get("message", ""), detail)
        return int(turn["fired"]) + int(turn["failed"])

    # -- effects -----------------------------------------------------------------------

    def claim(
        self, names: Sequence[str], chosen: Callable[[Row], bool] | None = None
    ) -> list[Row]:
        """Begin attempts at what is due of these names: the chosen ones, or all."""
        found = self.rows(
            "select * from pgsm.claim_effects(%(runner)s, %(names)s, 1000,"
            " %(lease)s::interval)",
            runner=RUNNER,
            names=list(names),
            lease=LEASE,
        )
        others = [row for row in found if chosen is not None and not chosen(row)]
        if others:
            self.rows(
                "select pgsm.release_effects(%(runner)s, %(leases)s::jsonb)",
                runner=RUNNER,
                leases=exact.dumps([lease_of(row) for row in others]),
            )
        return [row for row in found if row not in others]

    def _attempt(self) -> int:
        """Let the handlers try what is due; how many attempts there were."""
        claimed = self.claim(list(self._handlers)) if self._handlers else []
        for row in claimed:
            (found,) = self.rows(
                EFFECTS + " and effect_id = %(effect_id)s",
                id=row["instance_id"],
                effect_id=row["effect_id"],
            )
            ends = outcomes.run(self._handlers[row["name"]], read_effect(found))
            self._begin(row, ends)
        return len(claimed)

    def _begin(self, claimed: Row, ends: Json) -> None:
        now = self.clock
        ends_at = durations.add(now, str(ends["after"]))
        limits = [claimed["deadline_at"]]
        if claimed["timeout"] is not None:
            limits.append(now + claimed["timeout"])
        limit = min((time for time in limits if time is not None), default=None)
        if limit is not None and limit < ends_at:
            seconds = (limit - now).total_seconds()
            error = {"type": "timeout", "message": f"not done within {seconds:g} s"}
            ends, ends_at = {"error": error}, limit
        attempt = Attempt(lease_of(claimed), ends_at, ends)
        if ends_at > now:
            self._running.append(attempt)
        else:
            self.end(attempt.lease, ends)

    def _end_attempts(self) -> int:
        over = [attempt for attempt in self._running if attempt.ends_at <= self.clock]
        self._running = [a for a in self._running if a not in over]
        for attempt in over:
            self.end(attempt.lease, attempt.ends)
        return len(over)

    def end(self, lease: Json, ends: Json) -> None:
        """An attempt is over, with ``{"output"}`` or ``{"error", "permanent", …}``."""
        if "error" in ends:
            self.rows(
                "select pgsm.fail_effect(%(instance_id)s, %(effect_id)s,"
                " %(lease_token)s::uuid, %(error)s::jsonb, %(permanent)s,"
                " make_interval(secs => %(seconds)s))",
                **lease,
                error=exact.dumps(ends["error"]),
                permanent=bool(ends.get("permanent")),
                seconds=ends.get("retry_after"),
            )
            return
        done = exact.dumps([{**lease, "output": ends["output"]}])
        query = "select outcome, error from pgsm.complete_effects(%(done)s::jsonb)"
        (answer,) = self.rows(query, done=done)
        if answer["outcome"] == "refused" and self.failures == "raise":
            error = answer["error"]
            raise Refused(error.get("code") or "", error.get("message") or "")


def lease_of(row: Row) -> Json:
    names = ("instance_id", "effect_id", "lease_token")
    return {name: str(row[name]) for name in names}


def _loads(data: str | bytes) -> Json:
    return exact.loads(data if isinstance(data, str) else data.decode())
