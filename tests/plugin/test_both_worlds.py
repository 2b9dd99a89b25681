"""The same test in memory and in PostgreSQL: one claim, two worlds."""

from __future__ import annotations

from typing import Any

import pytest

from pgsm.testing import NotFound, PermanentFailure, Refused, Takes, by_attempt
from pgsm.testing.assertions import (
    assert_context,
    assert_effects,
    assert_emitted,
    assert_state,
    assert_timers,
)

ORDER = {
    "id": "order",
    "initial": "offered",
    "context": {"total": {"expr": "input.total"}, "receipt": None},
    "keys": {"total": {"expr": "str(context.total)"}},
    "states": {
        "offered": {
            "tags": ["open"],
            "on": {
                "accept": "charging",
                "note": {"actions": {"type": "log", "message": "noted"}},
            },
            "after": {"10 minutes": "expired"},
        },
        "charging": {
            "invoke": {
                "id": "charge",
                "src": "card.charge",
                "input": {"amount": {"expr": "context.total"}},
                "onDone": {"target": "paid", "actions": "keep"},
                "onError": "declined",
            },
            "on": {"cancel": "cancelled"},
        },
        "paid": {
            "entry": [
                {
                    "type": "emit",
                    "event": "paid",
                    "data": {"receipt": {"expr": "context.receipt"}},
                },
                {"type": "effect", "name": "email.send", "input": {"what": "receipt"}},
            ],
            "on": {
                "break": {
                    "actions": {"type": "assign", "set": {"receipt": {"expr": "1 / 0"}}}
                }
            },
            "after": {"1 hour": "broken"},
        },
        "broken": {
            "entry": {
                "type": "assign",
                "set": {"receipt": {"expr": "event.data.nothing"}},
            }
        },
        "cancelled": {
            "on": {"late.charge": {"actions": {"type": "effect", "name": "refund"}}}
        },
        "declined": {},
        "expired": {"type": "final"},
    },
    "implementations": {
        "actions": {
            "keep": {
                "type": "assign",
                "set": {"receipt": {"expr": "event.output.receipt"}},
            }
        },
        "effects": {
            "card.charge": {
                "retry": {"attempts": 3},
                "timeout": "30s",
                "late": "deliver",
            },
            "refund": {},
            "email.send": {},
        },
    },
}


@pytest.fixture(params=["pgsm_world", "pgsm_database"])
def world(request: pytest.FixtureRequest) -> Any:
    world = request.getfixturevalue(request.param)
    world.define(ORDER)
    return world


def test_time_passes(world: Any) -> None:
    order = world.start("order", {"total": 12})
    assert_timers(order, "after.10 minutes.offered")
    assert world.advance("9 minutes 59 seconds") == 0
    assert_state(order, "offered")
    assert world.advance("1 second") == 1
    assert_state(order, "expired", status="done")
    assert world.clock.isoformat() == "2030-01-01T12:10:00+00:00"
    assert order.log[-1].at == world.clock


def test_each_thing_comes_at_its_time(world: Any) -> None:
    order = world.start("order", {"total": 12})
    world.advance("1 minute")
    other = world.start("order", {"total": 3})
    assert (order.id, other.id) == ("order-1", "order-2")
    world.advance("1 day")
    times = [one.log[-1].at.strftime("%H:%M") for one in world.instances("order")]
    assert times == ["12:10", "12:11"]
    with pytest.raises(ValueError, match="already"):
        world.advance_to("2030-01-01T12:00:00Z")


def test_effects_are_answered_by_hand(world: Any) -> None:
    order = world.start("order", {"total": 12.5})
    order.send("accept")
    assert_effects(order, ("card.charge", {"amount": 12.5}))
    assert order.complete("charge", {"receipt": 7}).value == "paid"
    assert_context(order, receipt=7)
    assert_emitted(order, ("paid", {"receipt": 7}))
    assert_effects(order, "email.send")
    assert_effects(order, "card.charge", status="succeeded")


def test_failures_are_answered_by_hand(world: Any) -> None:
    order = world.start("order", {"total": 12})
    order.send("accept")
    order.fail("card.charge", {"message": "try later"}, permanent=False)
    assert order.effect("charge").status == "retrying"
    assert order.retry("charge").error["message"] == "try later"
    order.fail("charge", "declined")
    assert_state(order, "declined")


