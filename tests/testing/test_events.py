"""Events that a test sends."""

from __future__ import annotations

import pytest

from pgsm.testing import Refused, World

from .machines import assign, expr, machine, note

DOOR = machine(
    {
        "closed": {
            "tags": ["safe"],
            "on": {
                "open": {"target": "opened", "guard": expr("event.data.key == 7")},
                "who": {"actions": assign(who=expr("auth"))},
                "break": {"actions": note("context.nothing.at.all")},
                "id": {"actions": note("event.id")},
            },
        },
        "opened": {"on": {"close": "closed"}},
    },
    context={"who": None},
)


@pytest.fixture(autouse=True)
def door(world: World) -> None:
    world.define(DOOR, "door")


def test_snapshot_says_what_the_event_did(world: World) -> None:
    door = world.start("door", instance_id="front")
    taken = door.send("open", {"key": 7})
    assert (taken.value, taken.outcome, taken.details) == ("opened", "taken", {})
    assert (taken.instance_id, taken.revision) == ("front", 2)
    assert door.snapshot.outcome is None


def test_event_that_a_guard_stops_changes_nothing(world: World) -> None:
    door = world.start("door")
    before = world.dump()
    stopped = door.send("open", {"key": 1})
    assert stopped.outcome == "guarded"
    assert stopped.details == {"refused_by": ["event.data.key == 7"]}
    assert world.dump() == before


def test_event_that_nothing_takes_is_no_step(world: World) -> None:
    door = world.start("door")
    assert door.send("knock").outcome == "no_transition"
    assert door.revision == 1


@pytest.mark.parametrize("event", ["knock", "open"])
def test_unhandled_event_is_refused_on_request(world: World, event: str) -> None:
    door = world.start("door")
    with pytest.raises(Refused, match='in state "closed"') as refusal:
        door.send(event, {"key": 1}, on_unhandled="refuse")
    assert refusal.value.sqlstate == "SM101"


def test_document_decides_about_unhandled_events(world: World) -> None:
    world.define({**DOOR, "unhandled": "refuse"}, "strict")
    door = world.start("strict")
    with pytest.raises(Refused):
        door.send("knock")
    assert door.send("knock", on_unhandled="ignore").outcome == "no_transition"


def test_failing_action_is_refused_with_its_place(world: World) -> None:
    door = world.start("door")
    before = world.dump()
    with pytest.raises(Refused) as refusal:
        door.send("break")
    assert refusal.value.sqlstate == "SM102"
    assert 'state "closed"' in refusal.value.detail
    assert world.dump() == before


@pytest.mark.parametrize("event", ["done.invoke.x", "after.1 day.x", "pgsm.x", ""])
def test_event_of_the_engine_cannot_be_sent(world: World, event: str) -> None:
    door = world.start("door")
    for send in (door.send, door.post):
        with pytest.raises(Refused) as refusal:
            send(event)
        assert refusal.value.sqlstate == "SM104"
    assert door.timers == []


def test_sender_is_who_the_call_says(world: World) -> None:
    door = world.start("door")
    door.send("who")
    assert door.context["who"] == {"role": "test"}
    door.send("who", auth={"role": "courier", "claims": {"sub": "ada"}})
    assert door.context["who"]["claims"] == {"sub": "ada"}
    assert door.log[-1].actor["role"] == "courier"


def test_same_event_id_gives_the_first_answer(world: World) -> None:
    door = world.start("door")
    first = door.send("open", {"key": 7}, event_id="e1")
    door.send("close")
    again = door.send("open", {"key": 7}, event_id="e1")
    assert again == first
    assert door.value == "closed"
    with pytest.raises(Refused) as refusal:
        door.send("open", {"key": 8}, event_id="e1")
    assert refusal.value.sqlstate == "SM107"


def test_event_id_is_seen_by_expressions(world: World) -> None:
    door = world.start("door")
    door.send("id", event_id="e1")
    assert door.notes == ["e1"]


def test_expected_revision_must_be_the_one(world: World) -> None:
    door = world.start("door")
    door.send("open", {"key": 7}, expected_revision=1)
    with pytest.raises(Refused) as refusal:
        door.send("close", expected_revision=1)
    assert refusal.value.sqlstate == "SM108"


def test_can_tells_without_doing(world: World) -> None:
    door = world.start("door")
    before = world.dump()
    assert door.can("open", {"key": 7})
    assert not door.can("open", {"key": 1})
    assert not door.can("close")
    assert world.dump() == before


def test_enabled_events_are_those_of_the_configuration(world: World) -> None:
    found = {e["event"]: e["enabled"] for e in world.start("door").enabled_events()}
    assert found["who"] is True
    assert found["open"] == "depends"


def test_posted_event_waits_until_the_world_settles(world: World) -> None:
    door = world.start("door")
    door.post("open", {"key": 7})
    door.post("close", delay="1 hour")
    assert door.value == "closed"
    world.settle()
    assert door.value == "opened"
    world.advance("1 hour")
    assert door.value == "closed"


def test_posted_event_id_is_applied_once(world: World) -> None:
    door = world.start("door")
    assert door.post("open", {"key": 7}, event_id="e1") == "e1"
    assert door.post("open", {"key": 7}, event_id="e1") == "e1"
    door.send("open", {"key": 7}, event_id="e1")
    door.send("close")
    world.settle()
    assert door.value == "closed"
    with pytest.raises(Refused) as refusal:
        door.post("close", event_id="e1")
    assert refusal.value.sqlstate == "SM107"


def test_instance_that_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(Refused) as refusal:
        world["nobody"]
    assert refusal.value.sqlstate == "SM100"
    assert "nobody" not in world


def test_instance_id_is_taken_once(world: World) -> None:
    world.start("door", instance_id="front")
    with pytest.raises(Refused) as refusal:
        world.start("door", instance_id="front")
    assert refusal.value.sqlstate == "SM109"


def test_tags_and_states_are_readable(world: World) -> None:
    door = world.start("door")
    assert (door.tags, door.states) == (["safe"], ["closed"])
    assert door.matches("closed")
    assert door.snapshot.matches("closed")
    assert "closed" in repr(door)
