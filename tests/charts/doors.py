"""Two doors to one interpreter: in memory, and through the database.

A test of a chart's meaning takes the fixture `engine` and runs through both.

    chart = engine.start(document, {"total": 12})
    assert chart.send("accept", {"eta": 20}).value == "accepted"
    chart.advance("10 minutes")
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads

from pgsm import testing
from pgsm.engine import exact
from pgsm.testing import durations, world
from tests import clock

from . import shop

Json = Any
CLOCK = world.NOON


@dataclass(frozen=True)
class Snapshot:
    """An instance, and what the call did that gave it."""

    value: Json
    context: Json
    status: str
    states: list[str]
    tags: list[str]
    output: Json
    revision: int
    outcome: str | None = None
    details: Json = None


@dataclass(frozen=True)
class Timer:
    """An armed timer; `due` is how long after the start of the test."""

    event: str
    due: timedelta


@dataclass(frozen=True)
class Effect:
    effect_id: str
    name: str
    input: Json
    status: str
    invoke_id: str | None


@dataclass(frozen=True)
class Refusal:
    sqlstate: str
    message: str
    detail: str


class Chart(Protocol):
    """One instance, through one of the doors."""

    instance_id: str

    def snapshot(self) -> Snapshot: ...
    def send(self, event: str, data: Json = None) -> Snapshot: ...
    def refuse(self, event: str, data: Json = None) -> Refusal: ...
    def advance(self, by: str) -> Snapshot: ...
    def timers(self) -> list[Timer]: ...
    def effects(self) -> list[Effect]: ...
    def claim(self, name: str) -> Any: ...
    def complete(self, name: str, output: Json = None) -> Snapshot: ...
    def fail(self, name: str, error: Json) -> Snapshot: ...
    def log(self) -> list[Json]: ...


class Engine(Protocol):
    clock: datetime

    def define(self, machine: str, document: Json) -> None: ...
    def start(self, document: Json, given: Json = None) -> Chart: ...
    def get(self, instance_id: str) -> Chart: ...


# -- in memory ----------------------------------------------------------------------


class PythonEngine:
    def __init__(self) -> None:
        self.clock = CLOCK

        self.simulated: testing.World | None = None
        self.numbers = itertools.count(1)

    @property
    def world(self) -> testing.World:
        """One world for all of a test; its clock may be set before the first use."""
        if self.simulated is None:
            self.simulated = testing.World(self.clock)
            for name, function in shop.python_functions().items():
                self.simulated.function(name, function)
        return self.simulated

    def define(self, machine: str, document: Json) -> None:
        self.world.define(document, machine)

    def start(self, document: Json, given: Json = None) -> PythonChart:
        number = next(self.numbers)
        self.define(f"m{number}", document)
        instance_id = f"i-{number}"
        instance = self.world.start(f"m{number}", given, instance_id=instance_id)
        return PythonChart(instance, self.clock)

    def get(self, instance_id: str) -> PythonChart:
        return PythonChart(self.world[instance_id], self.clock)


class PythonChart:
    def __init__(self, instance: testing.Instance, started: datetime) -> None:
        self.instance = instance
        self.instance_id = instance.id
        self.started = started

    def snapshot(self) -> Snapshot:
        return _simulated(self.instance.snapshot)

    def send(self, event: str, data: Json = None) -> Snapshot:
        return _simulated(self.instance.send(event, data))

    def refuse(self, event: str, data: Json = None) -> Refusal:
        before = self.instance.world.dump()
        try:
            taken = self.send(event, data)
        except testing.Refused as refusal:
            assert self.instance.world.dump() == before
            return Refusal(refusal.sqlstate, refusal.message, refusal.detail)
        raise AssertionError(f"not refused: {taken}")

    def advance(self, by: str) -> Snapshot:
        self.instance.world.advance(by)
        return self.snapshot()

    def timers(self) -> list[Timer]:
        return [
            Timer(timer.event, timer.due_at - self.started)
            for timer in self.instance.timers
        ]

    def effects(self) -> list[Effect]:
        return [
            Effect(e.effect_id, e.name, e.input, e.status, e.invoke_id)
            for e in self.instance.effects
        ]

    def complete(self, name: str, output: Json = None) -> Snapshot:
        return _simulated(self.instance.complete(name, output))

    def fail(self, name: str, error: Json) -> Snapshot:
        return _simulated(self.instance.fail(name, error))

    def claim(self, name: str) -> Any:
        return self.instance.claim(name)

    def log(self) -> list[Json]:
        return [
            {"event": entry.event, "data": entry.data, "changes": entry.changes}
            for entry in self.instance.log
        ]


def _simulated(snapshot: testing.Snapshot) -> Snapshot:
    names = Snapshot.__dataclass_fields__
    return Snapshot(**{name: getattr(snapshot, name) for name in names})


# -- through the database ------------------------------------------------------------


class PostgresEngine:
    """Everything happens in one transaction, which the fixture rolls back."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.clock = CLOCK
        self.numbers = itertools.count(1)
        set_json_loads(_loads, connection)
        connection.execute(shop.SQL)

    def define(self, machine: str, document: Json) -> None:
        self.connection.execute(
            "select pgsm.define_machine(%s, %s::json)", [machine, exact.dumps(document)]
        )

    def get(self, instance_id: str) -> PostgresChart:
        return PostgresChart(self.connection, instance_id, self.clock)

    def start(self, document: Json, given: Json = None) -> PostgresChart:
        clock.set_clock(self.connection, self.clock.isoformat())
        number = next(self.numbers)
        machine, instance_id = f"m{number}", f"i-{number}"
        self.define(machine, document)
        chart = PostgresChart(self.connection, instance_id, self.clock)
        chart.rows(
            "select * from pgsm.start_instance(%s, %s, %s::jsonb)",
            machine,
            instance_id,
            exact.dumps(given or {}),
        )
        return chart


