"""A thousand instances talk, in rings and stars, while callers hold their locks."""

from __future__ import annotations

import json
import random
import threading
from pathlib import Path
from typing import Any

import psycopg

from tests.databases import Connect

from . import burst, runners

RING, STAR = 10, 100
INSTANCES = 1000
STARTED = 500  # tokens
HOPS = 2
Connection = psycopg.Connection[Any]


def expr(source: str) -> dict[str, str]:
    return {"expr": source}


def send(to: str, event: str, **data: str) -> dict[str, Any]:
    values = {name: expr(source) for name, source in data.items()}
    return {
        "type": "send",
        "to": {"instance": expr(to)},
        "event": event,
        "data": values,
    }


def add(*names: str) -> dict[str, Any]:
    values = {name: expr(f"context.{name} + 1") for name in names}
    return {"type": "assign", "set": values}


ME = "context.me"
PEER = {
    "context": {
        **{name: expr(f"input.{name}") for name in ("me", "next", "hub")},
        **dict.fromkeys(("out", "besides", "acks", "ends", "pokes", "worked"), 0),
    },
    "on": {
        "token": [
            {
                "guard": expr("event.data.hops > 0"),
                "actions": [
                    add("out"),
                    send("context.next", "token", me=ME, n="context.out",
                         hops="event.data.hops - 1"),
                    send("context.next", "beside", me=ME, n="context.out"),
                    send("context.hub", "report", me=ME, n="context.out"),
                ],
            },
            {
                "actions": [
                    add("ends"),
                    {"type": "effect", "name": "test.work", "reply": "worked"},
                ]
            },
        ],
        "beside": {"actions": add("besides")},
        "ack": {"actions": add("acks")},
        "poke": {"actions": add("pokes")},
        "worked": {"actions": add("worked")},
    },
    "implementations": {"effects": {"test.work": {}}},
}  # fmt: skip
HUB = {
    "context": {"me": expr("input.me"), "reports": 0, "pokes": 0},
    "on": {
        "report": {
            "actions": [
                add("reports"),
                send("event.data.me", "ack", me=ME, n="event.data.n"),
            ]
        },
        "poke": {"actions": add("pokes")},
    },
}


def start(connection: Connection) -> None:
    """Rings of ten, and a hub for each hundred; half of the peers get a token."""
    for name, document in (("peer", PEER), ("hub", HUB)):
        connection.execute(
            "select pgsm.define_machine(%s, %s)", [name, json.dumps(document)]
        )
    connection.execute(
        "select count(*) from generate_series(0, %s - 1) as n cross join lateral"
        " pgsm.start_instance('hub', 'hub-' || n,"
        " jsonb_build_object('me', 'hub-' || n))",
        [INSTANCES // STAR],
    )
    connection.execute(
        "select count(*) from generate_series(0, %(all)s - 1) as n cross join lateral"
        " pgsm.start_instance('peer', 'peer-' || n, jsonb_build_object("
        " 'me', 'peer-' || n, 'hub', 'hub-' || n / %(star)s,"
        " 'next', 'peer-' || n / %(ring)s * %(ring)s + (n + 1) %% %(ring)s))",
        {"all": INSTANCES, "star": STAR, "ring": RING},
    )
    connection.execute(
        "select count(*) from generate_series(0, %s - 1, 2) as n"
        " cross join lateral pgsm.post_event('peer-' || n, 'token', %s)",
        [INSTANCES, json.dumps({"hops": HOPS})],
    )


class Caller(threading.Thread):
    """Sends to several instances in a transaction, and takes its time."""

    def __init__(self, dsn: str, seed: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._dsn, self._chance, self._end = dsn, random.Random(seed), stop
        self.pokes = 0
        self.problem: psycopg.Error | None = None
        self.start()

    def run(self) -> None:
        try:
            with psycopg.connect(self._dsn) as connection:
                while not self._end.is_set():
                    self._call(connection)
        except psycopg.Error as problem:
            self.problem = problem

    def _call(self, connection: Connection) -> None:
        chosen = {f"peer-{self._chance.randrange(INSTANCES)}" for _ in range(5)}
        chosen.add(f"hub-{self._chance.randrange(INSTANCES // STAR)}")
        # in one order, as all who lock several rows have to
        for instance_id in sorted(chosen):
            connection.execute("select pgsm.send_event(%s, 'poke')", [instance_id])
        self._end.wait(self._chance.uniform(0.5, 2))
        connection.commit()
        self.pokes += len(chosen)


def test_thousand_instances_talk_without_a_deadlock(
    fresh_dsn: str, connect: Connect, tmp_path: Path
) -> None:
    """Each message is delivered once, and in order between two instances."""
    connection = connect(fresh_dsn)
    start(connection)
    stop = threading.Event()
    callers = [Caller(fresh_dsn, seed, stop) for seed in range(4)]
    with (
        runners.process(fresh_dsn, tmp_path, "--lease", "10", "--timers"),
        runners.process(fresh_dsn, tmp_path, "--lease", "10"),
    ):
        sessions = [burst.Scheduler(fresh_dsn), burst.Scheduler(fresh_dsn)]
        runners.until(lambda: quiet(connection), seconds=90)
        stop.set()
        for caller in callers:
            caller.join(10)
        runners.until(lambda: quiet(connection), seconds=30)
        connection.execute("select pgsm.stop_timers(true)")
        for session in sessions:
            session.join(10)
    assert [c.problem for c in (*callers, *sessions) if c.problem] == []
    assert (
        count(
            connection, "deadlocks", "pg_stat_database", "datname = current_database()"
        )
        == 0
    )
    check_counts(connection, sum(caller.pokes for caller in callers))
    check_order(connection)


def count(connection: Connection, what: str, table: str, where: str = "true") -> int:
    query = f"select coalesce(sum({what}), 0)::int from {table} where {where}"
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


def quiet(connection: Connection) -> bool:
    open_effects = "status in ('pending', 'running', 'retrying')"
    return (
        count(connection, "1", "pgsm.timers") == 0
        and count(connection, "1", "pgsm.effects", open_effects) == 0
    )


def check_counts(connection: Connection, pokes: int) -> None:
    def total(name: str) -> int:
        return count(connection, f"(context ->> '{name}')::int", "pgsm.instances")

    forwards = STARTED * HOPS
    names = ("out", "besides", "reports", "acks", "ends", "worked", "pokes")
    found = {name: total(name) for name in names}
    assert found == {
        "out": forwards,
        "besides": forwards,
        "reports": forwards,
        "acks": forwards,
        "ends": STARTED,
        "worked": STARTED,
        "pokes": pokes,
    }


def check_order(connection: Connection) -> None:
    """Between two instances the numbers of an event rise by one, from one."""
    pairs = connection.execute(
        "select instance_id, event, data ->> 'me',"
        " array_agg((data ->> 'n')::int order by revision)"
        " from pgsm.event_log where data ? 'n' group by 1, 2, 3"
    ).fetchall()
    assert len(pairs) > INSTANCES
    wrong = [p for p in pairs if p[3] != list(range(1, len(p[3]) + 1))]
    assert wrong == []
    # what one step sends is in order, too
    steps = connection.execute(
        "select instance_id, data ->> 'me',"
        " array_agg(event order by revision)"
        " from pgsm.event_log where data ? 'n' and event in ('token', 'beside')"
        " group by 1, 2"
    ).fetchall()
    assert [s for s in steps if s[2] != ["token", "beside"] * (len(s[2]) // 2)] == []
