"""Upgrades: where the states go."""

from __future__ import annotations

from typing import Any

import pytest

from .doors import PostgresEngine
from .parts import assign, expr, note, traced
from .upgrades import Machine

OLD = {
    "initial": "a",
    "context": {"trace": []},
    "states": {
        "a": traced("a", on={"go": "b"}),
        "b": traced("b"),
        "group": {"initial": "x", "states": {"x": {}, "y": {}}},
    },
}


def renamed(**states: Any) -> Any:
    return {"initial": "new", "context": {"trace": []}, "states": {"new": {}, **states}}


def test_hot_fix_needs_no_declaration(postgres: PostgresEngine) -> None:
    fixed = {**OLD, "on": {"fixed": {"actions": note("fixed")}}}
    machine = Machine(postgres, OLD, fixed)
    assert machine.upgrade().value == "a"
    assert machine.chart.send("fixed").context["trace"] == ["+a", "fixed"]


def test_state_that_is_gone_must_be_declared(postgres: PostgresEngine) -> None:
    message = Machine(postgres, OLD, renamed()).refuse()
    assert 'state "a" is not in the new version' in message


def test_mapped_state_is_taken_without_entry_and_exit(
    postgres: PostgresEngine,
) -> None:
    machine = Machine(postgres, OLD, renamed(c=traced("c")))
    machine.declare(states={"a": "c", "b": "c", "group": "c"})
    upgraded = machine.upgrade()
    assert upgraded.value == "c"
    assert upgraded.context["trace"] == ["+a"]
    assert upgraded.revision == 2


def test_state_mapped_to_a_compound_one_takes_its_default(
    postgres: PostgresEngine,
) -> None:
    deep = {
        "initial": "y",
        "states": {"x": {}, "y": {"initial": "z", "states": {"z": {}}}},
    }
    machine = Machine(postgres, OLD, renamed(deep=deep))
    machine.declare(states={"a": "deep", "b": "deep.x", "group": "deep"})
    assert machine.upgrade().value == {"deep": {"y": "z"}}


def test_inner_states_follow_their_mapped_parent(postgres: PostgresEngine) -> None:
    moved = {"initial": "x", "states": {"x": {}, "y": {}}}
    machine = Machine(
        postgres, {**OLD, "initial": {"target": "group.y"}}, renamed(g=moved)
    )
    machine.declare(states={"a": None, "b": None, "group": "g"})
    assert machine.upgrade().value == {"g": "y"}


def test_one_state_may_become_several_regions(postgres: PostgresEngine) -> None:
    region = {"initial": "i", "states": {"i": {}, "j": {}}}
    both = {"type": "parallel", "states": {"l": region, "r": region, "m": region}}
    machine = Machine(postgres, OLD, renamed(both=both))
    machine.declare(states={"a": ["both.l.j", "both.r.j"], "b": "new", "group": "new"})
    assert machine.upgrade().value == {"both": {"l": "j", "r": "j", "m": "i"}}


def test_states_that_exclude_one_another_are_refused(postgres: PostgresEngine) -> None:
    machine = Machine(postgres, OLD, renamed(c={}))
    problems = machine.undeclarable(
        states={"a": ["new", "c"], "b": "new", "group": "new"}
    )
    assert "not legal together" in problems[0]


def test_regions_that_go_to_states_that_exclude_one_another_are_refused(
    postgres: PostgresEngine,
) -> None:
    old = {"type": "parallel", "states": {"l": {}, "r": {}}}
    machine = Machine(postgres, old, renamed(c={}))
    machine.declare(states={"l": "new", "r": "c"})
    assert "not legal together" in machine.refuse()


def test_null_refuses_by_name(postgres: PostgresEngine) -> None:
    machine = Machine(postgres, OLD, renamed(b={}))
    machine.declare(states={"a": None, "group": None})
    assert 'the map refuses state "a"' in machine.refuse()
    machine.chart.send("go")
    assert machine.upgrade().value == "b"


