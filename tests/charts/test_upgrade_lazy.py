"""Lazy upgrades before the next event; versions that are paused."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from .doors import PostgresEngine
from .upgrades import Machine

OLD = {
    "initial": "a",
    "states": {
        "a": {
            "on": {"go": "b"},
            "after": {"1 day": "b"},
            "invoke": {"src": "mail", "onDone": "b"},
        },
        "b": {},
    },
    "implementations": {"effects": {"mail": {}}},
}
NEW = {**OLD, "initial": "c", "states": {"c": OLD["states"]["a"], "b": {}}}


@pytest.fixture
def machine(postgres: PostgresEngine) -> Machine:
    return Machine(postgres, OLD, NEW)


def lazy(machine: Machine) -> None:
    machine.chart.rows("select pgsm.set_current_version(%s, 2)", machine.name)
    machine.chart.rows("select pgsm.set_upgrade_policy(%s, 'lazy')", machine.name)


def version(machine: Machine) -> int:
    (row,) = machine.chart.rows(
        "select version from pgsm.instances where instance_id = %s",
        machine.chart.instance_id,
    )
    found: int = row["version"]
    return found


def failures(machine: Machine) -> list[Any]:
    return machine.chart.rows("select * from pgsm.upgrade_failures")


def test_event_finds_the_new_version(machine: Machine) -> None:
    machine.declare(states={"a": "c"})
    lazy(machine)
    assert version(machine) == 1
    assert machine.chart.send("go").value == "b"
    assert version(machine) == 2
    assert [row["event"] for row in machine.chart.log()] == [
        "pgsm.start",
        "pgsm.upgrade",
        "go",
    ]


def test_timer_finds_the_new_version(machine: Machine) -> None:
    machine.declare(states={"a": "c"})
    lazy(machine)
    assert machine.chart.advance("1 day").value == "b"
    assert version(machine) == 2


def test_result_finds_the_new_version_and_its_invocations_new_name(
    machine: Machine,
) -> None:
    machine.declare(states={"a": "c"})
    machine.chart.claim("mail")
    lazy(machine)
    assert machine.chart.complete("mail").value == "b"
    assert version(machine) == 2


def test_who_cannot_go_takes_the_event_and_is_listed(machine: Machine) -> None:
    lazy(machine)
    chart = machine.chart
    chart.rows("select * from pgsm.send_event(%s, 'nothing')", chart.instance_id)
    (failure,) = failures(machine)
    assert (failure["code"], failure["to_version"]) == ("SM402", 2)
    assert chart.send("go").value == "b"
    assert version(machine) == 1
    # b would go, but nothing is tried until the upgrade is declared again
    chart.send("nothing")
    assert (version(machine), failures(machine)) == (1, [failure])
    machine.declare(states={"a": "c"})
    chart.send("nothing")
    assert (version(machine), failures(machine)) == (2, [])


def test_manual_again_is_manual(machine: Machine) -> None:
    machine.declare(states={"a": "c"})
    lazy(machine)
    machine.chart.rows("select pgsm.set_upgrade_policy(%s, 'manual')", machine.name)
    machine.chart.send("go")
    assert version(machine) == 1


def test_new_version_of_a_lazy_machine_is_followed(machine: Machine) -> None:
    machine.declare(states={"a": "c"})
    lazy(machine)
    machine.connection.execute(
        "select pgsm.define_machine(%s, %s::json)",
        [machine.name, psycopg.types.json.Json({**NEW, "description": "third"})],
    )
    machine.declare(2, 3)
    machine.chart.send("go")
    assert version(machine) == 3


def test_revision_is_checked_before_the_upgrade(machine: Machine) -> None:
    machine.declare(states={"a": "c"})
    lazy(machine)
    assert machine.chart.send("go", expected_revision=1).value == "b"


def test_unknown_policy_is_refused(machine: Machine) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        machine.chart.rows("select pgsm.set_upgrade_policy(%s, 'often')", machine.name)
    assert refusal.value.sqlstate == "SM115"


# -- paused versions


def pause(machine: Machine, verb: str = "pause", number: int | None = 1) -> None:
    machine.chart.rows(f"select pgsm.{verb}_machine(%s, %s)", machine.name, number)


def test_events_are_refused_and_what_waits_goes_on_afterwards(machine: Machine) -> None:
    chart = machine.chart
    pause(machine)
    assert chart.refuse("go").sqlstate == "SM122"
    chart.rows("select pgsm.post_event(%s, 'go')", chart.instance_id)
    assert chart.rows("select * from pgsm.claim_effects('r', '{mail}', 5)") == []
    chart.rows("select * from pgsm.fire_timers()")
    assert chart.snapshot().value == "a"
    pause(machine, "resume")
    chart.rows("select * from pgsm.fire_timers()")
    assert chart.snapshot().value == "b"


def test_timer_of_a_paused_version_waits(machine: Machine) -> None:
    pause(machine)
    chart = machine.chart
    chart.rows("select pgsm_private.fire_instance_timers(%s, 10)", chart.instance_id)
    pause(machine, "resume", None)
    assert chart.advance("1 day").value == "b"


def test_new_instances_of_a_paused_version_are_refused(machine: Machine) -> None:
    pause(machine)
    with pytest.raises(psycopg.Error) as refusal, machine.connection.transaction():
        machine.start()
    assert refusal.value.sqlstate == "SM122"


def test_result_of_a_running_effect_waits(machine: Machine) -> None:
    machine.chart.claim("mail")
    pause(machine)
    assert machine.chart.complete("mail").value == "a"
    pause(machine, "resume")
    machine.chart.rows("select * from pgsm.fire_timers()")
    assert machine.chart.snapshot().value == "b"


def test_bad_version_is_paused_rolled_forward_and_goes_on(machine: Machine) -> None:
    machine.declare(states={"a": "c"})
    pause(machine)
    assert machine.upgrade().value == "c"
    assert machine.chart.send("go").value == "b"


def test_repeated_event_id_is_answered_although_the_version_is_paused(
    machine: Machine,
) -> None:
    first = machine.chart.send("go", event_id="x")
    pause(machine)
    assert machine.chart.send("go", event_id="x") == first


# -- events in bulk


def send_all(machine: Machine) -> None:
    machine.chart.rows(
        "select * from pgsm.send_events(jsonb_build_array(jsonb_build_object("
        "'instance_id', %s::text, 'event', 'go')))",
        machine.chart.instance_id,
    )


def test_events_in_bulk_find_the_new_version(machine: Machine) -> None:
    machine.declare(states={"a": "c"})
    lazy(machine)
    send_all(machine)
    assert (version(machine), machine.chart.snapshot().value) == (2, "b")


def test_events_in_bulk_are_refused_by_a_paused_version(machine: Machine) -> None:
    pause(machine)
    with pytest.raises(psycopg.Error) as refusal, machine.connection.transaction():
        send_all(machine)
    assert refusal.value.sqlstate == "SM122"
