"""email.send: a mail by SMTP; the server and its password are the runner's."""

from __future__ import annotations

import contextlib
import hashlib
import os
import smtplib
import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import formatdate, getaddresses
from typing import Any

import msgspec

from ..effect import Effect
from ..handlers import PermanentFailure, RetryAfter

Addresses = str | list[str]
SECONDS = 30.0


class Mail(msgspec.Struct, forbid_unknown_fields=True):
    """The input of email.send.  `sender` is PGSM_SMTP_FROM where it is not given."""

    to: Addresses
    subject: str
    text: str = ""
    html: str | None = None
    cc: Addresses = []
    bcc: Addresses = []
    reply_to: str | None = None
    sender: str | None = None
    headers: dict[str, str] = {}


def send(effect: Effect, mail: Mail) -> dict[str, Any]:
    """Output: message_id, and refused: recipients that the server did not take.

    The Message-ID is made of the effect's key, so that a second attempt is known as
    the same mail.
    """
    sender = mail.sender or os.environ.get("PGSM_SMTP_FROM")
    if not sender:
        raise PermanentFailure("no sender, and no PGSM_SMTP_FROM", code="mail_sender")
    message = _message(effect, mail, sender)
    recipients = _bare([*_list(mail.to), *_list(mail.cc), *_list(mail.bcc)])
    if not recipients:
        raise PermanentFailure("there is no recipient", code="mail_recipient")
    try:
        with _connection() as smtp:
            refused = smtp.send_message(message, _bare([sender])[0], recipients)
    except smtplib.SMTPRecipientsRefused as problem:
        raise _failure(max(problem.recipients.values())) from None
    except smtplib.SMTPResponseException as problem:
        raise _failure((problem.smtp_code, _bytes(problem.smtp_error))) from None
    except (OSError, smtplib.SMTPException) as problem:
        message_text = f"{type(problem).__name__}: {problem}"
        raise RetryAfter(None, message_text, code="mail_connection") from None
    return {
        "message_id": message["Message-ID"],
        "refused": {who: reply[0] for who, reply in refused.items()},
    }


def _message(effect: Effect, mail: Mail, sender: str) -> EmailMessage:
    message = EmailMessage()
    domain = (_bare([sender]) or [""])[0].rpartition("@")[2] or "localhost"
    digest = hashlib.sha256(effect.key.encode()).hexdigest()[:32]
    fields = {
        "From": sender,
        "To": ", ".join(_list(mail.to)),
        "Cc": ", ".join(_list(mail.cc)),
        "Reply-To": mail.reply_to,
        "Subject": mail.subject,
        "Date": formatdate(usegmt=True),
        "Message-ID": f"<{digest}@{domain}>",
        **mail.headers,
    }
    try:
        for name, value in fields.items():
            if value:
                message[name] = value
    except ValueError as problem:
        # a line break in a subject would begin another header
        raise PermanentFailure(f"the headers: {problem}", code="mail_header") from None
    message.set_content(mail.text)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
    return message


@contextlib.contextmanager
def _connection() -> Iterator[smtplib.SMTP]:
    """To PGSM_SMTP_HOST and _PORT; PGSM_SMTP_TLS is starttls, tls or none."""
    host = os.environ.get("PGSM_SMTP_HOST", "localhost")
    tls = os.environ.get("PGSM_SMTP_TLS", "starttls")
    port = int(os.environ.get("PGSM_SMTP_PORT", "465" if tls == "tls" else "587"))
    context = ssl.create_default_context()
    if tls == "tls":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            host, port, timeout=SECONDS, context=context
        )
    else:
        smtp = smtplib.SMTP(host, port, timeout=SECONDS)
    with smtp:
        if tls == "starttls":
            smtp.starttls(context=context)
        user = os.environ.get("PGSM_SMTP_USER")
        if user:
            smtp.login(user, os.environ.get("PGSM_SMTP_PASSWORD", ""))
        yield smtp


def _failure(reply: tuple[int, bytes]) -> Exception:
    """4xx is to be tried again, 5xx not."""
    code, text = reply
    message = f"{code} {text.decode('utf-8', 'replace')}"
    if code >= 500:
        return PermanentFailure(message, code=f"smtp_{code}")
    return RetryAfter(None, message, code=f"smtp_{code}")


def _bytes(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _list(given: Addresses) -> list[str]:
    return [given] if isinstance(given, str) else given


def _bare(given: list[str]) -> list[str]:
    """The addresses without names."""
    return [address for _, address in getaddresses(given) if address]
