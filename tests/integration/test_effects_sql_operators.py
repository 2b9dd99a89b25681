"""Two operators, or an operator and a runner, at the same effects at the same time."""

from __future__ import annotations

from concurrent import futures

import psycopg
import pytest

from tests.databases import Connect

from . import outbox, runners
from .rewriting import rewrite

JOBS = ["job-1", "job-2", "job-3"]


@pytest.fixture
def first(fresh_dsn: str, connect: Connect) -> psycopg.Connection:
    connection = connect(fresh_dsn)
    document = outbox.job()
    del document["states"]["working"]["invoke"]["onError"]
    outbox.define(connection, document)
    outbox.start(connection, *JOBS)
    return connection


@pytest.fixture
def second(fresh_dsn: str, connect: Connect) -> psycopg.Connection:
    return connect(fresh_dsn)


@pytest.fixture
def failed(first: psycopg.Connection) -> psycopg.Connection:
    for claimed in outbox.claim(first):
        outbox.fail(first, claimed, permanent=True)
    return first


def test_a_second_retry_of_many_leaves_out_what_the_first_one_has(
    failed: psycopg.Connection, second: psycopg.Connection
) -> None:
    with failed.transaction():
        assert _retry_all(failed) == 3
        assert _retry_all(second) == 0
    assert _retry_all(second) == 0
    assert _logged(second, "pgsm.retry_effects") == JOBS


def test_a_retry_of_many_that_comes_too_late_is_not_in_the_log(
    failed: psycopg.Connection, second: psycopg.Connection
) -> None:
    # it has found them before the first one was committed, and locks them afterwards
    rewrite(
        failed,
        "lock_failures(jsonb)",
        "begin\n",
        "begin\n perform pg_advisory_xact_lock_shared(1);\n",
    )
    with futures.ThreadPoolExecutor(1) as pool:
        with failed.transaction():
            failed.execute("select pg_advisory_xact_lock(1)")
            late = pool.submit(_retry_all, second)
            _until_waiting(failed)
            assert _retry_all(failed) == 3
        assert late.result(60) == 0
    assert _logged(second, "pgsm.retry_effects") == JOBS


def test_two_retries_of_one_are_one_after_the_other(
    failed: psycopg.Connection, second: psycopg.Connection
) -> None:
    effect_id = outbox.effect(failed, "job-1")["effect_id"]
    query = "select pgsm.retry_effect('job-1', %s)"
    with futures.ThreadPoolExecutor(1) as pool:
        with failed.transaction():
            assert outbox.scalar(failed, query, effect_id) == "pending"
            again = pool.submit(outbox.scalar, second, query, effect_id)
            _until_waiting(failed)
        assert again.result(60) == "pending"
    assert len(outbox.claim(second)) == 1
    assert _logged(second, "pgsm.retry_effect") == ["job-1", "job-1"]


def test_a_cancel_that_a_claim_was_before_asks_the_runner_to_stop(
    first: psycopg.Connection, second: psycopg.Connection
) -> None:
    with futures.ThreadPoolExecutor(1) as pool:
        with first.transaction():
            (claimed,) = outbox.claim(first, 1)
            cancelled = pool.submit(_cancel, second, claimed.instance_id)
            _until_waiting(first)
        assert cancelled.result(60) == "running"
    assert outbox.complete(first, claimed, output="done") == ["late"]


def test_a_claim_that_a_cancel_was_before_leaves_it_out(
    first: psycopg.Connection, second: psycopg.Connection
) -> None:
    with first.transaction():
        assert _cancel(first, "job-2") == "cancelled"
        claimed = [c.instance_id for c in outbox.claim(second)]
        assert claimed == ["job-1", "job-3"]
    assert outbox.claim(second) == []


def test_a_name_that_two_pause_keeps_the_first_ones_reason(
    first: psycopg.Connection, second: psycopg.Connection
) -> None:
    query = "select pgsm.pause_effects('test.work', %s)"
    with futures.ThreadPoolExecutor(1) as pool:
        with first.transaction():
            assert outbox.scalar(first, query, "the first") == 3
            # not paused for the others before it is committed
            assert len(outbox.claim(second, 1)) == 1
            pausing = pool.submit(outbox.scalar, second, query, "the second")
            _until_waiting(first)
        assert pausing.result(60) == 2
    assert outbox.claim(second) == []
    reason = outbox.scalar(second, "select pause_reason from pgsm.effect_names")
    assert reason == "the first"


def _retry_all(connection: psycopg.Connection) -> int:
    query = "select pgsm.retry_effects('test.work', spread => '0')"
    return int(outbox.scalar(connection, query))


def _cancel(connection: psycopg.Connection, instance_id: str) -> str:
    effect_id = outbox.effect(connection, instance_id)["effect_id"]
    query = "select pgsm.cancel_effect(%s, %s)"
    return str(outbox.scalar(connection, query, instance_id, effect_id))


def _logged(connection: psycopg.Connection, event: str) -> list[str]:
    rows = connection.execute(
        "select instance_id from pgsm.event_log where event = %s order by 1", [event]
    ).fetchall()
    return [instance_id for (instance_id,) in rows]


def _until_waiting(connection: psycopg.Connection) -> None:
    query = (
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        " and datname = current_database()"
    )
    runners.until(lambda: outbox.scalar(connection, query) == 1)
