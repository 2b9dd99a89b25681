"""Delays and points in time that nobody should write: both hosts say the same."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from .doors import Chart, Engine, PostgresEngine
from .parts import expr, raise_


def planned(engine: Engine, key: str = "delay") -> Chart:
    delay = expr(f"event.data.{key}")
    later = raise_("later", delay={"at": delay} if key == "at" else delay)
    return engine.start({"on": {"go": {"actions": later}}})


@pytest.mark.parametrize(
    "delay",
    [
        *("-1 day", "1 day -1 hour", "1 day -24 hours", "1 day ago", "-0", "+1 day"),
        *("NaN", "nan", "inf", "Infinity", "-infinity", "today", "allballs", "epoch"),
        *("", " ", " 1 ", "1e3", "0x10", "1_000", "1 fortnight", "1 quarter", "12:0"),
        *("P", "PT", "P1", "-P1D", "P-1D", "P1D-1", "1-2", "1 2:3", "1 día"),
        *(
            "P0001-01-01T00:00:00",
            "1 decade 1 decade",
            "1 day 1 day",
            "1 h 02:30",
            "1.5 s 2 ms",
        ),
        *("1 day; drop table x", "\N{ARABIC-INDIC DIGIT ONE} day", "soon"),
        *("7970 years", "9999 years", "178000000 years", "1" * 15 + " days"),
        *("9" * 400, "x" * 10_000, "1 " + "day " * 1000, "1 day" * 1000),
        *(10**15, 10**30, Decimal("1e16")),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_absurd_delay_refuses_the_event(engine: Engine, delay: Any) -> None:
    chart = planned(engine)
    assert chart.refuse("go", {"delay": delay}).sqlstate == "SM201"
    assert chart.timers() == []


@pytest.mark.parametrize(
    ("delay", "due"),
    [
        ("1.5", timedelta(milliseconds=1.5)),
        ("0.0000001", timedelta(0)),
        (Decimal("0.0001"), timedelta(0)),
        (Decimal("-0.0"), timedelta(0)),
        (Decimal("2.5e14"), timedelta(milliseconds=250_000_000_000_000)),
        ("1day", timedelta(days=1)),
        ("1 DAY", timedelta(days=1)),
        ("@ 1 day", timedelta(days=1)),
        ("99999:00:00", timedelta(hours=99_999)),
        ("1 week 1 day", timedelta(days=8)),
        ("1 s 5 ms 7 us", timedelta(seconds=1, milliseconds=5, microseconds=7)),
        ("1 decade 1 year", timedelta(days=4018)),
        ("7969 years", timedelta(days=2_910_617)),  # into the last year there is
    ],
    ids=repr,
)
def test_odd_delay_is_one(engine: Engine, delay: Any, due: timedelta) -> None:
    chart = planned(engine)
    chart.send("go", {"delay": delay})
    assert [timer.due for timer in chart.timers()] == [due]


def test_text_of_a_number_under_after_is_milliseconds(engine: Engine) -> None:
    chart = engine.start(
        {"initial": "a", "states": {"a": {"after": {"1500.5": "b"}}, "b": {}}}
    )
    assert [timer.due for timer in chart.timers()] == [timedelta(milliseconds=1500.5)]


@pytest.mark.parametrize(
    "point",
    [
        *("2030-02-30", "2030-13-01", "2030-01-02T25:00", "2030-01-02T12:60"),
        *("2030-01-02T12", "2030-01-02 noon", "2030-01-02 12:00 PST"),
        *("2030-01-02 12:00 Europe/Berlin", "2030-01-02 12:00 BC", "2030-W01-1"),
        *("2030-001", "20300102", "01/02/2030", "2030-01-02T12:00:00+99"),
        *("2030-01-02T12:00.5", "2030-01-02T12:00 PM", "epoch", "allballs", "NaN"),
        *("12026-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "1e3", "2030"),
        *("9999-12-31T23:59:59-01:00", "2030-01-02T12:00:00ZZ", "x" * 10_000),
    ],
    ids=lambda value: value[:30],
)
def test_what_is_no_point_in_time_refuses_the_event(engine: Engine, point: str) -> None:
    chart = planned(engine, "at")
    assert chart.refuse("go", {"at": point}).sqlstate == "SM201"
    assert chart.timers() == []


@pytest.mark.parametrize(
    ("point", "due"),
    [
        ("2030-01-02", datetime(2030, 1, 2)),
        (" 2030-01-02T12:00 ", datetime(2030, 1, 2, 12)),
        ("2030-01-02 12:00:00.1234567+0530", datetime(2030, 1, 2, 6, 30, 0, 123457)),
        ("2030-01-02T12:00:00-00", datetime(2030, 1, 2, 12)),
        ("2030-01-02T24:00:00Z", datetime(2030, 1, 3)),
        ("2030-12-31T23:59:60Z", datetime(2031, 1, 1)),
        ("9999-12-31T23:59:59.999999Z", datetime(9999, 12, 31, 23, 59, 59, 999_999)),
        ("0001-01-01", datetime(2030, 1, 1, 12)),  # past, so it is due now
    ],
)
def test_odd_point_in_time_is_one(engine: Engine, point: str, due: datetime) -> None:
    chart = planned(engine, "at")
    chart.send("go", {"at": point})
    (timer,) = chart.timers()
    assert engine.clock + timer.due == due.replace(tzinfo=timezone.utc)


# -- whose clock, whose zone

NEW_YEAR = {
    "timeZone": "America/New_York",
    "initial": "a",
    "states": {
        "a": {"after": {"1 month": "b"}},
        "b": {"after": {"1 day": "c"}},
        "c": {"after": {"then": "d"}},
        "d": {"after": {"1 day 12:00": "e"}},
        "e": {},
    },
    "implementations": {"delays": {"then": {"at": "2030-03-12 08:00"}}},
}
# daylight saving begins on 10 March 2030, at 2 in the night
NEW_YEAR_S_TIMES = [
    datetime(2030, 3, 9, 17, 0),
    datetime(2030, 3, 10, 16, 0),
    datetime(2030, 3, 12, 12, 0),
    datetime(2030, 3, 14, 0, 0),
]


@pytest.fixture
def elsewhere() -> Iterator[None]:
    """This process is in Kathmandu, so that local time is nobody's."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Asia/Kathmandu"
    time.tzset()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("elsewhere")