def test_machine_settles_after_the_upgrade(postgres: PostgresEngine) -> None:
    always = {"always": {"target": "c", "guard": expr("len(context.trace) == 1")}}
    machine = Machine(postgres, OLD, renamed(a=always, b={}, group={}, c={}))
    machine.declare(states={"group": "c"})
    assert machine.upgrade().value == "c"


def test_final_state_that_is_mapped_to_is_done(postgres: PostgresEngine) -> None:
    work = {
        "initial": "busy",
        "states": {"busy": {}, "over": {"type": "final", "output": 5}},
        "onDone": {"target": "new", "actions": assign(output=expr("event.output"))},
    }
    machine = Machine(
        postgres, OLD, renamed(work=work, end={"type": "final", "output": 6})
    )
    machine.declare(states={"a": "work.over", "b": "end", "group": "new"})
    upgraded = machine.upgrade()
    assert (upgraded.value, upgraded.context["output"]) == ("new", 5)
    other = machine.start()
    other.send("go")
    ended = machine.upgrade(other)
    assert (ended.status, ended.output) == ("done", 6)


def with_history(kind: str) -> Any:
    inner = {"initial": "p", "states": {"p": {"on": {"q": "q"}}, "q": {}}}
    return {
        "initial": "on",
        "states": {
            "on": {
                "initial": "x",
                "on": {"off": "off"},
                "states": {"x": inner, "h": {"type": "history", "history": kind}},
            },
            "off": {"on": {"on": "on.h"}},
        },
    }


@pytest.mark.parametrize(("kind", "value"), [("shallow", "p"), ("deep", "q")])
def test_history_is_kept(postgres: PostgresEngine, kind: str, value: str) -> None:
    document = with_history(kind)
    machine = Machine(postgres, document, {**document, "description": "fixed"})
    for event in ("q", "off"):
        machine.chart.send(event)
    machine.upgrade()
    assert machine.chart.send("on").value == {"on": {"x": value}}


def test_history_follows_the_map(postgres: PostgresEngine) -> None:
    new = with_history("deep")
    new["states"]["an"] = new["states"].pop("on")
    new["initial"] = "an"
    new["states"]["off"]["on"] = {"on": "an.h"}
    machine = Machine(postgres, with_history("deep"), new)
    machine.declare(states={"on": "an"})
    for event in ("q", "off"):
        machine.chart.send(event)
    machine.upgrade()
    assert machine.chart.send("on").value == {"an": {"x": "q"}}


def test_history_of_a_state_that_is_gone_is_forgotten(postgres: PostgresEngine) -> None:
    new = with_history("deep")
    new["states"]["on"]["states"]["x"] = {"initial": "r", "states": {"r": {}}}
    machine = Machine(postgres, with_history("deep"), new)
    machine.declare(states={"on.x.p": "off", "on.x.q": "off"})
    for event in ("q", "off"):
        machine.chart.send(event)
    machine.upgrade()
    assert machine.chart.send("on").value == {"on": {"x": "r"}}


def test_all_problems_of_a_declaration_are_reported_at_once(
    postgres: PostgresEngine,
) -> None:
    machine = Machine(postgres, OLD, renamed(h={}))
    problems = machine.undeclarable(
        states={"nope": "new", "b": "nowhere"},
        timers={"a/1 day": "new/2 days", "x": 5},
        context="shop.missing(text, jsonb, text[], text[])",
    )
    text = "\n".join(problems)
    for part in (
        'the old version has no state "nope"',
        'the new version has no state "nowhere"',
        'state "a" is not in the new version and not mapped',
        'there is no timer "a/1 day"',
        'there is no timer "new/2 days"',
        "there is no timer",
        "$.context",
    ):
        assert part in text, text
    assert machine.chart.rows("select * from pgsm.upgrades") == []


@pytest.mark.parametrize(
    "rules", [{"states": []}, {"states": {"a": 5}}, {"timers": "hold"}, {"timers": 5}]
)
def test_declaration_of_the_wrong_shape_is_refused(
    postgres: PostgresEngine, rules: Any
) -> None:
    machine = Machine(postgres, OLD, {**OLD, "description": "fixed"})
    assert len(machine.undeclarable(**rules)) == 1
