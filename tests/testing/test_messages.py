"""Events between instances."""

from __future__ import annotations

from typing import Any

import pytest

from pgsm.testing import Refused, World

from .machines import assign, expr, listener, machine, note, send


def sender(*actions: Any, **on: Any) -> Any:
    return machine({"a": {"on": {"go": {"actions": list(actions)}, **on}}})


def test_message_waits_until_the_world_settles(world: World) -> None:
    world.define(sender(send("b", "hello", data={"n": 1})), "sender")
    world.define(listener(), "listener")
    a, b = world.start("sender"), world.start("listener", instance_id="b")
    a.send("go")
    (message,) = b.timers
    assert (message.kind, message.event, message.data) == ("message", "hello", {"n": 1})
    assert b.notes == []
    assert world.settle() == 1
    assert b.notes == ["hello"]
    assert b.log[-1].origin == "message"


def test_message_says_who_sent_it(world: World) -> None:
    world.define(sender(send("b", "hello", id="h1")), "sender")
    on = {"hello": {"actions": note("[event.source.instance, event.id, auth.role]")}}
    world.define(machine({"x": {"on": on}}), "b")
    a, b = world.start("sender", instance_id="a"), world.start("b", instance_id="b")
    a.send("go")
    world.settle()
    assert b.notes == [["a", "h1", "system"]]


def test_messages_of_a_pair_arrive_in_order(world: World) -> None:
    names = ["one", "two", "three"]
    world.define(sender(*(send("b", name) for name in names)), "sender")
    world.define(listener(), "listener")
    a, b = world.start("sender"), world.start("listener", instance_id="b")
    a.send("go")
    a.send("go")
    world.settle()
    assert b.notes == [*names, *names]


def test_failing_message_holds_back_only_its_pair() -> None:
    world = World(failures="keep")
    bad = {
        "target": "on",
        "actions": note("context.missing"),
        "guard": expr("context.bad"),
    }
    mend = {"actions": assign(bad=False)}
    hello = [bad, {"actions": note("'hello'")}]
    heard = {"actions": note("event.type")}
    on = {"hello": hello, "mend": mend, "second": heard, "from another": heard}
    world.define(machine({"on": {"on": on}}, context={"bad": True}), "b")
    world.define(sender(send("b", "hello"), send("b", "second")), "sender")
    world.define(sender(send("b", "from another")), "other")
    b = world.start("b", instance_id="b")
    for name in ("sender", "other"):
        world.start(name).send("go")
    world.settle()
    assert b.notes == ["from another"]
    assert [(t.event, t.attempts) for t in b.timers] == [("second", 0), ("hello", 1)]
    b.send("mend")
    world.advance("2 seconds")
    assert b.notes == ["from another", "hello", "second"]


def test_delayed_message_can_be_cancelled(world: World) -> None:
    cancel = {"actions": {"type": "cancel", "id": "h1"}}
    hello = send("b", "hello", id="h1", delay="1 hour")
    world.define(sender(hello, never=cancel), "sender")
    world.define(listener(), "listener")
    b = world.start("listener", instance_id="b")
    a, other = world.start("sender"), world.start("sender")
    a.send("go")
    other.send("go")
    a.send("never")
    world.advance("1 hour")
    assert b.notes == ["hello"]
    assert b.log[-1].facts["source"] == {"instance": other.id}


HEARD = {"error.communication": {"actions": note("event.error")}}


def test_message_to_nobody_comes_back_as_an_error(world: World) -> None:
    world.define(sender(send("nobody", "hello", id="h1"), **HEARD), "sender")
    a = world.start("sender")
    a.send("go")
    world.settle()
    (error,) = a.notes
    assert error == {
        "type": "error.communication",
        "code": "SM110",
        "message": 'instance "nobody" does not exist',
        "event": "hello",
        "to": "nobody",
    }
    assert a.log[-1].facts["source"] == {"instance": "nobody"}
    assert a.log[-1].facts["id"] == "h1"
    assert world.timers == []


def test_message_to_an_ended_instance_comes_back_as_an_error(world: World) -> None:
    world.define(sender(send("b", "hello"), **HEARD), "sender")
    world.define(listener(), "listener")
    a, b = world.start("sender"), world.start("listener", instance_id="b")
    b.stop()
    a.send("go")
    world.settle()
    assert a.notes[0]["message"] == 'instance "b" is stopped'


def test_undeliverable_message_stays_visible_where_its_sender_does_not_listen(
    world: World,
) -> None:
    world.define(sender(send("nobody", "hello")), "sender")
    world.start("sender").send("go")
    world.settle()
    (timer,) = world.timers
    assert (timer.status, timer.instance_id) == ("undeliverable", "nobody")
    assert "does not exist" in timer.last_error["message"]
    assert world.advance("1 year") == 0


def test_post_to_an_instance_that_ends_meanwhile_stays_visible(world: World) -> None:
    world.define(listener(), "listener")
    b = world.start("listener")
    b.post("hello")
    b.stop()
    world.settle()
    assert [timer.status for timer in b.timers] == ["undeliverable"]


def test_message_whose_step_is_refused_is_not_lost(world: World) -> None:
    on = {"hello": {"actions": note("context.missing")}}
    world.define(machine({"x": {"on": on}}), "b")
    world.define(sender(send("b", "hello")), "sender")
    b = world.start("b", instance_id="b")
    world.start("sender").send("go")
    with pytest.raises(Refused, match="missing"):
        world.settle()
    assert [timer.event for timer in b.timers] == ["hello"]


def test_post_that_nothing_takes_is_kept_where_the_document_refuses() -> None:
    world = World(failures="keep")
    world.define(machine({"x": {}}, unhandled="refuse"), "m")
    m = world.start("m")
    m.post("hello")
    world.settle()
    assert m.timers[0].last_error["code"] == "SM101"


def test_message_to_itself_is_a_step_of_its_own(world: World) -> None:
    on = {"go": {"actions": send(expr("instance.id"), "again")}, "again": "b"}
    world.define(machine({"a": {"on": on}, "b": {}}), "m")
    m = world.start("m")
    assert m.send("go").value == "a"
    world.settle()
    assert m.value == "b"
