"""What a handler is given: the effect that it does."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg

from . import wire
from .claims import Claim

Connect = Callable[[], Awaitable[psycopg.AsyncConnection[Any]]]


class Effect:
    """One attempt at an effect.

    ===========  ====================================================================
    key          the idempotency key, the same for all attempts: hand it to the other
                 side, so that a second attempt does nothing twice
    attempt      counts from 1; `attempts` is how many there may be
    deadline     when this attempt is taken to have failed, by the database's clock,
                 or None
    input        what the machine gave, as plain JSON
    trace        a W3C traceparent for what the handler calls, or None
    progress     what an earlier attempt gave to `heartbeat`, or None
    ===========  ====================================================================
    """

    def __init__(
        self, claim: Claim, connect: Connect, seconds_allowed: float | None
    ) -> None:
        self.key = claim.key
        self.name = claim.name
        self.attempt = claim.attempt
        self.attempts = claim.attempts
        self.instance_id = claim.instance_id
        self.effect_id = claim.effect_id
        self.machine = claim.machine
        self.version = claim.version
        self.tenant = claim.tenant
        self.progress = claim.progress
        self.deadline: datetime | None = None
        if seconds_allowed is not None:
            self.deadline = claim.claimed_at + timedelta(seconds=seconds_allowed)
        self.trace = claim.trace
        self._claim = claim
        self._connect = connect
        self._cancelled = False
        self._reported: str | None = None
        self._connection: psycopg.AsyncConnection[Any] | None = None

    @property
    def input(self) -> Any:
        """What the machine gave, as plain JSON."""
        return self._claim.input

    @property
    def cancelled(self) -> bool:
        """Whether the handler is asked to stop: nobody waits for its result.

        That is when its state was left, its time or its lease is over, or the runner
        stops.  A handler that goes on all the same does no harm.
        """
        return self._cancelled

    def heartbeat(self, progress: Any) -> None:
        """Keep `progress` with the effect, for a later attempt and for who looks on.

        Returns at once, from any thread: the runner's next heartbeat takes it along.
        Raises ValueError for what is not JSON.
        """
        self._reported = wire.dumps(progress)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """A connection whose work commits together with the effect's completion.

        It stays open until the handler has returned and is rolled back where the
        handler raises or has lost its lease: what is written there is written once.
        For async handlers only.
        """
        if self._connection is None:
            self._connection = await self._connect()
        yield self._connection
