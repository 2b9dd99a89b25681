"""Timers of paused instances, and a clock that jumps."""

from __future__ import annotations

from typing import Any

from tests import clock

from .doors import PostgresChart, PostgresEngine
from .parts import expr, note_event

TRACED = {
    "context": {"trace": [], "times": []},
    "after": {
        f"{n} hours": {
            "actions": [
                note_event(),
                {"type": "assign", "set": {"times": expr("context.times + [now]")}},
            ]
        }
        for n in (3, 1, 2)
    },
    "on": {"posted": {"actions": note_event()}},
}
IN_ORDER = ["after.1 hours.", "after.2 hours.", "after.3 hours."]


def trace(chart: PostgresChart) -> Any:
    return chart.snapshot().context["trace"]


def call(chart: PostgresChart, function: str) -> None:
    chart.rows(f"select pgsm.{function}(%s)", chart.instance_id)


def at(chart: PostgresChart, when: str) -> None:
    """Set the clock, wherever it stood, and fire what is due."""
    clock.set_clock(chart.connection, when)
    chart.rows("select pgsm.fire_timers()")


def test_timer_that_falls_due_in_a_pause_fires_at_resume(
    postgres: PostgresEngine,
) -> None:
    chart = postgres.start(TRACED)
    call(chart, "pause_instance")
    assert chart.advance("150 minutes").context["trace"] == []
    call(chart, "resume_instance")
    chart.rows("select pgsm.fire_timers()")
    # in the order of their due times, at the time of the resume; later ones wait
    assert trace(chart) == IN_ORDER[:2]
    assert chart.snapshot().context["times"] == ["2030-01-01T14:30:00.000000Z"] * 2
    assert chart.advance("30 minutes").context["trace"] == IN_ORDER


def test_pause_does_not_move_due_times(postgres: PostgresEngine) -> None:
    chart = postgres.start(TRACED)
    query = "select timer_id, due_at from pgsm.timers order by 1"
    before = chart.rows(query)
    call(chart, "pause_instance")
    chart.advance("30 minutes")
    assert {t["status"] for t in chart.rows("select status from pgsm.timers")} == {
        "held"
    }
    call(chart, "resume_instance")
    assert chart.rows(query) == before


def test_posted_event_of_a_pause_comes_in_its_place(postgres: PostgresEngine) -> None:
    chart = postgres.start(TRACED)
    call(chart, "pause_instance")
    chart.advance("90 minutes")
    chart.rows("select pgsm.post_event(%s, 'posted')", chart.instance_id)
    chart.advance("90 minutes")
    call(chart, "resume_instance")
    chart.rows("select pgsm.fire_timers()")
    assert trace(chart) == [IN_ORDER[0], "posted", *IN_ORDER[1:]]


def test_clock_that_jumps_fires_each_timer_once(postgres: PostgresEngine) -> None:
    chart = postgres.start(TRACED)
    at(chart, "2030-01-01 13:30+00")
    at(chart, "2029-06-01 00:00+00")  # back by months
    assert trace(chart) == IN_ORDER[:1]
    chart.rows("select pgsm.post_event(%s, 'posted')", chart.instance_id)
    at(chart, "2029-06-01 00:00+00")
    assert trace(chart) == [IN_ORDER[0], "posted"]
    at(chart, "2040-01-01 00:00+00")  # forward by years
    at(chart, "2030-01-01 12:00+00")
    at(chart, "2040-01-01 00:00+00")
    assert trace(chart) == [IN_ORDER[0], "posted", *IN_ORDER[1:]]
    assert chart.snapshot().revision == 5


def test_clock_that_goes_back_takes_no_step_s_time_back(
    postgres: PostgresEngine,
) -> None:
    chart = postgres.start(TRACED)
    at(chart, "2030-01-01 13:30+00")
    clock.set_clock(chart.connection, "2029-01-01 00:00+00")
    chart.send("posted")
    clocks = chart.rows("select clock from pgsm.event_log order by revision")
    times = [row["clock"] for row in clocks]
    assert times == sorted(times)


def test_failing_timer_waits_its_back_off_after_a_jump_back(
    postgres: PostgresEngine,
) -> None:
    document = {
        "context": {"zero": 0},
        "after": {
            "1 hour": {
                "actions": {"type": "assign", "set": {"n": expr("1 / context.zero")}}
            }
        },
    }
    chart = postgres.start(document)
    at(chart, "2030-01-01 13:00+00")
    at(chart, "2030-01-01 12:00+00")
    (row,) = chart.rows("select attempts, due_at::text from pgsm.timers")
    assert row["attempts"] == 1
    at(chart, "2030-01-01 13:00:02+00")
    (row,) = chart.rows("select attempts from pgsm.timers")
    assert row["attempts"] == 2


def test_delay_of_nine_hundred_years_is_kept(postgres: PostgresEngine) -> None:
    chart = postgres.start(
        {"after": {"900 years": {"actions": note_event()}}, "context": {"trace": []}}
    )
    chart.rows("select pgsm.fire_timers()")
    (row,) = chart.rows(
        "select (due_at at time zone 'UTC')::text as due from pgsm.timers"
    )
    assert row["due"] == "2930-01-01 12:00:00"


def test_delay_of_zero_fires_once_and_after_the_step(postgres: PostgresEngine) -> None:
    chart = postgres.start(
        {
            "context": {"trace": []},
            "initial": "a",
            "states": {
                "a": {"after": {"0": {"target": "b", "actions": note_event()}}},
                "b": {},
            },
        }
    )
    assert chart.snapshot().value == "a"
    chart.rows("select pgsm.fire_timers()")
    chart.rows("select pgsm.fire_timers()")
    assert (chart.snapshot().value, trace(chart)) == ("b", ["after.0.a"])


def test_rhythm_by_points_in_time_neither_drifts_nor_misses_a_beat(
    postgres: PostgresEngine,
) -> None:
    """Each beat is computed from the one before, however late that one fired."""
    beat = {
        "target": "a",
        "reenter": True,
        "actions": {
            "type": "assign",
            "set": {
                "next": expr("add_seconds(context.next, 1)"),
                "beats": expr("context.beats + 1"),
            },
        },
    }
    chart = postgres.start(
        {
            "context": {"next": expr("add_seconds(now, 1)"), "beats": 0},
            "initial": "a",
            "states": {"a": {"after": {"beat": beat}}},
            "implementations": {"delays": {"beat": {"at": expr("context.next")}}},
        }
    )
    for second in range(1, 60):
        at(chart, f"2030-01-01 12:00:{second:02}.09+00")  # always late
    assert chart.snapshot().context["beats"] == 59
    at(chart, "2030-01-01 12:02:00.09+00")  # no driver for a minute
    for _ in range(3):
        chart.rows("select pgsm.fire_timers()")
    assert chart.snapshot().context["beats"] == 120
    (row,) = chart.rows(
        "select (due_at at time zone 'UTC')::text as due from pgsm.timers"
    )
    assert row["due"] == "2030-01-01 12:02:01"
