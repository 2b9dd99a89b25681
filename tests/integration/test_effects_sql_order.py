"""Ordered effects: one after the other in their instance, and nobody else waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from . import outbox

NAME = "log.write"
Advance = Callable[..., datetime]


def journal(**policy: Any) -> dict[str, Any]:
    """Each `note` makes an ordered action effect; `work` makes an ordered invoke."""
    write = {
        "type": "effect",
        "name": NAME,
        "input": {"expr": "event.data"},
        "priority": 0,
    }
    return {
        "initial": "open",
        "states": {
            "open": {
                "on": {
                    "note": {"actions": write},
                    "notes": {"actions": [write, write]},
                    "urgent": {"actions": {**write, "priority": 9}},
                    "work": "working",
                }
            },
            "working": {
                "invoke": {"id": "work", "src": NAME, "onDone": "open"},
                "on": {"leave": "open", "note": {"actions": write}},
            },
        },
        "implementations": {"effects": {NAME: {"ordered": True, **policy}}},
    }


@pytest.fixture
def log(db: psycopg.Connection) -> psycopg.Connection:
    outbox.define(db, journal(retry={"attempts": 2, "backoff": "1 minute"}), "log")
    outbox.start(db, "one", "two", machine="log")
    return db


def claim(connection: psycopg.Connection) -> list[str]:
    return [c.effect_id for c in outbox.claim(connection, names=(NAME,))]


def claim_one(connection: psycopg.Connection) -> outbox.Claimed:
    (claimed,) = outbox.claim(connection, names=(NAME,))
    return claimed


def test_a_later_one_waits_for_an_earlier_one_of_its_instance(
    log: psycopg.Connection,
) -> None:
    for instance_id in ("one", "one", "two"):
        outbox.send(log, instance_id, "note")
    claims = outbox.claim(log, names=(NAME,))
    assert sorted(c.instance_id for c in claims) == ["one", "two"]
    assert claim(log) == []
    outbox.complete(log, *claims)
    assert claim(log) == ["3/1"]


def test_those_of_one_step_go_in_document_order(log: psycopg.Connection) -> None:
    outbox.send(log, "one", "notes")
    first = claim_one(log)
    outbox.complete(log, first)
    assert [first.effect_id, *claim(log)] == ["2/1", "2/2"]


def test_priority_does_not_overtake(log: psycopg.Connection) -> None:
    outbox.send(log, "one", "note")
    outbox.send(log, "one", "urgent")
    assert claim(log) == ["2/1"]


def test_one_that_is_tried_again_holds_back_the_others(
    log: psycopg.Connection, advance: Advance
) -> None:
    outbox.send(log, "one", "notes")
    outbox.fail(log, claim_one(log))
    assert claim(log) == []
    advance(log, "2 minutes")
    assert claim(log) == ["2/1"]


def test_an_open_failure_holds_back_the_others_and_says_so(
    log: psycopg.Connection,
) -> None:
    outbox.send(log, "one", "notes")
    outbox.fail(log, claim_one(log), permanent=True)
    assert claim(log) == []
    row = log.execute("select effect_id, holds_back from pgsm.failed_effects")
    assert row.fetchall() == [("2/1", 1)]
    row = log.execute("select is_held_back from pgsm.effects order by effect_id")
    assert row.fetchall() == [(False,), (True,)]


@pytest.mark.parametrize("way", ["retry", "cancel"])
def test_resolving_a_failure_lets_the_next_one_go(
    log: psycopg.Connection, way: str
) -> None:
    outbox.send(log, "one", "notes")
    outbox.fail(log, claim_one(log), permanent=True)
    log.execute(f"select pgsm.{way}_effect('one', '2/1')")
    if way == "retry":
        outbox.complete(log, claim_one(log))
    assert claim(log) == ["2/2"]


def test_a_cancelled_one_in_the_middle_is_passed_over(log: psycopg.Connection) -> None:
    outbox.send(log, "one", "notes")
    outbox.send(log, "one", "note")
    log.execute("select pgsm.cancel_effect('one', '2/2')")
    outbox.complete(log, claim_one(log))
    assert claim(log) == ["3/1"]


def test_an_invoke_whose_state_was_left_holds_nobody_back(
    log: psycopg.Connection,
) -> None:
    for event in ("work", "note", "leave"):
        outbox.send(log, "one", event)
    assert outbox.statuses(log, "one") == ["cancelled", "pending"]
    assert claim(log) == ["3/1"]


def test_a_running_one_whose_state_was_left_holds_back_until_it_has_stopped(
    log: psycopg.Connection,
) -> None:
    outbox.send(log, "one", "work")
    running = claim_one(log)
    outbox.send(log, "one", "leave")
    outbox.send(log, "one", "note")
    assert claim(log) == []
    assert outbox.complete(log, running) == ["late"]
    assert claim(log) == ["4/1"]


def test_a_failed_invoke_whose_state_was_left_holds_nobody_back(
    log: psycopg.Connection,
) -> None:
    outbox.send(log, "one", "work")
    outbox.send(log, "one", "note")
    outbox.fail(log, claim_one(log), permanent=True)
    assert claim(log) == []
    outbox.send(log, "one", "leave")
    assert claim(log) == ["3/1"]


def test_one_that_was_given_back_after_its_state_was_left_lets_the_next_go(
    log: psycopg.Connection,
) -> None:
    outbox.send(log, "one", "work")
    running = claim_one(log)
    outbox.send(log, "one", "leave")
    outbox.send(log, "one", "note")
    log.execute(
        "select pgsm.release_effects('runner-1', %s)", [Jsonb([running.lease()])]
    )
    assert claim(log) == ["4/1"]
    assert outbox.statuses(log, "one") == ["cancelled", "running"]


def test_an_ended_lease_keeps_the_order(
    log: psycopg.Connection, advance: Advance
) -> None:
    outbox.send(log, "one", "notes")
    claim_one(log)
    advance(log, "31 seconds")
    assert claim(log) == ["2/1"]


def test_a_deadline_that_is_over_resolves_nothing(
    db: psycopg.Connection, advance: Advance
) -> None:
    outbox.define(db, journal(within="1 hour"), "log")
    outbox.start(db, "one", machine="log")
    outbox.send(db, "one", "notes")
    advance(db, "2 hours")
    assert claim(db) == []
    assert outbox.statuses(db, "one") == ["failed", "failed"]
    for effect_id in ("2/1", "2/2"):
        db.execute("select pgsm.retry_effect('one', %s)", [effect_id])
    assert claim(db) == ["2/1"]


def test_effects_without_an_order_are_not_held_back(db: psycopg.Connection) -> None:
    outbox.define(db, journal(ordered=False), "log")
    outbox.start(db, "one", machine="log")
    outbox.send(db, "one", "notes")
    assert claim(db) == ["2/1", "2/2"]
