"""When a runner that found nothing asks again: woken, when one is due, by polling."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence

from .database import Database

QUICK_FIRST = 0.02
RENEW_SECONDS = 10.0  # the flag is set for 30


class Waiting:
    """The runner's half of `pgsm.wait_for_effects`.

    Senders notify only a runner that has said that it waits.  One that wrote an effect
    and looked just before that was said is awaited by polling quickly, until the
    database says that no such transaction is left.

    `is_limited`: an effect that is due waits for another one of its name to end.
    """

    def __init__(self, database: Database, names: Sequence[str], poll: float) -> None:
        self._database = database
        self._names = names
        self._poll = poll
        self._wake = asyncio.Event()
        self.found()

    def wake(self) -> None:
        """End the sleep that is on, or the next one before it begins."""
        self._wake.set()

    def look(self) -> None:
        """What is due next may have changed."""
        self._next_at = 0.0
        self.wake()

    async def wait_for_wake(self) -> None:
        """Sleep for as long as nothing happens: there is no place for an effect."""
        await self._wake.wait()
        self._wake.clear()

    def found(self) -> None:
        """Effects were claimed, which has taken back that this runner waits."""
        self._horizon: str | None = None
        self._asleep = False
        self._quick = QUICK_FIRST
        self._renewed = 0.0
        self._next_at = math.inf
        self.is_limited = False

    async def pause(self, can_be_notified: Callable[[], bool]) -> None:
        """Return when it is time to claim again."""
        if not can_be_notified():
            self.found()
            await self._sleep(self._poll)
        elif self._asleep:
            await self._rest()
        elif await self._ask():
            # claim once more before the first sleep: that sees all that was missed
            self._asleep = True
        else:
            await self._sleep(min(self._quick, self._next_at - time.monotonic()))
            self._quick = min(self._poll, self._quick * 2)

    async def _rest(self) -> None:
        end = time.monotonic() + self._poll
        over = False
        while self._asleep and not over:
            renew_at = self._renewed + RENEW_SECONDS
            until = min(end, self._next_at, renew_at)
            over = await self._sleep(until - time.monotonic())
            now = time.monotonic()
            over = over or now >= min(end, self._next_at)
            if now >= min(self._next_at, renew_at):
                # asked before the claim: what becomes due in between is claimed
                await self._ask()

    async def _ask(self) -> bool:
        """Whether all who could have missed the flag have ended."""
        answer = await self._database.wait(self._horizon)
        if not answer.is_registered:
            await self._database.register(self._names)
        if answer.horizon is None:
            # the flag is set now; what was missed is measured from here
            answer = await self._database.wait(None)
            self._asleep = False
        self._horizon = answer.horizon
        self._renewed = time.monotonic()
        self._next_at = math.inf
        if answer.next_in is not None:
            self._next_at = self._renewed + max(answer.next_in, QUICK_FIRST)
        self.is_limited = answer.is_limited
        return answer.may_sleep

    async def _sleep(self, seconds: float) -> bool:
        """Whether it was ended by `wake`."""
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except asyncio.TimeoutError:
            return False
        self._wake.clear()
        return True
