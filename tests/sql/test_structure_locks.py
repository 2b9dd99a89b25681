"""Who waits for whom: nobody for ever, and nobody for another's instance."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator
from concurrent import futures

import psycopg
import pytest
from psycopg import errors

from tests.databases import Connect

INSTANCES = ["a", "b", "c"]
EVERY = [*INSTANCES, "d", "e", "f"]  # those of batches
SESSIONS = 6
CALLS = 120


def document(version: int) -> str:
    effect = {"type": "effect", "name": "work"}
    return json.dumps(
        {
            "initial": "ready",
            "context": {"count": 0},
            "states": {
                "ready": {
                    "meta": version,
                    "invoke": [
                        {
                            "id": "work",
                            "src": "work",
                            "onDone": {"actions": [effect]},
                            "onError": {"target": "ready", "reenter": True},
                        },
                        {"id": "other", "src": "work"},
                    ],
                    "after": {"5": {"target": "ready", "reenter": True}},
                    "on": {
                        "tick": {
                            "target": "ready",
                            "reenter": True,
                            "actions": [
                                effect,
                                {"type": "raise", "event": "tock", "delay": 1},
                            ],
                        },
                        "tock": {"actions": effect},
                    },
                }
            },
            "implementations": {"effects": {"work": {"retry": {"attempts": 2}}}},
        }
    )


@pytest.fixture
def machine(dsn: str, connect: Connect) -> Iterator[list[str]]:
    """Three instances, new for each test, of a machine with two versions."""
    del dsn
    admin = connect()
    for version in (2, 1):
        admin.execute(
            "select pgsm.define_machine('busy', %s, %s)", [document(version), version]
        )
    for one, other in ((1, 2), (2, 1)):
        admin.execute("select pgsm.define_upgrade('busy', %s, %s)", [one, other])
    prefix = f"{random.random()} "
    every = [prefix + name for name in EVERY]
    for name in every:
        admin.execute("select pgsm.start_instance('busy', %s)", [name])
    yield every[: len(INSTANCES)]
    for name in every:
        admin.execute("select pgsm.delete_instance(%s)", [name])


def send(connection: psycopg.Connection, instance: str, _: str) -> None:
    connection.execute("select pgsm.send_event(%s, 'tick')", [instance])


def send_many(connection: psycopg.Connection, instance: str, other: str) -> None:
    """To all, the last first; the rounds are long enough to go set by set."""
    ids = [instance.rsplit(" ", 1)[0] + " " + name for name in reversed(EVERY)]
    batch = [{"instance_id": name, "event": "tick"} for name in [*ids, other]]
    connection.execute("select pgsm.send_events(%s)", [json.dumps(batch)])


def post(connection: psycopg.Connection, instance: str, other: str) -> None:
    with connection.transaction():
        connection.execute("select pgsm.post_event(%s, 'tick')", [instance])
        connection.execute("select pgsm.post_event(%s, 'tock')", [other])


def fire(connection: psycopg.Connection, _: str, __: str) -> None:
    connection.execute("select pgsm.fire_timers(20)")


def pause(connection: psycopg.Connection, instance: str, _: str) -> None:
    connection.execute("select pgsm.pause_instance(%s)", [instance])
    connection.execute("select pgsm.resume_instance(%s)", [instance])


def upgrade(connection: psycopg.Connection, instance: str, _: str) -> None:
    version = random.choice((1, 2))
    connection.execute("select pgsm.upgrade_instance(%s, %s)", [instance, version])


def upgrade_all(connection: psycopg.Connection, _: str, __: str) -> None:
    version = random.choice((1, 2))
    connection.execute("select pgsm.upgrade_batch('busy', %s, 10)", [version])


def complete(connection: psycopg.Connection, _: str, __: str) -> None:
    connection.execute(
        "select pgsm.complete_effects((select coalesce(jsonb_agg(to_jsonb(c)), '[]')"
        " from pgsm.claim_effects('r', '{work}', 10, '20 milliseconds') as c))"
    )


def fail(connection: psycopg.Connection, _: str, __: str) -> None:
    connection.execute(
        "select pgsm.fail_effect(instance_id, effect_id, lease_token, '{}', true)"
        " from pgsm.claim_effects('r', '{work}', 3, '20 milliseconds')"
    )


def beat(connection: psycopg.Connection, _: str, __: str) -> None:
    connection.execute(
        "select pgsm.heartbeat_effects('r', coalesce(jsonb_agg(to_jsonb(c)), '[]'))"
        " from pgsm.claim_effects('r', '{work}', 2, '20 milliseconds') as c"
    )


def repair(connection: psycopg.Connection, instance: str, _: str) -> None:
    connection.execute(
        "select pgsm.cancel_effect(instance_id, effect_id) from pgsm.effects"
        " where instance_id = %s and status in ('running', 'failed') limit 1",
        [instance],
    )


Call = Callable[[psycopg.Connection, str, str], None]
# Each meets each other one, itself included, many times over.
CALL: list[Call] = [
    send,
    send,
    send_many,
    post,
    fire,
    pause,
    upgrade,
    upgrade_all,
    complete,
    fail,
    beat,
    repair,
]


def test_no_two_of_pgsms_calls_deadlock(
    machine: list[str], dsn: str, connect: Connect
) -> None:
    connect().execute("select pgsm.register_runner('r', '{work}')")
    start = threading.Barrier(SESSIONS)

    def work(seed: int) -> int:
        chance, done = random.Random(seed), 0
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("set deadlock_timeout = '50ms'")
            start.wait()
            for _ in range(CALLS):
                first, second = sorted(chance.choices(machine, k=2))
                try:
                    chance.choice(CALL)(connection, first, second)
                    done += 1
                except psycopg.DatabaseError as error:
                    # refused is fine (paused just now, ended); 40P01 is not
                    if (error.sqlstate or "")[:2] != "SM":
                        raise
        return done

    with futures.ThreadPoolExecutor(SESSIONS) as pool:
        done = list(pool.map(work, range(SESSIONS)))
    assert sum(done) > SESSIONS * CALLS / 2
    for name in machine:
        assert gaps(connect(), name) == []


def gaps(connection: psycopg.Connection, instance: str) -> list[int]:
    """The revisions that the instance has no log row of."""
    found = connection.execute(
        "select n from pgsm.instances as i, generate_series(1, i.revision) as n"
        " where i.instance_id = %(id)s and not exists ("
        "     select from pgsm.event_log as l"
        "     where l.instance_id = %(id)s and l.revision = n)",
        {"id": instance},
    )
    return [number for (number,) in found]


def test_events_of_two_sessions_to_one_instance_leave_no_gap(
    machine: list[str], dsn: str, connect: Connect
) -> None:
    start = threading.Barrier(2)

    def work(_: int) -> list[int]:
        with psycopg.connect(dsn, autocommit=True) as connection:
            start.wait()
            return [
                connection.execute(
                    "select revision from pgsm.send_event(%s, 'tock')", [machine[0]]
                ).fetchone()[0]  # type: ignore[index]
                for _ in range(30)
            ]

    with futures.ThreadPoolExecutor(2) as pool:
        one, other = pool.map(work, range(2))
    assert one == sorted(one)
    assert sorted(one + other) == list(range(2, 62))
    assert gaps(connect(), machine[0]) == []


@pytest.mark.parametrize("call", [send, pause, upgrade])
def test_locked_instance_blocks_those_who_want_it_and_nobody_else(
    machine: list[str], connect: Connect, call: Call
) -> None:
    first, second, _ = machine
    holder, other = connect(autocommit=False), connect()
    send(holder, first, "")
    other.execute("set lock_timeout = '50ms'")
    call(other, second, "")
    with pytest.raises(errors.LockNotAvailable):
        call(other, first, "")
    holder.rollback()
    call(other, first, "")


@pytest.mark.parametrize("call", [fire, complete, fail, beat])
def test_drivers_wait_for_no_instance(
    machine: list[str], connect: Connect, call: Call
) -> None:
    first, second, _ = machine
    holder, driver = connect(autocommit=False), connect()
    for name in machine:
        post(driver, name, name)
    send(holder, first, "")
    driver.execute("set lock_timeout = '50ms'")
    call(driver, "", "")
    send(driver, second, "")
    holder.rollback()


def test_posting_waits_for_nobody(machine: list[str], connect: Connect) -> None:
    holder, poster = connect(autocommit=False), connect()
    send(holder, machine[0], "")
    poster.execute("set lock_timeout = '50ms'")
    post(poster, machine[0], machine[1])
    holder.rollback()
    fire(poster, "", "")
    assert gaps(poster, machine[0]) == []


def test_messages_and_posts_between_two_instances_do_not_lock_the_receiver(
    machine: list[str], connect: Connect
) -> None:
    one, other = connect(autocommit=False), connect(autocommit=False)
    send(one, machine[0], "")
    send(other, machine[1], "")
    for connection in (one, other):
        connection.execute("set lock_timeout = '50ms'")
    one.execute("select pgsm.post_event(%s, 'tock')", [machine[1]])
    other.execute("select pgsm.post_event(%s, 'tock')", [machine[0]])
    one.commit()
    other.commit()
