"""Leases: taken back by the database's clock, extended by heartbeats, given back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

import psycopg
import pytest

from . import outbox

SetClock = Callable[..., None]
Advance = Callable[..., datetime]


@pytest.fixture(autouse=True)
def _jobs_at_noon(db: psycopg.Connection, set_clock: SetClock) -> None:
    set_clock(db, "2030-01-01 12:00+00")
    outbox.define(db, outbox.job({"retry": {"attempts": 2}}))


def test_an_effect_whose_lease_ended_goes_to_another(
    db: psycopg.Connection, advance: Advance
) -> None:
    outbox.start(db, "job-1")
    (first,) = outbox.claim(db, lease="5 seconds")
    advance(db, "4.9 seconds")
    assert outbox.claim(db, runner="runner-2") == []
    advance(db, "0.1 seconds")
    (second,) = outbox.claim(db, runner="runner-2")
    assert (second.attempt, second.key) == (2, first.key)


def test_a_stalled_runners_late_answer_is_refused(
    db: psycopg.Connection, advance: Advance
) -> None:
    outbox.start(db, "job-1")
    (stalled,) = outbox.claim(db, lease="5 seconds")
    advance(db, "6 seconds")
    (current,) = outbox.claim(db, runner="runner-2")
    assert outbox.complete(db, stalled, output="stalled") == ["lease_lost"]
    assert outbox.fail(db, stalled) == "lease_lost"
    assert outbox.complete(db, current, output="current") == ["succeeded"]
    assert outbox.instance(db, "job-1")["context"]["result"] == "current"


def test_an_expired_lease_that_nobody_took_still_counts(
    db: psycopg.Connection, advance: Advance
) -> None:
    outbox.start(db, "job-1")
    (claimed,) = outbox.claim(db, lease="5 seconds")
    advance(db, "1 hour")
    assert outbox.complete(db, claimed) == ["succeeded"]


def test_the_last_attempts_ended_lease_fails_the_effect(
    db: psycopg.Connection, advance: Advance
) -> None:
    outbox.start(db, "job-1")
    for _ in range(2):
        assert len(outbox.claim(db, lease="5 seconds")) == 1
        advance(db, "5 seconds")
    assert outbox.claim(db) == []
    job = outbox.instance(db, "job-1")
    assert job["value"] == "failed"
    assert job["context"]["error"]["type"] == "lease_expired"


def test_a_sweep_takes_back_a_bounded_number(
    db: psycopg.Connection, advance: Advance
) -> None:
    outbox.start(db, *(f"job-{n:02}" for n in range(25)))
    assert len(outbox.claim(db, 25, lease="5 seconds")) == 25
    advance(db, "5 seconds")
    assert [len(outbox.claim(db, 25)) for _ in range(3)] == [20, 5, 0]


def test_heartbeats_keep_a_lease(db: psycopg.Connection, advance: Advance) -> None:
    outbox.start(db, "job-1")
    (claimed,) = outbox.claim(db, lease="5 seconds")
    for _ in range(3):
        advance(db, "4 seconds")
        assert _beat(db, claimed) == []
        assert outbox.claim(db, runner="runner-2") == []


def test_progress_comes_to_the_next_attempt(
    db: psycopg.Connection, advance: Advance
) -> None:
    outbox.start(db, "job-1")
    (claimed,) = outbox.claim(db, lease="5 seconds")
    _beat(db, claimed, progress={"page": 7})
    _beat(db, claimed)
    advance(db, "5 seconds")
    row = db.execute(
        "select progress from pgsm.claim_effects('runner-2', '{test.work}', 1)"
    ).fetchone()
    assert row == ({"page": 7},)


def test_a_heartbeat_tells_of_a_lost_lease(
    db: psycopg.Connection, advance: Advance
) -> None:
    outbox.start(db, "job-1")
    (claimed,) = outbox.claim(db, lease="5 seconds")
    advance(db, "5 seconds")
    outbox.claim(db, runner="runner-2")
    assert _beat(db, claimed) == ["lost"]


def test_a_heartbeat_tells_that_the_state_was_left(db: psycopg.Connection) -> None:
    outbox.start(db, "job-1")
    (claimed,) = outbox.claim(db)
    outbox.send(db, "job-1", "leave")
    assert _beat(db, claimed) == ["stop"]


def test_a_released_effect_has_not_used_its_attempt(db: psycopg.Connection) -> None:
    outbox.start(db, "job-1")
    (claimed,) = outbox.claim(db)
    assert _release(db, claimed) == 1
    assert outbox.effect(db, "job-1")["status"] == "pending"
    assert outbox.complete(db, claimed) == ["lease_lost"]
    (again,) = outbox.claim(db, runner="runner-2")
    assert again.attempt == 1


def test_releasing_what_was_lost_changes_nothing(
    db: psycopg.Connection, advance: Advance
) -> None:
    outbox.start(db, "job-1")
    (claimed,) = outbox.claim(db, lease="5 seconds")
    advance(db, "5 seconds")
    outbox.claim(db, runner="runner-2")
    assert _release(db, claimed) == 0
    assert outbox.effect(db, "job-1")["status"] == "running"


def _beat(
    connection: psycopg.Connection, claimed: outbox.Claimed, **fields: object
) -> list[str]:
    rows = connection.execute(
        "select verdict from pgsm.heartbeat_effects("
        "'runner-1', %s::jsonb, '5 seconds')",
        [json.dumps([claimed.lease(**fields)])],
    ).fetchall()
    return [verdict for (verdict,) in rows]


def _release(connection: psycopg.Connection, claimed: outbox.Claimed) -> int:
    row = connection.execute(
        "select pgsm.release_effects('runner-1', %s::jsonb)",
        [json.dumps([claimed.lease()])],
    ).fetchone()
    assert row is not None
    return int(row[0])
