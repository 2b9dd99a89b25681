"""sql.notify: tells who listens in the database, once."""

from __future__ import annotations

from typing import Any

import msgspec

from .. import wire
from ..effect import Effect
from ..handlers import PermanentFailure

LONGEST = 7999
LONGEST_CHANNEL = 63


class Notification(msgspec.Struct, forbid_unknown_fields=True):
    """The input of sql.notify; a payload that is no text goes as JSON."""

    channel: str
    payload: Any = ""


async def notify(effect: Effect, notification: Notification) -> None:
    """Commits with the effect's completion, and so notifies exactly once."""
    channel, payload = notification.channel, notification.payload
    text = payload if isinstance(payload, str) else wire.dumps(payload)
    if not 0 < len(channel.encode()) <= LONGEST_CHANNEL or channel.startswith("pgsm_"):
        message = (
            f'the channel "{channel}" has no name of 1 to 63 bytes, or one of pgsm\'s'
        )
        raise PermanentFailure(message, code="notify_channel")
    if len(text.encode()) > LONGEST:
        message = f"the payload has more than {LONGEST} bytes: notify its id"
        raise PermanentFailure(message, code="notify_payload")
    async with effect.transaction() as connection:
        await connection.execute("select pg_notify(%s, %s)", [channel, text])
