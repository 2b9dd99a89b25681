"""What is refused has not happened, anywhere."""

from __future__ import annotations

import pytest

from pgsm.testing import FunctionError, MissingFunction, Refused, World

from .machines import assign, expr, machine, note, send


def call(function: str, **more: object) -> object:
    return {"type": "call", "function": function, "args": [], **more}


BUSY = machine(
    {
        "a": {
            "on": {
                "go": {
                    "target": "b",
                    "actions": [
                        assign(n=1),
                        call("shop.write()"),
                        {"type": "effect", "name": "email.send"},
                        send("other", "hello"),
                        {"type": "spawn", "machine": "child", "id": "c"},
                    ],
                }
            }
        },
        "b": {"after": {"1 day": "a"}, "always": {"target": "c"}},
        "c": {"entry": note("context.missing")},
    },
    context={"n": 0},
    implementations={"effects": {"email.send": {}}},
)


@pytest.fixture
def writing(world: World) -> World:
    world.function("shop.write()", lambda: world.data.update(written=True))
    world.define(machine({"a": {}}), "child")
    world.define(BUSY, "busy")
    return world


def test_refused_event_leaves_nothing_behind(writing: World) -> None:
    busy = writing.start("busy")
    before = writing.dump()
    with pytest.raises(Refused):
        busy.send("go")
    assert writing.dump() == before
    assert writing.data == {}
    assert len(writing.instances()) == 1


def test_refused_start_leaves_nothing_behind(writing: World) -> None:
    writing.define({**BUSY, "initial": "c"}, "broken")
    before = writing.dump()
    with pytest.raises(Refused, match="missing"):
        writing.start("broken")
    assert writing.dump() == before


def test_missing_fake_is_named_and_leaves_nothing_behind(world: World) -> None:
    world.define(machine({"a": {"on": {"go": {"actions": call("shop.f()")}}}}), "m")
    m = world.start("m")
    before = world.dump()
    with pytest.raises(MissingFunction, match=r"shop\.f\(\)"):
        m.send("go")
    assert world.dump() == before


def test_fault_of_a_fake_is_the_tests_own(writing: World) -> None:
    busy = writing.start("busy")
    writing.function("shop.write()", lambda: {}["absent"])
    with pytest.raises(KeyError):
        busy.send("go")
    assert busy.value == "a"


def test_failed_function_undoes_what_its_block_wrote(world: World) -> None:
    def write(text: str) -> None:
        world.data.setdefault("written", []).append(text)
        if text == "bad":
            raise FunctionError("no", "SH001")

    def calling(text: str) -> object:
        return {"type": "call", "function": "shop.write(text)", "args": [text]}

    world.function("shop.write(text)", write)
    states = {
        "a": {
            "entry": calling("kept"),
            "on": {
                "go": {"actions": [calling("undone"), calling("bad")]},
                "error.execution": {"target": "b", "actions": note("event.error.code")},
            },
        },
        "b": {},
    }
    world.define(machine(states), "m")
    m = world.start("m")
    m.send("go")
    assert (m.value, m.notes) == ("b", ["SH001"])
    assert world.data == {"written": ["kept"]}


def test_function_that_changes_its_own_instance_is_refused(world: World) -> None:
    world.function("shop.f()", lambda: world["m-1"].send("other") and None)
    on = {"go": {"actions": call("shop.f()")}, "other": {"target": "b"}}
    world.define(machine({"a": {"on": on}, "b": {}}), "m")
    m = world.start("m")
    with pytest.raises(Refused) as refusal:
        m.send("go")
    assert refusal.value.sqlstate == "SM106"
    assert m.value == "a"


def test_function_may_post_to_its_own_instance(world: World) -> None:
    world.function("shop.f()", lambda: world["m-1"].post("other") and None)
    on = {"go": {"actions": call("shop.f()")}, "other": {"target": "b"}}
    world.define(machine({"a": {"on": on}, "b": {}}), "m")
    m = world.start("m")
    m.send("go")
    world.settle()
    assert m.value == "b"


def test_function_is_found_by_name_alone(world: World) -> None:
    world.function("shop.in_stock", lambda sku: sku == "apple")
    sql = {"sql": "shop.in_stock(text)", "args": [expr("event.data.sku")]}
    world.define(
        machine({"a": {"on": {"buy": {"target": "b", "guard": sql}}}, "b": {}}), "m"
    )
    m = world.start("m")
    assert m.send("buy", {"sku": "pear"}).outcome == "guarded"
    assert m.send("buy", {"sku": "apple"}).value == "b"


def test_fake_may_be_its_result(world: World) -> None:
    world.function("shop.next()", 42)
    action = call("shop.next()", assign="n")
    world.define(machine({"a": {"entry": action}}, context={"n": 0}), "m")
    assert world.start("m").context == {"n": 42}


def test_timer_whose_step_is_refused_is_as_it_was(world: World) -> None:
    states = {
        "a": {"after": {"1 hour": {"target": "b"}}},
        "b": {"entry": note("context.x")},
    }
    world.define(machine(states), "m")
    m = world.start("m")
    timers = m.timers
    with pytest.raises(Refused, match="x is missing"):
        world.advance("2 hours")
    assert (m.value, m.timers) == ("a", timers)


def test_timer_that_fails_is_kept_and_tried_again(world: World) -> None:
    lenient = World(failures="keep")
    states = {
        "a": {"after": {"1 hour": {"target": "b"}}},
        "b": {"entry": note("context.x")},
    }
    lenient.define(machine(states), "m")
    m = lenient.start("m")
    lenient.advance("1 hour")
    (timer,) = m.timers
    assert (timer.attempts, timer.status) == (1, "armed")
    assert timer.last_error["code"] == "SM102"
    assert (timer.due_at - lenient.clock).total_seconds() == 2
    lenient.advance("1 day")
    (timer,) = m.timers
    assert (timer.attempts, timer.status) == (10, "failed")


def test_internal_event_is_refused_when_it_is_posted(world: World) -> None:
    internal = machine({"a": {"on": {"own": "a"}}}, internalEvents=["own"])
    instance = world.start(world.define(internal, "m"))
    with pytest.raises(Refused) as refusal:
        instance.post("own", delay="1 day")
    assert refusal.value.sqlstate == "SM104"
    assert instance.timers == []
