"""After an outage: thousands are tried again, spread, recorded, and never twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
import pytest

from tests.databases import Connect

from . import outbox

SetClock = Callable[..., None]
Advance = Callable[..., datetime]


@pytest.fixture
def failed(db: psycopg.Connection, set_clock: SetClock) -> psycopg.Connection:
    """Eleven jobs whose only attempt has failed, in machines that take no error."""
    set_clock(db, "2030-01-01 12:00+00")
    _fail_jobs(db, 11)
    return db


def _fail_jobs(connection: psycopg.Connection, count: int) -> None:
    document = outbox.job({"within": "1 hour"})
    del document["states"]["working"]["invoke"]["onError"]
    outbox.define(connection, document)
    outbox.start(connection, *(f"job-{n:02}" for n in range(count)))
    for claimed in outbox.claim(connection, count):
        outbox.fail(connection, claimed, permanent=True)


def retry(connection: psycopg.Connection, arguments: str = "") -> int:
    query = f"select pgsm.retry_effects('{outbox.NAME}'{arguments})"
    return int(outbox.scalar(connection, query))


def test_all_are_tried_again_spread_evenly(failed: psycopg.Connection) -> None:
    assert retry(failed, ", spread => '10 minutes'") == 11
    rows = failed.execute(
        "select due_at - pgsm_private.now(), deadline_at - due_at, attempt, status"
        " from pgsm.effects order by due_at"
    ).fetchall()
    apart = timedelta(minutes=10) / 11
    for number, (wait, within, attempt, status) in enumerate(rows):
        assert abs(wait - apart * number) < timedelta(milliseconds=1)
        assert (within, attempt, status) == (timedelta(hours=1), 0, "pending")
    assert retry(failed) == 0


def test_without_a_spread_all_are_due_at_once(failed: psycopg.Connection) -> None:
    keys = {c.key for c in outbox.claim(failed)}
    assert retry(failed, ", spread => null") == 11
    claims = outbox.claim(failed, 20)
    assert len(claims) == 11
    assert not keys
    assert outbox.complete(failed, *claims) == ["succeeded"] * 11


def test_no_more_than_asked_and_the_oldest_first(
    failed: psycopg.Connection, advance: Advance
) -> None:
    advance(failed, "1 hour")
    outbox.start(failed, "young")
    (claimed,) = outbox.claim(failed)
    outbox.fail(failed, claimed, permanent=True)
    assert retry(failed, ", max => 4") == 4
    assert retry(failed, ", older_than => '30 minutes'") == 7
    assert outbox.effect(failed, "young")["status"] == "failed"
    assert retry(failed) == 1


def test_only_those_of_a_machine(failed: psycopg.Connection) -> None:
    assert retry(failed, ", machine => 'other'") == 0
    assert retry(failed, ", machine => 'job'") == 11


def test_each_instance_has_it_in_its_log(failed: psycopg.Connection) -> None:
    retry(failed)
    rows = failed.execute(
        "select instance_id, origin, data ->> 'effects', actor ->> 'role'"
        " from pgsm.event_log where event = 'pgsm.retry_effects'"
    ).fetchall()
    assert len(rows) == 11
    assert {row[1:] for row in rows} == {("repair", '["1/1"]', "postgres")}


def test_the_machine_goes_on_afterwards(failed: psycopg.Connection) -> None:
    retry(failed, ", spread => '0'")
    (claimed, *_) = outbox.claim(failed)
    outbox.complete(failed, claimed, output=1)
    assert outbox.instance(failed, claimed.instance_id)["value"] == "finished"


def test_those_that_nobody_waits_for_are_left_out(failed: psycopg.Connection) -> None:
    outbox.send(failed, "job-03", "leave")
    failed.execute("select pgsm.stop_instance('job-04')")
    assert retry(failed) == 9
    rows = failed.execute(
        "select instance_id, may_be_retried from pgsm.failed_effects order by 1"
    )
    assert rows.fetchall() == [("job-03", False), ("job-04", False)]


def test_one_that_another_transaction_holds_is_left_to_the_next_call(
    fresh_dsn: str, connect: Connect
) -> None:
    one, other = connect(fresh_dsn), connect(fresh_dsn)
    _fail_jobs(one, 3)
    with other.transaction():
        outbox.send(other, "job-01", "unknown")
        other.execute(
            "select from pgsm_private.instances where instance_id = 'job-01' for update"
        )
        assert retry(one) == 2
    assert retry(one) == 1


def test_a_refused_event_is_left_to_retry_effect(db: psycopg.Connection) -> None:
    document = outbox.job({"outputSchema": {"type": "object"}})
    outbox.define(db, document)
    outbox.start(db, "job-1")
    (claimed,) = outbox.claim(db)
    assert outbox.complete(db, claimed, output=1) == ["refused"]
    assert retry(db) == 0
    query = (
        "select pgsm.retry_effect(instance_id, effect_id) from pgsm.failed_effects"
        " where error ->> 'type' = 'refused'"
    )
    assert outbox.scalar(db, query) == "refused"
