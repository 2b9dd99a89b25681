"""fire_timers: failures are kept, and nobody holds up the others."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from tests.databases import Connect

from .doors import PostgresChart, PostgresEngine
from .parts import assign, call, expr, note_event

FAIL = {
    "context": {"trace": [], "zero": 0},
    "after": {"1 hour": {"actions": assign(n=expr("1 / context.zero"))}},
    "on": {"mend": {"actions": assign(zero=1)}},
}


def timer(chart: PostgresChart) -> dict[str, Any]:
    (row,) = chart.rows(
        "select status, attempts, last_error, due_at - pgsm_private.now() as wait"
        " from pgsm.timers where instance_id = %s",
        chart.instance_id,
    )
    return row


def fire(chart: PostgresChart) -> dict[str, Any]:
    (turn,) = chart.rows("select * from pgsm.fire_timers()")
    return turn


def test_failing_timer_is_kept_and_backs_off(postgres: PostgresEngine) -> None:
    chart = postgres.start(FAIL)
    waits = []
    chart.advance("1 hour")
    for _ in range(9):
        row = timer(chart)
        assert row["status"] == "armed"
        waits.append(row["wait"].total_seconds())
        chart.advance(f"{int(waits[-1])} seconds")
    assert waits[:4] == [2, 4, 8, 16]
    assert max(waits) <= 15 * 60
    row = timer(chart)
    assert (row["status"], row["attempts"]) == ("failed", 10)
    assert "division by zero" in row["last_error"]["message"]


def test_failing_timer_fires_once_its_cause_is_mended(
    postgres: PostgresEngine,
) -> None:
    chart = postgres.start(FAIL)
    chart.advance("1 hour")
    chart.send("mend")
    assert chart.advance("2 seconds").context["n"] == 1
    assert chart.timers() == []


def test_failing_timer_changes_nothing(postgres: PostgresEngine) -> None:
    chart = postgres.start(FAIL)
    before = chart.snapshot()
    assert chart.advance("1 hour") == before


def test_poisoned_instance_does_not_hold_up_others(postgres: PostgresEngine) -> None:
    poisoned = [postgres.start(FAIL) for _ in range(3)]
    well = postgres.start(
        {"initial": "a", "states": {"a": {"after": {"1 hour": "b"}}, "b": {}}}
    )
    well.advance("1 hour")
    assert well.snapshot().value == "b"
    assert all(timer(chart)["attempts"] == 1 for chart in poisoned)


def test_due_timers_of_one_instance_fire_in_order_in_one_turn(
    postgres: PostgresEngine,
) -> None:
    delays = {f"{n} minutes": {"actions": note_event()} for n in (3, 1, 2)}
    chart = postgres.start({"context": {"trace": []}, "after": delays})
    chart.rows("update pgsm_test.clock set reading = reading + interval '1 day'")
    assert fire(chart)["fired"] == 3
    trace = chart.snapshot().context["trace"]
    assert trace == ["after.1 minutes.", "after.2 minutes.", "after.3 minutes."]


def test_first_due_timer_may_drop_the_next(postgres: PostgresEngine) -> None:
    document = {
        "initial": "a",
        "states": {"a": {"after": {"1 hour": "b", "2 hours": "c"}}, "b": {}, "c": {}},
    }
    chart = postgres.start(document)
    chart.rows("update pgsm_test.clock set reading = reading + interval '1 day'")
    assert fire(chart)["fired"] == 1
    assert chart.snapshot().value == "b"


def test_turn_says_when_the_next_timer_is_due(postgres: PostgresEngine) -> None:
    chart = postgres.start({"after": {"1 hour": {}}})
    (row,) = chart.rows("select due_at from pgsm.timers")
    assert fire(chart)["next_at"] == row["due_at"]


def test_step_of_a_timer_is_at_its_time_or_later(postgres: PostgresEngine) -> None:
    chart = postgres.start({"after": {"1 hour": {"actions": assign(now=expr("now"))}}})
    assert chart.advance("1 day").context["now"] == "2030-01-01T13:00:00.000000Z"


def test_error_that_ends_the_transaction_counts_no_attempt_and_lets_others_go(
    postgres: PostgresEngine,
) -> None:
    postgres.connection.execute(
        """
        create function shop.busy () returns void
          language plpgsql
        as $$ begin raise exception 'busy' using errcode = 'lock_not_available'; end $$;
        """
    )
    busy = {"after": {"1 hour": {"actions": call("shop.busy()")}}}
    poisoned = postgres.start(busy)
    well = postgres.start({"after": {"2 hours": {"actions": assign(done=True)}}})
    well.rows("update pgsm_test.clock set reading = reading + interval '1 day'")
    turn = fire(well)
    assert (turn["fired"], turn["failed"]) == (0, 1)
    assert fire(well)["fired"] == 1
    assert well.snapshot().context == {"done": True}
    row = timer(poisoned)
    assert (row["status"], row["attempts"]) == ("armed", 0)
    assert row["last_error"]["code"] == "55P03"
    assert row["wait"].total_seconds() == 5


# -- several sessions


def define_waiting(connection: psycopg.Connection[Any], *instance_ids: str) -> None:
    document = {
        "initial": "a",
        "states": {"a": {"after": {"1 ms": "b"}, "on": {"stay": {}}}, "b": {}},
    }
    connection.execute("select pgsm.define_machine('wait', %s)", [json.dumps(document)])
    for instance_id in instance_ids:
        connection.execute("select pgsm.start_instance('wait', %s)", [instance_id])


def values(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    found = connection.execute("select instance_id, value from pgsm.instances")
    return dict(found.fetchall())


def test_locked_instance_is_left_to_its_session(
    fresh_dsn: str, connect: Connect
) -> None:
    one, other = connect(fresh_dsn), connect(fresh_dsn)
    define_waiting(one, "locked", "free")
    with other.transaction():
        other.execute("select pgsm.pause_instance('locked')")
        turn = one.execute("select fired from pgsm.fire_timers()").fetchone()
        assert turn == (1,)
        assert values(one) == {"locked": "a", "free": "b"}
        raise psycopg.Rollback
    one.execute("select pgsm.fire_timers()")
    assert values(one) == {"locked": "b", "free": "b"}


def test_many_due_rows_of_a_locked_instance_do_not_hide_the_others(
    fresh_dsn: str, connect: Connect
) -> None:
    one, other = connect(fresh_dsn), connect(fresh_dsn)
    define_waiting(one, "locked", "free")
    one.execute("select pgsm.post_event('locked', 'stay') from generate_series(1, 100)")
    one.execute(
        "update pgsm_private.timers set due_at = due_at - interval '1 hour'"
        " where kind = 'post'"
    )
    with other.transaction():
        other.execute(
            "select from pgsm_private.instances where instance_id = 'locked'"
            " for no key update"
        )
        one.execute("select pgsm.fire_timers()")
        assert values(one) == {"locked": "a", "free": "b"}


def test_sender_that_comes_first_keeps_the_timer_from_firing(
    fresh_dsn: str, connect: Connect
) -> None:
    one = connect(fresh_dsn)
    define_waiting(one, "x")
    one.execute("select pgsm.stop_instance('x')")
    assert one.execute("select fired from pgsm.fire_timers()").fetchone() == (0,)
    assert values(one) == {"x": "a"}


@pytest.mark.parametrize("stopped", [True, False])
def test_copy_that_was_not_adopted_fires_nothing(
    fresh_dsn: str, connect: Connect, stopped: bool
) -> None:
    one = connect(fresh_dsn)
    define_waiting(one, "x")
    if stopped:
        one.execute("update pgsm_private.settings set database_oid = 0")
    turn = one.execute("select fired, stopped from pgsm.fire_timers()").fetchone()
    assert turn == ((0, True) if stopped else (1, False))
