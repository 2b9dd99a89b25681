"""A local SMTP server that keeps what it is sent, and can be slow on demand."""

from __future__ import annotations

import asyncio
import email
import socket
import threading
from email.message import Message
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Inbox:
    """The server and its mails, in the order in which they came.

    `hold("crowd", after=5)` lets five more mails to such recipients through and makes
    the senders of further ones wait until `let_go()`: a mail server on a bad day.
    """

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.waiting = 0
        self._held = ""
        self._room: int | None = None
        self._lock = threading.Lock()
        self._controller = Controller(self, hostname="127.0.0.1", port=_free_port())

    def __enter__(self) -> Inbox:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go()
        self._controller.stop()

    @property
    def address(self) -> str:
        """host:port"""
        return f"{self._controller.hostname}:{self._controller.port}"

    def hold(self, recipients: str, after: int) -> None:
        with self._lock:
            self._held, self._room = recipients, after

    def let_go(self) -> None:
        with self._lock:
            self._room = None

    def of(self, instance_id: str, template: str | None = None) -> list[Message]:
        """What an instance has sent, of one template or all."""
        return [
            mail
            for mail in list(self.mails)
            if mail["X-Instance"] == instance_id
            and template in (None, mail["X-Template"])
        ]

    async def handle_DATA(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self._held in envelope.rcpt_tos[0]:
            await self._turn()
        content: Any = envelope.content
        self.mails.append(email.message_from_bytes(content))
        return "250 taken"

    async def _turn(self) -> None:
        if self._has_room():
            return
        self.waiting += 1
        try:
            while not self._has_room():
                await asyncio.sleep(0.05)
        finally:
            self.waiting -= 1

    def _has_room(self) -> bool:
        with self._lock:
            if self._room is None:
                return True
            self._room -= 1
            if self._room >= 0:
                return True
            self._room = 0
            return False


def _free_port() -> int:
    # aiosmtpd does not tell which port it got for 0
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
