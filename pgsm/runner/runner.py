"""The loop: claim what can be run, keep the leases, stop in good order."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg

from . import execution, log
from .answers import Answers
from .backoff import Backoff
from .claims import Claim, Failed, Outcome
from .database import Database
from .effect import Effect
from .execution import Held
from .handlers import Registry
from .listener import Listener
from .observer import Observer
from .retention import run_retention
from .timers import drive_timers
from .waiting import Waiting

GIVE_BACK_TRIES = 5


@dataclass(frozen=True)
class Settings:
    """How a runner runs; all times are in seconds."""

    concurrency: int = 20
    lease: float = 30.0
    poll: float = 1.0
    grace: float = 20.0
    timers: bool = False


class Runner:
    """Does effects until `stop` is called."""

    def __init__(
        self,
        registry: Registry,
        database: Database,
        settings: Settings,
        observer: Observer | None = None,
    ) -> None:
        registry.check()
        self._registry = registry
        self._observer = observer or Observer()
        self._database = database
        self._settings = settings
        self._lease = timedelta(seconds=settings.lease)
        self._held: dict[UUID, Held] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._in_use: Counter[str] = Counter()
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()
        self._short = False  # of places for some name, when it was last claimed
        self._waiting = Waiting(database, registry.names, settings.poll)
        self._answers = Answers(database, self._settled, self._observer)
        self._listener = Listener(database.listen_dsn, self._waiting.wake)

    def stop(self) -> None:
        """Claim nothing more and finish within the grace; twice: give back at once."""
        if self._stopping.is_set():
            self._hurry.set()
        self._stop_claiming()

    def _stop_claiming(self) -> None:
        self._stopping.set()
        self._waiting.wake()

    async def run(self) -> None:
        """Run until stopped and all effects in hand are answered for or given back."""
        await self._database.register(self._registry.names)
        log.info("runner_started", runner=self._database.runner_id)
        self._observer.running(self._settings.concurrency)
        helpers = [
            asyncio.create_task(coroutine, name=name)
            for name, coroutine in self._helpers().items()
        ]
        claiming = asyncio.create_task(self._claim_until_stopped(), name="claims")
        try:
            # a helper that ends has a bug: that is no reason to go on without it
            await asyncio.wait(
                {claiming, *helpers}, return_when=asyncio.FIRST_COMPLETED
            )
            self._stop_claiming()
            await claiming
            await self._drain()
        finally:
            for task in helpers:
                task.cancel()
            ended = await asyncio.gather(*helpers, return_exceptions=True)
        for problem in ended:
            if isinstance(problem, Exception):
                raise problem

    def _helpers(self) -> dict[str, Coroutine[Any, Any, None]]:
        helpers = {
            "answers": self._answers.run(),
            "heartbeats": self._keep_leases(),
            "beats": self._observer.beat(),
            "listener": self._listener.run(),
        }
        if self._settings.timers:
            helpers["timers"] = drive_timers(self._database)
            helpers["retention"] = run_retention(self._database)
        return helpers

    # Claiming

    async def _claim_until_stopped(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            if await self._try_to_claim():
                backoff.reset()
            else:
                await self._sleep_unless_stopped(backoff.next())

    async def _try_to_claim(self) -> bool:
        try:
            await self._claim()
        except psycopg.Error as problem:
            message = problem.diag.message_primary or str(problem).strip()
            log.warning("claim_failed", message=message, code=problem.sqlstate)
            self._observer.trouble("claim", problem)
            return False
        self._observer.fine()
        return True

    async def _claim(self) -> None:
        limits, room = self._room()
        if room == 0:
            await self._waiting.wait_for_wake()
            return
        claims = await self._database.claim(limits, room, self._lease)
        for claim in claims:
            self._start(claim)
        if claims:
            self._waiting.found()
        if len(claims) == room or self._reached(limits, claims):
            return
        await self._waiting.pause(lambda: self._listener.connected)

    def _room(self) -> tuple[dict[str, int], int]:
        """How many more of each name can be run, and how many of all together.

        Results that the database has not yet taken count, once there are more of
        them than places: else they would pile up while it is away.
        """
        most = self._settings.concurrency
        waiting = len(self._held) - len(self._running)
        room = max(0, most - len(self._running) - max(0, waiting - most))
        limits = {}
        for name in self._registry.names:
            limit = self._registry[name].concurrency or most
            left = min(room, limit - self._in_use[name])
            if left > 0:
                limits[name] = left
        self._short = len(limits) < len(self._registry)
        return limits, min(room, sum(limits.values()))

    def _reached(self, limits: dict[str, int], claims: list[Claim]) -> bool:
        """Whether a name's limit was reached: there may be more of the others."""
        found = Counter(claim.name for claim in claims)
        return any(found[name] >= limit for name, limit in limits.items())

    def _start(self, claim: Claim) -> None:
        handler = self._registry[claim.name]
        seconds = claim.seconds_allowed(handler.timeout)
        effect = Effect(claim, self._database.begin, seconds)
        held = Held(claim, effect, handler)
        self._held[claim.lease_token] = held
        self._in_use[claim.name] += 1
        log.info("effect_started", **claim.log_fields())
        self._observer.started(claim)
        task = asyncio.create_task(execution.run(held, self._answer))
        self._running.add(task)
        begun = time.monotonic()
        task.add_done_callback(lambda done: self._ended(done, held, begun))

    def _ended(self, task: asyncio.Task[None], held: Held, begun: float) -> None:
        self._running.discard(task)
        self._observer.handled(held.claim, time.monotonic() - begun)
        self._in_use[held.claim.name] -= 1
        self._made_room()
        problem = None if task.cancelled() else task.exception()
        if problem is not None:
            log.error("runner_fault", exc_info=problem, **held.claim.log_fields())
            if not held.answered:
                # else heartbeats would keep it for ever
                message = f"the runner failed: {type(problem).__name__}"
                self._answer(held, Failed("runner_fault", message))

    def _answer(self, held: Held, outcome: Outcome) -> None:
        self._answers.put(held, outcome)

    def _settled(self, held: Held, answer: str | None) -> None:
        self._held.pop(held.claim.lease_token, None)
        self._made_room()
        if answer == "retrying":
            self._waiting.look()
        elif self._waiting.is_limited:
            self._waiting.wake()

    def _made_room(self) -> None:
        # where the last claim asked for all names, nothing has changed
        if self._short:
            self._waiting.wake()

    # Keeping leases

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(self._settings.lease / 3)
            try:
                await self._heartbeat()
            except psycopg.Error as problem:
                log.warning("heartbeat_failed", message=str(problem).strip())
                self._observer.trouble("heartbeat", problem)

    async def _heartbeat(self) -> None:
        beats = [(held.claim, held.effect._reported) for held in self._held.values()]
        verdicts = await self._database.heartbeat(beats, self._lease)
        for token, verdict in verdicts.items():
            held = self._held.get(token)
            if held is None or held.dropped or held.answered:
                # a token that is gone may be gone because the answer was recorded: if
                # it was not, the answer's own call says so
                continue
            if verdict == "stop":
                held.ask_to_stop()
            else:
                log.warning("lease_lost", **held.claim.log_fields())
                self._observer.lost(held.claim)
                held.dropped = True
                held.cancel()

    # Stopping

    async def _drain(self) -> None:
        log.info("runner_stopping", running=len(self._running))
        self._observer.stopping()
        await self._finish_running(self._settings.grace)
        rest = [h for h in self._held.values() if h.work and not h.work.done()]
        for held in rest:
            held.dropped = True
            held.cancel()
        await self._wait_for_running(1.0)
        if not await self._answers.wait_until_settled(max(5.0, self._settings.lease)):
            log.error("outcomes_not_recorded", effects=self._answers.open)
        try:
            released = await self._give_back(rest)
            await self._database.unregister()
        except psycopg.Error as problem:
            log.warning("release_failed", message=str(problem).strip())
        else:
            self._observer.released(released)
            log.info("runner_stopped", released=released)

    async def _give_back(self, rest: list[Held]) -> int:
        """How many; tried again, since a row that somebody holds is passed over."""
        leases, released = [held.claim for held in rest], 0
        for _ in range(GIVE_BACK_TRIES):
            released += await self._database.release(leases)
            if released >= len(leases):
                break
            await asyncio.sleep(0.1)
        return released

    async def _finish_running(self, seconds: float) -> None:
        hurry = asyncio.create_task(self._hurry.wait())
        finished = asyncio.create_task(self._wait_for_running(seconds))
        await asyncio.wait({hurry, finished}, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        finished.cancel()

    async def _wait_for_running(self, seconds: float) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)

    async def _sleep_unless_stopped(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except asyncio.TimeoutError:
            return
