"""diff_versions: what has been added, removed and changed."""

from __future__ import annotations

from typing import Any

from .doors import PostgresEngine
from .parts import assign, expr
from .upgrades import Machine

OLD: Any = {
    "initial": "a",
    "context": {"n": 1},
    "states": {
        "a": {
            "entry": assign(n=1),
            "on": {"go": {"target": "b", "guard": expr("context.n > 1")}, "x": "b"},
            "after": {"1 day": "b"},
            "invoke": {"src": "mail"},
        },
        "b": {},
    },
    "implementations": {"effects": {"mail": {}}, "guards": {"old": expr("true")}},
}
NEW: Any = {
    "initial": "a",
    "context": {"n": 2},
    "states": {
        "a": {
            "entry": assign(n=2),
            "on": {"go": {"target": "b", "guard": expr("context.n > 2")}, "y": "b"},
            "after": {"2 days": "b"},
            "invoke": {"src": "mail", "input": {"a": 1}},
        },
        "b": {"type": "final"},
        "c": {},
    },
    "implementations": {"effects": {"mail": {"retry": {"attempts": 2}}}},
}


def changes(machine: Machine) -> set[tuple[str, str, str]]:
    rows = machine.chart.rows(
        "select * from pgsm.diff_versions(%s, 1, 2)", machine.name
    )
    return {(row["change"], row["kind"], row["name"]) for row in rows}


def test_every_part_that_differs_is_named(postgres: PostgresEngine) -> None:
    assert changes(Machine(postgres, OLD, NEW)) == {
        ("added", "state", "c"),
        ("changed", "state", "b"),
        ("changed", "transition", "a on go"),
        ("removed", "transition", "a on x"),
        ("added", "transition", "a on y"),
        ("removed", "timer", "a after 1 day"),
        ("added", "timer", "a after 2 days"),
        ("changed", "action", "a entry"),
        ("changed", "invocation", "a a"),
        ("removed", "guard", "old"),
        ("changed", "effect", "mail"),
        ("changed", "machine", "context"),
    }


def test_text_of_a_difference_can_be_read(postgres: PostgresEngine) -> None:
    machine = Machine(postgres, OLD, NEW)
    rows = machine.chart.rows(
        "select line from pgsm.diff_versions(%s, 1, 2)", machine.name
    )
    lines = [row["line"] for row in rows]
    assert "+ state c" in lines
    assert "- transition a on x" in lines
    assert '~ machine context: {"n": 1} → {"n": 2}' in lines


def test_same_versions_do_not_differ(postgres: PostgresEngine) -> None:
    machine = Machine(postgres, OLD, NEW)
    query = "select * from pgsm.diff_versions(%s, 2, 2)"
    assert machine.chart.rows(query, machine.name) == []


def test_order_of_keys_is_no_difference(postgres: PostgresEngine) -> None:
    turned = dict(reversed(OLD.items()))
    machine = Machine(postgres, OLD, {**turned, "description": "same"})
    assert changes(machine) == {("added", "machine", "description")}
