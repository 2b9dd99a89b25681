"""What is shown of effects, who did what about them, and their keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from . import outbox

SetClock = Callable[..., None]
Advance = Callable[..., datetime]


@pytest.fixture
def jobs(db: psycopg.Connection, set_clock: SetClock) -> psycopg.Connection:
    set_clock(db, "2030-01-01 12:00+00")
    document = outbox.job({"retry": {"attempts": 2, "backoff": "1 minute"}})
    del document["states"]["working"]["invoke"]["onError"]
    outbox.define(db, document)
    return db


def rows(connection: psycopg.Connection, query: str) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query).fetchall()  # type: ignore[call-overload,no-any-return]


def test_statistics_count_by_status_and_measure_durations(
    jobs: psycopg.Connection, advance: Advance
) -> None:
    outbox.start(jobs, *(f"job-{n}" for n in range(7)))
    ended = outbox.claim(jobs, 3)
    for claimed in ended:
        advance(jobs, "2 seconds")
        outbox.complete(jobs, claimed)
    failed, retried, running = outbox.claim(jobs, 3)
    outbox.fail(jobs, failed, permanent=True)
    outbox.fail(jobs, retried)
    assert running.attempt == 1
    (row,) = rows(jobs, "select * from pgsm.effect_stats")
    counts = {key: row[key] for key in ("pending", "retrying", "running", "open")}
    assert counts == {"pending": 1, "retrying": 1, "running": 1, "open": 1}
    assert (row["succeeded_last_hour"], row["failed_last_hour"]) == (3, 1)
    assert row["oldest_waits"] == timedelta(seconds=6)
    assert row["median_duration"] == timedelta(seconds=4)
    assert row["p95_duration"] == timedelta(seconds=5.8)
    advance(jobs, "2 hours")
    (row,) = rows(jobs, "select * from pgsm.effect_stats")
    assert (row["succeeded_last_hour"], row["open"]) == (0, 1)
    assert row["median_duration"] is None


def test_statistics_say_what_cannot_be_claimed(jobs: psycopg.Connection) -> None:
    twice = [{"type": "effect", "name": "in.order", "input": {}}] * 2
    document = outbox.job({"ordered": True}, "in.order")
    document["states"]["working"] = {"entry": twice}
    outbox.define(jobs, document, "ordered")
    outbox.start(jobs, "ordered-1", machine="ordered")
    outbox.start(jobs, "job-1", "job-2", "job-3")
    (late, _) = outbox.claim(jobs, 2)
    outbox.send(jobs, late.instance_id, "leave")
    outbox.complete(jobs, late)
    jobs.execute("select pgsm.pause_instance('job-3')")
    stats = {row["name"]: row for row in rows(jobs, "select * from pgsm.effect_stats")}
    ordered, others = stats["in.order"], stats[outbox.NAME]
    assert (ordered["pending"], ordered["held_back"]) == (1, 1)
    assert (others["pending"], others["parked"], others["late"]) == (0, 1, 1)


def test_failed_effects_are_the_open_incidents(jobs: psycopg.Connection) -> None:
    outbox.start(jobs, "job-1")
    (claimed,) = outbox.claim(jobs)
    outbox.fail(jobs, claimed, permanent=True, error={"message": "no such card"})
    (row,) = rows(jobs, "select * from pgsm.failed_effects")
    assert (row["name"], row["message"], row["attempts"]) == (
        outbox.NAME,
        "no such card",
        1,
    )
    assert row["may_be_retried"] is True
    jobs.execute("select pgsm.cancel_effect('job-1', %s)", [claimed.effect_id])
    assert rows(jobs, "select * from pgsm.failed_effects") == []


def test_names_say_who_declares_and_handles_them_and_their_limits(
    jobs: psycopg.Connection,
) -> None:
    jobs.execute("select pgsm.register_runner('r', array[%s])", [outbox.NAME])
    jobs.execute("select pgsm.limit_effects(%s, 5, 100, '1 minute')", [outbox.NAME])
    (row,) = rows(jobs, "select * from pgsm.effect_names")
    assert (row["machine"], row["version"]) == ("job", 1)
    assert (row["is_handled"], row["runners"], row["is_paused"]) == (True, 1, False)
    assert (row["concurrency"], row["rate"], row["per"]) == (
        5,
        100,
        timedelta(minutes=1),
    )


@pytest.mark.parametrize(
    ("role", "view"),
    [
        ("runner", "effect_stats"),
        ("runner", "effect_names"),
        ("viewer", "effect_stats"),
        ("viewer", "failed_effects"),
        ("viewer", "late_timers"),
    ],
)
def test_roles_read_the_views_with_rows_in_them(
    jobs: psycopg.Connection, role: str, view: str
) -> None:
    outbox.start(jobs, "job-1")
    (claimed,) = outbox.claim(jobs)
    outbox.fail(jobs, claimed, permanent=True)
    jobs.execute(f"set local role pgsm_{role}")
    assert len(rows(jobs, f"select * from pgsm.{view}")) == (view != "late_timers")


# -- the log ------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["retry", "cancel"])
def test_what_an_operator_does_is_in_the_log(
    jobs: psycopg.Connection, what: str
) -> None:
    outbox.start(jobs, "job-1")
    (claimed,) = outbox.claim(jobs)
    outbox.fail(jobs, claimed, permanent=True)
    jobs.execute(f"select pgsm.{what}_effect('job-1', %s)", [claimed.effect_id])
    (row,) = rows(
        jobs,
        "select event, origin, data, actor ->> 'role' as role from pgsm.event_log"
        " where origin = 'repair'",
    )
    assert (row["event"], row["role"]) == (f"pgsm.{what}_effect", "postgres")
    assert row["data"]["effect"] == claimed.effect_id
    assert row["data"]["was"] == "failed"
    assert row["data"]["last_error"]["message"] == "it broke"


def test_a_refused_repair_leaves_no_trace(jobs: psycopg.Connection) -> None:
    outbox.start(jobs, "job-1")
    (claimed,) = outbox.claim(jobs)
    with pytest.raises(psycopg.Error), jobs.transaction():
        jobs.execute("select pgsm.retry_effect('job-1', %s)", [claimed.effect_id])
    assert outbox.instance(jobs, "job-1")["revision"] == 1


def test_a_machine_goes_on_after_an_event_was_delivered_again(
    db: psycopg.Connection,
) -> None:
    outbox.define(db, outbox.job({"outputSchema": {"type": "object"}}))
    outbox.start(db, "job-1")
    (claimed,) = outbox.claim(db)
    assert outbox.complete(db, claimed, output=1) == ["refused"]
    db.execute("update pgsm_private.effects set output = '{}'")
    call = "select pgsm.retry_effect('job-1', %s)"
    assert outbox.scalar(db, call, claimed.effect_id) == "succeeded"
    job = outbox.instance(db, "job-1")
    assert (job["value"], job["revision"]) == ("finished", 3)


# -- keys ---------------------------------------------------------------------------


def test_a_business_key_may_be_that_of_two_instances(db: psycopg.Connection) -> None:
    """Both are done; that they are one and the same is for the outside to know."""
    outbox.define(db, outbox.job({"key": {"expr": "'order/' + context.task.order"}}))
    outbox.start(db, "one", "two", task={"order": "7"})
    claims = outbox.claim(db)
    assert [c.key for c in claims] == ["order/7", "order/7"]
    assert outbox.complete(db, *claims) == ["succeeded", "succeeded"]


def test_derived_keys_differ_between_instances_and_times_of_one_state(
    jobs: psycopg.Connection,
) -> None:
    outbox.start(jobs, "one", "two")
    for event in ("leave", "again"):
        outbox.send(jobs, "one", event)
    keys = rows(jobs, "select key from pgsm.effects")
    assert len({row["key"] for row in keys}) == len(keys) == 3


def test_any_priority_of_a_document_is_kept(db: psycopg.Connection) -> None:
    outbox.define(db, outbox.job({"priority": 1_000_000}), "high")
    outbox.define(db, outbox.job({"priority": -1_000_000}), "low")
    outbox.start(db, "low-1", machine="low")
    outbox.start(db, "high-1", machine="high")
    assert [c.instance_id for c in outbox.claim(db, 1)] == ["high-1"]
    assert [c.instance_id for c in outbox.claim(db, 1)] == ["low-1"]


def test_a_heartbeat_without_length_is_refused(db: psycopg.Connection) -> None:
    with pytest.raises(psycopg.Error) as refused:
        db.execute("select pgsm.heartbeat_effects('r', '[]', '0 seconds')")
    assert refused.value.sqlstate == "SM304"
