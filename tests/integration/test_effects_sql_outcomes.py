"""What becomes of an effect when its instance is paused, ends, moves on or is gone."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from . import outbox

WORK = "test.work"
MAIL = "test.mail"


def worker(late: str = "keep") -> dict[str, Any]:
    """An invoke and an action at once; the action answers with a reply."""
    return {
        "initial": "working",
        "context": {"result": None, "error": None, "mailed": False},
        "states": {
            "working": {
                "entry": {"type": "effect", "name": MAIL, "reply": "mailed"},
                "invoke": {
                    "id": "work",
                    "src": WORK,
                    "onDone": {
                        "target": "finished",
                        "actions": {
                            "type": "assign",
                            "set": {"result": {"expr": "event.output"}},
                        },
                    },
                    "onError": "failed",
                },
                "on": {"leave": "left", "end": "over"},
            },
            "finished": {},
            "failed": {},
            "left": {
                "on": {
                    "late.work": {
                        "actions": {
                            "type": "assign",
                            "set": {"result": {"expr": "event.output"}},
                        }
                    }
                }
            },
            "over": {"type": "final"},
        },
        "on": {"mailed": {"actions": {"type": "assign", "set": {"mailed": True}}}},
        "implementations": {
            "effects": {WORK: {"late": late, "retry": {"attempts": 1}}, MAIL: {}}
        },
    }


CHANGES = {
    "left": "select pgsm.send_event('i', 'leave')",
    "paused": "select pgsm.pause_instance('i')",
    "version paused": "update pgsm_private.machine_versions set paused = true",
    "done": "select pgsm.send_event('i', 'end')",
    "stopped": "select pgsm.stop_instance('i')",
}
RESUME = {
    "paused": "select pgsm.resume_instance('i')",
    "version paused": "update pgsm_private.machine_versions set paused = false",
}


@pytest.fixture
def worked(db: psycopg.Connection) -> psycopg.Connection:
    outbox.define(db, worker(), "worker")
    outbox.start(db, "i", machine="worker")
    return db


def claim(connection: psycopg.Connection, name: str) -> list[outbox.Claimed]:
    return outbox.claim(connection, names=(name,))


def status(connection: psycopg.Connection, name: str) -> str:
    query = "select status from pgsm.effects where instance_id = 'i' and name = %s"
    return str(outbox.scalar(connection, query, name))


def verdicts(connection: psycopg.Connection, claimed: outbox.Claimed) -> list[str]:
    rows = connection.execute(
        "select verdict from pgsm.heartbeat_effects('r', jsonb_build_array("
        "jsonb_build_object('instance_id', %s::text, 'effect_id', %s::text,"
        " 'lease_token', %s)))",
        [claimed.instance_id, claimed.effect_id, claimed.lease_token],
    ).fetchall()
    return [verdict for (verdict,) in rows]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("left", "cancelled"),
        ("paused", "pending"),
        ("version paused", "pending"),
        ("done", "cancelled"),
        ("stopped", "cancelled"),
    ],
)
def test_a_pending_invoke(
    worked: psycopg.Connection, change: str, expected: str
) -> None:
    worked.execute(CHANGES[change])  # type: ignore[call-overload]
    assert claim(worked, WORK) == []
    assert status(worked, WORK) == expected
    if change in RESUME:
        worked.execute(RESUME[change])  # type: ignore[call-overload]
        assert len(claim(worked, WORK)) == 1


@pytest.mark.parametrize(
    ("change", "stop", "outcome", "expected"),
    [
        ("left", ["stop"], "late", "late"),
        ("paused", [], "succeeded", "succeeded"),
        ("version paused", [], "succeeded", "succeeded"),
        ("done", ["stop"], "late", "late"),
        ("stopped", ["stop"], "late", "late"),
    ],
)
def test_a_running_invoke(
    worked: psycopg.Connection,
    change: str,
    stop: list[str],
    outcome: str,
    expected: str,
) -> None:
    (running,) = claim(worked, WORK)
    worked.execute(CHANGES[change])  # type: ignore[call-overload]
    assert verdicts(worked, running) == stop
    assert outbox.complete(worked, running, output=7) == [outcome]
    assert status(worked, WORK) == expected
    assert outbox.instance(worked, "i")["context"]["result"] is None
    assert outbox.effect(worked, "i")["output"] in (7, None)
    if change in RESUME:
        assert outbox.instance(worked, "i")["value"] == "working"
        worked.execute(RESUME[change])  # type: ignore[call-overload]
        worked.execute("select pgsm.fire_timers()")
        assert outbox.instance(worked, "i")["context"]["result"] == 7


@pytest.mark.parametrize("change", list(CHANGES))
def test_a_pending_action_runs_but_waits_for_a_paused_version(
    worked: psycopg.Connection, change: str
) -> None:
    worked.execute(CHANGES[change])  # type: ignore[call-overload]
    assert len(claim(worked, MAIL)) == (0 if change == "version paused" else 1)
    if change == "version paused":
        worked.execute(RESUME[change])  # type: ignore[call-overload]
        assert len(claim(worked, MAIL)) == 1


@pytest.mark.parametrize("change", list(CHANGES))
def test_a_running_action_runs(worked: psycopg.Connection, change: str) -> None:
    (running,) = claim(worked, MAIL)
    worked.execute(CHANGES[change])  # type: ignore[call-overload]
    assert verdicts(worked, running) == []
    assert outbox.complete(worked, running) == ["succeeded"]
    if change in RESUME:
        assert outbox.instance(worked, "i")["context"]["mailed"] is False
        worked.execute(RESUME[change])  # type: ignore[call-overload]
        worked.execute("select pgsm.fire_timers()")
    mailed = change in ("left", *RESUME)
    assert outbox.instance(worked, "i")["context"]["mailed"] is mailed


def test_a_running_invoke_of_a_deleted_instance_moves_nothing(
    worked: psycopg.Connection,
) -> None:
    (running,) = claim(worked, WORK)
    worked.execute("delete from pgsm_private.instances")
    assert outbox.complete(worked, running, output=7) == ["late"]
    assert claim(worked, WORK) == []


# -- failures -----------------------------------------------------------------------


@pytest.mark.parametrize("change", list(RESUME))
def test_the_error_of_a_paused_instance_waits_and_closes_the_incident(
    worked: psycopg.Connection, change: str
) -> None:
    (running,) = claim(worked, WORK)
    worked.execute(CHANGES[change])  # type: ignore[call-overload]
    assert outbox.fail(worked, running) == "failed"
    query = "select count(*) from pgsm.failed_effects"
    assert outbox.scalar(worked, query) == 1
    worked.execute(RESUME[change])  # type: ignore[call-overload]
    worked.execute("select pgsm.fire_timers()")
    assert outbox.instance(worked, "i")["value"] == "failed"
    assert outbox.scalar(worked, query) == 0


@pytest.mark.parametrize("change", ["left", "done", "stopped"])
def test_a_failure_that_nobody_waits_for_is_a_cancellation(
    worked: psycopg.Connection, change: str
) -> None:
    (running,) = claim(worked, WORK)
    worked.execute(CHANGES[change])  # type: ignore[call-overload]
    assert outbox.fail(worked, running) == "cancelled"
    assert outbox.scalar(worked, "select count(*) from pgsm.failed_effects") == 0


# -- late answers -------------------------------------------------------------------


@pytest.fixture
def telling(db: psycopg.Connection) -> psycopg.Connection:
    outbox.define(db, worker("deliver"), "worker")
    outbox.start(db, "i", machine="worker")
    return db


def late_events(connection: psycopg.Connection) -> list[Any]:
    rows = connection.execute(
        "select event, coalesce(data -> 'output', 'null') from pgsm.event_log"
        " where event like 'late.%' order by revision"
    )
    return rows.fetchall()


def test_a_late_answer_is_delivered_where_asked_for(
    telling: psycopg.Connection,
) -> None:
    (running,) = claim(telling, WORK)
    telling.execute(CHANGES["left"])  # type: ignore[call-overload]
    assert outbox.complete(telling, running, output=7) == ["succeeded"]
    assert outbox.instance(telling, "i")["context"]["result"] == 7


def test_a_late_failure_is_delivered_as_an_error(telling: psycopg.Connection) -> None:
    (running,) = claim(telling, WORK)
    telling.execute(CHANGES["left"])  # type: ignore[call-overload]
    assert outbox.fail(telling, running) == "cancelled"
    assert len(late_events(telling)) == 1
    assert outbox.instance(telling, "i")["context"]["result"] is None


def test_what_never_ran_is_told_too(telling: psycopg.Connection) -> None:
    telling.execute(CHANGES["left"])  # type: ignore[call-overload]
    telling.execute("select pgsm.fire_timers()")
    assert len(late_events(telling)) == 1


@pytest.mark.parametrize("fails", [False, True])
def test_a_late_answer_of_a_paused_instance_waits(
    telling: psycopg.Connection, fails: bool
) -> None:
    (running,) = claim(telling, WORK)
    telling.execute(CHANGES["left"])  # type: ignore[call-overload]
    telling.execute(CHANGES["paused"])  # type: ignore[call-overload]
    if fails:
        outbox.fail(telling, running)
    else:
        outbox.complete(telling, running, output=7)
    assert late_events(telling) == []
    telling.execute(RESUME["paused"])  # type: ignore[call-overload]
    telling.execute("select pgsm.fire_timers()")
    assert len(late_events(telling)) == 1


@pytest.mark.parametrize("change", ["done", "stopped"])
def test_a_late_answer_to_an_ended_instance_stays_visible(
    telling: psycopg.Connection, change: str
) -> None:
    (running,) = claim(telling, WORK)
    telling.execute(CHANGES[change])  # type: ignore[call-overload]
    assert outbox.complete(telling, running, output=7) == ["late"]
    assert status(telling, WORK) == "late"
    assert late_events(telling) == []


def test_one_that_was_given_back_after_its_state_was_left_is_told(
    telling: psycopg.Connection,
) -> None:
    (running,) = claim(telling, WORK)
    telling.execute(CHANGES["left"])  # type: ignore[call-overload]
    telling.execute(
        "select pgsm.release_effects('r', jsonb_build_array(jsonb_build_object("
        "'instance_id', %s::text, 'effect_id', %s::text, 'lease_token', %s)))",
        [running.instance_id, running.effect_id, running.lease_token],
    )
    assert claim(telling, WORK) == []
    assert status(telling, WORK) == "cancelled"
    assert len(late_events(telling)) == 1
