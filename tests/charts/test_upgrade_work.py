"""Upgrades: the context, timers and invocations that go along."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from .doors import PostgresEngine, Timer
from .parts import assign, expr, note
from .upgrades import Machine

FUNCTION = "shop.widen(text, jsonb, text[], text[])"
WIDEN = """
    create function shop.widen (id text, context jsonb, old text[], new text[])
      returns jsonb
      language plpgsql
    as $$
    begin
        if context ? 'refuse' then
            raise exception 'not this one';
        end if;
        return context || jsonb_build_object(
            'id', id, 'old', old, 'new', new, 'role', current_user);
    end;
    $$;
"""


def waiting(delay: str = "1 day", state: str = "waiting", **more: Any) -> Any:
    return {
        "initial": state,
        "context": expr("input"),
        "states": {state: {"after": {delay: "over"}, **more}, "over": {}},
    }


# -- context


def test_context_function_gets_the_states_and_runs_as_the_caller(
    postgres: PostgresEngine,
) -> None:
    machine = Machine(postgres, waiting(), waiting(state="w"))
    postgres.connection.execute(WIDEN)
    machine.declare(
        states={"waiting": "w"}, context=FUNCTION, timers={"waiting/1 day": "w/1 day"}
    )
    assert machine.upgrade().context == {
        "id": machine.chart.instance_id,
        "old": ["waiting"],
        "new": ["w"],
        "role": "pgsm_caller",
    }


def test_context_function_that_raises_leaves_the_instance(
    postgres: PostgresEngine,
) -> None:
    machine = Machine(postgres, waiting(), {**waiting(), "description": "new"})
    postgres.connection.execute(WIDEN)
    machine.declare(context=FUNCTION)
    message = machine.refuse(machine.start({"refuse": True}))
    assert "the context function" in message
    assert "not this one" in message


def test_context_that_is_no_object_is_refused(postgres: PostgresEngine) -> None:
    machine = Machine(postgres, waiting(), {**waiting(), "description": "new"})
    postgres.connection.execute(
        "create function shop.list (id text, context jsonb, old text[], new text[])"
        " returns jsonb language sql as $$ select '[]'::jsonb $$"
    )
    machine.declare(context="shop.list(text, jsonb, text[], text[])")
    assert "returned a list, not an object" in machine.refuse()


# -- timers


def due(machine: Machine) -> list[Timer]:
    return machine.chart.timers()


def test_kept_timer_stays_due_when_it_was(postgres: PostgresEngine) -> None:
    machine = Machine(postgres, waiting(), {**waiting(), "description": "new"})
    machine.chart.advance("5 hours")
    machine.upgrade()
    assert due(machine) == [Timer("after.1 day.waiting", timedelta(days=1))]
    assert machine.chart.advance("19 hours").value == "over"


def test_kept_timer_takes_the_name_of_its_new_state(postgres: PostgresEngine) -> None:
    machine = Machine(postgres, waiting(), waiting(state="drip"))
    machine.declare(states={"waiting": "drip"})
    machine.chart.advance("5 hours")
    machine.upgrade()
    assert due(machine) == [Timer("after.1 day.drip", timedelta(days=1))]
    assert machine.chart.advance("19 hours").value == "over"


def test_timer_without_a_counterpart_is_refused(postgres: PostgresEngine) -> None:
    machine = Machine(postgres, waiting(), waiting("2 days"))
    message = machine.refuse()
    assert 'timer "waiting/1 day" has no counterpart' in message


def test_timer_of_an_outer_state_is_no_timer_of_the_root(
    postgres: PostgresEngine,
) -> None:
    old = {
        "initial": "p",
        "states": {"p": {"initial": "x", "after": {"1 day": {}}, "states": {"x": {}}}},
    }
    new = {"initial": "x", "after": {"1 day": {}}, "states": {"x": {}}}
    machine = Machine(postgres, old, new)
    machine.declare(states={"p.x": "x"})
    assert 'timer "p/1 day" has no counterpart' in machine.refuse()


@pytest.mark.parametrize(
    ("timers", "expected"),
    [
        (
            {"waiting/1 day": "waiting/2 days"},
            [Timer("after.2 days.waiting", timedelta(days=1))],
        ),
        (
            {"waiting/1 day": None},
            [Timer("after.2 days.waiting", timedelta(days=2, hours=5))],
        ),
        ("restart", [Timer("after.2 days.waiting", timedelta(days=2, hours=5))]),
        ("drop", [Timer("after.2 days.waiting", timedelta(days=2, hours=5))]),
    ],
)
def test_timer_of_another_length(
    postgres: PostgresEngine, timers: Any, expected: list[Timer]
) -> None:
    machine = Machine(postgres, waiting(), waiting("2 days"))
    machine.declare(timers=timers)
    machine.chart.advance("5 hours")
    machine.upgrade()
    assert due(machine) == expected


@pytest.mark.parametrize(
    ("timers", "days"),
    [("keep", [1.0]), ("restart", [1.25]), ("drop", []), ({"waiting/1 day": None}, [])],
)
def test_timer_that_both_have(
    postgres: PostgresEngine, timers: Any, days: list[float]
) -> None:
    machine = Machine(postgres, waiting(), {**waiting(), "description": "new"})
    machine.declare(timers=timers)
    machine.chart.advance("6 hours")
    machine.upgrade()
    assert [timer.due / timedelta(days=1) for timer in due(machine)] == days


def test_recomputed_timer_counts_from_the_entry(postgres: PostgresEngine) -> None:
    def patience(days: int) -> Any:
        delays = {"patience": {"expr": str(days), "unit": "days"}}
        return {**waiting("patience"), "implementations": {"delays": delays}}

    machine = Machine(postgres, patience(1), patience(3))
    machine.declare(timers="recompute")
    machine.chart.advance("5 hours")
    machine.upgrade()
    assert due(machine) == [Timer("after.patience.waiting", timedelta(days=3))]


def test_timer_mapped_to_a_state_that_is_not_active_is_refused(
    postgres: PostgresEngine,
) -> None:
    new = {
        **waiting(),
        "states": {**waiting()["states"], "s": {"after": {"1 day": {}}}},
    }
    machine = Machine(postgres, waiting(), new)
    machine.declare(timers={"waiting/1 day": "s/1 day"})
    assert 'timer "waiting/1 day" has no counterpart' in machine.refuse()


def test_timer_that_fired_in_vain_is_not_armed_again(postgres: PostgresEngine) -> None:
    old = waiting(after={"1 day": {"target": "over", "guard": expr("false")}})
    machine = Machine(postgres, old, {**old, "description": "new"})
    machine.chart.advance("2 days")
    assert due(machine) == []
    machine.upgrade()
    assert due(machine) == []


def test_timer_that_the_new_version_adds_is_armed(postgres: PostgresEngine) -> None:
    new = waiting(after={"1 day": "over", "2 days": "over"})
    machine = Machine(postgres, waiting(), new)
    machine.chart.advance("5 hours")
    machine.upgrade()
    assert [timer.due for timer in due(machine)] == [
        timedelta(days=1),
        timedelta(days=2, hours=5),
    ]


def test_delayed_events_go_along(postgres: PostgresEngine) -> None:
    later = {"type": "raise", "event": "later", "delay": "1 day", "id": "x"}
    document = {
        "context": {"trace": []},
        "on": {"plan": {"actions": later}, "later": {"actions": note("later")}},
    }
    machine = Machine(postgres, document, {**document, "description": "new"})
    machine.chart.send("plan")
    machine.upgrade()
    assert machine.chart.advance("1 day").context["trace"] == ["later"]


# -- invocations


def inviting(state: str = "welcome", effect: str = "mail", **invoke: Any) -> Any:
    done = {"target": "rest", "actions": assign(sent=expr("event.output.sent"))}
    invoke = {"src": effect, "onDone": done, **invoke}
    return {
        "initial": state,
        "context": {"trace": []},
        "states": {state: {"invoke": invoke}, "rest": {}},
        "implementations": {"effects": {effect: {}}},
    }


def statuses(machine: Machine) -> list[tuple[str, str | None, str]]:
    return [(e.name, e.invoke_id, e.status) for e in machine.chart.effects()]


def complete(machine: Machine, claimed: dict[str, Any]) -> str:
    (row,) = machine.chart.rows(
        "select outcome from pgsm.complete_effects(jsonb_build_array("
        "jsonb_build_object('instance_id', %s::text, 'effect_id', %s::text,"
        " 'lease_token', %s::text, 'output', jsonb_build_object('sent', true))))",
        machine.chart.instance_id,
        claimed["effect_id"],
        str(claimed["lease_token"]),
    )
    outcome: str = row["outcome"]
    return outcome


def test_result_of_a_running_invocation_arrives_after_the_upgrade(
    postgres: PostgresEngine,
) -> None:
    machine = Machine(postgres, inviting(), inviting("greeting"))
    machine.declare(states={"welcome": "greeting"})
    claimed = machine.chart.claim("mail")
    machine.upgrade()
    assert statuses(machine) == [("mail", "greeting", "running")]
    assert complete(machine, claimed) == "succeeded"
    done = machine.chart.snapshot()
    assert (done.value, done.context["sent"]) == ("rest", True)


def test_pending_invocation_goes_along_once(postgres: PostgresEngine) -> None:
    machine = Machine(postgres, inviting(), inviting(id="mailing"))
    machine.declare()
    machine.upgrade()
    # another id is another invocation
    assert statuses(machine) == [
        ("mail", "welcome", "cancelled"),
        ("mail", "mailing", "pending"),
    ]


def test_finished_invocation_is_not_started_again(postgres: PostgresEngine) -> None:
    stays = inviting(onDone={"actions": note("sent")})
    machine = Machine(postgres, stays, {**stays, "description": "new"})
    machine.chart.complete("mail")
    machine.upgrade()
    assert statuses(machine) == [("mail", "welcome", "succeeded")]


def test_failed_invocation_stays_open(postgres: PostgresEngine) -> None:
    machine = Machine(postgres, inviting(), {**inviting(), "description": "new"})
    machine.chart.fail("mail", {"message": "no"})
    machine.upgrade()
    assert statuses(machine) == [("mail", "welcome", "failed")]


def test_removed_invocation_is_cancelled(postgres: PostgresEngine) -> None:
    new = inviting()
    del new["states"]["welcome"]["invoke"]
    del new["implementations"]
    machine = Machine(postgres, inviting(), new)
    machine.upgrade()
    assert statuses(machine) == [("mail", "welcome", "cancelled")]


def test_removed_running_invocation_is_asked_to_stop(postgres: PostgresEngine) -> None:
    machine = Machine(postgres, inviting(), inviting(effect="letter"))
    claimed = machine.chart.claim("mail")
    machine.upgrade()
    assert statuses(machine) == [
        ("mail", "welcome", "running"),
        ("letter", "welcome", "pending"),
    ]
    assert complete(machine, claimed) == "late"
    assert machine.chart.snapshot().value == "welcome"


def test_two_invocations_of_one_effect_go_along_each(postgres: PostgresEngine) -> None:
    def twice(state: str) -> Any:
        document = inviting(state)
        invoke = document["states"][state]["invoke"]
        document["states"][state]["invoke"] = [invoke, {**invoke, "input": 2}]
        return document

    machine = Machine(postgres, twice("welcome"), twice("greeting"))
    machine.declare(states={"welcome": "greeting"})
    machine.chart.claim("mail")
    machine.upgrade()
    assert statuses(machine) == [
        ("mail", "greeting", "running"),
        ("mail", "greeting/1", "pending"),
    ]
