"""The arithmetic that the database leaves to Postgres is the same in memory."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from pgsm.testing import durations, outcomes

STARTS = [
    "2030-01-31T12:00:00Z",
    "2028-02-29T23:59:59.5Z",
    "2030-03-30T01:30:00Z",
    "2030-10-26T00:30:00Z",
    "2030-10-27T00:30:00Z",
]
LENGTHS = [
    "0",
    "1 day",
    "1 month",
    "1 year 2 months 3 days 4 hours 5 minutes 6.5 seconds",
    "1.5 days",
    "0.7 days",
    "1.5 months",
    "1.25 months",
    "0.5 years",
    "1.3 years",
    "2.5 weeks",
    "1 decade",
    "1 century",
    "1500 ms",
    "250 microseconds",
    "1.5 hours",
    "1 day 02:30",
    "25:00:00",
    "P1Y2M3DT4H5M6S",
    "P2W",
    "PT0.5S",
    "P1DT12H",
    "3 mons 2 d",
    "1 h 30 m",
]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
def test_lengths_are_added_as_postgres_adds_them(
    db: psycopg.Connection[Any], zone: str
) -> None:
    asked = [(start, length) for start in STARTS for length in LENGTHS]
    found = {}
    for start, length in asked:
        row = db.execute(
            "select pgsm_private.due_at(%s::timestamptz,"
            " jsonb_build_object('in', %s::text), %s)",
            [start, length, zone],
        ).fetchone()
        assert row is not None
        due: datetime = row[0]
        if due != durations.add(durations.read_time(start), length, zone):
            found[start, length] = due
    assert found == {}


@pytest.mark.parametrize(
    "retry",
    [{}, {"backoff": "10s", "factor": 2, "max": "1m"}, {"backoff": 250, "factor": 1.5}],
)
def test_attempts_are_spread_as_in_the_database(
    db: psycopg.Connection[Any], retry: dict[str, Any]
) -> None:
    policy = {"retry": {**retry, "jitter": 0}}
    for attempt in range(1, 15):
        row = db.execute(
            "select pgsm_private.retry_delay(%s::jsonb, %s)",
            [json.dumps(policy), attempt],
        ).fetchone()
        assert row is not None
        difference = row[0] - outcomes.retry_delay(policy, attempt)
        assert abs(difference) <= timedelta(microseconds=1)
