"""Failing: attempts, backoff, deadlines, and what is left open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from . import outbox

SetClock = Callable[..., None]
Advance = Callable[..., datetime]
NO_JITTER: dict[str, Any] = {
    "retry": {"attempts": 3, "backoff": "10s", "factor": 2, "jitter": 0}
}


@pytest.fixture(autouse=True)
def _clock_stands(db: psycopg.Connection, set_clock: SetClock) -> None:
    set_clock(db, "2030-01-01 12:00+00")


def test_a_failed_attempt_is_tried_again_after_its_backoff(
    db: psycopg.Connection, advance: Advance
) -> None:
    outbox.define(db, outbox.job(NO_JITTER))
    outbox.start(db, "job-1")
    (first,) = outbox.claim(db)
    assert outbox.fail(db, first) == "retrying"
    advance(db, "9.9 seconds")
    assert outbox.claim(db) == []
    advance(db, "0.1 seconds")
    (second,) = outbox.claim(db)
    assert (second.attempt, second.key) == (2, first.key)
    assert second.lease_token != first.lease_token
    assert outbox.fail(db, second) == "retrying"
    advance(db, "19.9 seconds")
    assert outbox.claim(db) == []
    advance(db, "0.1 seconds")
    assert len(outbox.claim(db)) == 1


def test_after_the_last_attempt_the_machine_gets_the_error(
    db: psycopg.Connection, advance: Advance
) -> None:
    outbox.define(db, outbox.job(NO_JITTER))
    outbox.start(db, "job-1")
    answers = []
    for _ in range(3):
        (claimed,) = outbox.claim(db)
        answers.append(outbox.fail(db, claimed, error={"type": "X", "message": "m"}))
        advance(db, "1 minute")
    assert answers == ["retrying", "retrying", "failed"]
    job = outbox.instance(db, "job-1")
    assert job["value"] == "failed"
    assert job["context"]["error"] == {
        "type": "X",
        "message": "m",
        "code": None,
        "data": None,
        "permanent": False,
        "attempts": 3,
    }
    assert outbox.effect(db, "job-1")["is_open"] is False
    assert outbox.claim(db) == []


def test_a_permanent_failure_is_not_tried_again(db: psycopg.Connection) -> None:
    outbox.define(db, outbox.job())
    outbox.start(db, "job-1")
    (claimed,) = outbox.claim(db)
    assert outbox.fail(db, claimed, permanent=True) == "failed"
    assert outbox.instance(db, "job-1")["context"]["error"]["permanent"] is True


def test_retry_after_is_taken_instead_of_the_policy(
    db: psycopg.Connection, advance: Advance
) -> None:
    outbox.define(db, outbox.job(NO_JITTER))
    outbox.start(db, "job-1")
    (claimed,) = outbox.claim(db)
    assert outbox.fail(db, claimed, retry_after="1 hour") == "retrying"
    advance(db, "59 minutes")
    assert outbox.claim(db) == []
    advance(db, "1 minute")
    assert len(outbox.claim(db)) == 1


def test_a_failure_that_no_transition_takes_stays_open(
    db: psycopg.Connection,
) -> None:
    document = outbox.job()
    del document["states"]["working"]["invoke"]["onError"]
    outbox.define(db, document)
    outbox.start(db, "job-1")
    (claimed,) = outbox.claim(db)
    assert outbox.fail(db, claimed, permanent=True) == "failed"
    assert outbox.instance(db, "job-1")["value"] == "working"
    assert outbox.effect(db, "job-1")["is_open"] is True


def test_no_attempt_begins_past_the_deadline(db: psycopg.Connection) -> None:
    outbox.define(db, outbox.job({"within": "1 minute"}))
    outbox.start(db, "job-1")
    (claimed,) = outbox.claim(db)
    assert outbox.fail(db, claimed, retry_after="1 minute") == "failed"


def test_a_deadline_ends_an_effect_that_nobody_claims(
    db: psycopg.Connection, advance: Advance
) -> None:
    outbox.define(db, outbox.job({"within": "1 minute"}))
    outbox.start(db, "job-1")
    advance(db, "1 minute")
    assert outbox.claim(db, names=("other",)) == []
    job = outbox.instance(db, "job-1")
    assert job["value"] == "failed"
    assert job["context"]["error"]["type"] == "deadline"


def test_the_default_policy_spreads_ten_attempts_over_about_an_hour(
    db: psycopg.Connection,
) -> None:
    row = db.execute(
        'select sum(pgsm_private.retry_delay(\'{"retry": {"jitter": 0}}\', n))'
        " from generate_series(1, 9) as n"
    ).fetchone()
    assert row is not None
    assert timedelta(minutes=50) < row[0] < timedelta(minutes=70)


@pytest.mark.parametrize(
    "retry",
    [
        {"factor": 1e300, "max": "1 hour", "jitter": 0},
        {"backoff": "nonsense", "factor": "nonsense", "max": "1 hour"},
    ],
)
def test_a_strange_policy_still_gives_a_delay(
    db: psycopg.Connection, retry: dict[str, Any]
) -> None:
    row = db.execute(
        "select pgsm_private.retry_delay(%s::jsonb, 1000)",
        [psycopg.types.json.Jsonb({"retry": retry})],
    ).fetchone()
    assert row == (timedelta(hours=1),)


def test_a_failure_after_its_state_was_left_is_a_cancellation(
    db: psycopg.Connection,
) -> None:
    outbox.define(db, outbox.job())
    outbox.start(db, "job-1")
    (claimed,) = outbox.claim(db)
    outbox.send(db, "job-1", "leave")
    assert outbox.fail(db, claimed) == "cancelled"
    assert outbox.instance(db, "job-1")["value"] == "left"
