"""A purchase over three services, whose steps are undone when it comes to nothing."""

from __future__ import annotations

from typing import Any

import pytest

from pgsm.testing import PermanentFailure, by_attempt

from .stage import Stage

ORDER = {
    "items": ["pear", "apple"],
    "amount": 12.50,
    "card": "tok-1",
    "address": "Rose Lane 3",
}
ANSWERS = {
    "stock.reserve": {"id": "res-1"},
    "card.charge": {"id": "ch-1"},
    "courier.book": {"id": "co-1"},
    "courier.cancel": {},
    "card.refund": {},
    "stock.release": {},
}


@pytest.fixture(autouse=True)
def machine(stage: Stage) -> None:
    stage.define("purchase")


def begin(stage: Stage, **handlers: Any) -> None:
    """Start a purchase; each service answers, but those that are given as waiting."""
    for name, answer in {**ANSWERS, **handlers}.items():
        if answer is not WAITS:
            stage.effect(name, answer)
    stage.start("purchase", "p-1", ORDER)
    stage.settle()


WAITS = object()


def asked(stage: Stage) -> list[str]:
    return [effect.name for effect in stage.effects("p-1")]


def test_all_three_are_booked(stage: Stage) -> None:
    begin(stage)
    bought = stage.look("p-1")
    assert (bought.value, bought.status) == ("booked", "done")
    assert bought.output == {"booked": ["res-1", "ch-1", "co-1"]}
    assert asked(stage) == ["stock.reserve", "card.charge", "courier.book"]


def test_declined_card_gives_the_stock_back(stage: Stage) -> None:
    declined = PermanentFailure("the card is declined")
    begin(stage, **{"card.charge": declined})
    after = stage.look("p-1")
    assert (after.value, after.output) == (
        "cancelled",
        {"reason": "the card is declined"},
    )
    assert asked(stage) == ["stock.reserve", "card.charge", "stock.release"]
    assert stage.effects("p-1")[-1].input == {"reservation": "res-1"}


def test_what_was_done_is_undone_in_reverse_order(stage: Stage) -> None:
    begin(stage, **{"courier.book": PermanentFailure("no courier there")})
    assert stage.look("p-1").value == "cancelled"
    assert asked(stage)[-2:] == ["card.refund", "stock.release"]


def test_charge_that_succeeds_after_the_cancellation_is_refunded(stage: Stage) -> None:
    begin(stage, **{"card.charge": WAITS})
    stage.claim("p-1", "card.charge")
    cancelled = stage.send("p-1", "purchase.cancel")
    assert cancelled.value == {"compensating": "waiting"}
    stage.settle()
    assert stage.look("p-1").value == {"compensating": "waiting"}
    stage.complete("p-1", "card.charge", {"id": "ch-9"})
    stage.settle()
    assert stage.look("p-1").value == "cancelled"
    refund, release = stage.effects("p-1")[-2:]
    assert (refund.name, refund.input) == (
        "card.refund",
        {"charge": "ch-9", "amount": 12.50},
    )
    assert (refund.key, release.name) == ("p-1/refund", "stock.release")


def test_charge_that_fails_after_the_cancellation_needs_no_refund(stage: Stage) -> None:
    begin(stage, **{"card.charge": WAITS})
    stage.claim("p-1", "card.charge")
    stage.send("p-1", "purchase.cancel")
    stage.fail("p-1", "card.charge", "declined")
    stage.settle()
    assert stage.look("p-1").value == "cancelled"
    assert "card.refund" not in asked(stage)


def test_charge_that_nobody_has_begun_never_runs_and_is_waited_for_by_nobody(
    stage: Stage,
) -> None:
    begin(stage, **{"card.charge": WAITS})
    stage.send("p-1", "purchase.cancel")
    stage.settle()
    assert stage.look("p-1").value == "cancelled"
    assert [(e.name, e.status) for e in stage.effects("p-1")] == [
        ("stock.reserve", "succeeded"),
        ("card.charge", "cancelled"),
        ("stock.release", "succeeded"),
    ]


def test_refund_that_fails_for_good_is_an_incident_until_it_is_retried(
    stage: Stage,
) -> None:
    begin(
        stage,
        **{
            "courier.book": PermanentFailure("no courier there"),
            "card.refund": PermanentFailure("bank closed"),
        },
    )
    stuck = stage.look("p-1")
    assert (stuck.value, stuck.tags) == ({"compensating": "refunding"}, ["undoing"])
    assert stage.effects("p-1")[-1].status == "failed"
    stage.effect("card.refund", {})
    stage.retry("p-1", "card.refund")
    stage.settle()
    assert stage.look("p-1").value == "cancelled"
    assert asked(stage)[-2:] == ["card.refund", "stock.release"]


def test_service_that_is_down_for_a_moment_is_asked_again(stage: Stage) -> None:
    begin(stage, **{"card.charge": by_attempt(OSError("no network"), {"id": "ch-1"})})
    stage.advance("1 minute")
    assert stage.look("p-1").value == "booked"


def test_purchase_that_takes_too_long_is_undone(stage: Stage) -> None:
    begin(stage, **{"courier.book": WAITS})
    stage.advance("15 minutes")
    after = stage.look("p-1")
    assert (after.value, after.output) == ("cancelled", {"reason": "it took too long"})


def test_purchase_that_is_being_undone_cannot_be_cancelled_again(stage: Stage) -> None:
    begin(stage, **{"card.charge": WAITS})
    stage.claim("p-1", "card.charge")
    stage.send("p-1", "purchase.cancel")
    assert "does not take event" in stage.refuse("p-1", "purchase.cancel")
