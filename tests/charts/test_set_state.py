"""set_state: an operator says where an instance is, and why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from .doors import PostgresChart, PostgresEngine, Timer
from .parts import traced
from .test_upgrade_undo import facts, undo

DOCUMENT = {
    "initial": "a",
    "context": {"trace": [], "n": 1},
    "states": {
        "a": traced("a", after={"1 day": "b"}, invoke={"src": "mail"}),
        "b": traced("b", after={"2 days": "a"}, invoke={"src": "letter"}),
        "p": {
            "type": "parallel",
            "states": {
                "l": {"initial": "x", "states": {"x": {}, "y": {}}},
                "r": {"initial": "x", "states": {"x": {}, "y": {}}},
            },
        },
        "end": {"type": "final"},
    },
    "implementations": {"effects": {"mail": {}, "letter": {}}},
}


@pytest.fixture
def chart(postgres: PostgresEngine) -> PostgresChart:
    chart: PostgresChart = postgres.start(DOCUMENT)
    return chart


def repair(chart: PostgresChart, *states: str, **named: Any) -> Any:
    values = {"reason": "why not", **named}
    given = "".join(f", {name} => %s" for name in values)
    (row,) = chart.rows(
        f"select * from pgsm.set_state(%s, %s{given})",
        chart.instance_id,
        list(states),
        *values.values(),
    )
    return row


def refused(chart: PostgresChart, *states: str, **named: Any) -> tuple[str, str]:
    before = facts(chart)
    with pytest.raises(psycopg.Error) as refusal, chart.connection.transaction():
        repair(chart, *states, **named)
    assert facts(chart) == before
    return refusal.value.sqlstate or "", refusal.value.diag.message_primary or ""


def test_work_of_the_states_is_exchanged_and_no_action_runs(
    chart: PostgresChart,
) -> None:
    chart.advance("5 hours")
    row = repair(chart, "b")
    assert (row["value"], row["context"]["trace"], row["revision"]) == ("b", ["+a"], 2)
    assert chart.timers() == [Timer("after.2 days.b", timedelta(days=2, hours=5))]
    assert [(e.name, e.status) for e in chart.effects()] == [
        ("mail", "cancelled"),
        ("letter", "pending"),
    ]


def test_repair_is_in_the_log_with_its_reason(chart: PostgresChart) -> None:
    repair(chart, "b", reason="the courier called")
    (row,) = chart.rows(
        "select origin, event, data, source_states, target_states"
        " from pgsm.event_log where instance_id = %s and revision = 2",
        chart.instance_id,
    )
    assert row == {
        "origin": "repair",
        "event": "pgsm.set_state",
        "data": {"reason": "the courier called", "states": ["b"]},
        "source_states": ["a"],
        "target_states": ["b"],
    }


def test_state_that_stays_keeps_its_work(chart: PostgresChart) -> None:
    chart.advance("5 hours")
    row = repair(chart, "a", context=psycopg.types.json.Jsonb({"n": 5}))
    assert row["context"] == {"n": 5}
    assert chart.timers() == [Timer("after.1 day.a", timedelta(days=1))]
    assert [e.status for e in chart.effects()] == ["pending"]


def test_entry_actions_run_when_asked(chart: PostgresChart) -> None:
    assert repair(chart, "b", entry=True)["context"]["trace"] == ["+a", "+b"]


def test_states_are_completed(chart: PostgresChart) -> None:
    assert repair(chart, "p.r.y")["value"] == {"p": {"l": "x", "r": "y"}}


def test_undo_takes_a_repair_back(chart: PostgresChart) -> None:
    before = facts(chart)
    repair(chart, "p", context=psycopg.types.json.Jsonb({}))
    undo(chart)
    assert facts(chart) == before


def test_final_state_ends_the_instance(chart: PostgresChart) -> None:
    assert repair(chart, "end")["status"] == "done"
    assert refused(chart, "a")[0] == "SM110"


def test_what_is_no_configuration_is_refused(chart: PostgresChart) -> None:
    code, message = refused(chart, "nope")
    assert code == "SM402"
    assert 'there is no state "nope"' in message
    assert "not legal together" in refused(chart, "a", "b")[1]


def test_reason_is_asked_for(chart: PostgresChart) -> None:
    assert refused(chart, "b", reason=" ")[0] == "SM115"
    assert refused(chart, "b", context=psycopg.types.json.Jsonb([]))[0] == "SM115"
