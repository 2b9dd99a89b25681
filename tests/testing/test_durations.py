"""Lengths of time are added as Postgres adds intervals."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from pgsm.testing import durations

NOON = datetime(2030, 1, 31, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        ("0", "2030-01-31T12:00:00"),
        ("1500 ms", "2030-01-31T12:00:01.500"),
        ("90 seconds", "2030-01-31T12:01:30"),
        ("1 day 02:30", "2030-02-01T14:30:00"),
        ("02:30:15.5", "2030-01-31T14:30:15.5"),
        ("1 month", "2030-02-28T12:00:00"),
        ("1 mon 1 day", "2030-03-01T12:00:00"),
        ("1.5 days", "2030-02-02T00:00:00"),
        ("0.5 years", "2030-07-31T12:00:00"),
        ("1.5 months", "2030-03-15T12:00:00"),
        ("2 weeks", "2030-02-14T12:00:00"),
        ("PT10M", "2030-01-31T12:10:00"),
        ("P1Y2M3DT4H5M6S", "2031-04-03T16:05:06"),
        ("P1W", "2030-02-07T12:00:00"),
        ("1 DAY", "2030-02-01T12:00:00"),
    ],
)
def test_length_is_added(length: str, expected: str) -> None:
    assert durations.add(NOON, length) == durations.read_time(expected)


@pytest.mark.parametrize(
    "length", ["", "soon", "1 fortnight", "P", "PT1D", "1 day x", "-1 day"]
)
def test_what_is_no_length_is_refused(length: str) -> None:
    with pytest.raises(ValueError, match="no delay"):
        durations.add(NOON, length)


def test_length_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        durations.add(NOON, "9000 years")


@pytest.mark.parametrize(
    ("start", "hours"),
    [
        ("2030-03-30T00:30:00Z", 24),  # 01:30, before the clock is put forward
        ("2030-03-30T01:30:00Z", 24),  # 02:30, which the next day has not
        ("2030-03-30T12:00:00Z", 23),
        ("2030-10-26T00:30:00Z", 25),  # 02:30, which the next day has twice
        ("2030-10-26T12:00:00Z", 25),
    ],
)
def test_day_is_by_the_wall_clock(start: str, hours: int) -> None:
    begin = durations.read_time(start)
    after = durations.add(begin, "1 day", "Europe/Berlin")
    assert after - begin == timedelta(hours=hours)


@pytest.mark.parametrize(
    "text",
    [
        "2030-01-31T12:00:00Z",
        "2030-01-31 12:00",
        "2030-01-31T14:00+02",
        "2030-01-31T12:00:00.0000000Z",
    ],
)
def test_point_in_time_is_read(text: str) -> None:
    assert durations.read_time(text) == NOON


def test_day_is_midnight_in_utc() -> None:
    assert durations.read_time("2030-01-31") == NOON - timedelta(hours=12)


@pytest.mark.parametrize("text", ["tomorrow", "", "2030-13-01", "2030-01-31T25:00"])
def test_what_is_no_point_in_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        durations.read_time(text)


def test_span_needs_no_calendar() -> None:
    assert durations.span("1 month 1 day") == timedelta(days=31)
    assert durations.span(1500) == timedelta(seconds=1.5)
    assert durations.span("250") == timedelta(milliseconds=250)