def test_fake_handlers_are_tried_again(world: Any) -> None:
    world.effect("card.charge", by_attempt(OSError("no network"), {"receipt": 7}))
    order = world.start("order", {"total": 12})
    order.send("accept")
    world.settle()
    assert order.effect("charge").status == "retrying"
    world.advance("1 minute")
    assert_state(order, "paid")
    assert order.effect("2/1").attempt == 2


def test_fake_handlers_see_what_they_are_given(world: Any) -> None:
    seen = []

    def charge(effect: Any) -> Any:
        seen.append((effect.name, effect.input, effect.attempt, effect.instance_id))
        raise PermanentFailure("declined", code="card")

    world.effect("card.charge", charge)
    order = world.start("order", {"total": 12})
    order.send("accept")
    world.settle()
    assert_state(order, "declined")
    assert seen == [("card.charge", {"amount": 12}, 1, "order-1")]


def test_what_takes_time_can_come_too_late(world: Any) -> None:
    world.effect("card.charge", Takes("20 seconds", {"receipt": 7}))
    order = world.start("order", {"total": 12})
    order.send("accept")
    world.advance("5 seconds")
    assert order.effect("charge").status == "running"
    order.send("cancel")
    world.advance("15 seconds")
    assert order.effect("refund").status == "pending"


def test_what_takes_longer_than_its_timeout_fails(world: Any) -> None:
    world.effect("card.charge", Takes("1 minute", {"receipt": 7}))
    order = world.start("order", {"total": 12})
    order.send("accept")
    world.advance("31 seconds")
    assert order.effect("charge").error["type"] == "timeout"
    world.no_effect("card.charge")
    world.advance("1 day")
    assert order.effect("charge").attempt == 1


def test_refusals_are_raised(world: Any) -> None:
    order = world.start("order", {"total": 12})
    assert order.send("deliver").outcome == "no_transition"
    with pytest.raises(Refused) as refusal:
        order.send("deliver", on_unhandled="refuse")
    assert refusal.value.sqlstate == "SM101"
    with pytest.raises(Refused, match="SM100"):
        world["nobody"]
    with pytest.raises(NotFound, match="no open effect"):
        order.complete("charge")
    assert "order-1" in world
    assert "nobody" not in world


def test_what_a_timer_does_wrong_fails_the_test(world: Any) -> None:
    order = world.start("order", {"total": 12})
    order.send("accept")
    order.complete("charge", {"receipt": 7})
    with pytest.raises(Refused, match="SM102"):
        world.advance("1 hour")


def test_posted_events_come_when_it_settles(world: Any) -> None:
    order = world.start("order", {"total": 12})
    order.post("note")
    order.post("accept", delay="1 minute")
    assert order.notes == []
    world.settle()
    assert order.notes == ["noted"]
    assert world.advance_to_next().isoformat() == "2030-01-01T12:01:00+00:00"
    assert_state(order, "charging")


def test_operators_act(world: Any) -> None:
    order = world.start("order", {"total": 12})
    order.pause()
    world.advance("1 hour")
    assert_state(order, "offered", status="paused")
    order.resume()
    world.settle()
    assert_state(order, "expired")
    other = world.start("order", {"total": 12})
    assert other.can("accept")
    assert not other.can("cancel")
    assert other.stop("a reason").status == "stopped"
    assert [one.id for one in world.find("order", "total", "12")] == [
        "order-1",
        "order-2",
    ]


def test_assertions_say_what_there_was(world: Any) -> None:
    order = world.start("order", {"total": 12})
    for wrong, message in (
        (lambda: assert_state(order, "paid"), "order-1 is not in paid but in offered"),
        (lambda: assert_state(order, status="done"), "is active, not done"),
        (lambda: assert_context(order, total=3), "total = 12, not 3"),
        (lambda: assert_context(order, sum=3), "no sum in its context: total, receipt"),
        (lambda: assert_effects(order, "refund"), "open effects none, not refund"),
        (lambda: assert_timers(order), "timers after.10 minutes.offered, not none"),
        (lambda: assert_emitted(order, "x"), "has emitted none, not x"),
    ):
        with pytest.raises(AssertionError, match=message):
            wrong()
    order.send("accept")
    with pytest.raises(AssertionError, match=r"with \{.amount.: 12}, not"):
        assert_effects(order, ("card.charge", {"amount": 3}))
