"""The scenes of the demo and the handlers, with real runners and a real SMTP server.

Here a runner drives the timers: pg_cron runs in one database of a server only.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from examples.demo import onboardings, orders
from examples.demo.inbox import Inbox
from examples.demo.stage import Stage, connect


@pytest.fixture(scope="module")
def stage(food_dsn: str, onboarding_dsn: str) -> Iterator[Stage]:
    console = Console(file=io.StringIO())
    with connect(food_dsn) as connection, Inbox() as inbox:
        stage = Stage(
            connection, inbox, food_dsn, console, runner_options=("--timers",)
        )
        stage.start_runner()
        yield stage
        stage.stop_runners()


def test_contacts_are_welcomed_upgraded_and_get_their_drip_mail(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onboardings, "DAY", "4 seconds")
    waiting = onboardings.begin_and_upgrade(stage)
    onboardings.wait_for_drips(stage, waiting)


def test_killed_runners_mails_are_sent_by_another(stage: Stage) -> None:
    onboardings.kill_a_runner(stage)


def test_order_is_delivered_though_a_courier_gives_up(stage: Stage) -> None:
    stage.rows("select pgsm.set_current_version('order', 1)")
    orders.deliver_one(stage)


def test_orders_are_upgraded_while_they_run(stage: Stage) -> None:
    stage.rows("select pgsm.set_current_version('order', 1)")
    orders.upgrade_running(stage)


def test_order_that_nobody_answers_expires(stage: Stage) -> None:
    order = orders.begin_expiring(stage)
    stage.wait_for_state(order, "expired")
    stage.mail(order, "order_expired")


def test_mail_says_what_was_ordered_and_is_known_by_its_key(stage: Stage) -> None:
    order = orders.open_cart(stage, "asked", "trattoria")
    stage.send(order, "order.submit")
    stage.mail(order, "offer")
    (mail,) = stage.inbox.of(order)
    assert mail["To"] == "orders@trattoria.example"
    text = mail.get_payload(decode=True)
    assert isinstance(text, bytes)
    assert "2 × Pizza Diavola" in text.decode()
    effect = stage.row("select key from pgsm.effects where instance_id = %s", order)
    assert mail["Message-ID"] == f"<{effect['key'].replace('/', '.')}@pgsm.example>"
    stage.send(order, "restaurant.reject")


def test_mail_without_a_template_fails_for_good_and_stays_visible(
    stage: Stage,
) -> None:
    document = """{"initial": "a", "states": {"a": {"entry": {"type": "effect",
        "name": "email.send", "input": {"to": "x@example.com", "template": "spam"}}}},
        "implementations": {"effects": {"email.send": {}}}}"""
    stage.rows("select pgsm.define_machine('spammer', %s::json)", document)
    stage.rows("select pgsm.start_instance('spammer', 'spammer-1')")
    failed = stage.wait(
        "the failure",
        lambda: stage.rows(
            "select * from pgsm.effects where instance_id = 'spammer-1' and is_open"
        ),
    )
    assert failed[0]["attempt"] == 1
    assert "no template 'spam'" in failed[0]["error"]["message"]
    assert stage.inbox.of("spammer-1") == []


def test_contact_that_the_crm_does_not_know_is_welcomed_all_the_same(
    stage: Stage,
) -> None:
    stage.rows("select pgsm.set_current_version('onboarding', 2)")
    stage.rows(
        "select pgsm.start_instance('onboarding', 'stranger',"
        ' \'{"contact": "stranger", "email": "stranger@example.com"}\')'
    )
    stage.mail("stranger", "welcome")
    context = stage.instance("stranger")["context"]
    assert context["channel"] == "unknown"
