"""What an operator does about effects: retry and cancel."""

from __future__ import annotations

import psycopg
import pytest

from . import outbox


@pytest.fixture(autouse=True)
def _jobs(db: psycopg.Connection) -> None:
    document = outbox.job()
    del document["states"]["working"]["invoke"]["onError"]
    outbox.define(db, document)
    outbox.start(db, "job-1")


def test_a_failed_effect_is_retried_with_all_its_attempts_and_its_key(
    db: psycopg.Connection,
) -> None:
    failed = _failed(db)
    assert _call(db, "retry_effect") == "pending"
    (again,) = outbox.claim(db)
    assert (again.attempt, again.key) == (1, failed.key)
    assert outbox.complete(db, again) == ["succeeded"]
    assert outbox.instance(db, "job-1")["value"] == "finished"


def test_a_waiting_effect_becomes_due_at_once(db: psycopg.Connection) -> None:
    (claimed,) = outbox.claim(db)
    outbox.fail(db, claimed, retry_after="1 day")
    assert outbox.claim(db) == []
    assert _call(db, "retry_effect") == "retrying"
    (again,) = outbox.claim(db)
    assert again.attempt == 2


def test_an_effect_whose_state_was_left_is_not_retried(db: psycopg.Connection) -> None:
    _failed(db)
    outbox.send(db, "job-1", "leave")
    with pytest.raises(psycopg.Error, match="cannot be retried") as refused:
        _call(db, "retry_effect")
    assert refused.value.sqlstate == "SM303"


def test_a_running_effect_is_not_retried(db: psycopg.Connection) -> None:
    outbox.claim(db)
    with pytest.raises(psycopg.Error) as refused:
        _call(db, "retry_effect")
    assert refused.value.sqlstate == "SM303"


@pytest.mark.parametrize("function", ["retry_effect", "cancel_effect"])
def test_an_effect_that_does_not_exist_is_named(
    db: psycopg.Connection, function: str
) -> None:
    with pytest.raises(psycopg.Error, match=r'effect "9/9" of instance "job-1"') as no:
        _call(db, function, "9/9")
    assert no.value.sqlstate == "SM300"


def test_a_cancelled_effect_never_runs(db: psycopg.Connection) -> None:
    assert _call(db, "cancel_effect") == "cancelled"
    assert outbox.claim(db) == []
    with pytest.raises(psycopg.Error) as refused:
        _call(db, "cancel_effect")
    assert refused.value.sqlstate == "SM303"


def test_a_running_effect_is_asked_to_stop_and_its_result_kept(
    db: psycopg.Connection,
) -> None:
    (claimed,) = outbox.claim(db)
    assert _call(db, "cancel_effect") == "running"
    assert outbox.complete(db, claimed, output=1) == ["late"]
    assert outbox.effect(db, "job-1")["output"] == 1


def test_cancelling_closes_an_open_failure(db: psycopg.Connection) -> None:
    _failed(db)
    assert outbox.effect(db, "job-1")["is_open"] is True
    assert _call(db, "cancel_effect") == "cancelled"
    assert outbox.effect(db, "job-1")["is_open"] is False


def _failed(connection: psycopg.Connection) -> outbox.Claimed:
    (claimed,) = outbox.claim(connection)
    assert outbox.fail(connection, claimed, permanent=True) == "failed"
    return claimed


def _call(
    connection: psycopg.Connection, function: str, effect_id: str | None = None
) -> str:
    effect_id = effect_id or outbox.effect(connection, "job-1")["effect_id"]
    row = connection.execute(
        f"select pgsm.{function}('job-1', %s)", [effect_id]
    ).fetchone()
    assert row is not None
    return str(row[0])
