"""A world as a whole: dumped, loaded, copied; the same again each time."""

from __future__ import annotations

from typing import Any

import pytest

from pgsm.testing import Takes, World, by_attempt

from .machines import assign, expr, machine, note, send, working


def busy(world: World) -> World:
    """A world in which something of each kind waits."""
    world.define({**working(retry={"factor": 1.5}), "id": "work"})
    world.define(machine({"a": {"invoke": {"machine": "work", "id": "c"}}}), "parent")
    world.define(
        machine(
            {
                "a": {
                    "defer": ["early"],
                    "entry": [
                        {"type": "raise", "event": "r", "delay": "1 day", "id": "x"},
                        {"type": "emit", "event": "e", "data": {"big": 10**30}},
                    ],
                    "on": {
                        "go": {
                            "actions": [
                                assign(n=expr("context.n + 0.1")),
                                send("nobody", "hello", delay="1 hour"),
                                note("context.n"),
                            ]
                        },
                        "b": "b",
                    },
                },
                "b": {
                    "initial": "c",
                    "states": {
                        "c": {"on": {"c": "d"}},
                        "d": {},
                        "h": {"type": "history"},
                    },
                    "on": {"back": "a"},
                },
            },
            context={"n": expr("input.n")},
            keys={"number": expr("input.n")},
        ),
        "m",
    )
    parent, m = world.start("parent"), world.start("m", {"n": 1.1})
    m.send("go", event_id="e1")
    m.send("early", {"x": 1e-9})
    m.send("b")
    m.send("c")
    m.send("back")
    m.post("go", delay="2 hours")
    parent.child("c").claim("work")
    world.data["kept"] = [1, {"a": None}]
    return world


def test_dump_is_lossless(world: World) -> None:
    text = busy(world).dump()
    again = World.load(text)
    assert again.dump() == text
    assert [i.snapshot for i in again.instances()] == [
        i.snapshot for i in world.instances()
    ]
    assert again.timers == world.timers
    assert again.effects == world.effects
    assert [i.log for i in again.instances()] == [i.log for i in world.instances()]


def play(world: World) -> str:
    world.effect("work", by_attempt(OSError("no"), Takes("1 minute", {"n": 1.5})))
    world.advance("1 week")
    return world.dump()


def test_loaded_world_goes_on_as_the_dumped_one(world: World) -> None:
    again = World.load(busy(world).dump())
    assert play(again) == play(world)


def test_same_events_give_the_same_world() -> None:
    assert play(busy(World())) == play(busy(World()))


def test_copy_goes_its_own_way(world: World) -> None:
    before = busy(world).dump()
    copy = world.copy()
    assert copy.dump() == before
    copy.data["kept"].append(2)
    play(copy)
    assert world.dump() == before


def test_what_is_no_dump_is_refused() -> None:
    for text in ("{}", "[]", '{"format": 99}'):
        with pytest.raises(ValueError, match="no dump"):
            World.load(text)


def test_instance_can_be_put_where_a_test_begins(world: World) -> None:
    states: Any = {
        "a": {
            "type": "parallel",
            "states": {
                "x": {
                    "initial": "x1",
                    "states": {"x1": {}, "x2": {"on": {"go": "x1"}}},
                },
                "y": {"initial": "y1", "states": {"y1": {}, "y2": {}}},
            },
        }
    }
    world.define(machine(states, context={"n": 0}), "m")
    m = world.place("m", {"a": {"x": "x2", "y": "y2"}}, {"n": 5})
    assert (m.revision, m.states) == (0, ["a", "a.x", "a.x.x2", "a.y", "a.y.y2"])
    assert m.send("go").value == {"a": {"x": "x1", "y": "y2"}}
    assert m.context == {"n": 5}
    with pytest.raises(ValueError, match="nowhere"):
        world.place("m", "nowhere")


def test_instances_are_found_by_key(world: World) -> None:
    keys = {"customer": expr("input.customer")}
    world.define(machine({"a": {}}, keys=keys), "m")
    for name in ("ada", "bob", "ada"):
        world.start("m", {"customer": name})
    assert [i.id for i in world.find("m", "customer", "ada")] == ["m-1", "m-3"]


def test_what_a_snapshot_gives_is_the_tests_own(world: World) -> None:
    world.define(machine({"a": {}}, context={"list": []}), "m")
    m = world.start("m")
    m.context["list"].append(1)
    m.snapshot.context["list"].append(1)
    assert m.context == {"list": []}


def test_sensitive_data_is_not_in_the_log(world: World) -> None:
    on = {"pay": {"actions": assign(card=expr("event.data.card"))}}
    document = machine({"a": {"on": on}}, context={"card": None}, sensitive=["card"])
    world.define(document, "m")
    m = world.start("m")
    m.send("pay", {"card": "4111", "n": 1})
    assert m.context == {"card": "4111"}
    assert m.log[-1].data == {"n": 1}
    assert "4111" not in str(m.log[-1].changes)
