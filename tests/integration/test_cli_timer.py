"""`pgsm timer`: what is to come, and mending what has not come."""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg
import pytest

from .operated import define, done, lines, refused, run, start

BROKEN = {
    "id": "broken",
    "initial": "a",
    "states": {"a": {"on": {"go": {"actions": {"type": "assign", "set": {
        "x": {"expr": "1 / event.data.by"}}}}}}},
}  # fmt: skip


@pytest.fixture
def orders(fresh_dsn: str) -> str:
    define(fresh_dsn)
    return fresh_dsn


def armed(dsn: str, instance_id: str) -> str:
    [timer] = lines(dsn, "timer", "list", "--instance", instance_id)
    return str(timer["timer_id"])


def fail_timer(dsn: str) -> None:
    """Bring a posted event to its first failure."""
    define(dsn, BROKEN)
    done(dsn, "instance", "start", "broken", "b-1")
    verb = ["instance", "send", "b-1", "go", '{"by": 0}', "--post"]
    done(dsn, *verb, "--event-id", "evt-1")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("select pgsm.fire_timers()")


def test_list_has_what_is_due_first_at_the_head(orders: str) -> None:
    start(orders, "a", "b")
    verb = ["instance", "send", "b", "cancel", "--post", "--event-id", "soon"]
    done(orders, *verb, "--delay", "1 minute")
    found = lines(orders, "timer", "list")
    assert [t["instance_id"] for t in found] == ["b", "a", "b"]
    assert found[0]["timer_id"] == "soon"
    printed = done(orders, "timer", "list", "--limit", "1").splitlines()
    assert printed[0].split()[:4] == ["instance", "timer", "kind", "event"]
    assert printed[1].split()[:4] == ["b", "soon", "post", "cancel"]


def test_list_filters(orders: str) -> None:
    start(orders, "a", "b")
    done(orders, "instance", "pause", "a")

    def ids(*options: str) -> list[str]:
        return [t["instance_id"] for t in lines(orders, "timer", "list", *options)]

    assert ids("--status", "held") == ["a"]
    assert ids("--machine", "other") == []
    assert ids("--before", "now") == []
    assert ids("--before", "infinity", "--instance", "b") == ["b"]
    assert "(22007)" in refused(orders, "timer", "list", "--before", "never ever")


def test_more_than_the_limit_is_told(orders: str) -> None:
    start(orders, "a", "b")
    assert "more than 1" in run(orders, "timer", "list", "--limit", "1").stderr


def test_moved_timer_is_due_then(orders: str) -> None:
    start(orders, "a")
    timer_id = armed(orders, "a")
    said = done(orders, "timer", "move", "a", timer_id, "2027-01-31 09:00 UTC")
    assert said == f"timer {timer_id} of a is armed\n"
    [timer] = lines(orders, "timer", "list", "--instance", "a")
    assert datetime.fromisoformat(timer["due_at"]).isoformat() == (
        "2027-01-31T09:00:00+00:00"
    )


def test_timer_is_moved_by_a_span_from_now(orders: str) -> None:
    start(orders, "a")
    done(orders, "timer", "move", "a", armed(orders, "a"), "+2 hours")
    [timer] = lines(orders, "timer", "list", "--instance", "a")
    due = datetime.fromisoformat(timer["due_at"])
    with psycopg.connect(orders) as connection:
        (now,) = connection.execute("select clock_timestamp()").fetchone() or (None,)
    assert timedelta(minutes=110) < due - now < timedelta(minutes=130)


@pytest.mark.parametrize("when", ["infinity", "soon", "+forever"])
def test_no_time_is_refused(orders: str, when: str) -> None:
    start(orders, "a")
    refused(orders, "timer", "move", "a", armed(orders, "a"), when)


def test_failing_timer_is_late_until_it_is_retried_or_cancelled(orders: str) -> None:
    assert run(orders, "timer", "late").stderr == "no timer is late\n"
    fail_timer(orders)
    [late] = lines(orders, "timer", "late")
    assert (late["timer_id"], late["attempts"]) == ("evt-1", 1)
    assert "division by zero" in done(orders, "timer", "late", "--machine", "broken")
    assert done(orders, "timer", "retry", "b-1", "evt-1").endswith("is armed\n")
    [timer] = lines(orders, "timer", "list", "--instance", "b-1")
    assert timer["attempts"] == 0
    [said] = lines(orders, "timer", "cancel", "b-1", "evt-1")
    assert said == {
        "instance_id": "b-1",
        "timer_id": "evt-1",
        "status": "cancelled",
    }
    assert lines(orders, "timer", "list", "--instance", "b-1") == []


def test_timer_that_has_not_failed_is_not_retried(orders: str) -> None:
    start(orders, "a")
    said = refused(orders, "timer", "retry", "a", armed(orders, "a"))
    assert "(SM203)" in said
    assert "detail: it is armed" in said
    assert "hint: move_timer" in said


@pytest.mark.parametrize("verb", [["retry"], ["cancel"], ["move"]])
def test_unknown_timer_is_refused(orders: str, verb: list[str]) -> None:
    start(orders, "a")
    more = ["now"] if verb == ["move"] else []
    assert "(SM200)" in refused(orders, "timer", *verb, "a", "9/9", *more)


def test_what_an_operator_did_is_in_the_history(orders: str) -> None:
    start(orders, "a")
    done(orders, "timer", "cancel", "a", armed(orders, "a"))
    assert "repair pgsm.cancel_timer  by postgres" in done(
        orders, "instance", "history", "a"
    )
