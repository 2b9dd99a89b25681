"""What an operator does to timers; messages whose order is kept while one fails."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from .doors import PostgresChart, PostgresEngine
from .parts import assign, expr

Json = Any

DOCUMENT = {
    "initial": "a",
    "context": {"broken": True},
    "states": {
        "a": {
            "on": {"mend": {"actions": assign(broken=False)}},
            "after": {
                "1 hour": {
                    "guard": expr("1 / (0 if context.broken else 1) == 1"),
                    "target": "b",
                }
            },
        },
        "b": {},
    },
}


def late(chart: PostgresChart) -> list[Json]:
    return chart.rows(
        "select timer_id, status, attempts from pgsm.late_timers"
        " where instance_id = %s",
        chart.instance_id,
    )


def repair(chart: PostgresChart, call: str, *more: Any) -> str:
    timer_id = chart.rows(
        "select timer_id from pgsm.timers where instance_id = %s", chart.instance_id
    )[0]["timer_id"]
    arguments = ", ".join(["%s"] * (2 + len(more)))
    (row,) = chart.rows(
        f"select pgsm.{call}({arguments}) as status", chart.instance_id, timer_id, *more
    )
    status: str = row["status"]
    return status


def test_timer_that_fails_is_kept_and_fails_for_good_after_ten_attempts(
    postgres: PostgresEngine,
) -> None:
    chart = postgres.start(DOCUMENT)
    chart.advance("1 hour")
    assert late(chart) == [{"timer_id": "1/1", "status": "armed", "attempts": 1}]
    chart.advance("1 day")
    assert late(chart) == [{"timer_id": "1/1", "status": "failed", "attempts": 10}]
    assert chart.snapshot().value == "a"


def test_failed_timer_is_retried_by_hand_and_that_is_recorded(
    postgres: PostgresEngine,
) -> None:
    chart = postgres.start(DOCUMENT)
    chart.advance("1 day")
    chart.send("mend")
    assert repair(chart, "retry_timer") == "armed"
    assert chart.advance("1 second").value == "b"
    assert late(chart) == []
    (entry,) = [row for row in chart.log() if row["event"] == "pgsm.retry_timer"]
    assert entry["data"]["was"] == "failed"
    assert entry["data"]["last_error"]["code"] == "SM102"


def test_timer_that_has_not_failed_is_not_retried(postgres: PostgresEngine) -> None:
    chart = postgres.start(DOCUMENT)
    with pytest.raises(psycopg.Error, match="has not failed") as caught:
        repair(chart, "retry_timer")
    assert caught.value.sqlstate == "SM203"


def test_timer_is_moved(postgres: PostgresEngine) -> None:
    chart = postgres.start(DOCUMENT)
    chart.send("mend")
    assert repair(chart, "move_timer", "2030-01-05 12:00+00") == "armed"
    assert chart.advance("95 hours").value == "a"
    assert chart.advance("1 hour").value == "b"


def test_timer_cannot_be_moved_to_no_time(postgres: PostgresEngine) -> None:
    chart = postgres.start(DOCUMENT)
    with pytest.raises(psycopg.Error) as caught:
        repair(chart, "move_timer", "infinity")
    assert caught.value.sqlstate == "SM201"


def test_timer_is_cancelled(postgres: PostgresEngine) -> None:
    chart = postgres.start(DOCUMENT)
    assert repair(chart, "cancel_timer") == "cancelled"
    assert chart.timers() == []
    assert chart.log()[-1]["event"] == "pgsm.cancel_timer"


def test_timer_that_is_not_there_is_named(postgres: PostgresEngine) -> None:
    chart = postgres.start(DOCUMENT)
    with pytest.raises(psycopg.Error) as caught:
        chart.rows("select pgsm.cancel_timer(%s, 'x')", chart.instance_id)
    assert caught.value.sqlstate == "SM200"


# -- messages of one pair -------------------------------------------------------------


def receiver(postgres: PostgresEngine) -> PostgresChart:
    note = assign(trace=expr("context.trace + [event.data.n]"))
    fails = expr("1 / event.data.n > 0")
    return postgres.start(
        {
            "context": {"trace": [], "fails": True},
            "on": {
                "n": {"guard": fails, "actions": note},
                "mend": {"actions": assign(fails=False)},
            },
        }
    )


def sender(postgres: PostgresEngine, to: PostgresChart) -> PostgresChart:
    action = {
        "type": "send",
        "to": {"instance": to.instance_id},
        "event": "n",
        "data": {"n": expr("event.data.n")},
    }
    return postgres.start({"on": {"go": {"actions": action}}})


def test_failing_message_holds_back_later_ones_of_its_pair_only(
    postgres: PostgresEngine,
) -> None:
    to = receiver(postgres)
    one, other = sender(postgres, to), sender(postgres, to)
    one.send("go", {"n": 0})
    one.send("go", {"n": 1})
    other.send("go", {"n": 2})
    assert one.advance("1 second").status == "active"
    assert to.snapshot().context["trace"] == [2]
    one.send("go", {"n": 3})
    one.advance("1 second")
    assert to.snapshot().context["trace"] == [2]


def test_failed_message_holds_nothing_back(postgres: PostgresEngine) -> None:
    to = receiver(postgres)
    one = sender(postgres, to)
    one.send("go", {"n": 0})
    one.send("go", {"n": 1})
    one.advance("1 day")
    assert to.snapshot().context["trace"] == [1]
    assert [row["status"] for row in late(to)] == ["failed"]


# -- families -------------------------------------------------------------------------


def test_tree_of_an_instance_lists_its_descendants(postgres: PostgresEngine) -> None:
    postgres.define("kid", {})
    postgres.define(
        "middle",
        {
            "invoke": [
                {"id": "a", "machine": "kid"},
                {"id": "b", "machine": "kid"},
            ]
        },
    )
    chart = postgres.start({"invoke": {"id": "m", "machine": "middle"}})
    rows = chart.rows("select * from pgsm.instance_tree(%s)", chart.instance_id)
    assert [(row["depth"], row["parent_invoke"]) for row in rows] == [
        (0, None),
        (1, "m"),
        (2, "a"),
        (2, "b"),
    ]


def test_stopping_an_instance_by_hand_stops_its_children(
    postgres: PostgresEngine,
) -> None:
    postgres.define("kid", {})
    chart = postgres.start({"invoke": {"id": "k", "machine": "kid"}})
    chart.rows("select pgsm.stop_instance(%s)", chart.instance_id)
    chart.advance("1 second")
    rows = chart.rows("select status from pgsm.instance_tree(%s)", chart.instance_id)
    assert [row["status"] for row in rows] == ["stopped", "stopped"]


def test_events_that_wait_are_limited(postgres: PostgresEngine) -> None:
    chart = postgres.start({"defer": ["early"], "on": {"x": {}}})
    chart.rows(
        "insert into pgsm_private.timers (instance_id, timer_id, kind, event, status,"
        " due_at, armed_at) select %s, 'd' || n, 'message', 'early', 'deferred', now(),"
        " now() from generate_series(1, 1000) as n",
        chart.instance_id,
    )
    assert chart.refuse("early").sqlstate == "SM117"


def test_what_waited_for_a_pause_that_ended_in_a_stop_is_visible(
    postgres: PostgresEngine,
) -> None:
    chart = postgres.start({"on": {"go": {}}})
    chart.rows("select pgsm.pause_instance(%s)", chart.instance_id)
    chart.rows("select pgsm.post_event(%s, 'go')", chart.instance_id)
    chart.rows("select pgsm.stop_instance(%s)", chart.instance_id)
    chart.rows("select pgsm.fire_timers()")
    (row,) = chart.rows("select status, event from pgsm.late_timers")
    assert row == {"status": "undeliverable", "event": "go"}
