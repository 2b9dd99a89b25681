"""The clock of a world, and what falls due."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from pgsm.testing import Effect, Refused, Unsettled, World

from .machines import assign, expr, machine, note, send, working

PATIENT = machine(
    {
        "waiting": {
            "after": {"10 minutes": "reminded", "1 day": "expired"},
            "on": {"answer": "answered"},
        },
        "reminded": {"after": {"1 hour": "expired"}},
        "expired": {"type": "final"},
        "answered": {},
    }
)


@pytest.fixture
def patient(world: World) -> World:
    world.define(PATIENT, "patient")
    return world


def test_each_timer_fires_at_its_time(patient: World) -> None:
    p = patient.start("patient")
    assert patient.advance("2 hours") == 2
    times = [entry.at - entry_zero for entry in p.log for entry_zero in [p.log[0].at]]
    assert times == [timedelta(), timedelta(minutes=10), timedelta(minutes=70)]
    assert (p.value, p.status) == ("expired", "done")


def test_clock_stands_where_it_was_moved(patient: World) -> None:
    started = patient.clock
    patient.start("patient")
    patient.advance("1 minute")
    assert patient.clock - started == timedelta(minutes=1)
    patient.advance(timedelta(minutes=1))
    patient.advance_to("2030-01-01T13:00:00Z")
    assert patient.clock - started == timedelta(hours=1)
    with pytest.raises(ValueError, match="already"):
        patient.advance_to(started)


def test_left_state_has_no_timers(patient: World) -> None:
    p = patient.start("patient")
    p.send("answer")
    assert p.timers == []
    assert patient.advance("1 year") == 0


def test_timers_of_all_instances_fire_in_due_order(world: World) -> None:
    states = {
        "a": {"after": {"wait": {"target": "b"}}},
        "b": {"entry": send("log", "x")},
    }
    delays = {"wait": {"expr": "context.n", "unit": "minutes"}}
    document = machine(
        states, context={"n": expr("input.n")}, implementations={"delays": delays}
    )
    told = note("event.source.instance")
    world.define(machine({"on": {"on": {"*": {"actions": told}}}}), "log")
    world.define(document, "m")
    log = world.start("log", instance_id="log")
    for name, n in [("c", 3), ("a", 1), ("b", 2), ("d", 3)]:
        world.start("m", {"n": n}, instance_id=name)
    world.advance("1 hour")
    assert log.notes == ["a", "b", "c", "d"]


def test_next_is_where_something_is_due(patient: World) -> None:
    p = patient.start("patient")
    assert patient.advance_to_next() == p.log[0].at + timedelta(minutes=10)
    assert p.value == "reminded"
    patient.advance_to_next()
    assert p.status == "done"
    clock = patient.clock
    assert patient.advance_to_next() is None
    assert patient.clock == clock


def test_clock_can_begin_anywhere() -> None:
    assert World("2024-02-29").clock == datetime(2024, 2, 29, tzinfo=timezone.utc)
    naive = World(datetime(2024, 2, 29, 12))
    assert naive.clock == datetime(2024, 2, 29, 12, tzinfo=timezone.utc)


def test_now_is_the_time_at_which_the_timer_is_due(world: World) -> None:
    states = {"a": {"after": {"90 s": {"target": "b"}}}, "b": {"entry": note("now")}}
    world.define(machine(states), "m")
    m = world.start("m")
    world.advance("1 day")
    assert m.notes == ["2030-01-01T12:01:30.000000Z"]


def test_delayed_send_can_be_cancelled(world: World) -> None:
    wait = {"type": "raise", "event": "ring", "delay": "1 hour", "id": "bell"}
    on = {"hush": {"actions": {"type": "cancel", "id": "bell"}}, "ring": "b"}
    world.define(machine({"a": {"entry": wait, "on": on}, "b": {}}), "m")
    m, other = world.start("m"), world.start("m")
    assert m.timers[0].send_id == "bell"
    m.send("hush")
    world.advance("1 hour")
    assert (m.value, other.value) == ("a", "b")


def test_rearmed_timer_counts_from_the_entry(world: World) -> None:
    states = {
        "a": {
            "after": {"wait": "b"},
            "on": {
                "longer": {
                    "actions": [assign(n=60), {"type": "rearm", "delay": "wait"}]
                }
            },
        },
        "b": {},
    }
    delays = {"wait": {"expr": "context.n", "unit": "minutes"}}
    document = machine(states, context={"n": 30}, implementations={"delays": delays})
    world.define(document, "m")
    m = world.start("m")
    world.advance("20 minutes")
    m.send("longer")
    assert [timer.due_at - m.log[0].at for timer in m.timers] == [timedelta(hours=1)]
    world.advance("39 minutes")
    assert m.value == "a"
    world.advance("1 minute")
    assert m.value == "b"


def test_rearmed_timer_that_is_past_is_due_now(world: World) -> None:
    states = {
        "a": {
            "after": {"wait": "b"},
            "on": {
                "sooner": {
                    "actions": [assign(n=10), {"type": "rearm", "delay": "wait"}]
                }
            },
        },
        "b": {},
    }
    delays = {"wait": {"expr": "context.n", "unit": "minutes"}}
    document = machine(states, context={"n": 30}, implementations={"delays": delays})
    world.define(document, "m")
    m = world.start("m")
    world.advance("20 minutes")
    m.send("sooner")
    assert m.value == "a"
    world.settle()
    assert m.value == "b"


def test_days_are_counted_in_the_zone_of_the_document(world: World) -> None:
    document = machine(
        {"a": {"after": {"1 day": "b"}}, "b": {}}, timeZone="Europe/Berlin"
    )
    berlin = World("2030-03-30T12:00:00Z")
    berlin.define(document, "m")
    m = berlin.start("m")
    assert m.timers[0].due_at - berlin.clock == timedelta(hours=23)


def test_point_in_time_that_is_past_is_due_now(world: World) -> None:
    delays = {
        "then": {"at": {"expr": "context.at"}},
    }
    document = machine(
        {"a": {"after": {"then": "b"}}, "b": {}},
        context={"at": expr("input.at")},
        implementations={"delays": delays},
    )
    world.define(document, "m")
    past = world.start("m", {"at": "2001-01-01T00:00:00Z"})
    later = world.start("m", {"at": "2030-01-01T14:00+01:00"})
    never = world.start("m", {"at": None})
    world.settle()
    assert (past.value, later.value, never.timers) == ("b", "a", [])
    world.advance("1 hour")
    assert later.value == "b"


def test_computed_delay_that_is_none_is_refused(world: World) -> None:
    delays = {"then": {"at": "tomorrow"}}
    document = machine(
        {"a": {"on": {"go": "b"}}, "b": {"after": {"then": "a"}}},
        implementations={"delays": delays},
    )
    world.define(document, "m")
    m = world.start("m")
    with pytest.raises(Refused):
        m.send("go")
    assert m.value == "a"


def test_machines_that_answer_each_other_for_ever_are_stopped() -> None:
    world = World(limit=50)
    document = machine(
        {
            "a": {
                "on": {"ping": {"actions": send(expr("event.source.instance"), "ping")}}
            }
        }
    )
    world.define(document, "m")
    world.start("m", instance_id="x").deliver(
        "ping", origin="message", source={"instance": "x"}
    )
    with pytest.raises(Unsettled, match="50"):
        world.settle()


def test_fake_cannot_move_the_clock(world: World) -> None:
    def work(effect: Effect) -> None:
        world.advance("1 hour")

    world.effect("work", work)
    world.define(working(retry={"attempts": 1}), "m")
    m = world.start("m")
    clock = world.clock
    world.settle()
    assert m.context["error"]["type"] == "RuntimeError"
    assert world.clock == clock


def test_paused_instance_waits(patient: World) -> None:
    p = patient.start("patient")
    p.pause()
    with pytest.raises(Refused) as refusal:
        p.send("answer")
    assert refusal.value.sqlstate == "SM111"
    assert patient.advance("1 hour") == 0
    p.post("answer")
    p.resume()
    patient.settle()
    assert p.value == "reminded"  # the timer was due first
    assert [entry.event for entry in p.log[1:]] == ["after.10 minutes.waiting"]


def test_stopped_instance_takes_nothing(patient: World) -> None:
    p = patient.start("patient")
    p.stop("ordered twice")
    assert (p.status, p.timers) == ("stopped", [])
    assert p.log[-1].data == {"reason": "ordered twice"}
    for act in (lambda: p.send("answer"), lambda: p.post("answer"), p.stop):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.sqlstate == "SM110"


def test_eager_world_settles_by_itself() -> None:
    world = World(eager=True)
    world.define(machine({"a": {"on": {"go": {"actions": send("b", "hello")}}}}), "a")
    world.define(machine({"x": {"on": {"hello": "y"}}, "y": {}}), "b")
    a, b = world.start("a"), world.start("b", instance_id="b")
    a.send("go")
    assert b.value == "y"
