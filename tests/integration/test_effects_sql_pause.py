"""Paused names: nothing is claimed, no attempt is used, and deadlines stand still."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import psycopg
import pytest

from . import outbox

SetClock = Callable[..., None]
Advance = Callable[..., datetime]


@pytest.fixture
def jobs(db: psycopg.Connection, set_clock: SetClock) -> psycopg.Connection:
    set_clock(db, "2030-01-01 12:00+00")
    policy = {"within": "1 hour", "retry": {"attempts": 3, "backoff": "1 minute"}}
    outbox.define(db, outbox.job(policy))
    outbox.start(db, "job-1")
    return db


def pause(connection: psycopg.Connection) -> int:
    query = "select pgsm.pause_effects(%s, 'the provider is down')"
    return int(outbox.scalar(connection, query, outbox.NAME))


def resume(connection: psycopg.Connection) -> int:
    return int(outbox.scalar(connection, "select pgsm.resume_effects(%s)", outbox.NAME))


def test_nothing_of_a_paused_name_is_claimed(jobs: psycopg.Connection) -> None:
    assert pause(jobs) == 1
    assert pause(jobs) == 1
    assert outbox.claim(jobs) == []
    assert resume(jobs) == 1
    assert resume(jobs) == 1
    (claimed,) = outbox.claim(jobs)
    assert claimed.attempt == 1


def test_the_view_says_what_is_paused_and_why(jobs: psycopg.Connection) -> None:
    pause(jobs)
    row = jobs.execute(
        "select is_paused, pause_reason, paused_by from pgsm.effect_names"
    ).fetchone()
    assert row == (True, "the provider is down", "postgres")


def test_another_name_goes_on(jobs: psycopg.Connection) -> None:
    outbox.define(jobs, outbox.job(name="other"), "other")
    outbox.start(jobs, "other-1", machine="other")
    pause(jobs)
    claims = outbox.claim(jobs, names=(outbox.NAME, "other"))
    assert [c.name for c in claims] == ["other"]


@pytest.mark.parametrize("swept", [False, True])
def test_deadlines_are_extended_by_the_pause(
    jobs: psycopg.Connection, advance: Advance, swept: bool
) -> None:
    advance(jobs, "50 minutes")
    pause(jobs)
    advance(jobs, "1 day")
    if swept:
        assert outbox.claim(jobs) == []
        assert outbox.effect(jobs, "job-1")["time_left"].total_seconds() == 600
    resume(jobs)
    advance(jobs, "9 minutes 30 seconds")
    (claimed,) = outbox.claim(jobs)
    outbox.fail(jobs, claimed)
    assert outbox.effect(jobs, "job-1")["status"] == "failed"


def test_a_deadline_that_was_over_before_the_pause_is_over(
    jobs: psycopg.Connection, advance: Advance
) -> None:
    advance(jobs, "2 hours")
    pause(jobs)
    outbox.claim(jobs)
    assert outbox.instance(jobs, "job-1")["value"] == "failed"


def test_one_made_during_the_pause_has_all_of_its_time(
    jobs: psycopg.Connection, advance: Advance
) -> None:
    pause(jobs)
    advance(jobs, "1 day")
    outbox.start(jobs, "job-2")
    advance(jobs, "1 day")
    outbox.claim(jobs)
    resume(jobs)
    now = outbox.scalar(jobs, "select pgsm_private.now()")
    row = outbox.effect(jobs, "job-2")
    assert (row["deadline_at"] - now).total_seconds() == 3600


def test_an_attempt_that_ends_during_the_pause_counts_and_waits(
    jobs: psycopg.Connection, advance: Advance
) -> None:
    (claimed,) = outbox.claim(jobs)
    pause(jobs)
    advance(jobs, "2 hours")
    assert outbox.fail(jobs, claimed) == "retrying"
    advance(jobs, "2 hours")
    assert outbox.claim(jobs) == []
    resume(jobs)
    (again,) = outbox.claim(jobs)
    assert again.attempt == 2


def test_an_attempt_that_succeeds_during_the_pause_counts(
    jobs: psycopg.Connection,
) -> None:
    (claimed,) = outbox.claim(jobs)
    pause(jobs)
    assert outbox.complete(jobs, claimed) == ["succeeded"]


def test_a_lease_that_ends_during_the_pause_is_taken_back(
    jobs: psycopg.Connection, advance: Advance
) -> None:
    outbox.claim(jobs)
    pause(jobs)
    advance(jobs, "1 minute")
    assert outbox.claim(jobs) == []
    assert outbox.effect(jobs, "job-1")["status"] == "retrying"
