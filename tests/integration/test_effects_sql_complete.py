"""Completing: the result is kept and its event delivered, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from . import outbox

Connect = Callable[..., psycopg.Connection]


@pytest.fixture
def jobs(db: psycopg.Connection) -> psycopg.Connection:
    outbox.define(db, outbox.job())
    return db


def test_completion_moves_the_machine_in_the_same_transaction(
    jobs: psycopg.Connection,
) -> None:
    outbox.start(jobs, "job-1")
    (claimed,) = outbox.claim(jobs)
    assert outbox.complete(jobs, claimed, output={"n": 1}) == ["succeeded"]
    job = outbox.instance(jobs, "job-1")
    assert job["value"] == "finished"
    assert job["context"]["result"] == {"n": 1}
    assert outbox.effect(jobs, "job-1")["status"] == "succeeded"


def test_a_second_completion_is_refused(jobs: psycopg.Connection) -> None:
    outbox.start(jobs, "job-1")
    (claimed,) = outbox.claim(jobs)
    outbox.complete(jobs, claimed, output=1)
    assert outbox.complete(jobs, claimed, output=2) == ["lease_lost"]
    assert outbox.effect(jobs, "job-1")["output"] == 1


def test_an_unknown_effect_is_a_lost_lease(jobs: psycopg.Connection) -> None:
    completion = {"instance_id": "no", "effect_id": "1/1", "lease_token": "nonsense"}
    assert outbox.complete_each(jobs, [completion]) == ["lease_lost"]


def test_one_poisoned_row_of_a_batch_does_not_touch_the_others(
    db: psycopg.Connection,
) -> None:
    document = outbox.job()
    poisonable = {"type": "assign", "set": {"result": {"expr": "1 / event.output"}}}
    document["states"]["working"]["invoke"]["onDone"]["actions"] = poisonable
    outbox.define(db, document)
    outbox.start(db, "job-1", "job-2", "job-3")
    claims = {c.instance_id: c for c in outbox.claim(db)}
    outputs = {"job-1": 1, "job-2": 0, "job-3": 2}
    outcomes = outbox.complete_each(
        db, [claims[job].lease(output=output) for job, output in outputs.items()]
    )
    assert outcomes == ["succeeded", "refused", "succeeded"]
    poisoned = outbox.effect(db, "job-2")
    assert (poisoned["status"], poisoned["is_open"]) == ("failed", True)
    assert poisoned["output"] == 0
    assert poisoned["error"]["type"] == "refused"
    assert poisoned["error"]["code"].startswith("SM")
    assert outbox.instance(db, "job-2")["value"] == "working"


def test_the_event_of_a_refused_completion_can_be_delivered_again(
    db: psycopg.Connection,
) -> None:
    document = outbox.job()
    needs_help = {
        "type": "assign",
        "set": {"result": {"expr": "event.output / context.divisor"}},
    }
    document["states"]["working"]["invoke"]["onDone"]["actions"] = needs_help
    document["context"]["divisor"] = 0
    set_divisor = {"type": "assign", "set": {"divisor": 2}}
    document["states"]["working"]["on"]["help"] = {"actions": set_divisor}
    outbox.define(db, document)
    outbox.start(db, "job-1")
    (claimed,) = outbox.claim(db)
    assert outbox.complete(db, claimed, output=4) == ["refused"]
    assert _retry(db, claimed) == "refused"
    outbox.send(db, "job-1", "help")
    assert _retry(db, claimed) == "succeeded"
    assert outbox.instance(db, "job-1")["context"]["result"] == 2
    assert outbox.claim(db) == []


def test_an_answer_after_its_state_was_left_is_late_and_kept(
    jobs: psycopg.Connection,
) -> None:
    outbox.start(jobs, "job-1")
    (claimed,) = outbox.claim(jobs)
    outbox.send(jobs, "job-1", "leave")
    assert outbox.complete(jobs, claimed, output="too late") == ["late"]
    assert outbox.instance(jobs, "job-1")["value"] == "left"
    late = outbox.effect(jobs, "job-1")
    assert (late["status"], late["output"]) == ("late", "too late")


def test_a_pending_invoke_never_runs_after_its_state_was_left(
    jobs: psycopg.Connection,
) -> None:
    outbox.start(jobs, "job-1")
    outbox.send(jobs, "job-1", "leave")
    assert outbox.claim(jobs) == []
    assert outbox.effect(jobs, "job-1")["status"] == "cancelled"


def test_an_instance_that_another_holds_is_busy_and_keeps_the_lease(
    dsn: str, connect: Connect
) -> None:
    runner, sender = connect(), connect()
    outbox.define(runner, outbox.job())
    outbox.start(runner, "held")
    (claimed,) = outbox.claim(runner)
    with sender.transaction():
        sender.execute(
            "select from pgsm_private.instances"
            " where instance_id = 'held' for no key update"
        )
        assert outbox.complete(runner, claimed) == ["busy"]
        assert outbox.fail(runner, claimed) == "busy"
    assert outbox.complete(runner, claimed) == ["succeeded"]


def test_the_event_of_a_paused_instance_waits(jobs: psycopg.Connection) -> None:
    outbox.start(jobs, "job-1")
    (claimed,) = outbox.claim(jobs)
    jobs.execute("select pgsm.pause_instance('job-1')")
    assert outbox.complete(jobs, claimed, output=7) == ["succeeded"]
    jobs.execute("select pgsm.fire_timers()")
    assert outbox.instance(jobs, "job-1")["value"] == "working"
    jobs.execute("select pgsm.resume_instance('job-1')")
    jobs.execute("select pgsm.fire_timers()")
    job = outbox.instance(jobs, "job-1")
    assert (job["value"], job["context"]["result"]) == ("finished", 7)


def test_the_answer_of_a_stopped_instance_is_late(jobs: psycopg.Connection) -> None:
    outbox.start(jobs, "job-1", "job-2")
    claims = {c.instance_id: c for c in outbox.claim(jobs, 1)}
    (running,) = claims.values()
    jobs.execute("select pgsm.stop_instance('job-1')")
    jobs.execute("select pgsm.stop_instance('job-2')")
    assert outbox.claim(jobs) == []
    assert outbox.complete(jobs, running, output=7) == ["late"]
    statuses = {outbox.effect(jobs, job)["status"] for job in ("job-1", "job-2")}
    assert statuses == {"late", "cancelled"}


def test_an_action_gets_its_reply(db: psycopg.Connection) -> None:
    mail = {"type": "effect", "name": "mail", "input": {"a": 1}, "reply": "mailed"}
    keep = {"type": "assign", "set": {"sent": {"expr": "event.output"}}}
    outbox.define(
        db,
        {
            "initial": "open",
            "context": {"sent": None},
            "states": {
                "open": {
                    "entry": [mail],
                    "on": {"mailed": {"target": "closed", "actions": keep}},
                },
                "closed": {},
            },
            "implementations": {"effects": {"mail": {}}},
        },
    )
    outbox.start(db, "job-1")
    (claimed,) = outbox.claim(db, names=("mail",))
    assert outbox.complete(db, claimed, output="id-7") == ["succeeded"]
    job = outbox.instance(db, "job-1")
    assert (job["value"], job["context"]["sent"]) == ("closed", "id-7")


@pytest.mark.parametrize("completions", [[{}] * 51, {}, None])
def test_more_than_a_batch_is_refused(db: psycopg.Connection, completions: Any) -> None:
    with pytest.raises(psycopg.Error) as refused:
        outbox.complete_each(db, completions)
    assert refused.value.sqlstate == "SM304"


def _retry(connection: psycopg.Connection, claimed: outbox.Claimed) -> str:
    row = connection.execute(
        "select pgsm.retry_effect(%s, %s)", [claimed.instance_id, claimed.effect_id]
    ).fetchone()
    assert row is not None
    return str(row[0])
