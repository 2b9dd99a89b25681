"""Many timers that fall due at once, sessions that fire them, and the proof after."""

from __future__ import annotations

import contextlib
import json
import threading
from typing import Any

import psycopg

# each instance takes two timers, one after the other
MACHINE = {
    "initial": "a",
    "context": {"n": 0},
    "states": {
        "a": {"after": {"1 hour": {"target": "b", "actions": "count"}}},
        "b": {"after": {"0": {"target": "c", "actions": "count"}}},
        "c": {},
    },
    "implementations": {
        "actions": {
            "count": {"type": "assign", "set": {"n": {"expr": "context.n + 1"}}}
        }
    },
}
Connection = psycopg.Connection[Any]


def start(connection: Connection, instances: int, late: int = 0) -> None:
    """Instances whose first timer is due now, and fires when there is a driver.

    So many of them are `late`: theirs is due in an hour.
    """
    connection.execute("select pgsm.define_machine('burst', %s)", [json.dumps(MACHINE)])
    connection.execute(
        "select count(*) from generate_series(1, %s) as n"
        " cross join lateral pgsm.start_instance('burst', 'burst-' || n)",
        [instances],
    )
    connection.execute(
        "update pgsm_private.timers set due_at = now() where instance_id <> all (%s)",
        [[f"burst-{n}" for n in range(1, late + 1)]],
    )


def fired(connection: Connection) -> int:
    row = connection.execute(
        "select count(*) from pgsm.event_log where origin = 'timer'"
    ).fetchone()
    assert row is not None
    return int(row[0])


def left(connection: Connection) -> int:
    row = connection.execute("select count(*) from pgsm.timers").fetchone()
    assert row is not None
    return int(row[0])


def check(connection: Connection, instances: int) -> None:
    """Each timer fired once: by the state, the revisions and the log."""
    ends = connection.execute(
        "select value, context, revision, count(*) from pgsm.instances group by 1, 2, 3"
    ).fetchall()
    assert ends == [("c", {"n": 2}, 3, instances)]
    steps = connection.execute(
        "select array_agg(array[revision::text, event] order by revision),"
        " min(instance_id) from pgsm.event_log group by instance_id"
    ).fetchall()
    assert len(steps) == instances
    first = steps[0][0]
    assert [step[0] for step in first] == ["1", "2", "3"]
    assert [step for step, _ in steps if step != first] == []
    assert left(connection) == 0


class Scheduler(threading.Thread):
    """A session of its own in `run_timers`; it ends quietly when it is killed."""

    def __init__(self, dsn: str, seconds: float = 60, options: str = "") -> None:
        super().__init__(daemon=True)
        self._connection = psycopg.connect(dsn, autocommit=True, options=options)
        self.pid = self._connection.info.backend_pid
        self._seconds = seconds
        self.problem: psycopg.Error | None = None
        self.start()

    def run(self) -> None:
        try:
            self._connection.execute(
                f"call pgsm.run_timers('{self._seconds} s')".encode()
            )
        except psycopg.Error as problem:
            self.problem = problem
        finally:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
