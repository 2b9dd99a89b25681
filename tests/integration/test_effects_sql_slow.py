"""A step that takes too long holds up no other answer, and no result is lost."""

from __future__ import annotations

import psycopg
import pytest

from tests.databases import Connect

from . import outbox

SOON = "2 s"  # but long enough for all the other steps
JOBS = ["job-1", "job-2", "slow-1", "slow-2", "z-job"]


@pytest.fixture
def jobs(fresh_dsn: str, connect: Connect) -> psycopg.Connection:
    """Instances of which two have steps that take too long."""
    connection = connect(fresh_dsn)
    outbox.make_slow(connection)
    document = outbox.job({"late": "deliver", "retry": {"attempts": 1}})
    outbox.define(connection, document)
    working = document["states"]["working"]
    for event in ("onDone", "onError"):
        working["invoke"][event]["guard"] = {"sql": "shop.slow()"}
    document["states"]["left"]["on"]["late.work"] = {
        "target": "failed",
        "guard": {"sql": "shop.slow()"},
    }
    outbox.define(connection, document, "slow")
    for name in JOBS:
        outbox.start(connection, name, machine="job" if "job" in name else "slow")
    return connection


def test_a_completion_whose_step_takes_too_long_holds_up_no_other(
    jobs: psycopg.Connection,
) -> None:
    claims = outbox.claim(jobs)
    outcomes = _hurried(jobs, claims)
    assert outcomes == dict.fromkeys(JOBS[:3], "succeeded") | {
        # the timeout comes once in a statement: the next step could take for ever
        "slow-2": "busy",
        "z-job": "busy",
    }
    rest = [c for c in claims if outcomes[c.instance_id] == "busy"]
    assert _hurried(jobs, rest) == {"slow-2": "succeeded", "z-job": "busy"}
    assert _hurried(jobs, rest[-1:]) == {"z-job": "succeeded"}
    assert outbox.effect(jobs, "slow-1")["output"] == "slow-1"
    assert outbox.instance(jobs, "slow-1")["value"] == "working"
    outbox.make_quick(jobs)
    jobs.execute("select pgsm.fire_timers()")
    for name in JOBS:
        job = outbox.instance(jobs, name)
        assert (job["value"], job["context"]["result"]) == ("finished", name)


def test_a_failure_whose_step_takes_too_long_is_recorded(
    jobs: psycopg.Connection,
) -> None:
    (slow,) = [c for c in outbox.claim(jobs) if c.instance_id == "slow-1"]
    with outbox.timeout(jobs, SOON):
        assert outbox.fail(jobs, slow) == "failed"
    assert outbox.effect(jobs, "slow-1")["is_open"]
    outbox.make_quick(jobs)
    jobs.execute("select pgsm.fire_timers()")
    assert outbox.instance(jobs, "slow-1")["value"] == "failed"
    assert not outbox.effect(jobs, "slow-1")["is_open"]


def test_a_late_answer_whose_step_takes_too_long_is_kept(
    jobs: psycopg.Connection,
) -> None:
    (slow,) = [c for c in outbox.claim(jobs) if c.instance_id == "slow-1"]
    outbox.send(jobs, "slow-1", "leave")
    with outbox.timeout(jobs, SOON):
        assert outbox.complete(jobs, slow, output="late") == ["succeeded"]
    outbox.make_quick(jobs)
    jobs.execute("select pgsm.fire_timers()")
    assert outbox.instance(jobs, "slow-1")["value"] == "failed"


def test_an_event_that_waits_is_visible_with_its_attempts(
    jobs: psycopg.Connection,
) -> None:
    claims = [c for c in outbox.claim(jobs) if c.instance_id == "slow-1"]
    _hurried(jobs, claims)
    rows = jobs.execute(
        "select event, status from pgsm.timers where instance_id = 'slow-1'"
    ).fetchall()
    assert rows == [("done.invoke.work", "armed")]


def test_neither_claim_nor_completion_leaves_a_multixact(
    jobs: psycopg.Connection, fresh_dsn: str, connect: Connect
) -> None:
    # A row that has one is not dropped from the indexes before a vacuum.
    before = connect(fresh_dsn)
    with before.transaction():
        before.execute("set transaction isolation level repeatable read")
        first = outbox.scalar(before, "select pg_current_xact_id()::text::bigint")
        (claimed,) = outbox.claim(jobs, 1)
        outbox.complete(jobs, claimed)
        query = "select xmax::text::bigint from pgsm_private.{} where instance_id = %s"
        for table in ("instances", "effects"):
            changed = outbox.scalar(before, query.format(table), claimed.instance_id)
            assert changed > first, f"{table}: not the id of a transaction"


def _hurried(
    connection: psycopg.Connection, claims: list[outbox.Claimed]
) -> dict[str, str]:
    """The outcome of each instance's effect, told in one statement of little time."""
    completions = [claimed.lease(output=claimed.instance_id) for claimed in claims]
    with outbox.timeout(connection, SOON):
        outcomes = outbox.complete_each(connection, completions)
    return {c.instance_id: o for c, o in zip(claims, outcomes, strict=True)}
