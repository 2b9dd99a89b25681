"""Instances that other instances start: invoked and spawned ones, lists of them."""

from __future__ import annotations

from typing import Any

import pytest

from pgsm.testing import World

from .machines import assign, expr, machine, note, send

PARENT: Any = {"type": "send", "to": "parent"}


def to_parent(event: str, **more: Any) -> Any:
    return {**PARENT, "event": event, **more}


CHILD = machine(
    {
        "working": {
            "entry": to_parent("began"),
            "on": {
                "finish": "finished",
                "tell": {"actions": to_parent("told", data=expr("event.data"))},
            },
            "exit": to_parent("leaving"),
        },
        "finished": {
            "type": "final",
            "entry": to_parent("finishing"),
            "output": {"n": expr("context.n")},
        },
    },
    context={"n": expr('get(input, "n", 0)')},
)


def parent(**invoke: Any) -> Any:
    job = {
        "id": "job",
        "machine": "child",
        "input": {"n": 3},
        "onDone": {"target": "done", "actions": note("['done', event.output]")},
        "onError": {"target": "failed", "actions": note("['error', event.error]")},
        **invoke,
    }
    return machine(
        {
            "idle": {"on": {"start": "on"}},
            "on": {
                "invoke": job,
                "on": {"*": {"actions": note("event.type")}, "leave": "left"},
            },
            "left": {"on": {"back": "on", "*": {"actions": note("event.type")}}},
            "done": {},
            "failed": {},
        },
        initial="on",
    )


@pytest.fixture
def family(world: World) -> World:
    world.define(CHILD, "child")
    world.define(parent(), "parent")
    return world


def test_child_takes_its_first_step_with_its_parents(family: World) -> None:
    p = family.start("parent")
    child = p.children["job"]
    assert (child.value, child.context, child.machine) == ("working", {"n": 3}, "child")
    assert child.parent is not None
    assert child.parent.id == p.id
    assert child.log[0].at == p.log[0].at


def test_child_that_is_done_gives_its_output(family: World) -> None:
    p = family.start("parent")
    child = p.child("job")
    child.send("finish")
    assert (child.status, p.value) == ("done", "on")
    family.settle()
    assert p.value == "done"
    assert p.log[-1].facts["source"] == {"instance": child.id, "invoke": "job"}


def test_end_of_a_child_comes_after_all_that_it_has_said(family: World) -> None:
    p = family.start("parent")
    p.child("job").send("finish")
    family.settle()
    assert p.notes == ["began", "leaving", "finishing", ["done", {"n": 3}]]


def test_child_of_a_left_state_is_stopped_with_its_exit_content(family: World) -> None:
    p = family.start("parent")
    family.settle()
    child = p.child("job")
    p.send("leave")
    assert child.status == "active"
    family.settle()
    assert (child.status, p.children) == ("stopped", {})
    assert child.log[-1].event == "pgsm.stop"


def test_nothing_comes_from_a_child_that_was_left(family: World) -> None:
    p = family.start("parent")
    p.child("job").send("tell", {"x": 1})
    p.child("job").send("finish")
    p.send("leave")
    family.settle()
    assert p.notes == []
    assert (p.value, p.timers) == ("left", [])


def test_nothing_comes_from_an_earlier_child_of_the_same_id(family: World) -> None:
    p = family.start("parent")
    first = p.child("job")
    first.send("finish")
    p.send("leave")
    p.send("back")
    second = p.child("job")
    assert second.id != first.id
    family.settle()
    assert (p.value, p.notes) == ("on", ["began"])
    second.send("finish")
    family.settle()
    assert p.value == "done"


def test_stop_comes_before_what_waits_for_the_child(family: World) -> None:
    p = family.start("parent")
    child = p.child("job")
    child.post("tell")
    p.send("leave")
    family.settle()
    assert [entry.event for entry in child.log] == ["pgsm.start", "pgsm.stop"]


def test_child_whose_start_is_refused_is_an_error_of_its_parent(family: World) -> None:
    broken = machine({"a": {"entry": [to_parent("began"), note("context.missing")]}})
    family.define(broken, "broken")
    family.define(parent(machine="broken"), "p")
    p = family.start("p")
    child = p.child("job")
    assert (child.status, child.states, child.log) == ("failed", [], [])
    family.settle()
    assert p.value == "failed"
    (noted,) = p.notes
    assert noted[1]["code"] == "SM102"
    assert "missing" in noted[1]["message"]


def test_child_of_a_machine_that_is_not_there_is_an_error(family: World) -> None:
    family.define(parent(machine="nothing"), "p")
    p = family.start("p")
    family.settle()
    assert p.value == "failed"
    assert p.notes[0][1]["code"] == "SM002"
    assert [i.id for i in family.instances()] == [p.id]


def test_machine_that_invokes_itself_for_ever_is_stopped(world: World) -> None:
    invoke = {"machine": "m", "id": "again", "onError": "b"}
    world.define(machine({"a": {"invoke": invoke}, "b": {}}), "m")
    world.start("m")
    world.settle()
    assert len(world.instances()) == 21
    assert [i.value for i in world.instances()][-2:] == ["a", "b"]
    assert world.instances()[-1].log[-1].facts["error"]["code"] == "SM116"


