"""What `pgsm status` says of a deployed database besides its changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

from . import sqitch

FEWEST_PARTITIONS = 2  # months of the event log made ahead

_TIMERS = """
    select drivers, stopped, backlog, extract(epoch from lateness)::float8 as lateness,
        next_at, retrying, failed, undeliverable, partitions_ahead,
        (
            select extract(epoch from max(clock_timestamp() - t.since))::float8
            from (
                select xact_start from pg_stat_activity
                where backend_xmin is not null and pid <> pg_backend_pid()
                union all
                select prepared from pg_prepared_xacts
            ) as t (since)
        ) as oldest_snapshot
    from pgsm.timer_status()
"""


@dataclass(frozen=True)
class Health:
    """Timers, the event log's partitions and the oldest snapshot; times in seconds.

    `drivers` counts the living drivers of timers by kind: cron, runner, other.
    `lateness` is that of the timer that is due the longest; None where none is due.
    `oldest_snapshot` is of the sessions that the asking role may see: nothing that was
    deleted since is cleaned up, and claims get slower.
    """

    drivers: dict[str, int]
    stopped: bool
    backlog: int
    lateness: float | None
    next_at: datetime | None
    retrying: int
    failed: int
    undeliverable: int
    partitions_ahead: int
    oldest_snapshot: float | None

    def problems(self) -> list[str]:
        """What somebody has to do something about before long."""
        found = []
        if self.partitions_ahead < FEWEST_PARTITIONS:
            found.append(
                f"the log has partitions for {self.partitions_ahead} months ahead:"
                " select pgsm.make_log_partitions()"
            )
        return found


def read(dsn: str) -> Health | None:
    """None where this release's functions are not deployed.

    Raises psycopg.errors.InsufficientPrivilege for a role that may not look.
    """
    with sqitch.connect(dsn) as connection:
        cursor = connection.cursor(row_factory=class_row(Health))
        try:
            return cursor.execute(_TIMERS).fetchone()
        except (psycopg.errors.UndefinedFunction, psycopg.errors.InvalidSchemaName):
            return None
