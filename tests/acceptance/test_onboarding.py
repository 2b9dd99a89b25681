"""Onboarding: it drives itself, and waits for a day."""

from __future__ import annotations

from datetime import timedelta

import pytest

from .world import World


def sign_up(crm: World, contact: str = "ada", channel: str = "direct") -> str:
    crm.rows(
        "select * from crm.sign_up(%s, %s, %s)",
        contact,
        f"{contact}@example.com",
        channel,
    )
    return contact


def waiting(crm: World, contact: str = "ada", channel: str = "direct") -> str:
    """A contact on version 1 that has its welcome mail and waits out the day."""
    crm.start_with("onboarding", 1)
    sign_up(crm, contact, channel)
    crm.do_effects("email.send")
    assert crm.instance(contact)["value"] == "waiting"
    return contact


def upgrade(crm: World, contact: str) -> None:
    crm.rows("select * from pgsm.upgrade_instance(%s, 2)", contact)


# Version 1


def test_welcome_mail_is_sent_at_once(crm: World) -> None:
    crm.start_with("onboarding", 1)
    contact = sign_up(crm)
    (mail,) = crm.do_effects("email.send")
    assert mail["input"] == {"to": "ada@example.com", "template": "welcome"}
    assert crm.instance(contact)["value"] == "waiting"


def test_drip_mail_comes_after_a_day(crm: World) -> None:
    contact = waiting(crm)
    crm.advance("23 hours 59 minutes")
    assert crm.do_effects("email.send") == []
    crm.advance("1 minute")
    (mail,) = crm.do_effects("email.send")
    assert mail["input"]["template"] == "drip_1"
    assert crm.instance(contact)["status"] == "done"


def test_day_begins_when_the_welcome_mail_is_sent(crm: World) -> None:
    crm.start_with("onboarding", 1)
    contact = sign_up(crm)
    crm.advance("5 hours")
    assert crm.timers(contact) == []
    crm.do_effects("email.send")
    (timer,) = crm.timers(contact)
    assert timer["due_at"] - timer["armed_at"] == timedelta(days=1)


def test_who_unsubscribes_gets_no_drip_mail(crm: World) -> None:
    contact = waiting(crm)
    crm.send(contact, "contact.unsubscribe")
    crm.advance("2 days")
    assert crm.mails(contact) == ["welcome"]


def test_everybody_waits_their_own_day(crm: World) -> None:
    first = waiting(crm, "ada")
    crm.advance("12 hours")
    second = waiting(crm, "grace")
    crm.advance("12 hours")
    assert crm.instance(first)["value"] == "dripping"
    assert crm.instance(second)["value"] == "waiting"


# Version 2


@pytest.mark.parametrize(
    ("channel", "template"),
    [("referral", "welcome_friend"), ("search", "welcome"), ("advert", "welcome")],
)
def test_welcome_mail_depends_on_the_channel(
    crm: World, channel: str, template: str
) -> None:
    contact = sign_up(crm, channel=channel)
    assert crm.instance(contact)["value"] == "lookingUp"
    (lookup,) = crm.do_effects("crm.channel", {"channel": channel})
    assert lookup["input"] == {"contact": contact}
    (mail,) = crm.do_effects("email.send")
    assert mail["input"]["template"] == template
    assert crm.instance(contact)["context"]["channel"] == channel


def test_contact_is_welcomed_even_when_the_channel_cannot_be_found(
    crm: World,
) -> None:
    contact = sign_up(crm)
    (lookup,) = crm.rows("select * from pgsm.claim_effects('test', '{crm.channel}', 1)")
    crm.rows(
        'select pgsm.fail_effect(%s, %s, %s, \'{"message": "gone"}\', true)',
        contact,
        lookup["effect_id"],
        lookup["lease_token"],
    )
    (mail,) = crm.do_effects("email.send")
    assert mail["input"]["template"] == "welcome"
    assert crm.instance(contact)["context"]["channel"] == "unknown"


# From version 1 to version 2


def test_upgraded_contact_gets_no_second_welcome_mail(crm: World) -> None:
    contact = waiting(crm)
    upgrade(crm, contact)
    assert crm.do_effects("email.send") == []
    assert crm.do_effects("crm.channel") == []
    crm.advance("1 day")
    crm.do_effects("email.send")
    assert crm.mails(contact) == ["welcome", "drip_1"]
    assert crm.instance(contact)["status"] == "done"


def test_upgraded_contact_keeps_its_due_time(crm: World) -> None:
    contact = waiting(crm)
    crm.advance("5 hours")
    (before,) = crm.timers(contact)
    upgrade(crm, contact)
    (after,) = crm.timers(contact)
    assert after["due_at"] == before["due_at"]
    assert after["version"] == 2
    crm.advance("18 hours 59 minutes")
    assert crm.instance(contact)["value"] == "waiting"
    crm.advance("1 minute")
    assert crm.instance(contact)["value"] == "dripping"


def test_upgraded_contact_has_the_channel_from_the_applications_table(
    crm: World,
) -> None:
    contact = waiting(crm, channel="referral")
    assert "channel" not in crm.instance(contact)["context"]
    upgrade(crm, contact)
    context = crm.instance(contact)["context"]
    assert context["channel"] == "referral"
    assert context["email"] == "ada@example.com"


def test_upgrade_is_in_the_history(crm: World) -> None:
    contact = waiting(crm)
    upgrade(crm, contact)
    last = crm.row(
        "select origin, version from pgsm.event_log where instance_id = %s"
        " order by revision desc limit 1",
        contact,
    )
    assert last == {"origin": "upgrade", "version": 2}


def test_welcome_mail_in_flight_is_not_sent_again_by_the_upgrade(crm: World) -> None:
    crm.start_with("onboarding", 1)
    contact = sign_up(crm)
    (mail,) = crm.rows("select * from pgsm.claim_effects('test', '{email.send}', 1)")
    upgrade(crm, contact)
    assert len(crm.effects(contact, "email.send")) == 1
    done = crm.row(
        "select * from pgsm.complete_effects(jsonb_build_array(jsonb_build_object("
        "'instance_id', %s::text, 'effect_id', %s::text, 'lease_token', %s::text)))",
        contact,
        mail["effect_id"],
        mail["lease_token"],
    )
    assert done["outcome"] == "succeeded"
    assert crm.instance(contact)["value"] == "waiting"


def test_contact_that_is_not_in_the_table_is_not_upgraded_and_stays(
    crm: World,
) -> None:
    contact = waiting(crm)
    crm.rows("delete from crm.contacts")
    before = crm.instance(contact)
    turn = crm.row("select * from pgsm.upgrade_batch('onboarding', 2, 10)")
    assert (turn["tried"], turn["upgraded"]) == (1, 0)
    assert crm.instance(contact) == before
    failure = crm.row("select * from pgsm.upgrade_failures")
    assert failure["code"] == "SM402"
    crm.advance("1 day")
    assert crm.instance(contact)["value"] == "dripping"
