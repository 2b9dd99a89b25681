"""One event after another on each of some connections, each in a thread of its own.

python-statemachine with psycopg, or pgsm by the same driver.  Settings:
{mode, clients, seconds, instances}.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from statemachine import State, StateMachine


class Ring(StateMachine):
    """The ring of ring.json, with its guard and its action."""

    a = State(initial=True)
    b = State()
    c = State()
    d = State()
    next = (
        a.to(b, cond="may_go_on", on="count")
        | b.to(c, cond="may_go_on", on="count")
        | c.to(d, cond="may_go_on", on="count")
        | d.to(a, cond="may_go_on", on="count")
    )

    def may_go_on(self) -> bool:
        return self.model.context["n"] < 1_000_000_000

    def count(self) -> None:
        self.model.context["n"] += 1


class Model:
    def __init__(self, state: str, context: dict[str, Any]) -> None:
        self.state = state
        self.context = context


def statemachine(connection: psycopg.Connection[Any], instance_id: str) -> None:
    with connection.transaction():
        row = connection.execute(
            "select snapshot from peer.instances where instance_id = %s for update",
            [instance_id],
            prepare=True,
        ).fetchone()
        assert row is not None
        model = Model(row[0]["value"], row[0]["context"])
        Ring(model).send("next")
        saved = {"value": model.state, "context": model.context, "status": "active"}
        connection.execute(
            "update peer.instances set snapshot = %s, revision = revision + 1,"
            " updated_at = clock_timestamp() where instance_id = %s",
            [Jsonb(saved), instance_id],
            prepare=True,
        )
        connection.execute(
            "insert into peer.event_log (instance_id, event, source, target)"
            " values (%s, 'next', %s, %s)",
            [instance_id, Jsonb(row[0]["value"]), Jsonb(model.state)],
            prepare=True,
        )


def pgsm(connection: psycopg.Connection[Any], instance_id: str) -> None:
    connection.execute(
        "select * from pgsm.send_event(%s, 'next')", [instance_id], prepare=True
    ).fetchone()


SEND = {"statemachine": statemachine, "pgsm": pgsm}


def main() -> None:
    settings = json.loads(sys.argv[1])
    send = SEND[settings["mode"]]
    connections = [
        psycopg.connect("", autocommit=True) for _ in range(settings["clients"])
    ]
    done: list[int] = []

    def work(connection: psycopg.Connection[Any], seconds: float) -> None:
        count = 0
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            send(connection, f"bench-{random.randint(1, settings['instances'])}")
            count += 1
        done.append(count)

    def run(seconds: float) -> None:
        threads = [
            threading.Thread(target=work, args=[connection, seconds])
            for connection in connections
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    run(0.5)
    print("ready", flush=True)
    sys.stdin.readline()
    done.clear()
    began = time.perf_counter()
    run(settings["seconds"])
    seconds = time.perf_counter() - began
    print(json.dumps({"done": sum(done), "seconds": seconds}))


if __name__ == "__main__":
    main()
