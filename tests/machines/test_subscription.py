"""A subscription's money and time: trial, months, dunning, proration, pause, end."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pgsm.testing import PermanentFailure

from . import shop
from .stage import Effect, Stage

Json = Any
DECLINED = PermanentFailure("declined")


@pytest.fixture(autouse=True)
def machine(stage: Stage) -> None:
    """A trial that has begun at noon of 2030-01-01."""
    stage.functions(shop.SQL, shop.FAKES)
    stage.define("subscription")
    stage.effect("email.send", {})
    stage.effect("card.charge", {})
    given = {"customer": "ann", "card": "old", "plan": "basic"}
    stage.start("subscription", "s-1", given)
    stage.settle()


def charges(stage: Stage) -> list[Effect]:
    return [e for e in stage.effects("s-1") if e.name == "card.charge"]


def amounts(stage: Stage) -> list[Json]:
    return [charge.input["amount"] for charge in charges(stage)]


def mails(stage: Stage) -> list[str]:
    sent = [e for e in stage.effects("s-1") if e.name == "email.send"]
    return [mail.input["template"] for mail in sent]


def paid_until(stage: Stage) -> str:
    end: str = stage.look("s-1").context["period"]["end"]
    return end[:16]


def test_trial_costs_nothing_and_then_the_first_month_is_charged(stage: Stage) -> None:
    stage.advance("13 days 23:59")
    assert (stage.look("s-1").value, charges(stage)) == ("trialing", [])
    stage.advance("1 minute")
    assert stage.look("s-1").value == {"live": "current"}
    assert amounts(stage) == [10]
    assert paid_until(stage) == "2030-02-15T12:00"


def test_each_month_is_charged_from_the_first_day_on(stage: Stage) -> None:
    stage.advance("14 days")
    stage.advance("1 month")
    stage.advance("1 month")
    assert amounts(stage) == [10, 10, 10]
    assert paid_until(stage) == "2030-04-15T12:00"
    assert len({charge.key for charge in charges(stage)}) == 3


def test_months_that_begin_on_the_31st_end_on_the_last_of_the_month(
    stage: Stage,
) -> None:
    given = {"customer": "bob", "card": "b", "plan": "basic", "trial": "30 days"}
    stage.start("subscription", "s-2", given)
    stage.advance("30 days")
    ends = []
    for _ in range(3):
        ends.append(stage.look("s-2").context["period"]["end"][:10])
        stage.advance("31 days")
    assert ends == ["2030-02-28", "2030-03-31", "2030-04-30"]


def test_cancelled_trial_ends_without_a_charge(stage: Stage) -> None:
    assert stage.send("s-1", "subscription.cancel").value == "trialing"
    stage.advance("14 days")
    ended = stage.look("s-1")
    assert (ended.value, ended.output["reason"]) == ("ended", "cancelled in the trial")
    assert charges(stage) == []


def test_cancelled_month_is_used_up(stage: Stage) -> None:
    stage.advance("20 days")
    stage.send("s-1", "subscription.cancel")
    stage.advance("24 days 23:59")
    assert stage.look("s-1").tags == ["in service"]
    stage.advance("1 minute")
    ended = stage.look("s-1")
    assert ended.output == {"reason": "cancelled", "invoices": 1, "owed": 0}


def test_who_thinks_better_of_it_goes_on(stage: Stage) -> None:
    stage.advance("20 days")
    stage.send("s-1", "subscription.cancel")
    stage.send("s-1", "subscription.keep")
    assert "does not take" in stage.refuse("s-1", "subscription.keep")
    stage.advance("1 month")
    assert amounts(stage) == [10, 10]


def test_better_plan_in_the_middle_of_a_month_costs_the_difference_of_the_rest(
    stage: Stage,
) -> None:
    stage.advance("24 days")  # the 10th of 31 days: 21 are left
    stage.send("s-1", "plan.change", {"plan": "team"})
    stage.settle()
    after = stage.look("s-1")
    lines = [
        (line["text"], line["amount"]) for line in after.context["invoice"]["lines"]
    ]
    assert lines == [
        ("rest of basic", Decimal("-6.77")),
        ("rest of the month with team", Decimal("33.80")),
    ]
    assert amounts(stage) == [10, Decimal("27.03")]
    assert paid_until(stage) == "2030-02-15T12:00"
    stage.advance("21 days")
    assert amounts(stage)[2:] == [Decimal("49.90")]


def test_smaller_plan_leaves_a_credit_for_the_next_invoice(stage: Stage) -> None:
    stage.send("s-1", "plan.change", {"plan": "team"})
    stage.advance("24 days")
    stage.send("s-1", "plan.change", {"plan": "basic"})
    stage.settle()
    assert stage.look("s-1").value == {"live": "current"}
    assert amounts(stage) == [Decimal("49.90")]
    stage.advance("21 days")  # 10.00 - 27.03: nothing to pay, and a credit again
    assert amounts(stage) == [Decimal("49.90")]
    (credit,) = stage.look("s-1").context["lines"]
    assert credit["amount"] == Decimal("-17.03")
    stage.advance("28 days")
    stage.advance("31 days")
    assert amounts(stage)[1:] == [Decimal("2.97")]


def test_declined_card_is_asked_again_for_weeks_and_then_suspended(
    stage: Stage,
) -> None:
    stage.effect("card.charge", DECLINED)
    stage.advance("14 days")
    assert stage.look("s-1").tags == ["in service", "past due"]
    seen = []
    for days in (3, 5, 7, 14):
        stage.advance(f"{days} days")
        seen.append(len(charges(stage)))
    assert seen == [2, 3, 4, 5]
    assert stage.look("s-1").value == "suspended"
    assert mails(stage) == ["welcome", *["please_pay"] * 4, "suspended"]
    stage.advance("1 month")
    ended = stage.look("s-1")
    assert ended.output == {"reason": "not paid", "invoices": 1, "owed": 10}


def test_new_card_is_asked_at_once(stage: Stage) -> None:
    stage.effect("card.charge", DECLINED)
    stage.advance("15 days")
    stage.effect("card.charge", {})
    stage.send("s-1", "card.update", {"card": "new"})
    stage.settle()
    assert stage.look("s-1").value == {"live": "current"}
    assert charges(stage)[-1].input == {"card": "new", "amount": 10, "invoice": 1}
    assert paid_until(stage) == "2030-02-15T12:00"


def test_new_card_ends_a_suspension(stage: Stage) -> None:
    stage.effect("card.charge", DECLINED)
    stage.advance("14 days")
    stage.advance("29 days")
    stage.effect("card.charge", {})
    stage.send("s-1", "card.update", {"card": "new"})
    stage.settle()
    assert stage.look("s-1").tags == ["in service"]


def test_what_comes_while_the_card_is_asked_waits_for_the_answer(stage: Stage) -> None:
    stage.start("subscription", "s-2", {"customer": "bob", "card": "b", "plan": "team"})
    stage.no_effect("card.charge")
    stage.advance("14 days")
    asked = stage.send("s-2", "subscription.cancel", {"when": "now"})
    assert (asked.outcome, asked.value) == (
        "deferred",
        {"live": {"charging": "asking"}},
    )
    stage.complete("s-2", "card.charge")
    stage.settle()
    assert stage.look("s-2").output["reason"] == "cancelled at once"


def test_pause_moves_the_end_of_the_paid_month(stage: Stage) -> None:
    stage.advance("20 days")
    assert stage.send("s-1", "subscription.pause").tags == []
    stage.advance("100 days")
    assert len(charges(stage)) == 1
    stage.send("s-1", "subscription.resume")
    assert paid_until(stage) == "2030-05-26T12:00"
    stage.advance("26 days")
    assert amounts(stage) == [10, 10]
    assert paid_until(stage) == "2030-06-25T12:00"
