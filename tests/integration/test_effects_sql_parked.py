"""Effects of what is paused do not stand in the way of the others, and come back."""

from __future__ import annotations

import psycopg
import pytest

from tests.databases import Connect

from . import outbox, plans

BACKLOG = 100_000
FILL = """
    insert into pgsm_private.effects (
        instance_id, effect_id, machine, version, name, kind, key, policy,
        status, due_at, created_at
    )
    select
        machine || '-' || n, '1/1', machine, 1, 'test.work', 'action', 'k' || n, '{}',
        'pending', t.early + (n + later) * interval '1 microsecond', t.early
    from (values ('paused', %(backlog)s, 0), ('job', 200, 1000000))
            as m (machine, number, later),
        generate_series(1, number) as n,
        (select now() - interval '1 hour' as early) as t
"""


@pytest.fixture
def backlog(db: psycopg.Connection) -> psycopg.Connection:
    for machine in ("job", "paused"):
        outbox.define(db, outbox.job(), machine)
    db.execute(FILL, {"backlog": BACKLOG})
    db.execute("analyze pgsm_private.effects")
    db.execute("select pgsm.pause_machine('paused')")
    return db


def test_a_backlog_of_a_paused_version_is_walked_over_once(
    backlog: psycopg.Connection,
) -> None:
    # how much of it one claim puts aside depends on the machine
    for _ in range(BACKLOG // 100):
        assert _machines(outbox.claim(backlog, 5)) == {"job"}
        if _parked(backlog) == BACKLOG:
            break
    assert _parked(backlog) == BACKLOG
    with plans.explained(backlog) as explained:
        assert _machines(outbox.claim(backlog, 5)) == {"job"}
    assert not any("Seq Scan" in scan for scan in explained.scans("effects"))
    assert explained.rows_touched("effects") < 500


def test_what_was_put_aside_is_claimed_after_the_resume(
    backlog: psycopg.Connection,
) -> None:
    backlog.execute(
        "delete from pgsm_private.effects where split_part(key, 'k', 2)::int > 50"
    )
    assert _machines(outbox.claim(backlog, 100)) == {"job"}
    assert _parked(backlog) == 50
    backlog.execute("select pgsm.resume_machine('paused')")
    claims = outbox.claim(backlog, 100)
    assert [c.instance_id for c in claims] == [f"paused-{n}" for n in range(1, 51)]
    assert _parked(backlog) == 0


def test_priority_counts_among_what_comes_back(db: psycopg.Connection) -> None:
    outbox.define(db, outbox.job())
    outbox.start(db, "low", "high")
    db.execute(
        "update pgsm_private.effects set priority = 5 where instance_id = 'high'"
    )
    db.execute("select pgsm.pause_machine('job')")
    assert outbox.claim(db) == []
    assert _parked(db) == 2
    db.execute("select pgsm.resume_machine('job')")
    assert [c.instance_id for c in outbox.claim(db)] == ["high", "low"]


def test_one_made_by_a_step_that_began_before_the_pause_waits_and_comes_back(
    fresh_dsn: str, connect: Connect
) -> None:
    sender, operator = connect(fresh_dsn), connect(fresh_dsn)
    outbox.define(sender, outbox.job())
    with sender.transaction():
        outbox.start(sender, "job-1")
        operator.execute("select pgsm.pause_machine('job')")
    assert outbox.claim(operator) == []
    operator.execute("select pgsm.resume_machine('job')")
    assert len(outbox.claim(operator)) == 1


def test_a_claim_that_still_sees_the_pause_loses_nothing(
    fresh_dsn: str, connect: Connect
) -> None:
    claiming, operator = connect(fresh_dsn), connect(fresh_dsn)
    outbox.define(operator, outbox.job())
    outbox.start(operator, "job-1")
    operator.execute("select pgsm.pause_machine('job')")
    claiming.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    with claiming.transaction():
        claiming.execute("select 1 from pgsm.machines")
        operator.execute("select pgsm.resume_machine('job')")
        assert outbox.claim(claiming) == []
    assert len(outbox.claim(operator)) == 1


def test_one_that_another_transaction_holds_comes_back_later(
    fresh_dsn: str, connect: Connect
) -> None:
    holding, operator = connect(fresh_dsn), connect(fresh_dsn)
    outbox.define(operator, outbox.job())
    outbox.start(operator, "job-1", "job-2")
    operator.execute("select pgsm.pause_machine('job')")
    outbox.claim(operator)
    operator.execute("select pgsm.resume_machine('job')")
    with holding.transaction():
        holding.execute(
            "select from pgsm_private.effects where instance_id = 'job-1' for update"
        )
        assert [c.instance_id for c in outbox.claim(operator)] == ["job-2"]
    assert [c.instance_id for c in outbox.claim(operator)] == ["job-1"]


def test_an_instance_that_is_moved_to_another_version_takes_its_effects_along(
    db: psycopg.Connection,
) -> None:
    outbox.define(db, outbox.job())
    outbox.start(db, "job-1")
    db.execute("select pgsm.pause_machine('job')")
    outbox.claim(db)
    assert _parked(db) == 1
    outbox.define(db, outbox.job({"priority": 1}))
    db.execute("select pgsm.upgrade_instance('job-1', 2)")
    assert [c.instance_id for c in outbox.claim(db)] == ["job-1"]


def test_the_effects_of_a_paused_instance_are_put_aside_at_once(
    db: psycopg.Connection,
) -> None:
    outbox.define(db, outbox.job())
    outbox.start(db, "job-1", "job-2")
    db.execute("select pgsm.pause_instance('job-1')")
    assert outbox.effect(db, "job-1")["parked"] == "instance"
    assert [c.instance_id for c in outbox.claim(db)] == ["job-2"]
    db.execute("select pgsm.resume_instance('job-1')")
    assert [c.instance_id for c in outbox.claim(db)] == ["job-1"]


def test_the_version_and_the_instance_may_both_be_paused(
    db: psycopg.Connection,
) -> None:
    outbox.define(db, outbox.job())
    outbox.start(db, "job-1")
    db.execute("select pgsm.pause_machine('job')")
    outbox.claim(db)
    db.execute("select pgsm.pause_instance('job-1')")
    db.execute("select pgsm.resume_machine('job')")
    assert outbox.claim(db) == []
    db.execute("select pgsm.resume_instance('job-1')")
    assert len(outbox.claim(db)) == 1


def test_one_that_was_put_aside_can_be_cancelled(db: psycopg.Connection) -> None:
    outbox.define(db, outbox.job())
    outbox.start(db, "job-1")
    db.execute("select pgsm.pause_machine('job')")
    outbox.claim(db)
    effect_id = outbox.effect(db, "job-1")["effect_id"]
    db.execute("select pgsm.cancel_effect('job-1', %s)", [effect_id])
    db.execute("select pgsm.resume_machine('job')")
    assert outbox.claim(db) == []
    assert outbox.effect(db, "job-1")["status"] == "cancelled"


def _parked(connection: psycopg.Connection) -> int:
    query = "select count(*) from pgsm.effects where parked is not null"
    return int(outbox.scalar(connection, query + " and status = 'pending'"))


def _machines(claims: list[outbox.Claimed]) -> set[str]:
    return {claimed.instance_id.split("-")[0] for claimed in claims}
