"""Paths: from one version to another by way of declared upgrades."""

from __future__ import annotations

import psycopg
import pytest

from .doors import PostgresEngine
from .test_upgrade_undo import facts, undo
from .upgrades import Machine

NAMES = {1: "one", 2: "two", 3: "three", 4: "four"}


def version(number: int) -> dict[str, object]:
    name = NAMES[number]
    return {"initial": name, "context": {"n": number}, "states": {name: {}}}


@pytest.fixture
def machine(postgres: PostgresEngine) -> Machine:
    machine = Machine(postgres, version(1), version(2))
    machine.define(version(3))
    machine.define(version(4))
    return machine


def declare(machine: Machine, *pairs: tuple[int, int]) -> None:
    for old, new in pairs:
        machine.declare(
            old,
            new,
            states={NAMES[old]: NAMES[new]},
            context=f'{{"set": {{"n": {{"expr": "context.n * 10 + {new}"}}}}}}',
        )


def path(machine: Machine, old: int, new: int) -> list[tuple[int, int]]:
    rows = machine.chart.rows(
        "select * from pgsm.upgrade_path(%s, %s, %s)", machine.name, old, new
    )
    return [(row["old_version"], row["new_version"]) for row in rows]


def test_path_composes_and_each_upgrade_is_a_step(machine: Machine) -> None:
    declare(machine, (1, 2), (2, 3))
    assert path(machine, 1, 3) == [(1, 2), (2, 3)]
    upgraded = machine.upgrade(version=3)
    assert (upgraded.value, upgraded.context) == ("three", {"n": 123})
    assert [row["data"] for row in machine.chart.log()[1:]] == [
        {"from": 1, "to": 2},
        {"from": 2, "to": 3},
    ]


def test_shortest_path_wins(machine: Machine) -> None:
    declare(machine, (1, 2), (2, 3), (1, 3), (3, 4))
    assert path(machine, 1, 4) == [(1, 3), (3, 4)]


def test_tie_is_refused_and_both_are_named(machine: Machine) -> None:
    declare(machine, (1, 2), (2, 4), (1, 3), (3, 4))
    for query in ("upgrade_path(%s, 1, 4)", "check_upgrade(%s, 1, 4)"):
        with pytest.raises(psycopg.Error) as refusal, machine.connection.transaction():
            machine.chart.rows(f"select * from pgsm.{query}", machine.name)
        assert refusal.value.sqlstate == "SM404"
        assert refusal.value.diag.message_detail == "1 → 2 → 4, 1 → 3 → 4"
    declare(machine, (1, 4))
    assert path(machine, 1, 4) == [(1, 4)]


def test_down_maps_are_upgrades_like_any_other(machine: Machine) -> None:
    declare(machine, (1, 2), (2, 3), (3, 2), (2, 1))
    machine.upgrade(version=3)
    assert path(machine, 3, 1) == [(3, 2), (2, 1)]
    assert machine.upgrade(version=1).context == {"n": 12321}


def test_nothing_declared_is_one_step_of_the_same_states(machine: Machine) -> None:
    assert path(machine, 1, 4) == [(1, 4)]
    assert path(machine, 1, 1) == []


def test_undo_takes_all_of_a_path_back(machine: Machine) -> None:
    declare(machine, (1, 2), (2, 3))
    before = facts(machine.chart)
    machine.upgrade(version=3)
    undo(machine.chart)
    assert facts(machine.chart) == before


def test_path_that_breaks_off_leaves_the_instance(machine: Machine) -> None:
    declare(machine, (1, 2))
    machine.declare(2, 3, states={"two": None})
    with pytest.raises(psycopg.Error) as refusal, machine.connection.transaction():
        machine.upgrade(version=3)
    assert refusal.value.sqlstate == "SM402"
    assert machine.chart.snapshot().revision == 1


def test_path_of_many_versions_both_ways_is_found_at_once(
    postgres: PostgresEngine,
) -> None:
    machine = Machine(postgres, version(1), {**version(1), "description": "2"})
    for number in range(3, 31):
        machine.define({**version(1), "description": str(number)})
    for number in range(1, 30):
        machine.declare(number, number + 1)
        machine.declare(number + 1, number)
    assert len(path(machine, 30, 1)) == 29
