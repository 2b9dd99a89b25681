"""Upgrades: what goes on as it was, under its new name if it has one.

A hot-fix does not start again what has ended, and a state that is renamed takes its
children and lists of work along.
"""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from .doors import PostgresChart, PostgresEngine
from .parts import assign, expr, note
from .upgrades import Machine

Json = Any
KID = {
    "initial": "k",
    "context": {"n": expr("input.n")},
    "states": {
        "k": {"on": {"end": "z"}},
        "z": {"type": "final"},
    },
    "output": expr("context.n"),
}


def parent(state: str = "a", **invoke: Json) -> Json:
    """A machine with an invocation that it stays with; "out" holds what came of it."""
    heard = {"actions": [note("heard"), assign(out=expr("event.output"))]}
    return {
        "initial": state,
        "context": {"trace": [], "out": None},
        "states": {
            state: {"invoke": {"onDone": heard, **invoke}, "on": {"off": "z"}},
            "z": {},
        },
        "implementations": {"effects": {"mail": {}}},
    }


def child(**more: Json) -> Json:
    return {"machine": "kid", "input": {"n": 7}, **more}


def items(**more: Json) -> Json:
    return {"src": "mail", "each": [1, 2], "input": expr("item"), **more}


@pytest.fixture
def kid(postgres: PostgresEngine) -> PostgresEngine:
    postgres.define("kid", KID)
    return postgres


def kids(machine: Machine) -> list[tuple[str, str]]:
    rows = machine.chart.rows(
        "select instance_id, status from pgsm.instances"
        " where parent_id = %s order by 1",
        machine.chart.instance_id,
    )
    return [(row["instance_id"], row["status"]) for row in rows]


def end(machine: Machine, instance: str) -> None:
    chart = PostgresChart(machine.connection, instance, machine.chart.started)
    chart.send("end")
    chart.rows("select * from pgsm.fire_timers()")


def fixed(document: Json) -> Json:
    return {**document, "description": "fixed"}


def test_child_that_has_ended_is_not_started_by_a_hot_fix(kid: PostgresEngine) -> None:
    machine = Machine(kid, parent(**child()), fixed(parent(**child())))
    end(machine, kids(machine)[0][0])
    machine.upgrade()
    machine.upgrade(version=1)
    assert [status for _, status in kids(machine)] == ["done"]
    assert machine.chart.snapshot().context["trace"] == ["heard"]


def test_list_that_has_ended_is_not_started_by_a_hot_fix(kid: PostgresEngine) -> None:
    document = parent(**items(each=[]))
    machine = Machine(kid, document, fixed(document))
    machine.upgrade()
    assert machine.chart.snapshot().context["trace"] == ["heard"]


def test_what_is_cancelled_is_not_started_by_the_next_upgrade(
    kid: PostgresEngine,
) -> None:
    for invoke in (child(), items(), {"src": "mail"}):
        document = parent(**invoke)
        machine = Machine(kid, document, fixed(document))
        machine.declare(effects="cancel")
        machine.upgrade()
        machine.chart.rows("select * from pgsm.fire_timers()")
        machine.upgrade(version=1)
        running = [e for e in machine.chart.effects() if e.status == "pending"]
        assert not running
        assert "active" not in [status for _, status in kids(machine)]


def test_state_that_is_left_forgets_that_its_child_has_ended(
    kid: PostgresEngine,
) -> None:
    document = parent(**child())
    document["states"]["z"] = {"on": {"on": "a"}}
    machine = Machine(kid, document, fixed(document))
    end(machine, kids(machine)[0][0])
    machine.chart.send("off")
    machine.upgrade()
    machine.chart.send("on")
    assert [status for _, status in kids(machine)] == ["done", "active"]


def test_child_goes_on_in_a_renamed_state(kid: PostgresEngine) -> None:
    machine = Machine(kid, parent(**child()), parent("c", **child()))
    machine.declare(states={"a": "c"})
    (before,) = kids(machine)
    machine.upgrade()
    assert kids(machine) == [before]
    end(machine, before[0])
    assert machine.chart.snapshot().context == {"trace": ["heard"], "out": 7}


def test_children_of_a_list_go_on_in_a_renamed_state(kid: PostgresEngine) -> None:
    invoke = child(each=[1, 2], input={"n": expr("item")})
    machine = Machine(kid, parent(**invoke), parent("c", **invoke))
    machine.declare(states={"a": "c"})
    before = kids(machine)
    machine.upgrade()
    assert kids(machine) == before
    for instance, _ in before:
        end(machine, instance)
    assert machine.chart.snapshot().context["out"] == [1, 2]


def test_list_of_effects_goes_on_in_a_renamed_state(kid: PostgresEngine) -> None:
    machine = Machine(kid, parent(**items()), parent("c", **items()))
    machine.declare(states={"a": "c"})
    machine.chart.complete("mail", 1)
    machine.upgrade()
    assert [e.status for e in machine.chart.effects()] == ["succeeded", "pending"]
    assert machine.chart.complete("mail", 2).context["out"] == [1, 2]


