"""XState's scenarios through PostgreSQL: the second door.

Machines are defined, instances started, events sent and timers fired by the public
functions.  What those refuse is done as the superuser that the test is: a scenario
that begins in the middle of things writes the states into the instance's row, and an
event of the engine's own, which XState's tests send by hand, is applied by
`pgsm_private.apply_event` with the origin of a timer.
"""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import set_json_loads

from pgsm.engine import exact
from tests import clock
from tests.charts import doors

Json = Any
SYSTEM = '{"role": "system"}'


class Postgres:
    """All scenarios in one transaction, which the fixture `db` rolls back.

    Each begins at a savepoint, without what the one before has left behind.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.numbers = itertools.count(1)
        self.clock: datetime = doors.CLOCK
        set_json_loads(_loads, connection)
        clock.set_clock(connection, self.clock.isoformat())
        connection.execute("savepoint scenario")

    def start(self, document: Json) -> Instance:
        self.connection.execute("rollback to savepoint scenario")
        name = f"m{next(self.numbers)}"
        chart = doors.PostgresChart(self.connection, name, self.clock)
        chart.rows(
            "select pgsm.define_machine(%s, %s::json)", name, exact.dumps(document)
        )
        chart.rows("select * from pgsm.start_instance(%s, %s)", name, name)
        return Instance(chart)

    def place(self, document: Json, value: Json) -> Instance:
        instance = self.start(document)
        chart = instance.chart
        chart.rows(
            "delete from pgsm_private.timers where instance_id = %s", chart.instance_id
        )
        chart.rows(
            "update pgsm_private.instances set states = %s, value = %s::jsonb,"
            " history = '{}', work = '{}', status = 'active', output = null,"
            " finished_at = null where instance_id = %s",
            _paths(value),
            exact.dumps(value),
            chart.instance_id,
        )
        return instance


class Instance:
    """An instance in the database."""

    def __init__(self, chart: doors.PostgresChart) -> None:
        self.chart = chart

    @property
    def snapshot(self) -> doors.Snapshot:
        return self.chart.snapshot()

    @property
    def notes(self) -> list[Json]:
        found = self.chart.rows(
            "select notes from pgsm_private.event_log"
            " where instance_id = %s and notes is not null order by revision",
            self.chart.instance_id,
        )
        return [note for row in found for note in row["notes"]]

    def send(self, event: str, data: Json) -> object:
        return self.chart.send(event, data)

    def deliver(self, event: str) -> object:
        return self.chart.rows(
            "select pgsm_private.apply_event(i, %s::jsonb, 'timer', %s::jsonb)"
            " from pgsm_private.instances as i where i.instance_id = %s",
            exact.dumps({"type": event}),
            SYSTEM,
            self.chart.instance_id,
        )

    def wait(self, milliseconds: Json) -> object:
        return self.chart.advance(f"{milliseconds} ms")


def _paths(value: Json, above: str = "") -> list[str]:
    """The active states of a value in XState's shape."""
    if isinstance(value, str):
        return [above + value]
    found = []
    for key, inner in value.items():
        path = above + key
        found += [path, *_paths(inner, path + ".")]
    return found


def _loads(data: str | bytes) -> Json:
    return exact.loads(data if isinstance(data, str) else data.decode())
