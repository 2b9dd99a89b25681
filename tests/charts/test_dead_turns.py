"""A timer that takes its driver's session with it: noted before, found afterwards."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import psycopg
import pytest

from tests.databases import Connect

from .parts import call, expr

HANGING = {
    "initial": "a",
    "states": {
        "a": {
            "after": {
                "1 ms": {
                    "target": "b",
                    "actions": call("app.work(text)", expr("context.job")),
                }
            }
        },
        "b": {},
    },
}
Connection = psycopg.Connection[Any]


def define(connection: Connection, jobs: dict[str, str]) -> None:
    """Instances, and the SQL that each runs when its timer fires."""
    connection.execute(
        """
        create schema if not exists app;
        grant usage on schema app to public;
        create or replace function app.work (job text) returns void
          language plpgsql as $$ begin execute job; end $$;
        """
    )
    document = {**HANGING, "context": {"job": expr("input.job")}}
    connection.execute(
        "select pgsm.define_machine('hanging', %s)", [json.dumps(document)]
    )
    for instance_id, job in jobs.items():
        connection.execute(
            "select pgsm.start_instance('hanging', %s, %s)",
            [instance_id, json.dumps({"job": job})],
        )


def turn(connection: Connection, driver: str = "d", timeout: str = "200ms") -> Any:
    """A driver's turn; what ended it, or how many timers it fired."""
    connection.execute("select pgsm.begin_timer_turn(%s)", [driver])
    with connection.transaction():
        connection.execute(
            "select set_config('statement_timeout', %s, true)", [timeout]
        )
        query = "select fired from pgsm.run_timer_turn(%s)"
        row = connection.execute(query, [driver]).fetchone()
    assert row is not None
    return row[0]


def values(connection: Connection) -> dict[str, Any]:
    found = connection.execute("select instance_id, value from pgsm.instances")
    return dict(found.fetchall())


def timer(connection: Connection, instance_id: str) -> tuple[Any, ...]:
    row = connection.execute(
        "select status, attempts, last_error ->> 'code', due_at > now()"
        " from pgsm.timers where instance_id = %s",
        [instance_id],
    ).fetchone()
    assert row is not None
    return row


@pytest.fixture
def driver(fresh_dsn: str, connect: Connect) -> Connection:
    return connect(fresh_dsn)


def test_call_that_hangs_costs_an_attempt_and_holds_up_nobody(
    driver: Connection,
) -> None:
    define(driver, {"hangs": "select pg_sleep(60)", "well": "", "too": ""})
    driver.execute(
        "update pgsm_private.timers set due_at = now() - interval '1 hour'"
        " where instance_id = 'hangs'"
    )
    with pytest.raises(psycopg.errors.QueryCanceled):
        turn(driver)
    fired = []
    for _ in range(4):
        try:
            fired.append(turn(driver))
        except psycopg.errors.QueryCanceled:
            fired.append("died")
    assert fired == ["died", 1, 1, 0]
    assert values(driver) == {"hangs": "a", "well": "b", "too": "b"}
    assert timer(driver, "hangs") == ("armed", 1, "SM204", True)


def test_call_that_hangs_again_is_alone_and_fails_after_ten_attempts(
    driver: Connection,
) -> None:
    define(driver, {"hangs": "select pg_sleep(60)"})
    for _ in range(10):
        with pytest.raises(psycopg.errors.QueryCanceled):
            turn(driver)
        driver.execute("select pgsm.begin_timer_turn('d')")
        driver.execute("select pgsm.run_timer_turn('d')")
        driver.execute("update pgsm_private.timers set due_at = now()")
    assert timer(driver, "hangs")[:3] == ("failed", 10, "SM204")


def test_timer_that_ended_a_turn_gets_one_of_its_own(driver: Connection) -> None:
    define(driver, {"hung": "", "well": "", "too": ""})
    driver.execute(
        "update pgsm_private.timers set attempts = 1, last_error = %s,"
        " due_at = now() - interval '1 minute' where instance_id = 'hung'",
        [json.dumps({"code": "SM204"})],
    )
    assert [turn(driver), turn(driver)] == [1, 2]


def test_turn_of_a_session_that_was_ended_is_found_by_another_driver(
    fresh_dsn: str, connect: Connect, driver: Connection
) -> None:
    define(driver, {"hangs": "select pg_sleep(60)", "well": ""})
    other = connect(fresh_dsn)
    pid = other.info.backend_pid
    dying = threading.Thread(target=lambda: _ended_turn(other))
    dying.start()
    _until(
        driver, f"select wait_event = 'PgSleep' from pg_stat_activity where pid = {pid}"
    )
    # while the turn is on, its instances are left to it, and nobody counts anything
    assert turn(driver, "survivor") == 0
    driver.execute("select pg_terminate_backend(%s, 5000)", [pid])
    dying.join()
    driver.execute(
        "update pgsm_private.timer_drivers"
        " set noted_at = noted_at - interval '2 seconds'"
    )
    fired = []
    for _ in range(3):
        try:
            fired.append(turn(driver, "survivor"))
        except psycopg.errors.QueryCanceled:
            fired.append("died")
    # one by one; a turn of one that dies is an attempt
    assert sorted(map(str, fired)) == ["0", "1", "died"]
    assert values(driver)["well"] == "b"
    assert timer(driver, "hangs") == ("armed", 1, "SM204", True)


def test_driver_whose_note_was_taken_fires_nothing(driver: Connection) -> None:
    define(driver, {"x": "", "y": ""})
    driver.execute("select pgsm.begin_timer_turn('stalled')")
    driver.execute(
        "update pgsm_private.timer_drivers set noted_at = noted_at - interval '11 s'"
    )
    assert [turn(driver, "other"), turn(driver, "other")] == [1, 1]
    assert driver.execute(
        "select fired from pgsm.run_timer_turn('stalled')"
    ).fetchone() == (0,)


def test_driver_that_stops_in_good_order_counts_no_attempt(driver: Connection) -> None:
    define(driver, {"x": ""})
    driver.execute("select pgsm.begin_timer_turn('stopping')")
    driver.execute("select pgsm.end_timer_turn('stopping')")
    assert turn(driver, "other") == 1


def test_drivers_share_what_is_due(fresh_dsn: str, connect: Connect) -> None:
    one, other = connect(fresh_dsn), connect(fresh_dsn)
    define(one, {f"i-{n}": "" for n in range(40)})
    for name, connection in (("one", one), ("other", other)):
        connection.execute("select pgsm.begin_timer_turn(%s)", [name])
    fired = [
        connection.execute(
            "select fired from pgsm.run_timer_turn(%s)", [name]
        ).fetchone()
        for name, connection in (("one", one), ("other", other))
    ]
    assert fired == [(25,), (15,)]


def _ended_turn(connection: Connection) -> None:
    with pytest.raises(psycopg.OperationalError):
        turn(connection, "dying", timeout="1min")


def _until(connection: Connection, query: str) -> None:
    end = time.monotonic() + 20
    while connection.execute(query).fetchone() != (True,):  # type: ignore[arg-type]
        assert time.monotonic() < end
        time.sleep(0.02)