class PostgresChart:
    def __init__(
        self, connection: psycopg.Connection[Any], instance_id: str, started: datetime
    ) -> None:
        self.connection = connection
        self.instance_id = instance_id
        self.started = started
        self.clock = started
        self.claimed: dict[str, dict[str, Any]] = {}

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        with self.connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute(query, parameters)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def snapshot(self) -> Snapshot:
        query = "select * from pgsm.get_instance(%s)"
        return _snapshot(self.rows(query, self.instance_id)[0])

    def send(self, event: str, data: Json = None, **options: Any) -> Snapshot:
        named = "".join(f", {name} => %s" for name in options)
        (row,) = self.rows(
            f"select * from pgsm.send_event(%s, %s, %s::jsonb{named})",
            self.instance_id,
            event,
            exact.dumps({} if data is None else data),
            *options.values(),
        )
        return _snapshot(row)

    def refuse(self, event: str, data: Json = None, **options: Any) -> Refusal:
        before = self.snapshot()
        try:
            with self.connection.transaction():
                taken = self.send(event, data, **options)
        except psycopg.Error as refusal:
            assert self.snapshot() == before
            diagnostics = refusal.diag
            return Refusal(
                refusal.sqlstate or "",
                diagnostics.message_primary or "",
                diagnostics.message_detail or "",
            )
        raise AssertionError(f"not refused: {taken}")

    def advance(self, by: str) -> Snapshot:
        """Fire what falls due on the way, each at its time."""
        until = durations.add(self.clock, by)
        while due := self.rows(
            "select min(due_at) as at from pgsm.timers"
            " where status = 'armed' and due_at <= %s",
            until,
        )[0]["at"]:
            self.clock = max(self.clock, due)
            clock.set_clock(self.connection, self.clock.isoformat())
            self.rows("select * from pgsm.fire_timers()")
        self.clock = until
        clock.set_clock(self.connection, until.isoformat())
        return self.snapshot()

    def timers(self) -> list[Timer]:
        found = self.rows(
            "select event, due_at from pgsm.timers"
            " where instance_id = %s order by due_at, armed_at, timer_id",
            self.instance_id,
        )
        return [Timer(row["event"], row["due_at"] - self.started) for row in found]

    def effects(self) -> list[Effect]:
        return [
            Effect(**row)
            for row in self.rows(
                "select effect_id, name, input, status, invoke_id"
                " from pgsm.effects where instance_id = %s"
                " order by split_part(effect_id, '/', 1)::int,"
                " split_part(effect_id, '/', 2)::int",
                self.instance_id,
            )
        ]

    def claim(self, name: str) -> dict[str, Any]:
        (row,) = self.rows(
            "select * from pgsm.claim_effects('tests', array[%s], 1, '1 minute')", name
        )
        self.claimed[name] = row
        return row

    def log(self) -> list[Json]:
        return self.rows(
            "select event, data, changes from pgsm.event_log"
            " where instance_id = %s order by revision",
            self.instance_id,
        )

    def complete(self, name: str, output: Json = None) -> Snapshot:
        claimed = self.claimed.pop(name, None) or self.claim(name)
        self.claimed.pop(name, None)
        completion = {
            "instance_id": self.instance_id,
            "effect_id": claimed["effect_id"],
            "lease_token": str(claimed["lease_token"]),
            "output": output,
        }
        self.rows(
            "select * from pgsm.complete_effects(%s::jsonb)", exact.dumps([completion])
        )
        return self.snapshot()

    def fail(self, name: str, error: Json) -> Snapshot:
        claimed = self.claimed.pop(name, None) or self.claim(name)
        self.claimed.pop(name, None)
        self.rows(
            "select pgsm.fail_effect(%s, %s, %s, %s::jsonb, permanent => true)",
            self.instance_id,
            claimed["effect_id"],
            claimed["lease_token"],
            exact.dumps(error),
        )
        return self.snapshot()


def _loads(data: str | bytes) -> Json:
    return exact.loads(data if isinstance(data, str) else data.decode())


def _snapshot(row: dict[str, Any]) -> Snapshot:
    return Snapshot(**{name: row[name] for name in Snapshot.__dataclass_fields__})
