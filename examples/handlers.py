"""What the two examples do to the outside world.

    pgsm runner examples.handlers

Mails go over SMTP, to localhost:1025 or where EXAMPLES_SMTP says.  Each has its
effect's key for a Message-ID: a mail that is sent a second time, because nobody knows
whether the first attempt ended well, can be told from a new one.
"""

from __future__ import annotations

import os
import smtplib
from email.message import EmailMessage
from typing import Any

from pgsm import effects

SENDER = "hello@pgsm.example"

TEXTS = {
    "welcome": ("Welcome!", "Good to have you here."),
    "welcome_friend": (
        "Welcome, friend of a friend!",
        "A friend of yours is here already.",
    ),
    "drip_1": ("One more thing", "Did you know that timers are rows?"),
    "order_accepted": ("Your order is accepted", "The kitchen has begun."),
    "order_completed": ("Your order has arrived", "Enjoy your meal."),
    "order_rejected": ("Your order was rejected", "The restaurant cannot take it."),
    "order_expired": ("Your order has expired", "The restaurant did not answer."),
}


@effects.handler("email.send")
def send_email(effect: effects.Effect, given: dict[str, Any]) -> dict[str, Any]:
    """Send a template to somebody."""
    try:
        subject, text = TEXTS[given["template"]]
    except KeyError:
        message = f"there is no template {given['template']!r}"
        raise effects.PermanentFailure(message) from None
    return deliver(effect, [given["to"]], subject, text, given["template"])


@effects.handler("restaurant.offer")
def offer_to_restaurant(
    effect: effects.Effect, given: dict[str, Any]
) -> dict[str, Any]:
    """Tell the restaurant that there is an order to accept."""
    subject = f"New order {given['order']}: accept it?"
    return deliver(effect, [given["to"]], subject, _menu(given["items"]), "offer")


@effects.handler("restaurant.delivery_information")
def tell_where_to_deliver(
    effect: effects.Effect, given: dict[str, Any]
) -> dict[str, Any]:
    """Tell a restaurant that delivers itself where the food goes."""
    text = f"Deliver to {given['address']} ({given['customer']})."
    subject = f"Where order {given['order']} goes"
    return deliver(effect, [given["to"]], subject, text, "delivery_information")


@effects.handler("courier.request")
def request_courier(effect: effects.Effect, given: dict[str, Any]) -> dict[str, Any]:
    """Ask all free couriers; tried again later while there is none."""
    if not given["to"]:
        raise effects.RetryAfter(5, "no courier is free")
    text = f"Fetch it at {given['restaurant']}."
    if "buy" in given:
        text += " Ask whether they make it, and buy:\n" + _menu(given["buy"])
    subject = f"Who takes order {given['order']}?"
    return deliver(effect, given["to"], subject, text, "courier_request")


@effects.handler("crm.channel")
async def look_up_channel(
    effect: effects.Effect, given: dict[str, Any]
) -> dict[str, Any]:
    """Where a contact comes from, as the CRM knows."""
    async with effect.transaction() as connection:
        found = await connection.execute(
            "select crm.channel_of(%s)", [given["contact"]]
        )
        row = await found.fetchone()
    if row is None or row[0] is None:
        raise effects.PermanentFailure(f"the CRM does not know {given['contact']}")
    return {"channel": row[0]}


def deliver(
    effect: effects.Effect, to: list[str], subject: str, text: str, template: str
) -> dict[str, Any]:
    """Hand one mail to the SMTP server; raises where that does not take it."""
    mail = EmailMessage()
    mail["From"] = SENDER
    mail["To"] = ", ".join(to)
    mail["Subject"] = subject
    mail["Message-ID"] = f"<{effect.key.replace('/', '.')}@pgsm.example>"
    mail["X-Template"] = template
    mail["X-Instance"] = effect.instance_id
    mail.set_content(text + "\n")
    host, _, port = os.environ.get("EXAMPLES_SMTP", "localhost:1025").partition(":")
    with smtplib.SMTP(host, int(port or 25), timeout=20) as server:
        server.send_message(mail)
    return {"message_id": mail["Message-ID"]}


def _menu(items: list[dict[str, Any]]) -> str:
    return "\n".join(f"{line['quantity']} × {line['name']}" for line in items)
