"""Upgrades: keys, deferred events, a schema, kinds of states are the new version's."""

from __future__ import annotations

from typing import Any

import pytest

from .doors import PostgresEngine
from .parts import expr, note
from .upgrades import Machine

Json = Any


def test_deferred_event_is_offered_to_the_new_version(postgres: PostgresEngine) -> None:
    old = {"initial": "a", "states": {"a": {"defer": ["pay"]}, "b": {}}}
    new = {"initial": "a", "states": {"a": {"on": {"pay": "b"}}, "b": {}}}
    machine = Machine(postgres, old, new)
    assert machine.chart.send("pay").outcome == "deferred"
    machine.upgrade()
    machine.chart.rows("select * from pgsm.fire_timers()")
    assert machine.chart.snapshot().value == "b"


def keys_of(machine: Machine) -> dict[str, str]:
    rows = machine.chart.rows(
        "select name, value from pgsm_private.instance_keys where instance_id = %s",
        machine.chart.instance_id,
    )
    return {row["name"]: row["value"] for row in rows}


def test_keys_are_those_of_the_new_version(postgres: PostgresEngine) -> None:
    document = {
        "context": {"n": 5},
        "keys": {"old": expr("context.n"), "both": expr("context.n")},
    }
    keys = {"new": expr("context.n + 1"), "both": expr("context.n + 2")}
    machine = Machine(postgres, document, {**document, "keys": keys})
    machine.upgrade()
    assert keys_of(machine) == {"both": "7", "new": "6"}
    machine.chart.rows("select pgsm.undo_upgrade(%s)", machine.chart.instance_id)
    assert keys_of(machine) == {"both": "5", "old": "5"}


def test_context_that_the_new_version_does_not_allow_is_refused(
    postgres: PostgresEngine,
) -> None:
    document = {"context": {"n": 5}}
    schema = {"properties": {"n": {"type": "string"}}}
    machine = Machine(postgres, document, {**document, "contextSchema": schema})
    assert "the context" in machine.refuse()
    machine.declare(context='{"set": {"n": {"expr": "str(context.n)"}}}')
    assert machine.upgrade().context == {"n": "5"}


# -- kinds of states


def kinds(kind: str | None) -> Json:
    work = {
        "initial": "x",
        "states": {"x": {"on": {"y": "y"}}, "y": {"type": kind} if kind else {}},
        "onDone": {"actions": note("done")},
    }
    return {"initial": "w", "context": {"trace": []}, "states": {"w": work}}


@pytest.mark.parametrize(("old", "new"), [(None, "final"), ("final", None)])
def test_state_of_another_kind_must_be_declared(
    postgres: PostgresEngine, old: str | None, new: str | None
) -> None:
    machine = Machine(postgres, kinds(old), kinds(new))
    machine.chart.send("y")
    assert "final in the new version" in machine.refuse()
    machine.declare(states={"w.y": "w.y"})
    assert machine.upgrade().context["trace"] == ["done"]


def test_final_state_that_stays_is_not_done_again(postgres: PostgresEngine) -> None:
    machine = Machine(
        postgres, kinds("final"), {**kinds("final"), "description": "fixed"}
    )
    machine.chart.send("y")
    assert machine.upgrade().context["trace"] == ["done"]


def test_state_that_has_become_a_history_state_must_be_declared(
    postgres: PostgresEngine,
) -> None:
    machine = Machine(postgres, kinds(None), kinds("history"))
    machine.chart.send("y")
    assert 'state "w.y" is not in the new version' in machine.refuse()


def test_history_of_states_that_exclude_one_another_is_forgotten(
    postgres: PostgresEngine,
) -> None:
    regions = {
        "l": {"initial": "x", "states": {"x": {}, "y": {}}},
        "r": {"initial": "x", "states": {"x": {}, "y": {}}},
    }
    old = {
        "initial": "p",
        "states": {
            "p": {
                "initial": "both",
                "on": {"off": "off"},
                "states": {
                    "both": {"type": "parallel", "states": regions},
                    "h": {"type": "history", "history": "deep"},
                },
            },
            "off": {"on": {"back": "p.h"}},
        },
    }
    new = {
        "initial": "p",
        "states": {
            **old["states"],
            "p": {
                **old["states"]["p"],
                "initial": "u",
                "states": {
                    "u": {},
                    "v": {},
                    "h": {"type": "history", "history": "deep"},
                },
            },
        },
    }
    machine = Machine(postgres, old, new)
    machine.declare(
        states={
            f"p.both.{k}.{s}": f"p.{t}"
            for k, t in (("l", "u"), ("r", "v"))
            for s in "xy"
        }
    )
    machine.chart.send("off")
    machine.upgrade()
    assert machine.chart.log()[-1]["data"]["dropped"] == {"history": ["p.h"]}
    assert machine.chart.send("back").value == {"p": "u"}
