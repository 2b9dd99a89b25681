"""undo_upgrade: all as it was but revision and log, while nothing else has happened."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from .doors import PostgresChart, PostgresEngine
from .parts import expr
from .upgrades import Machine

OLD = {
    "initial": "a",
    "context": {"n": 1},
    "keys": {"number": expr("context.n")},
    "on": {"tick": {"actions": {"type": "effect", "name": "note"}}},
    "states": {
        "a": {"after": {"1 day": "b", "1 hour": {"guard": expr("false")}},
              "invoke": {"src": "mail"}, "on": {"go": "b"}},
        "b": {},
    },
    "implementations": {"effects": {"mail": {}, "letter": {}, "note": {}}},
}  # fmt: skip
NEW = {
    **OLD,
    "initial": "c",
    "states": {"c": {"after": {"2 days": "b"}, "invoke": {"src": "letter"}}, "b": {}},
}
RULES = {
    "states": {"a": "c"},
    "timers": "drop",
    "context": '{"set": {"n": 2}}',
}


def facts(chart: PostgresChart) -> list[Any]:
    """All that is known of an instance, but for its revision and clock."""
    (row,) = chart.rows(
        "select to_jsonb(i) - '{revision,clock}'::text[] as row"
        " from pgsm_private.instances as i where instance_id = %s",
        chart.instance_id,
    )
    tables = ("timers", "effects", "instance_keys")
    return [row, *(_rows(chart, table) for table in tables)]


def _rows(chart: PostgresChart, table: str) -> list[Any]:
    query = f"select * from pgsm_private.{table} where instance_id = %s order by 1, 2"
    return chart.rows(query, chart.instance_id)


def undo(chart: PostgresChart) -> Any:
    return chart.rows("select * from pgsm.undo_upgrade(%s)", chart.instance_id)[0]


def refused(chart: PostgresChart) -> str:
    with pytest.raises(psycopg.Error) as refusal, chart.connection.transaction():
        undo(chart)
    assert refusal.value.sqlstate == "SM403"
    return refusal.value.diag.message_primary or ""


@pytest.fixture
def machine(postgres: PostgresEngine) -> Machine:
    machine = Machine(postgres, OLD, NEW)
    machine.declare(**RULES)
    return machine


def test_undo_restores_all_but_revision_and_log(machine: Machine) -> None:
    before = facts(machine.chart)
    upgraded = machine.upgrade()
    assert (upgraded.value, upgraded.context) == ("c", {"n": 2})
    assert facts(machine.chart) != before
    assert undo(machine.chart)["revision"] == 3
    assert facts(machine.chart) == before
    logged = machine.chart.rows(
        "select origin, event, data from pgsm.event_log"
        " where instance_id = %s and revision = 3",
        machine.chart.instance_id,
    )
    assert logged == [
        {
            "origin": "upgrade",
            "event": "pgsm.undo_upgrade",
            "data": {"from": 2, "to": 1},
        }
    ]


def test_restored_work_goes_on(machine: Machine) -> None:
    machine.upgrade()
    undo(machine.chart)
    machine.chart.complete("mail")
    assert machine.chart.advance("1 day").value == "b"


def test_undo_after_an_event_is_refused(machine: Machine) -> None:
    machine.upgrade()
    machine.chart.send("tick")
    assert "something has happened since" in refused(machine.chart)


def test_undo_of_nothing_is_refused(machine: Machine) -> None:
    assert "it was not upgraded" in refused(machine.chart)


def test_undo_twice_is_refused(machine: Machine) -> None:
    machine.upgrade()
    undo(machine.chart)
    assert "something has happened since" in refused(machine.chart)


def test_undo_after_a_cancelled_effect_was_running_is_refused(machine: Machine) -> None:
    machine.chart.claim("mail")
    machine.upgrade()
    assert 'effect "mail" was running' in refused(machine.chart)


def test_undo_after_a_started_effect_runs_is_refused(machine: Machine) -> None:
    machine.upgrade()
    machine.chart.claim("letter")
    assert 'effect "letter", which the upgrade started, is running' in refused(
        machine.chart
    )


def test_undo_after_a_timer_fired_in_vain_is_refused(postgres: PostgresEngine) -> None:
    machine = Machine(postgres, OLD, {**OLD, "description": "new"})
    machine.upgrade()
    machine.chart.advance("2 hours")
    assert "a timer has fired since" in refused(machine.chart)


def test_event_that_was_posted_meanwhile_stays(machine: Machine) -> None:
    machine.upgrade()
    chart = machine.chart
    chart.rows("select pgsm.post_event(%s, 'go')", chart.instance_id)
    undo(chart)
    chart.rows("select * from pgsm.fire_timers()")
    assert chart.snapshot().value == "b"


def test_kept_effect_that_was_claimed_meanwhile_keeps_its_lease(
    postgres: PostgresEngine,
) -> None:
    new = {**OLD, "states": {"c": OLD["states"]["a"], "b": {}}, "initial": "c"}
    machine = Machine(postgres, OLD, new)
    machine.declare(states={"a": "c"})
    machine.upgrade()
    chart = machine.chart
    chart.claim("mail")
    undo(chart)
    assert [(e.invoke_id, e.status) for e in chart.effects()] == [("a", "running")]
    chart.complete("mail")


def test_paused_instance_stays_paused(machine: Machine) -> None:
    chart = machine.chart
    chart.rows("select pgsm.pause_instance(%s)", chart.instance_id)
    machine.upgrade()
    assert undo(chart)["status"] == "paused"
    chart.rows("select pgsm.resume_instance(%s)", chart.instance_id)
    assert chart.advance("1 day").value == "b"


def test_upgrade_that_ended_the_instance_lasts(postgres: PostgresEngine) -> None:
    new = {**NEW, "states": {"c": {"type": "final"}}}
    machine = Machine(postgres, OLD, new)
    machine.declare(states={"a": "c", "b": "c"}, timers="drop")
    assert machine.upgrade().status == "done"
    assert "the instance has ended" in refused(machine.chart)
