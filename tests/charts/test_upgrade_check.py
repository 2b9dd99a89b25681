"""check_upgrade and preview: what an upgrade would do, before it is done."""

from __future__ import annotations

from typing import Any

import pytest

from .doors import PostgresEngine
from .upgrades import Machine

OLD = {
    "initial": "a",
    "context": {"n": 7, "old": 1},
    "states": {
        "a": {
            "on": {"go": "b", "in": "g.y"},
            "after": {"1 day": "b"},
            "invoke": {"src": "mail"},
        },
        "b": {},
        "g": {
            "initial": "x",
            "on": {"out": "b"},
            "states": {"x": {}, "y": {}, "h": {"type": "history"}},
        },
    },
    "implementations": {"effects": {"mail": {}}},
}
NEW = {
    "initial": "c",
    "context": {"n": 0},
    "states": {
        "c": {"after": {"1 day": "b"}, "invoke": {"src": "mail"}},
        "b": {},
        "g": {"initial": "x", "states": {"x": {}, "h": {"type": "history"}}},
    },
    "implementations": {"effects": {"mail": {}}},
}


@pytest.fixture
def machine(postgres: PostgresEngine) -> Machine:
    """One instance in a, one in b, one in g.y, one with g.y as its history."""
    machine = Machine(postgres, OLD, NEW)
    for events in (["go"], ["in"], ["in", "out"]):
        chart = machine.start()
        for event in events:
            chart.send(event)
    return machine


def check(machine: Machine, old: int = 1, new: int = 2) -> dict[tuple[str, str], Any]:
    return {
        (row["kind"], row["name"]): (row["instances"], row["target"], row["problem"])
        for row in machine.chart.rows(
            "select * from pgsm.check_upgrade(%s, %s, %s)", machine.name, old, new
        )
    }


def test_everything_that_is_alive_is_counted_and_said_where_it_goes(
    machine: Machine,
) -> None:
    machine.declare(states={"a": "c", "g.y": "g.x"})
    assert check(machine) == {
        ("configuration", "a"): (1, "c", None),
        ("configuration", "b"): (2, "b", None),
        ("configuration", "g.y"): (1, "g.x", None),
        ("state", "a"): (1, "c", None),
        ("state", "b"): (2, "b", None),
        ("state", "g.y"): (1, "g.x", None),
        ("history", "g.h = g.y"): (1, "g.h = g.x", None),
        ("timer", "a/1 day"): (1, "c/1 day", None),
        ("effect", "a (mail)"): (1, "c", None),
    }


def test_what_is_not_mapped_comes_first_with_the_reason(machine: Machine) -> None:
    rows = machine.chart.rows(
        "select * from pgsm.check_upgrade(%s, 1, 2)", machine.name
    )
    problems = [row["problem"] is not None for row in rows]
    assert problems == sorted(problems, reverse=True)
    found = check(machine)
    assert found["state", "a"] == (1, None, 'state "a" is not in the new version')
    assert found["timer", "a/1 day"] == (1, None, "its configuration cannot go")
    assert found["history", "g.h = g.y"] == (1, "dropped", None)


def test_policies_show_in_the_targets(machine: Machine) -> None:
    machine.declare(
        states={"a": "c", "g.y": None}, timers="restart", effects={"a": "cancel"}
    )
    found = check(machine)
    assert found["timer", "a/1 day"] == (1, "restarted", None)
    assert found["effect", "a (mail)"] == (1, "cancelled", None)
    assert found["state", "g.y"] == (1, None, 'the map refuses state "g.y"')


def test_check_follows_a_path(machine: Machine) -> None:
    third = {**NEW, "states": {**NEW["states"], "d": NEW["states"]["c"]}}
    machine.define(third)
    machine.declare(states={"a": "c", "g.y": "g.x"})
    machine.declare(2, 3, states={"c": "d"})
    found = check(machine, 1, 3)
    assert found["state", "a"] == (1, "d", None)
    assert found["timer", "a/1 day"] == (1, "d/1 day", None)
    assert found["effect", "a (mail)"] == (1, "d", None)


def test_version_that_is_not_named_is_the_current_one(machine: Machine) -> None:
    machine.declare(states={"a": "c", "g.y": "g.x"})
    named = check(machine)
    machine.chart.rows("select pgsm.set_current_version(%s, 2)", machine.name)
    query = "select * from pgsm.check_upgrade(%s, 1, null)"
    assert len(machine.chart.rows(query, machine.name)) == len(named)
    query = "select new_version from pgsm.upgrade_path(%s, 1, null)"
    assert machine.chart.rows(query, machine.name) == [{"new_version": 2}]


def preview(machine: Machine, instance: str) -> dict[str, Any]:
    query = "select * from pgsm.preview_upgrade(%s, 2)"
    return machine.chart.rows(query, instance)[0]


def test_preview_shows_all_of_it_and_changes_nothing(machine: Machine) -> None:
    chart = machine.start()
    machine.declare(
        states={"a": "c", "g.y": "g.x"},
        context='{"set": {"m": {"expr": "context.n + 1"}}, "remove": ["old"]}',
        effects="restart",
    )
    before = chart.snapshot(), chart.timers(), chart.effects(), chart.log()
    found = preview(machine, chart.instance_id)
    assert (chart.snapshot(), chart.timers(), chart.effects(), chart.log()) == before
    assert (found["code"], found["before"]["value"], found["after"]["value"]) == (
        None,
        "a",
        "c",
    )
    assert found["changes"] == {"m": {"after": 8}, "old": {"before": 1}}
    assert [t["event"] for t in found["after"]["timers"]] == ["after.1 day.c"]
    assert [e["invoke_id"] for e in found["before"]["effects"]] == ["a"]
    assert [e["invoke_id"] for e in found["after"]["effects"]] == ["c"]
    assert machine.upgrade(chart).context == {"n": 7, "m": 8}


def test_preview_of_what_cannot_go_has_the_error(machine: Machine) -> None:
    found = preview(machine, machine.chart.instance_id)
    assert found["code"] == "SM402"
    assert 'state "a" is not in the new version' in found["message"]
    assert found["after"] is None


def test_sample_has_some_of_each_configuration(machine: Machine) -> None:
    for _ in range(5):
        machine.start()
    rows = machine.chart.rows(
        "select * from pgsm.preview_upgrades(%s, 2, 3)", machine.name
    )
    values = [str(row["before"]["value"]) for row in rows]
    assert sorted(values) == ["a", "b", "{'g': 'y'}"]
    assert {row["code"] for row in rows if row["before"]["value"] == "b"} == {None}