def test_time_zone_of_the_process_does_not_matter(engine: Engine) -> None:
    assert times(engine) == NEW_YEAR_S_TIMES


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Anchorage", "UTC"])
def test_time_zone_of_the_session_that_fires_does_not_matter(
    postgres: PostgresEngine, zone: str
) -> None:
    """Each of these timers is armed by the session that fired the one before."""
    postgres.connection.execute(
        "select set_config('timezone', %s, true),"
        " set_config('intervalstyle', 'sql_standard', true)",
        [zone],
    )
    assert times(postgres) == NEW_YEAR_S_TIMES


def times(engine: Engine) -> list[datetime]:
    engine.clock = datetime(2030, 2, 9, 17, 0, tzinfo=timezone.utc)
    chart = engine.start(NEW_YEAR)
    found = []
    while timers := chart.timers():
        due = engine.clock + timers[0].due
        found.append(due.astimezone(timezone.utc).replace(tzinfo=None))
        passed = due - engine.clock - (found_before(found, engine))
        chart.advance(f"{int(passed.total_seconds())} s")
    return found


def found_before(found: list[datetime], engine: Engine) -> timedelta:
    """How long after the start the timer before this one fired."""
    if len(found) < 2:
        return timedelta(0)
    return found[-2].replace(tzinfo=timezone.utc) - engine.clock


@pytest.mark.parametrize("style", ["postgres", "sql_standard", "iso_8601"])
@pytest.mark.parametrize(
    ("delay", "due"),
    [
        ("1 day", datetime(2030, 3, 10, 16, 0)),
        ("24 hours", datetime(2030, 3, 10, 17, 0)),
        ("1 month -1 day", datetime(2030, 4, 8, 16, 0)),
        ("1 day -1 hour", datetime(2030, 3, 10, 15, 0)),
    ],
)
def test_delay_of_a_posted_event_is_by_the_calendar_of_the_document(
    postgres: PostgresEngine, style: str, delay: str, due: datetime
) -> None:
    postgres.clock = datetime(2030, 3, 9, 17, 0, tzinfo=timezone.utc)
    chart = postgres.start({"timeZone": "America/New_York", "on": {"go": {}}})
    chart.rows("select set_config('intervalstyle', %s, true)", style)
    chart.rows("select set_config('timezone', 'Asia/Kathmandu', true)")
    chart.rows(
        "select pgsm.post_event(%s, 'go', delay => %s::interval)",
        chart.instance_id,
        delay,
    )
    (row,) = chart.rows("select due_at at time zone 'UTC' as due from pgsm.timers")
    assert row["due"] == due


# -- a delay that is over when it is armed again


def test_rearmed_delay_that_is_over_is_due_now_and_not_in_the_past(
    engine: Engine,
) -> None:
    chart = engine.start(
        {
            "initial": "a",
            "context": {"minutes": 60},
            "states": {
                "a": {
                    "after": {"patience": "b"},
                    "on": {
                        "hurry": {
                            "actions": [
                                {"type": "assign", "set": {"minutes": 10}},
                                {"type": "rearm", "delay": "patience"},
                            ]
                        }
                    },
                },
                "b": {},
            },
            "implementations": {
                "delays": {"patience": {"expr": "context.minutes", "unit": "minutes"}}
            },
        }
    )
    chart.advance("30 minutes")
    chart.send("hurry")
    assert [timer.due for timer in chart.timers()] == [timedelta(minutes=30)]
    assert chart.advance("0").value == "b"
