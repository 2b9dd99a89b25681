"""Limits of a name: how many run at once and how many are claimed, for all runners."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

import psycopg
import pytest

from tests.databases import Connect

from . import outbox

SetClock = Callable[..., None]
Advance = Callable[..., datetime]


@pytest.fixture
def jobs(db: psycopg.Connection, set_clock: SetClock) -> psycopg.Connection:
    set_clock(db, "2030-01-01 12:00+00")
    outbox.define(db, outbox.job())
    outbox.start(db, *(f"job-{n:02}" for n in range(20)))
    return db


def limit(connection: psycopg.Connection, arguments: str) -> None:
    connection.execute(f"select pgsm.limit_effects('{outbox.NAME}', {arguments})")


def claim(connection: psycopg.Connection, at_most: int = 20) -> int:
    return len(outbox.claim(connection, at_most))


def test_no_more_run_at_once_than_the_limit(jobs: psycopg.Connection) -> None:
    limit(jobs, "concurrency => 3")
    claims = outbox.claim(jobs, 20)
    assert len(claims) == 3
    assert claim(jobs) == 0
    outbox.complete(jobs, claims[0])
    outbox.fail(jobs, claims[1])
    assert claim(jobs) == 2


def test_a_rate_lets_so_many_go_and_then_one_after_the_other(
    jobs: psycopg.Connection, advance: Advance
) -> None:
    limit(jobs, "rate => 5, per => '1 minute'")
    assert (claim(jobs, 2), claim(jobs), claim(jobs)) == (2, 3, 0)
    advance(jobs, "11.9 seconds")
    assert claim(jobs) == 0
    advance(jobs, "0.1 seconds")
    assert (claim(jobs), claim(jobs)) == (1, 0)
    advance(jobs, "1 day")
    assert (claim(jobs), claim(jobs)) == (5, 0)


def test_a_rate_is_not_exceeded_by_rounding(
    jobs: psycopg.Connection, advance: Advance
) -> None:
    limit(jobs, "rate => 3, per => '1 second'")
    assert claim(jobs) == 3
    advance(jobs, "0.333333 seconds")
    assert claim(jobs) == 0
    advance(jobs, "0.000001 seconds")
    assert claim(jobs) == 1


def test_an_attempt_after_a_failure_counts_too(
    jobs: psycopg.Connection, advance: Advance
) -> None:
    limit(jobs, "rate => 1, per => '1 hour'")
    (claimed,) = outbox.claim(jobs)
    outbox.fail(jobs, claimed, retry_after="0 seconds")
    advance(jobs, "10 minutes")
    assert claim(jobs) == 0


def test_both_limits_hold_together(jobs: psycopg.Connection, advance: Advance) -> None:
    limit(jobs, "concurrency => 2, rate => 3, per => '1 hour'")
    claims = outbox.claim(jobs)
    assert len(claims) == 2
    outbox.complete(jobs, *claims)
    assert claim(jobs) == 1


def test_another_limit_takes_the_place_of_the_first_and_null_removes_it(
    jobs: psycopg.Connection,
) -> None:
    limit(jobs, "concurrency => 2")
    assert claim(jobs) == 2
    limit(jobs, "concurrency => 5")
    assert claim(jobs) == 3
    limit(jobs, "rate => 1")
    assert claim(jobs) == 1
    limit(jobs, "null")
    assert claim(jobs) == 14
    assert outbox.scalar(jobs, "select count(*) from pgsm_private.effect_limits") == 0


def test_a_full_name_does_not_hold_up_another(jobs: psycopg.Connection) -> None:
    outbox.define(jobs, outbox.job(name="other"), "other")
    outbox.start(jobs, "other-1", machine="other")
    limit(jobs, "concurrency => 1")
    names = (outbox.NAME, "other")
    assert sorted(c.name for c in outbox.claim(jobs, 20, names)) == [
        "other",
        "test.work",
    ]


def test_a_runners_own_limit_holds_beside(jobs: psycopg.Connection) -> None:
    limit(jobs, "concurrency => 5")
    rows = jobs.execute(
        "select 1 from pgsm.claim_effects('r', '{test.work}', 20, limits => '{2}')"
    )
    assert len(rows.fetchall()) == 2


def test_a_claim_at_the_limit_locks_nothing(fresh_dsn: str, connect: Connect) -> None:
    one, other = connect(fresh_dsn), connect(fresh_dsn)
    outbox.define(one, outbox.job())
    outbox.start(one, "job-1", "job-2")
    limit(one, "concurrency => 1")
    assert claim(one) == 1
    with one.transaction():
        one.execute("select from pgsm_private.effect_limits for update")
        other.execute("set lock_timeout = '100 ms'")
        assert claim(other) == 0


@pytest.mark.parametrize(
    "arguments",
    ["0", "-1", "rate => 0", "rate => 1, per => '0'", "rate => 1, per => null"],
)
def test_a_limit_of_nothing_is_refused(
    jobs: psycopg.Connection, arguments: str
) -> None:
    with pytest.raises(psycopg.Error) as refused:
        limit(jobs, arguments)
    assert refused.value.sqlstate == "SM304"


def test_a_claim_with_an_old_snapshot_does_not_count_wrongly(
    fresh_dsn: str, connect: Connect
) -> None:
    one, old = connect(fresh_dsn), connect(fresh_dsn)
    outbox.define(one, outbox.job())
    outbox.start(one, "job-1", "job-2")
    limit(one, "concurrency => 1")
    old.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    with old.transaction(force_rollback=True):
        old.execute("select 1")
        assert claim(one) == 1
        with pytest.raises(psycopg.errors.SerializationFailure):
            claim(old)


def test_eight_sessions_keep_to_the_limits_and_never_claim_the_same(
    fresh_dsn: str, connect: Connect
) -> None:
    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job())
    outbox.start(connection, *(f"job-{n}" for n in range(120)))
    limit(connection, "concurrency => 5, rate => 90, per => '1 day'")
    tokens: list[tuple[str, object]] = []
    running: list[int] = []

    def work(runner: str) -> None:
        with psycopg.connect(fresh_dsn, autocommit=True) as own:
            nothing = 0
            while nothing < 10:
                claims = outbox.claim(own, 3, runner=runner)
                nothing = 0 if claims else nothing + 1
                running.append(_running(own))
                tokens.extend((c.instance_id, c.lease_token) for c in claims)
                outbox.complete(own, *claims)

    threads = [threading.Thread(target=work, args=[f"r-{n}"]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == len(set(tokens)) == 90
    assert len({pair[0] for pair in tokens}) == 90
    assert max(running) <= 5


def _running(connection: psycopg.Connection) -> int:
    query = "select count(*) from pgsm.effects where status = 'running'"
    return int(outbox.scalar(connection, query))
