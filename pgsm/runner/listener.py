"""Being woken by NOTIFY, on a connection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import psycopg

from . import database, log
from .backoff import Backoff

CHANNEL = "pgsm_effects"
CHECK_SECONDS = 30.0
CHECK_TIMEOUT = 5.0


class Listener:
    """Calls `wake` for each notification, and after each time it has connected.

    `connected` tells whether notifications can arrive.  Polling alone is correct: a
    connection that is dead and does not say so costs no more than the poll interval.
    """

    def __init__(self, dsn: str, wake: Callable[[], None]) -> None:
        self._dsn = dsn
        self._wake = wake
        self._backoff = Backoff()
        self.connected = False

    async def run(self) -> None:
        """Listen until cancelled, connecting again whenever the connection is lost."""
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError, asyncio.TimeoutError) as problem:
                log.warning("listener_lost", message=str(problem).strip())
            finally:
                self.connected = False
            await asyncio.sleep(self._backoff.next())

    async def _listen(self) -> None:
        connection = await database.connect(self._dsn)
        try:
            await connection.execute(f"listen {CHANNEL}")
            self.connected = True
            self._backoff.reset()
            # whatever was committed before this point notified nobody here
            self._wake()
            while True:
                async for _ in connection.notifies(timeout=CHECK_SECONDS):
                    self._wake()
                await asyncio.wait_for(connection.execute(""), CHECK_TIMEOUT)
                # in case one came in with the answer to that
                self._wake()
        finally:
            await connection.close()
