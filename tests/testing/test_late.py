"""Answers that come after their state was left."""

from __future__ import annotations

from typing import Any

import pytest

from pgsm.testing import Takes, World

from .machines import note, working


def charging(late: str) -> Any:
    document = working("charge", late=late)
    refund = note(
        "['refund', event.output, event.error.message if event.error else null]"
    )
    document["states"]["left"] = {"on": {"late.job": {"actions": refund}}}
    return document


def left_while_running(world: World, late: str = "deliver") -> Any:
    m = world.start(world.define(charging(late), "m"))
    m.claim("charge")
    m.send("leave")
    return m


def test_late_answer_is_an_event_where_that_is_asked_for(world: World) -> None:
    m = left_while_running(world)
    m.complete("charge", 7)
    assert m.notes == [["refund", 7, None]]
    assert m.effects[0].status == "succeeded"


def test_late_failure_is_an_event_too(world: World) -> None:
    m = left_while_running(world)
    m.fail("charge", "declined")
    assert m.notes == [["refund", None, "declined"]]
    assert m.effects[0].status == "cancelled"


def test_late_answer_is_kept_and_moves_nothing(world: World) -> None:
    m = left_while_running(world, late="keep")
    m.complete("charge", 7)
    assert (m.notes, m.effects[0].status, m.effects[0].output) == ([], "late", 7)


def test_late_answer_that_nothing_takes_stays_visible(world: World) -> None:
    document = charging("deliver")
    document["states"]["left"] = {}
    m = world.start(world.define(document, "m"))
    m.claim("charge")
    m.send("leave")
    m.complete("charge", 7)
    assert m.effects[0].status == "late"
    m.cancel("2/1" if m.effects[0].effect_id == "2/1" else "1/1")
    assert m.effects[0].status == "cancelled"


def test_handler_that_takes_time_is_late_by_itself(world: World) -> None:
    world.effect("charge", Takes("1 minute", 7))
    m = world.start(world.define(charging("deliver"), "m"))
    world.settle()
    m.send("leave")
    world.advance("1 minute")
    assert m.notes == [["refund", 7, None]]


@pytest.mark.parametrize("late", ["deliver", "keep"])
def test_pending_effect_is_never_late(world: World, late: str) -> None:
    m = world.start(world.define(charging(late), "m"))
    m.send("leave")
    assert m.effects[0].status == "cancelled"
