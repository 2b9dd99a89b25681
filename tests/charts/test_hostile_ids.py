"""Ids that nobody should choose: they work, or are refused in words."""

from __future__ import annotations

import random
import string
from typing import Any

import psycopg
import pytest

from pgsm import testing

from .doors import Engine, PostgresChart, PostgresEngine, PythonEngine
from .parts import expr, note_event

HUGE = "".join(random.Random(1).choices(string.printable.strip(), k=9000))
ODD = "n\N{COMBINING ACUTE ACCENT} \N{GRINNING FACE}\N{RIGHT-TO-LEFT OVERRIDE}/%'\"\\"
IDS = expr("event.data.id")
MACHINE = {
    "context": {"trace": []},
    "on": {
        "send": {"actions": {"type": "send", "to": {"instance": IDS}, "event": "hi"}},
        "plan": {
            "actions": {
                "type": "send",
                "to": {"instance": expr("instance.id")},
                "event": "hi",
                "id": IDS,
                "delay": "1 hour",
            }
        },
        "later": {
            "actions": {"type": "raise", "event": "hi", "id": IDS, "delay": "1 hour"}
        },
        "spawn": {"actions": {"type": "spawn", "machine": "other", "id": IDS}},
        "hi": {"actions": note_event()},
    },
}
USES = ("send", "plan", "later", "spawn")


@pytest.mark.parametrize("use", USES)
def test_huge_id_refuses_the_event(engine: Engine, use: str) -> None:
    chart = engine.start(MACHINE)
    refusal = chart.refuse(use, {"id": HUGE})
    assert refusal.sqlstate == "SM102"
    assert "at most 500 characters" in refusal.message


@pytest.mark.parametrize("use", USES)
def test_odd_id_is_one(engine: Engine, use: str) -> None:
    engine.define("other", {"on": {"hi": {}}})
    chart = engine.start(MACHINE)
    assert chart.send(use, {"id": ODD}).outcome == "taken"
    chart.advance("2 hours")
    expected = ["hi"] if use in ("plan", "later") else []
    assert chart.snapshot().context["trace"] == expected


@pytest.mark.parametrize(
    "call",
    [
        "select pgsm.send_event(%(id)s, 'hi', event_id => %(huge)s)",
        "select pgsm.post_event(%(id)s, 'hi', event_id => %(huge)s)",
        (
            "select pgsm.send_events(jsonb_agg(jsonb_build_object('instance_id',"
            " %(id)s::text, 'event', 'hi', 'event_id', %(huge)s || n)))"
            " from generate_series(1, 6) as n"
        ),
    ],
)
def test_huge_event_id_is_refused(postgres: PostgresEngine, call: str) -> None:
    chart: PostgresChart = postgres.start(MACHINE)
    named: dict[str, Any] = {"id": chart.instance_id, "huge": HUGE}
    with pytest.raises(psycopg.Error) as refusal, postgres.connection.transaction():
        postgres.connection.execute(call.encode(), named)
    assert refusal.value.sqlstate in ("SM104", "SM121")
    assert "500 characters" in str(refusal.value)


def test_huge_event_id_is_refused_in_memory() -> None:
    chart = PythonEngine().start(MACHINE)
    for call in (chart.instance.send, chart.instance.post):
        with pytest.raises(testing.Refused) as refusal:
            call("hi", event_id=HUGE)
        assert refusal.value.sqlstate == "SM104"
