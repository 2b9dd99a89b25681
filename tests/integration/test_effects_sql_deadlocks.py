"""Runners and operators at the same time: nobody waits for another one in a circle.

The tests' server looks for deadlocks after a tenth of a second.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from concurrent import futures
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.databases import Connect

from . import outbox, runners
from .rewriting import rewrite

NAMES = ("a.work", "b.work")
INSTANCES = [f"job-{n}" for n in range(12)]
RUNNERS, OPERATORS, SENDERS = 5, 3, 3
ROUNDS = 60

POLICY = {"within": "1 hour", "retry": {"attempts": 2, "backoff": 1}}


def document() -> dict[str, Any]:
    """A state with two invocations, entered again and again."""
    invokes = [
        {"id": name[0], "src": name, "onDone": {"actions": []}} for name in NAMES
    ]
    return {
        "initial": "working",
        "states": {
            "working": {"invoke": invokes, "on": {"leave": "left"}},
            "left": {"on": {"again": "working"}},
        },
        "implementations": {"effects": dict.fromkeys(NAMES, POLICY)},
    }


SOME = (
    "select pgsm.{}(instance_id, effect_id) from pgsm.effects"
    " where instance_id = '{{instance}}' and status in ('{}', 'retrying') limit 1"
)
OPERATIONS = [
    "select pgsm.limit_effects('a.work', 3, 10000)",
    "select pgsm.limit_effects('a.work')",
    "select pgsm.limit_effects('b.work', 3)",
    "select pgsm.limit_effects('b.work')",
    "select pgsm.pause_effects('a.work')",
    "select pgsm.resume_effects('a.work')",
    "select pgsm.pause_effects('b.work')",
    "select pgsm.resume_effects('b.work')",
    "select pgsm.retry_effects('a.work', spread => '0')",
    "select pgsm.retry_effects('b.work', spread => '0')",
    "select pgsm.fire_timers()",
    "select pgsm.upgrade_instance('{instance}', 2)",
    "select pgsm.upgrade_instance('{instance}', 1)",
    "select pgsm.pause_machine('job')",
    "select pgsm.resume_machine('job')",
    "select pgsm.pause_instance('{instance}')",
    "select pgsm.resume_instance('{instance}')",
    SOME.format("cancel_effect", "running"),
    SOME.format("retry_effect", "failed"),
    "select count(*) from pgsm.effect_stats, pgsm.failed_effects, pgsm.effect_names",
]


@pytest.fixture
def crowd_dsn(fresh_dsn: str, connect: Connect) -> str:
    connection = connect(fresh_dsn)
    _note_marks_always(connection)
    outbox.define(connection, document())
    outbox.start(connection, *INSTANCES)
    outbox.define(connection, {**document(), "description": "the next one"})
    return fresh_dsn


def test_no_two_sessions_wait_for_each_other(crowd_dsn: str) -> None:
    said: Counter[str] = Counter()

    def session(play: Callable[..., None], seed: int) -> None:
        chance = random.Random(seed)
        with psycopg.connect(crowd_dsn, autocommit=True) as own:
            for _ in range(ROUNDS):
                try:
                    play(own, chance, f"runner-{seed % 3}")
                except psycopg.Error as refusal:
                    said[str(refusal.sqlstate)] += 1

    plays = [_run] * RUNNERS + [_operate] * OPERATORS + [_send] * SENDERS
    with futures.ThreadPoolExecutor(len(plays)) as pool:
        jobs = [pool.submit(session, play, seed) for seed, play in enumerate(plays)]
        for job in jobs:
            job.result()
    # what is asked for may not be possible just then; but no 40P01
    assert set(said) <= {"SM111", "SM122", "SM303"}


def test_a_limit_that_is_made_during_a_claim_holds_up_nobody(
    crowd_dsn: str, connect: Connect
) -> None:
    # The first claim holds the limit of b and has claimed of a; the second one locks
    # the limit of a, made meanwhile, and would wait for that of b.
    first, second, operator = (connect(crowd_dsn) for _ in range(3))
    operator.execute("select pgsm.limit_effects('b.work', 100, 1000)")
    _pause_before_spending(operator)
    with futures.ThreadPoolExecutor(2) as pool:
        operator.execute("select pg_advisory_lock(1)")
        claims = [pool.submit(outbox.claim, first, 4, NAMES)]
        _until_waiting(operator, 1)
        operator.execute("select pgsm.limit_effects('a.work', 100, 1000)")
        claims.append(pool.submit(outbox.claim, second, 4, NAMES))
        _until_waiting(operator, 2)
        operator.execute("select pg_advisory_unlock(1)")
        assert [len(claim.result(60)) for claim in claims] == [4, 4]


def test_a_resume_waits_for_nobody_and_puts_off_all_deadlines_in_the_end(
    crowd_dsn: str, connect: Connect
) -> None:
    sender, operator = connect(crowd_dsn), connect(crowd_dsn)
    operator.execute("select pgsm.pause_effects('a.work')")
    operator.execute(
        "update pgsm_private.effect_pauses set paused_at = now() - interval '1 minute'"
    )
    operator.execute(
        "update pgsm_private.effects set created_at = now() - interval '1 hour'"
    )
    before = _deadlines(operator)
    with sender.transaction():
        sender.execute(
            "select from pgsm_private.effects where instance_id = 'job-3' for update"
        )
        operator.execute("set statement_timeout = '20 s'")
        operator.execute("select pgsm.resume_effects('a.work')")
        after = _deadlines(operator)
        assert after.pop("job-3") == before["job-3"]
        assert all(after[name] > before[name] for name in after)
        outbox.claim(operator, 0)
    outbox.claim(operator, 0)
    assert _deadlines(operator)["job-3"] > before["job-3"]
    query = "select count(*) from pgsm_private.effect_extensions"
    assert outbox.scalar(operator, query) == 0


def _run(own: psycopg.Connection, chance: random.Random, runner: str) -> None:
    lease = chance.choice(["1 microsecond", "30 seconds"])
    claims = outbox.claim(own, chance.randint(1, 6), NAMES, runner, lease)
    leases = Jsonb([claimed.lease() for claimed in claims])
    own.execute("select pgsm.heartbeat_effects(%s, %s)", [runner, leases])
    way = chance.random()
    if way < 0.5:
        outbox.complete(own, *claims)
    elif way < 0.7:
        for claimed in claims:
            outbox.fail(own, claimed, permanent=chance.random() < 0.5)
    elif way < 0.9:
        own.execute("select pgsm.release_effects(%s, %s)", [runner, leases])
    own.execute("select pgsm.register_runner(%s, %s)", [runner, list(NAMES)])
    own.execute("select pgsm.wait_for_effects(%s)", [runner])


def _operate(own: psycopg.Connection, chance: random.Random, runner: str) -> None:
    operation = chance.choice(OPERATIONS).format(instance=chance.choice(INSTANCES))
    own.execute(operation)  # type: ignore[call-overload]


def _send(own: psycopg.Connection, chance: random.Random, runner: str) -> None:
    with own.transaction():
        # the instances of a transaction in one order, as anybody's rows
        for instance in sorted(chance.sample(INSTANCES, 2)):
            outbox.send(own, instance, chance.choice(["leave", "again"]))


def _note_marks_always(connection: psycopg.Connection) -> None:
    """As if each look into the queues had taken long."""
    for function in ("effect_heads(text[])", "ended_effects(integer)"):
        rewrite(connection, function, "> interval '10 milliseconds'", ">= interval '0'")
    rewrite(
        connection,
        "note_effect_marks(text[], text[], jsonb, interval)",
        "> interval '10 milliseconds'",
        ">= interval '0'",
    )
    for function in ("effect_heads(text[])", "ended_effects(integer)"):
        rewrite(connection, function, "interval '1 second'", "interval '1 millisecond'")


def _pause_before_spending(connection: psycopg.Connection) -> None:
    rewrite(
        connection,
        "spend_effect_limits(jsonb)",
        "begin\n",
        "begin\n perform pg_advisory_xact_lock_shared(1);\n",
    )


def _until_waiting(connection: psycopg.Connection, sessions: int) -> None:
    query = (
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        " and datname = current_database()"
    )
    runners.until(lambda: outbox.scalar(connection, query) == sessions)


def _deadlines(connection: psycopg.Connection) -> dict[str, Any]:
    rows = connection.execute(
        "select instance_id, deadline_at from pgsm.effects where name = 'a.work'"
    )
    return dict(rows.fetchall())
