"""replay: recorded events through another version."""

from __future__ import annotations

from typing import Any

import pytest

from .doors import PostgresEngine
from .parts import assign, call, expr
from .upgrades import Machine

OLD: Any = {
    "initial": "a",
    "context": {"n": 0},
    "states": {
        "a": {
            "on": {
                "add": {"actions": assign(n=expr("context.n + event.data.by"))},
                "go": {"target": "b", "guard": expr("context.n > 2")},
            },
            "after": {"1 day": "b"},
            "invoke": {
                "src": "mail",
                "onDone": {"actions": assign(sent=expr("event.output.sent"))},
            },
        },
        "b": {},
    },
    "implementations": {"effects": {"mail": {}}},
}


def changed(**states: Any) -> Any:
    return {
        **OLD,
        "description": "new",
        "states": {"a": {**OLD["states"]["a"], **states}, "b": {}},
    }


def replay(machine: Machine, **named: Any) -> Any:
    machine_and_version = (machine.name, 2)
    (row,) = machine.chart.rows(
        "select * from pgsm.replay(%s, %s, instances => %s)",
        *machine_and_version,
        [machine.chart.instance_id],
    )
    return row


def run(machine: Machine) -> None:
    chart = machine.chart
    chart.send("add", {"by": 2})
    chart.complete("mail", {"sent": 5})
    chart.send("add", {"by": 1})
    chart.send("go")


def test_same_behaviour_has_no_difference(postgres: PostgresEngine) -> None:
    machine = Machine(postgres, OLD, changed())
    run(machine)
    before = machine.chart.snapshot()
    found = replay(machine)
    assert (found["difference"], found["events"]) == (None, 5)
    assert machine.chart.snapshot() == before


def test_first_event_that_goes_elsewhere_is_named(postgres: PostgresEngine) -> None:
    on = {**OLD["states"]["a"]["on"], "go": {"target": "a", "reenter": True}}
    machine = Machine(postgres, OLD, changed(on=on))
    run(machine)
    found = replay(machine)
    assert (found["difference"], found["revision"], found["event"]) == (
        "state",
        5,
        "go",
    )
    assert (found["expected"], found["actual"]) == (["b"], ["a"])


def test_context_that_differs_is_shown(postgres: PostgresEngine) -> None:
    by = expr("context.n + event.data.by * 2")
    on = {**OLD["states"]["a"]["on"], "add": {"actions": assign(n=by)}}
    machine = Machine(postgres, OLD, changed(on=on))
    run(machine)
    found = replay(machine)
    assert (found["difference"], found["revision"]) == ("context", 2)
    assert (found["expected"], found["actual"]) == (
        {"set": {"/n": 2}},
        {"set": {"/n": 4}},
    )


def test_guard_that_would_refuse_is_found(postgres: PostgresEngine) -> None:
    go = {"target": "b", "guard": expr("context.n > 3")}
    machine = Machine(postgres, OLD, changed(on={**OLD["states"]["a"]["on"], "go": go}))
    run(machine)
    assert replay(machine)["difference"] == "not_taken"


def test_timer_is_replayed_at_its_time(postgres: PostgresEngine) -> None:
    machine = Machine(postgres, OLD, changed())
    machine.chart.advance("2 days")
    assert (replay(machine)["difference"], replay(machine)["events"]) == (None, 2)


def test_states_are_compared_through_the_map(postgres: PostgresEngine) -> None:
    new = changed()
    new["initial"] = "c"
    new["states"]["c"] = new["states"].pop("a")
    machine = Machine(postgres, OLD, new)
    machine.chart.send("add", {"by": 1})
    assert replay(machine)["difference"] == "state"
    machine.declare(states={"a": "c"})
    assert replay(machine)["difference"] is None


def calling(*arguments: Any) -> Any:
    action = call("shop.tell(text)", *arguments, assign="told")
    return {
        "context": {},
        "on": {"ask": {"actions": action}},
    }


def test_calls_get_their_recorded_results(postgres: PostgresEngine) -> None:
    postgres.connection.execute(
        "create function shop.tell (what text) returns text volatile language sql"
        " as $$ select what || clock_timestamp() $$"
    )
    machine = Machine(postgres, calling("x"), {**calling("y"), "description": "new"})
    machine.chart.send("ask")
    assert replay(machine)["difference"] is None
    other = {
        "context": {},
        "on": {
            "ask": {"actions": [calling("x")["on"]["ask"]["actions"]] * 2},
        },
    }
    machine.define(other)
    (found,) = machine.chart.rows(
        "select * from pgsm.replay(%s, 3, instances => %s)",
        machine.name,
        [machine.chart.instance_id],
    )
    assert found["difference"] == "unrecorded"


@pytest.mark.parametrize("sent", [False, True])
def test_redacted_rows_stop_it(postgres: PostgresEngine, sent: bool) -> None:
    old = {**OLD, "sensitive": ["secret"]}
    machine = Machine(postgres, old, {**old, "description": "new"})
    secret = {"secret": "x"} if sent else {}
    machine.chart.send("add", {"by": 2, **secret})
    found = replay(machine)
    assert (found["difference"], found["events"]) == (
        ("redacted", 1) if sent else (None, 2)
    )


def test_replay_ends_at_an_upgrade(postgres: PostgresEngine) -> None:
    machine = Machine(postgres, OLD, changed())
    machine.upgrade()
    machine.chart.send("add", {"by": 2})
    found = replay(machine)
    assert (found["difference"], found["events"]) == ("upgraded", 1)


def test_log_without_its_start_is_not_replayed(postgres: PostgresEngine) -> None:
    machine = Machine(postgres, OLD, changed())
    machine.chart.rows(
        "delete from pgsm_private.event_log where revision = 1 and instance_id = %s",
        machine.chart.instance_id,
    )
    assert replay(machine)["difference"] == "no_start"
