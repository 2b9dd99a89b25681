"""Events that come too early are kept and offered again."""

from __future__ import annotations

import pytest

from pgsm.testing import World

from .machines import machine, note

HEARD = {"actions": note("[event.type, event.data]")}
EARLY = machine(
    {
        "closed": {
            "defer": ["pay.*"],
            "on": {"open": "ajar", "look": {"actions": note("'look'")}},
        },
        "ajar": {"defer": ["pay.cash"], "on": {"open": "opened", "pay.card": HEARD}},
        "opened": {"on": {"pay.*": HEARD, "shut": "closed"}},
    }
)


@pytest.fixture(autouse=True)
def early(world: World) -> None:
    world.define(EARLY, "m")


def test_deferred_event_is_a_step_of_its_own(world: World) -> None:
    m = world.start("m")
    sent = m.send("pay.card", {"n": 1})
    assert (sent.outcome, sent.revision, sent.value) == ("deferred", 2, "closed")
    (kept,) = m.timers
    assert (kept.event, kept.data, kept.status) == ("pay.card", {"n": 1}, "deferred")
    assert world.advance("1 year") == 0


def test_deferred_events_are_offered_again_oldest_first(world: World) -> None:
    m = world.start("m")
    for n in (1, 2, 3):
        m.send("pay.card", {"n": n})
    m.send("open")
    assert m.notes == []
    world.settle()
    assert m.notes == [["pay.card", {"n": n}] for n in (1, 2, 3)]
    assert m.timers == []


def test_step_that_changes_nothing_offers_nothing(world: World) -> None:
    m = world.start("m")
    m.send("pay.card")
    m.send("look")
    world.settle()
    assert m.notes == ["look"]
    assert len(m.timers) == 1


def test_event_that_is_deferred_again_keeps_its_place(world: World) -> None:
    m = world.start("m")
    m.send("pay.cash", {"n": 1})
    m.send("pay.card", {"n": 2})
    m.send("pay.cash", {"n": 3})
    m.send("open")
    m.send("pay.cash", {"n": 4})
    world.settle()
    assert m.notes == [["pay.card", {"n": 2}]]
    m.send("open")
    world.settle()
    cash = [data["n"] for event, data in m.notes if event == "pay.cash"]
    assert cash == [1, 3, 4]


def test_deferred_events_of_an_ended_instance_stay_visible(world: World) -> None:
    m = world.start("m")
    m.send("pay.card")
    m.stop()
    assert [timer.status for timer in m.timers] == ["undeliverable"]


def test_deferred_event_keeps_its_sender_and_id(world: World) -> None:
    document = {**EARLY, "states": {**EARLY["states"]}}
    document["states"]["ajar"] = {
        "on": {"pay.*": {"actions": note("[auth.role, event.id]")}}
    }
    m = world.start(world.define(document, "other"))
    m.send("pay.cash", auth={"role": "ada"}, event_id="e1")
    m.send("open")
    world.settle()
    assert m.notes == [["ada", "e1"]]


def test_deferred_message_of_a_child_outlives_the_child(world: World) -> None:
    early = {"type": "send", "to": "parent", "event": "early"}
    world.define(machine({"a": {"type": "final", "entry": early}}), "child")
    spawn = {"type": "spawn", "machine": "child", "id": "c"}
    states = {
        "a": {"defer": ["early"], "entry": spawn, "on": {"go": "b"}},
        "b": {"on": {"early": "c"}},
        "c": {},
    }
    m = world.start(world.define(machine(states), "parent"))
    world.settle()
    assert [timer.event for timer in m.timers] == ["early"]
    m.send("go")
    world.settle()
    assert m.value == "c"