def test_parent_writes_to_its_child(family: World) -> None:
    finish = {"type": "send", "to": {"child": "job"}, "event": "finish"}
    document = parent()
    document["states"]["on"]["on"]["go"] = {"actions": finish}
    family.define(document, "p")
    p = family.start("p")
    p.send("go")
    family.settle()
    assert p.value == "done"


def test_spawned_child_outlives_the_state(world: World) -> None:
    spawn = {
        "type": "spawn",
        "machine": "child",
        "id": expr("'c' + str(event.data.n)"),
        "input": expr("event.data"),
    }
    world.define(CHILD, "child")
    done = {"actions": note("event.output.n")}
    states = {
        "a": {"on": {"go": {"target": "b", "actions": spawn}}},
        "b": {"on": {"go": {"target": "a", "actions": spawn}, "done.invoke.c1": done}},
    }
    document = machine(states, on={"drop": {"actions": {"type": "stop", "id": "c1"}}})
    m = world.start(world.define(document, "m"))
    m.send("go", {"n": 1})
    m.send("go", {"n": 2})
    m.send("go", {"n": 3})
    assert list(m.children) == ["c1", "c2", "c3"]
    m.child("c1").send("finish")
    world.settle()
    assert m.notes == [1]
    assert list(m.children) == ["c2", "c3"]


def test_stopped_child_is_stopped(world: World) -> None:
    world.define(CHILD, "child")
    spawn = {"type": "spawn", "machine": "child", "id": "c"}
    on = {"drop": {"actions": {"type": "stop", "id": "c"}}}
    m = world.start(world.define(machine({"a": {"entry": spawn, "on": on}}), "m"))
    child = m.child("c")
    m.send("drop")
    world.settle()
    assert child.status == "stopped"


def test_children_end_with_their_parent(family: World) -> None:
    p = family.start("parent")
    child = p.child("job")
    p.stop()
    family.settle()
    assert child.status == "stopped"


def test_child_that_ends_after_its_parent_tells_nobody(world: World) -> None:
    world.define(CHILD, "child")
    world.define(parent(), "parent")
    p = world.start("parent")
    child = p.child("job")
    p.stop()
    child.send("finish")
    world.settle()
    ended = [timer for timer in world.timers if timer.event == "done.invoke.job"]
    assert (child.status, ended) == ("done", [])


# -- lists of children ---------------------------------------------------------------


def crowd(**more: Any) -> Any:
    each = {"each": expr("context.list"), "input": {"n": expr("item")}, **more}
    document = parent(**each)
    return {**document, "context": {"list": [1, 2, 3]}}


def test_one_child_for_each_item(world: World) -> None:
    world.define(CHILD, "child")
    p = world.start(world.define(crowd(), "p"))
    assert sorted(p.children) == ["job[0]", "job[1]", "job[2]"]
    for n in (2, 0, 1):
        p.child(f"job[{n}]").send("finish")
        world.settle()
    assert p.notes[-1] == ["done", [{"n": 1}, {"n": 2}, {"n": 3}]]


def test_only_so_many_children_run_at_once(world: World) -> None:
    world.define(CHILD, "child")
    p = world.start(world.define(crowd(concurrency=2), "p"))
    assert sorted(p.children) == ["job[0]", "job[1]"]
    p.child("job[1]").send("finish")
    world.settle()
    assert sorted(p.children) == ["job[0]", "job[2]"]


def test_first_child_ends_the_others_where_one_is_enough(world: World) -> None:
    world.define(CHILD, "child")
    p = world.start(world.define(crowd(until="any"), "p"))
    p.child("job[1]").send("finish")
    world.settle()
    assert p.value == "done"
    statuses = [p.child(f"job[{n}]").status for n in range(3)]
    assert statuses == ["stopped", "done", "stopped"]


def test_first_failure_of_a_list_of_effects_ends_the_others(world: World) -> None:
    invoke = {
        "id": "calls",
        "src": "call",
        "each": [1, 2, 3],
        "input": {"n": expr("item")},
        "onDone": {"target": "done", "actions": assign(out=expr("event.output"))},
        "onError": "failed",
    }
    document = machine(
        {"on": {"invoke": invoke}, "done": {}, "failed": {}},
        context={"out": None},
        implementations={"effects": {"call": {}}},
    )
    world.define(document, "m")
    good, bad = world.start("m"), world.start("m")
    bad.fail(bad.effects[1], "down")
    assert bad.value == "failed"
    statuses = [effect.status for effect in bad.effects]
    assert statuses == ["cancelled", "failed", "cancelled"]
    world.effect("call", lambda effect: effect.input["n"] * 10)
    world.settle()
    assert (good.value, good.context["out"]) == ("done", [10, 20, 30])


def test_message_to_a_sibling_goes_by_its_id(world: World) -> None:
    world.define(CHILD, "child")
    hello = send(expr("event.data.to"), "finish")
    world.define(machine({"a": {"on": {"go": {"actions": hello}}}}), "m")
    world.define(parent(), "p")
    p, m = world.start("p"), world.start("m")
    m.send("go", {"to": p.child("job").id})
    world.settle()
    assert p.value == "done"