def test_two_children_that_change_places_keep_apart(kid: PostgresEngine) -> None:
    def region(key: str) -> Json:
        heard = {"actions": assign(**{key: expr("event.output")})}
        return {"invoke": child(input={"n": key}, onDone=heard)}

    def two(first: str, second: str) -> Json:
        return {
            "type": "parallel",
            "context": {"x": None, "y": None},
            "states": {"a": region(first), "b": region(second)},
        }

    machine = Machine(kid, two("x", "y"), two("y", "x"))
    machine.declare(states={"a": "b", "b": "a"})
    before = kids(machine)
    machine.upgrade()
    assert kids(machine) == before
    for instance, _ in before:
        end(machine, instance)
    assert machine.chart.snapshot().context == {"x": "x", "y": "y"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"src": "mail"}, items(each=[1])),
        (items(each=[1]), {"src": "mail"}),
        (child(), {"src": "mail"}),
        ({"src": "mail"}, child()),
        (child(each=[1], input={"n": 1}), items(each=[1])),
        (child(), child(each=[1], input={"n": 7})),
    ],
)
def test_work_of_another_kind_is_ended_and_the_new_one_started(
    kid: PostgresEngine, old: Json, new: Json
) -> None:
    machine = Machine(kid, parent(**old), parent(**new))
    machine.upgrade()
    chart = machine.chart
    chart.rows("select * from pgsm.fire_timers()")
    if "machine" in new:
        (one,) = [name for name, status in kids(machine) if status == "active"]
        end(machine, one)
    else:
        assert "active" not in [status for _, status in kids(machine)]
        chart.complete("mail", 7)
    assert chart.snapshot().context["out"] == ([7] if "each" in new else 7)
    assert not [e for e in chart.effects() if e.status in ("pending", "running")]


# -- children that go along


def along(kid: PostgresEngine) -> Machine:
    """A parent on version 2, whose child was told to follow to the kid's version 2."""
    document = parent(**child())
    machine = Machine(kid, document, fixed(document))
    kid.define("kid", {**KID, "states": {**KID["states"], "k": {"on": {"stop": "z"}}}})
    machine.declare(effects={"a": "along"})
    machine.upgrade()
    return machine


def kid_version(machine: Machine) -> int:
    query = "select version from pgsm.instances where parent_id = %s"
    (row,) = machine.chart.rows(query, machine.chart.instance_id)
    version: int = row["version"]
    return version


def test_child_goes_along_when_a_driver_comes_by(kid: PostgresEngine) -> None:
    machine = along(kid)
    assert kid_version(machine) == 1
    machine.chart.rows("select * from pgsm.fire_timers()")
    assert kid_version(machine) == 2
    ((instance, _),) = kids(machine)
    PostgresChart(kid.connection, instance, machine.chart.started).send("stop")
    machine.chart.rows("select * from pgsm.fire_timers()")
    assert machine.chart.snapshot().context["out"] == 7


def test_child_that_cannot_go_along_stays_and_is_listed(kid: PostgresEngine) -> None:
    machine = along(kid)
    machine.connection.execute(
        "select pgsm.define_machine('kid', '{\"context\": {\"n\": 1}}')"
    )
    machine.chart.rows("select * from pgsm.fire_timers()")
    assert kid_version(machine) == 1
    (failure,) = machine.chart.rows("select * from pgsm.upgrade_failures")
    assert (failure["instance_id"], failure["code"]) == (kids(machine)[0][0], "SM402")


def test_child_that_has_ended_meanwhile_is_not_told(kid: PostgresEngine) -> None:
    machine = along(kid)
    ((instance, _),) = kids(machine)
    machine.chart.rows("select pgsm.stop_instance(%s)", instance)
    machine.chart.rows("select * from pgsm.fire_timers()")
    assert (
        machine.chart.rows("select * from pgsm.timers where event = 'pgsm.upgrade'")
        == []
    )


def test_upgrade_that_takes_children_along_is_not_undone(kid: PostgresEngine) -> None:
    machine = along(kid)
    with pytest.raises(psycopg.Error) as refusal, kid.connection.transaction():
        machine.chart.rows("select pgsm.undo_upgrade(%s)", machine.chart.instance_id)
    assert refusal.value.sqlstate == "SM403"


def test_check_says_which_children_go_along(kid: PostgresEngine) -> None:
    document = parent(**child())
    machine = Machine(kid, document, fixed(document))
    for policy, target in (
        ("keep", "a, on its own version"),
        ("along", "a, to its own current version"),
    ):
        machine.declare(effects=policy)
        (row,) = machine.chart.rows(
            "select target from pgsm.check_upgrade(%s, 1, 2) where kind = 'child'",
            machine.name,
        )
        assert row["target"] == target
