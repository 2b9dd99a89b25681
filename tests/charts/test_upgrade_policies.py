"""Policies of an upgrade: effects, timers by state, history, entry, data."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from .doors import PostgresEngine
from .parts import traced
from .upgrades import Machine

NO_SUCH = "shop.missing(text, jsonb)"


def working(state: str = "a", **more: Any) -> Any:
    return {
        "initial": state,
        "context": {"trace": [], "n": 1},
        "states": {
            state: {"after": {"1 day": "z"}, "invoke": {"src": "mail"}, **more},
            "z": {},
        },
        "implementations": {"effects": {"mail": {}}},
    }


def statuses(machine: Machine) -> list[tuple[str | None, str]]:
    return [(e.invoke_id, e.status) for e in machine.chart.effects()]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("keep", [("b", "pending")]),
        ("restart", [("a", "cancelled"), ("b", "pending")]),
        ("cancel", [("a", "cancelled")]),
        ({"a": "cancel"}, [("a", "cancelled")]),
        ({"default": "cancel", "a": "keep"}, [("b", "pending")]),
    ],
)
def test_invocation_under_each_policy(
    postgres: PostgresEngine, policy: Any, expected: Any
) -> None:
    machine = Machine(postgres, working(), working("b"))
    machine.declare(states={"a": "b"}, effects=policy)
    machine.upgrade()
    assert statuses(machine) == expected


@pytest.mark.parametrize("policy", ["keep", "restart", "cancel"])
def test_child_under_each_policy(postgres: PostgresEngine, policy: str) -> None:
    postgres.define("kid", {"initial": "k", "states": {"k": {}}})
    document = {
        "initial": "a",
        "states": {"a": {"invoke": {"machine": "kid", "id": "kid"}}},
    }
    machine = Machine(postgres, document, {**document, "description": "new"})
    machine.declare(effects=policy)
    machine.upgrade()
    query = "select status from pgsm.instances where parent_id = %s order by 1"
    machine.chart.rows("select * from pgsm.fire_timers()")
    found = [row["status"] for row in machine.chart.rows(query, "i-1")]
    expected = {"keep": ["active"], "restart": ["active", "stopped"]}
    assert found == expected.get(policy, ["stopped"])


@pytest.mark.parametrize(
    ("policy", "hours"),
    [
        ({"a": "drop"}, []),
        ({"a/1 day": "restart"}, [29]),
        ({"default": "drop", "a": "keep"}, [24]),
        ({"default": "restart"}, [29]),
    ],
)
def test_timers_by_state_and_by_name(
    postgres: PostgresEngine, policy: Any, hours: list[int]
) -> None:
    machine = Machine(postgres, working(), working("b"))
    machine.declare(states={"a": "b"}, timers=policy)
    machine.chart.advance("5 hours")
    machine.upgrade()
    due = [timer.due for timer in machine.chart.timers()]
    assert due == [timedelta(hours=number) for number in hours]


def test_merged_states_have_one_timer_and_one_effect(postgres: PostgresEngine) -> None:
    def region(key: str) -> Any:
        inner = {"after": {"1 day": {}}, "invoke": {"src": "mail", "id": f"mail-{key}"}}
        return {"initial": key, "states": {key: inner}}

    old = {
        "type": "parallel",
        "states": {"l": region("a"), "r": region("b")},
        "implementations": {"effects": {"mail": {}}},
    }
    new = working("c", invoke={"src": "mail", "id": "mail-a"})
    machine = Machine(postgres, old, new)
    machine.declare(states={"l": "c", "r": "c", "l.a": "c", "r.b": "c"})
    machine.upgrade()
    assert [timer.event for timer in machine.chart.timers()] == ["after.1 day.c"]
    assert statuses(machine) == [("mail-a", "pending"), ("mail-b", "cancelled")]


# -- context and states that depend on data


def test_template_sees_the_old_context_only(postgres: PostgresEngine) -> None:
    machine = Machine(postgres, working(), working("b"))
    machine.declare(
        states={"a": "b"},
        context='{"set": {"n": {"expr": "context.n + 1"}, "m.k": {"expr": "context.n"},'
        ' "at": {"expr": "now"}, "who": {"expr": "instance.id"}}, "remove": ["trace"]}',
    )
    context = machine.upgrade().context
    assert (context["n"], context["m"], context["who"]) == (2, {"k": 1}, "i-1")
    assert "trace" not in context
    assert context["at"].startswith("20")


def test_template_that_fails_leaves_the_instance(postgres: PostgresEngine) -> None:
    machine = Machine(postgres, working(), working("b"))
    machine.declare(
        states={"a": "b"}, context='{"set": {"m": {"expr": "context.missing + 1"}}}'
    )
    assert "the context template failed" in machine.refuse()


def test_state_function_sends_each_where_its_data_say(postgres: PostgresEngine) -> None:
    postgres.connection.execute(
        "create function shop.place (state text, context jsonb) returns text"
        " language sql"
        " as $$ select case when (context ->> 'n')::int > 1 then 'b' end $$"
    )
    new = {**working("b"), "states": {**working("b")["states"], "c": {}}}
    machine = Machine(postgres, working(), new)
    rules = {"states": {"a": "c"}, "timers": "drop"}
    machine.declare(state="shop.place(text, jsonb)", **rules)
    assert machine.upgrade().value == "c"
    other = machine.start()
    other.rows(
        "update pgsm_private.instances set context = '{\"n\": 2}'"
        " where instance_id = %s",
        other.instance_id,
    )
    assert machine.upgrade(other).value == "b"


def test_state_function_that_names_no_state_is_refused(
    postgres: PostgresEngine,
) -> None:
    postgres.connection.execute(
        "create function shop.place (state text, context jsonb) returns text"
        " language sql as $$ select 'nowhere' $$"
    )
    machine = Machine(postgres, working(), working("b"))
    machine.declare(state="shop.place(text, jsonb)")
    assert 'returned "nowhere", which is no state' in machine.refuse()


# -- history, entry


def remembering(inner: str) -> Any:
    return {
        "initial": "g",
        "states": {
            "g": {
                "initial": inner,
                "on": {"out": "off"},
                "states": {inner: {}, "h": {"type": "history"}},
            },
            "off": {"on": {"back": "g.h"}},
        },
    }


@pytest.mark.parametrize("policy", ["keep", "refuse", "forget"])
def test_history_without_a_counterpart(postgres: PostgresEngine, policy: str) -> None:
    machine = Machine(postgres, remembering("x"), remembering("y"))
    machine.declare(states={"g.x": "off"}, history=policy)
    machine.chart.send("out")
    if policy == "refuse":
        assert 'the history "g.h" has no counterpart' in machine.refuse()
        return
    machine.upgrade()
    dropped = {"dropped": {"history": ["g.h"]}} if policy == "keep" else {}
    assert machine.chart.log()[-1]["data"] == {"from": 1, "to": 2, **dropped}
    assert machine.chart.send("back").value == {"g": "y"}


@pytest.mark.parametrize("entry", [False, True])
def test_entry_actions_of_new_states_run_when_asked(
    postgres: PostgresEngine, entry: bool
) -> None:
    new = working("b")
    new["states"]["g"] = {
        **traced("g"),
        "initial": "i",
        "states": {"i": traced("i"), "j": traced("j")},
    }
    machine = Machine(postgres, working(), new)
    machine.declare(states={"a": "g"}, timers="drop", entry=entry)
    # g is what a has become; i is entered with it
    assert machine.upgrade().context["trace"] == (["+i"] if entry else [])


def test_timer_that_an_entry_action_moves_is_armed_once(
    postgres: PostgresEngine,
) -> None:
    new = working("b")
    soon = {"after": {"soon": {}}, "entry": {"type": "rearm", "delay": "soon"}}
    new["states"]["g"] = {"initial": "i", "states": {"i": soon}}
    new["implementations"]["delays"] = {"soon": {"expr": "2", "unit": "hours"}}
    machine = Machine(postgres, working(), new)
    machine.declare(states={"a": "g"}, timers="drop", entry=True)
    machine.upgrade()
    assert [timer.event for timer in machine.chart.timers()] == ["after.soon.g.i"]


# -- declarations


@pytest.mark.parametrize(
    ("rules", "part"),
    [
        ({"effects": "stop"}, "$.effects"),
        ({"effects": {"nope": "keep"}}, 'no invocation "nope"'),
        ({"effects": {"a": "stop"}}, '$.effects["a"]'),
        ({"history": "lose"}, "$.history"),
        ({"timers": {"default": "hold"}}, "the default is a policy"),
        ({"context": '{"sets": {}}'}, 'not "sets"'),
        ({"context": '{"set": {"a": {"expr": "1 +"}}}'}, "$.context.set.a"),
        ({"context": '{"set": {"a": {"expr": "nothing"}}}'}, "$.context.set.a"),
        ({"context": '{"set": {"a": {"sql": "f()"}}}'}, "calls no SQL"),
        ({"context": '{"set"'}, "no JSON"),
        ({"context": "pg_catalog.now()"}, "$.context"),
        ({"context": "shop.wrong(text)"}, "takes (text, json, text[], text[])"),
        ({"context": "shop.secret(text, jsonb, text[], text[])"}, "may not execute"),
        ({"state": "shop.wrong(text)"}, "$.state"),
        ({"state": NO_SUCH}, "does not exist"),
    ],
)
def test_fault_of_a_declaration_is_reported_with_its_path(
    postgres: PostgresEngine, rules: Any, part: str
) -> None:
    postgres.connection.execute(
        "create function shop.wrong (a text) returns jsonb language sql"
        " as $$ select '{}'::jsonb $$;"
        " create function shop.secret (a text, b jsonb, c text[], d text[])"
        " returns jsonb language sql as $$ select b $$;"
        " revoke execute on function shop.secret from public"
    )
    machine = Machine(postgres, working(), {**working(), "description": "new"})
    problems = machine.undeclarable(**rules)
    assert any(part in problem for problem in problems), problems
