"""The onboarding in memory; through PostgreSQL it is in tests/acceptance."""

from __future__ import annotations

from typing import Any

import pytest

from pgsm.testing import Instance, PermanentFailure, World, by_attempt

from .stage import EXAMPLES

CONTACT = {"contact": "c-1", "email": "ann@example.org"}


@pytest.fixture
def world() -> World:
    world = World()
    world.define(EXAMPLES / "onboarding" / "onboarding.v2.json", "onboarding")
    world.effect("crm.channel", {"channel": "referral"})
    world.effect("email.send", {})
    return world


def begin(world: World, **more: Any) -> Instance:
    contact = world.start("onboarding", {**CONTACT, **more})
    world.settle()
    return contact


def mails(contact: Instance) -> list[str]:
    sent = [e for e in contact.effects if e.name == "email.send"]
    return [mail.input["template"] for mail in sent]


def test_mail_today_and_another_tomorrow(world: World) -> None:
    contact = begin(world)
    assert (contact.value, mails(contact)) == ("waiting", ["welcome_friend"])
    world.advance("23:59")
    assert contact.value == "waiting"
    world.advance("1 minute")
    assert (contact.value, contact.output) == ("done", {"channel": "referral"})
    assert mails(contact) == ["welcome_friend", "drip_1"]


def test_channel_that_nobody_can_look_up_is_unknown(world: World) -> None:
    world.effect("crm.channel", PermanentFailure("no such contact"))
    contact = begin(world)
    assert (contact.context["channel"], mails(contact)) == ("unknown", ["welcome"])


def test_crm_that_is_down_for_a_moment_is_asked_again(world: World) -> None:
    answers = by_attempt(OSError("down"), OSError("down"), {"channel": "shop"})
    world.effect("crm.channel", answers)
    contact = begin(world)
    assert contact.value == "lookingUp"
    world.advance("1 minute")
    assert (contact.value, contact.context["channel"]) == ("waiting", "shop")


def test_who_unsubscribes_has_no_second_mail(world: World) -> None:
    contact = begin(world)
    contact.send("contact.unsubscribe")
    world.advance("1 week")
    assert (contact.value, mails(contact)) == ("unsubscribed", ["welcome_friend"])


def test_day_is_as_long_as_the_input_says(world: World) -> None:
    contact = begin(world, day="2 minutes")
    world.advance("2 minutes")
    assert contact.status == "done"
