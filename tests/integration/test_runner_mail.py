"""email.send and sql.notify, with a real mail server and a real listener."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import msgspec
import psycopg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from pgsm import effects
from pgsm.runner import builtin
from pgsm.runner.builtin import mail

from . import outbox
from .inside import outcome, running

Connect = Callable[..., psycopg.Connection]


class Inbox:
    """A mail server's handler: refuses recipients by what is in front of their @."""

    def __init__(self) -> None:
        self.mails: list[Envelope] = []

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Envelope, to: str, options: Any
    ) -> str:
        code = to.partition("@")[0]
        if code.isdigit():
            return f"{code} no {to}"
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: Any, session: Any, envelope: Envelope
    ) -> str:
        self.mails.append(envelope)
        return "250 OK"


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    inbox = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    monkeypatch.setenv("PGSM_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("PGSM_SMTP_PORT", str(port))
    monkeypatch.setenv("PGSM_SMTP_TLS", "none")
    monkeypatch.setenv("PGSM_SMTP_FROM", "Shop <shop@example.com>")
    try:
        yield inbox
    finally:
        controller.stop()


def send(key: str = "order-1/2/3", **given: Any) -> dict[str, Any]:
    effect: Any = SimpleNamespace(key=key)
    fields = {"to": "ada@example.com", "subject": "Grüße", **given}
    return mail.send(effect, msgspec.convert(fields, mail.Mail))


def test_a_mail_arrives(inbox: Inbox) -> None:
    sent = send(text="Hällo", html="<p>Hällo</p>", bcc=["bob@example.com"])
    (envelope,) = inbox.mails
    content = bytes(envelope.content or b"")
    assert envelope.mail_from == "shop@example.com"
    assert envelope.rcpt_tos == ["ada@example.com", "bob@example.com"]
    assert b"bob" not in content
    assert b"text/html" in content
    assert f"Message-ID: {sent['message_id']}".encode() in content
    assert sent["refused"] == {}


def test_a_second_attempt_is_known_as_the_same_mail(inbox: Inbox) -> None:
    first, again, other = send(), send(), send("order-2/2/3")
    assert first["message_id"] == again["message_id"] != other["message_id"]
    assert first["message_id"].endswith("@example.com>")


def test_some_recipients_refused_are_named(inbox: Inbox) -> None:
    sent = send(to=["ada@example.com", "550@example.com"])
    assert sent["refused"] == {"550@example.com": 550}


def test_all_recipients_refused_is_a_failure_for_good(inbox: Inbox) -> None:
    with pytest.raises(effects.PermanentFailure) as raised:
        send(to=["550@example.com"])
    assert raised.value.code == "smtp_550"


def test_a_server_that_is_busy_is_asked_again(inbox: Inbox) -> None:
    with pytest.raises(effects.RetryAfter) as raised:
        send(to=["451@example.com"])
    assert (raised.value.code, raised.value.seconds) == ("smtp_451", None)


def test_a_server_that_is_away_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSM_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("PGSM_SMTP_PORT", "1")
    with pytest.raises(effects.RetryAfter) as raised:
        send(sender="a@example.com")
    assert raised.value.code == "mail_connection"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"subject": "a\nBcc: eve@example.com"}, "mail_header"),
        ({"headers": {"X-A": "b\r\nBcc: eve@example.com"}}, "mail_header"),
        ({"to": []}, "mail_recipient"),
    ],
)
def test_what_is_no_mail_is_refused_for_good(
    inbox: Inbox, given: dict[str, Any], code: str
) -> None:
    with pytest.raises(effects.PermanentFailure) as raised:
        send(**given)
    assert raised.value.code == code
    assert inbox.mails == []


async def test_a_machine_mails_and_notifies_without_python(
    fresh_dsn: str, connect: Connect, inbox: Inbox
) -> None:
    registry = effects.Registry()
    builtin.register(registry)
    connection, listener = connect(fresh_dsn), connect(fresh_dsn)
    listener.execute("listen orders")
    outbox.define(connection, outbox.job(name="email.send"), "mailer")
    outbox.define(connection, outbox.job(name="sql.notify"), "notifier")
    mail_task = {"to": "ada@example.com", "subject": "Hi", "text": "there"}
    note = {"channel": "orders", "payload": {"order": 7}}
    outbox.start(connection, "mail-1", machine="mailer", task=mail_task)
    outbox.start(connection, "note-1", machine="notifier", task=note)
    note["channel"] = "pgsm_effects"
    outbox.start(connection, "note-2", machine="notifier", task=note)
    async with running(fresh_dsn, registry):
        assert (await outcome(connection, "mail-1"))["result"]["refused"] == {}
        assert (await outcome(connection, "note-1"))["error"] is None
        error = (await outcome(connection, "note-2"))["error"]
    notes = [(n.channel, n.payload) for n in listener.notifies(timeout=0.1)]
    assert len(inbox.mails) == 1
    assert notes == [("orders", '{"order":7}')]
    assert error["code"] == "notify_channel"


def test_a_handler_of_ones_own_comes_before_the_built_in_one() -> None:
    registry = effects.Registry()

    def mine(effect: effects.Effect, task: Any) -> None: ...

    registry.handler("email.send")(mine)
    builtin.register(registry)
    assert registry["email.send"].function is mine
    assert registry.names == ["email.send", "http.request", "sql.notify"]
