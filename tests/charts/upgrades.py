"""A machine in two versions, and an instance on the first."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from pgsm.engine import exact

from .doors import CLOCK, PostgresChart, PostgresEngine, Snapshot

Json = Any


DOCUMENTS = ("states", "timers", "effects")


class Machine:
    """Version 1 is current; version 2 is there to be upgraded to."""

    def __init__(self, postgres: PostgresEngine, old: Json, new: Json) -> None:
        self.connection = postgres.connection
        self.chart = postgres.start(old)
        (row,) = self.chart.rows(
            "select machine from pgsm.instances where instance_id = %s",
            self.chart.instance_id,
        )
        self.name: str = row["machine"]
        self.define(new)
        self.instances = 1

    def define(self, document: Json) -> None:
        self.connection.execute(
            "select pgsm.define_machine(%s, %s::json, make_current => false)",
            [self.name, exact.dumps(document)],
        )

    def start(self, given: Json = None) -> PostgresChart:
        """One more instance of version 1."""
        self.instances += 1
        chart = PostgresChart(self.connection, f"{self.name}-{self.instances}", CLOCK)
        chart.rows(
            "select pgsm.start_instance(%s, %s, %s::jsonb, version => 1)",
            self.name,
            chart.instance_id,
            exact.dumps(given or {}),
        )
        return chart

    def declare(self, old: int = 1, new: int = 2, **rules: Json) -> None:
        """define_upgrade; states, timers and effects as values."""
        texts = {
            name: exact.dumps(value) if name in DOCUMENTS else value
            for name, value in rules.items()
        }
        named = "".join(f", {name} => %s" for name in texts)
        self.connection.execute(
            f"select pgsm.define_upgrade(%s, %s, %s{named})",
            [self.name, old, new, *texts.values()],
        )

    def undeclarable(self, **rules: Json) -> list[str]:
        """The problems of a declaration that must be refused."""
        with pytest.raises(psycopg.Error) as refusal, self.connection.transaction():
            self.declare(**rules)
        assert refusal.value.sqlstate == "SM401"
        return (refusal.value.diag.message_detail or "").splitlines()

    def upgrade(self, chart: PostgresChart | None = None, version: int = 2) -> Snapshot:
        chart = chart or self.chart
        chart.rows("select pgsm.upgrade_instance(%s, %s)", chart.instance_id, version)
        return chart.snapshot()

    def refuse(self, chart: PostgresChart | None = None) -> str:
        """Why the upgrade is refused; the instance stays as it was."""
        chart = chart or self.chart
        before, timers = chart.snapshot(), chart.timers()
        with pytest.raises(psycopg.Error) as refusal, self.connection.transaction():
            self.upgrade(chart)
        assert refusal.value.sqlstate == "SM402"
        assert (chart.snapshot(), chart.timers()) == (before, timers)
        return refusal.value.diag.message_primary or ""
