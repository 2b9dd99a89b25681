"""Eight sessions that claim, fail, give back and forget, and operators meanwhile."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent import futures

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.databases import Connect

from . import outbox

SESSIONS = 8
INSTANCES = 12
EACH = 12
NAME = "log.write"
DOCUMENT = {
    "initial": "open",
    "states": {
        "open": {"on": {"note": {"actions": {"type": "effect", "name": NAME}}}},
    },
    "implementations": {
        "effects": {NAME: {"ordered": True, "retry": {"attempts": 3, "backoff": 1}}}
    },
}
OPERATIONS = (
    "select pgsm.pause_effects('log.write')",
    "select pgsm.resume_effects('log.write')",
    "select pgsm.resume_effects('log.write')",
    "select pgsm.limit_effects('log.write', 5, 1000)",
    "select pgsm.limit_effects('log.write')",
    "select pgsm.retry_effects('log.write', spread => '0')",
    "select count(*) from pgsm.effect_stats, pgsm.failed_effects",
)


@pytest.fixture
def notes(fresh_dsn: str, connect: Connect) -> psycopg.Connection:
    connection = connect(fresh_dsn)
    outbox.define(connection, DOCUMENT, "log")
    names = [f"log-{n}" for n in range(INSTANCES)]
    outbox.start(connection, *names, machine="log")
    for _ in range(EACH):
        for name in names:
            outbox.send(connection, name, "note")
    return connection


def test_nothing_is_lost_done_twice_or_out_of_order(
    notes: psycopg.Connection, fresh_dsn: str
) -> None:
    done: list[tuple[str, str]] = []
    over = threading.Event()

    def work(seed: int) -> None:
        chance = random.Random(seed)
        with psycopg.connect(fresh_dsn, autocommit=True) as own:
            while not over.is_set():
                claims = outbox.claim(
                    own, 3, (NAME,), f"runner-{seed}", "300 milliseconds"
                )
                for claimed in claims:
                    _end(own, claimed, chance, done)
                if not claims:
                    time.sleep(0.01)

    def operate() -> None:
        chance = random.Random(0)
        with psycopg.connect(fresh_dsn, autocommit=True) as own:
            while not over.is_set():
                own.execute(chance.choice(OPERATIONS))  # type: ignore[call-overload]
                time.sleep(0.01)

    with futures.ThreadPoolExecutor(SESSIONS + 1) as pool:
        jobs = [pool.submit(work, seed) for seed in range(SESSIONS)]
        jobs.append(pool.submit(operate))
        try:
            _wait(lambda: len(done) >= INSTANCES * EACH or any(j.done() for j in jobs))
        finally:
            over.set()
        for job in jobs:
            job.result()
    assert len(done) == len(set(done)) == INSTANCES * EACH
    for n in range(INSTANCES):
        own = [
            int(effect_id.split("/")[0])
            for name, effect_id in done
            if name == f"log-{n}"
        ]
        assert own == sorted(own)
    rows = notes.execute("select distinct status from pgsm.effects").fetchall()
    assert rows == [("succeeded",)]


def _end(
    connection: psycopg.Connection,
    claimed: outbox.Claimed,
    chance: random.Random,
    done: list[tuple[str, str]],
) -> None:
    """Mostly well; else it fails, is given back, or is never heard of again."""
    way = chance.random()
    if way < 0.05:
        outbox.fail(connection, claimed, permanent=True)
    elif way < 0.15:
        outbox.fail(connection, claimed)
    elif way < 0.2:
        connection.execute(
            "select pgsm.release_effects('r', %s)", [Jsonb([claimed.lease()])]
        )
    elif way > 0.22:
        # under the instance's lock, as a handler's transaction has it
        with connection.transaction():
            (outcome,) = outbox.complete(connection, claimed)
            if outcome == "succeeded":
                done.append((claimed.instance_id, claimed.effect_id))


def _wait(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
