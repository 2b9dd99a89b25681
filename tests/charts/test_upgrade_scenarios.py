"""Upgrades: what can go wrong in an operator's day, a scenario each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from .doors import PostgresChart, PostgresEngine, Timer
from .parts import assign, expr
from .upgrades import Machine

Json = Any
RESULT = {"target": "over", "actions": assign(sent=expr("event.output"))}
WORKING = {
    "after": {"1 day": "late"},
    "invoke": {"src": "mail", "onDone": RESULT},
    "on": {"note": {"actions": {"type": "effect", "name": "letter"}}},
}
INNER = {"busy": WORKING, "over": {}, "late": {}}
REST = {
    "context": {"sent": None},
    "implementations": {"effects": {"mail": {}, "letter": {}}},
}
FLAT = {"initial": "busy", "states": INNER, **REST}
COMPOUND = {
    "initial": "shop",
    "states": {"shop": {"initial": "over", "states": INNER}},
    **REST,
}
PARALLEL = {
    "type": "parallel",
    "states": {
        "shop": {"initial": "over", "states": INNER},
        "bank": {"initial": "open", "states": {"open": {}}},
    },
    **REST,
}
MOVED = {name: f"shop.{name}" for name in INNER}


def fire(machine: Machine) -> None:
    machine.chart.rows("select * from pgsm.fire_timers()")


# -- a state that is moved


@pytest.mark.parametrize(
    ("new", "beside"), [(COMPOUND, {}), (PARALLEL, {"bank": "open"})]
)
def test_work_of_a_state_that_is_moved_inside_goes_on_there(
    postgres: PostgresEngine, new: Json, beside: Json
) -> None:
    machine = Machine(postgres, FLAT, new)
    machine.declare(states=MOVED)
    chart = machine.chart
    chart.claim("mail")
    chart.advance("5 hours")
    assert machine.upgrade().value == {"shop": "busy", **beside}
    assert chart.timers() == [Timer("after.1 day.shop.busy", timedelta(days=1))]
    done = chart.complete("mail", 5)
    assert (done.value, done.context["sent"]) == ({"shop": "over", **beside}, 5)
    assert chart.timers() == []


@pytest.mark.parametrize("old", [COMPOUND, PARALLEL])
def test_work_of_a_state_that_is_moved_out_goes_on_there(
    postgres: PostgresEngine, old: Json
) -> None:
    old = {**old, "on": {"go": "#busy"}}
    busy = {**WORKING, "id": "busy"}
    shop = {"initial": "over", "states": {**INNER, "busy": busy}}
    old["states"] = {**old["states"], "shop": shop}
    machine = Machine(postgres, old, FLAT)
    states = {path: name for name, path in MOVED.items()}
    if old.get("type") == "parallel":
        states["bank.open"] = "busy"
    machine.declare(states=states)
    machine.chart.send("go")
    machine.chart.advance("5 hours")
    assert machine.upgrade().value == "busy"
    assert machine.chart.advance("19 hours").value == "late"


def test_two_states_that_become_one_are_told_apart_by_their_data(
    postgres: PostgresEngine,
) -> None:
    new = {**FLAT, "initial": "busy", "states": {"busy": {}}}
    machine = Machine(postgres, FLAT, new)
    machine.declare(
        states={"over": "busy", "late": "busy"},
        timers="drop",
        context='{"set": {"was": {"expr": "context.sent"}}}',
    )
    machine.chart.complete("mail", 5)
    other = machine.start()
    assert machine.upgrade().context["was"] == 5
    assert machine.upgrade(other).context["was"] is None


# -- effects


def test_queued_effect_runs_once_whatever_becomes_of_its_state(
    postgres: PostgresEngine,
) -> None:
    new = {**FLAT, "initial": "late", "states": {"late": {}}}
    machine = Machine(postgres, FLAT, new)
    machine.declare(
        states={"busy": "late", "over": "late"}, timers="drop", effects="cancel"
    )
    chart = machine.chart
    chart.send("note")
    query = "select key from pgsm.claim_effects('r', '{letter}', 9)"
    (key,) = chart.rows(
        "select key from pgsm_private.effects where name = 'letter'"
        " and instance_id = %s",
        chart.instance_id,
    )
    machine.upgrade()
    assert chart.rows(query) == [key]
    chart.rows("select pgsm.undo_upgrade(%s)", chart.instance_id)
    assert chart.rows(query) == []


def test_lease_that_expires_across_an_upgrade_is_claimed_again(
    postgres: PostgresEngine,
) -> None:
    machine = Machine(postgres, FLAT, COMPOUND)
    machine.declare(states=MOVED)
    first = machine.chart.claim("mail")
    machine.upgrade()
    machine.chart.advance("2 hours")
    again = machine.chart.claim("mail")
    assert (again["effect_id"], again["attempt"]) == (first["effect_id"], 2)
    assert machine.chart.complete("mail", 6).context["sent"] == 6


# -- an hour later


def test_bad_version_is_found_an_hour_later(postgres: PostgresEngine) -> None:
    bad = {
        **FLAT,
        "states": {**INNER, "busy": {**WORKING, "after": {"1 hour": "late"}}},
    }
    good = {**bad, "states": {**INNER, "late": {"on": {"on": "over"}}}}
    machine = Machine(postgres, FLAT, bad)
    chart, name = machine.chart, machine.name
    machine.declare(timers={"busy/1 day": "busy/1 hour"})
    chart.rows("select pgsm.set_current_version(%s, 2)", name)
    chart.rows("select pgsm.upgrade_all(%s, 2)", name)
    chart.advance("30 minutes")

    # found: no instance of it moves, new ones are started as before
    chart.rows("select pgsm.set_current_version(%s, 1)", name)
    chart.rows("select pgsm.pause_machine(%s, 2)", name)
    assert chart.refuse("note").sqlstate == "SM122"
    chart.rows("select pgsm.post_event(%s, 'note')", chart.instance_id)
    chart.rows("select pgsm.start_instance(%s, 'new')", name)
    chart.advance("2 days")
    assert chart.snapshot().value == "busy"

    # roll forward; what waited is delivered, once
    machine.define(good)
    machine.declare(2, 3, timers={"busy/1 hour": "busy/1 day"})
    chart.rows("select pgsm.upgrade_all(%s, 3, '{\"version\": 2}')", name)
    chart.rows("select pgsm.set_current_version(%s, 3)", name)
    chart.rows("select pgsm.resume_machine(%s, 2)", name)
    fire(machine)
    assert [e.name for e in chart.effects()] == ["mail", "letter"]
    assert chart.advance("1 minute").value == "late"
    assert chart.send("on").value == "over"
    new = PostgresChart(postgres.connection, "new", chart.started)
    assert new.rows("select version from pgsm.get_instance('new')") == [{"version": 1}]


# -- a hot-fix

LIVE = 200


def test_hot_fix_of_a_guard_changes_the_guard_only(postgres: PostgresEngine) -> None:
    def guarded(source: str) -> Json:
        late = {"target": "late", "guard": expr(source)}
        return {**FLAT, "states": {**INNER, "busy": {**WORKING, "on": {"go": late}}}}

    machine = Machine(
        postgres, guarded("event.data.n > 10"), guarded("event.data.n > 0")
    )
    chart = machine.chart
    chart.rows(
        "select count(pgsm.start_instance(%s, 'live-' || n, version => 1))"
        " from generate_series(2, %s) as n",
        machine.name,
        LIVE,
    )
    facts = (
        "select instance_id, states, context, status, "
        " (select array_agg(array[t.timer_id, t.due_at::text]) from pgsm.timers as t"
        "  where t.instance_id = i.instance_id) as timers,"
        " (select array_agg(array[e.effect_id, e.status]) from pgsm.effects as e"
        "  where e.instance_id = i.instance_id) as effects"
        " from pgsm.instances as i where machine = %s order by 1"
    )
    before = chart.rows(facts, machine.name)
    assert len(before) == LIVE
    assert chart.send("go", {"n": 5}).outcome == "guarded"
    assert chart.rows("select pgsm.upgrade_all(%s, 2)", machine.name) == [
        {"upgrade_all": LIVE}
    ]
    assert chart.rows(facts, machine.name) == before
    assert chart.send("go", {"n": 5}).value == "late"


# -- before the next event


def test_upgrade_that_would_end_an_instance_before_its_event_waits_for_a_hand(
    postgres: PostgresEngine,
) -> None:
    new = {**FLAT, "states": {"busy": {"type": "final"}, "over": {}}}
    machine = Machine(postgres, FLAT, new)
    machine.declare(
        states={"busy": "busy", "late": "over"}, timers="drop", effects="cancel"
    )
    chart = machine.chart
    chart.rows("select pgsm.set_current_version(%s, 2)", machine.name)
    chart.rows("select pgsm.set_upgrade_policy(%s, 'lazy')", machine.name)
    assert chart.send("note").outcome == "taken"
    (failure,) = chart.rows("select * from pgsm.upgrade_failures")
    assert "would end the instance" in failure["message"]
    assert machine.upgrade().status == "done"
