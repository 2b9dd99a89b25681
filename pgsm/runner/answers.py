"""Telling the database how effects ended: in batches, until each is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from . import log
from .backoff import Backoff
from .claims import Completion, Done, Failed, Outcome
from .database import BATCH, Database
from .execution import Held
from .observer import Observer

BUSY_FIRST = 0.05
BUSY_LONGEST = 1.0
LARGE = 16_000_000  # characters of outputs in one call, and one more output


@dataclass(frozen=True)
class Answer:
    held: Held
    outcome: Outcome

    def size(self) -> int:
        return len(self.outcome.output) if isinstance(self.outcome, Done) else 0


class Answers:
    """A queue of outcomes and the task that empties it.

    `settled` is called for each effect when nothing more is to be said about it, with
    what the database has answered; `open` counts those of which there still is.
    """

    def __init__(
        self,
        database: Database,
        settled: Callable[[Held, str | None], None],
        observer: Observer,
    ) -> None:
        self._database = database
        self._observer = observer
        self._settled = settled
        self._queue: asyncio.Queue[Answer] = asyncio.Queue()
        self.open = 0
        self._all_settled = asyncio.Event()
        self._all_settled.set()
        self._backoff = Backoff(longest=5.0)

    def put(self, held: Held, outcome: Outcome) -> None:
        held.answered = True
        self.open += 1
        self._all_settled.clear()
        self._queue.put_nowait(Answer(held, outcome))

    async def wait_until_settled(self, seconds: float) -> bool:
        """Whether all that was put is recorded within the time."""
        try:
            await asyncio.wait_for(self._all_settled.wait(), seconds)
        except asyncio.TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """Record outcomes until cancelled; the next batch gathers meanwhile."""
        while True:
            batch = [await self._queue.get()]
            size = batch[0].size()
            while len(batch) < BATCH and size < LARGE and not self._queue.empty():
                batch.append(self._queue.get_nowait())
                size += batch[-1].size()
            await self._record(batch)

    async def _record(self, batch: list[Answer]) -> None:
        together = []
        for answer in batch:
            if answer.held.dropped:
                await self._drop(answer)
            elif isinstance(answer.outcome, Failed):
                await self._fail(answer, answer.outcome)
            elif answer.held.effect._connection is not None:
                await self._complete_in_transaction(answer, answer.outcome)
            else:
                together.append(answer)
        if together:
            await self._complete(together)

    async def _complete(self, batch: list[Answer]) -> None:
        completions = [
            Completion(a.held.claim, a.outcome.output, a.held.trace)
            for a in batch
            if isinstance(a.outcome, Done)
        ]
        try:
            rows = await self._database.complete(completions)
        except psycopg.Error as problem:
            if _is_away(problem):
                await self._put_back(batch, problem)
            else:
                await self._complete_apart(batch, problem)
            return
        self._backoff.reset()
        answers = {row["lease_token"]: row for row in rows}
        for item in batch:
            row = answers[str(item.held.claim.lease_token)]
            self._conclude(item, row["outcome"], row["error"])

    async def _complete_apart(
        self, batch: list[Answer], problem: psycopg.Error
    ) -> None:
        """One of them breaks the call: find it, and keep its error with its effect."""
        if len(batch) > 1:
            for item in batch:
                await self._complete([item])
            return
        if _is_passing(problem):
            self._later(batch[0], problem)
            return
        message = problem.diag.message_primary or str(problem)
        failed = Failed("not_recorded", message, problem.sqlstate, permanent=True)
        await self._fail(batch[0], failed)

    async def _complete_in_transaction(self, item: Answer, done: Done) -> None:
        """Completion and the handler's own writes, in the handler's transaction."""
        connection = item.held.effect._connection
        assert connection is not None
        try:
            completion = Completion(item.held.claim, done.output, item.held.trace)
            (row,) = await self._database.complete([completion], connection)
            if row["outcome"] == "busy":
                self._later(item)
                return
            item.held.effect._connection = None
            recorded = row["outcome"] != "lease_lost"
            await self._database.end(connection, commit=recorded)
        except psycopg.Error as problem:
            # Where only the answer to the commit was lost, this is refused: the
            # lease is over.
            message = problem.diag.message_primary or str(problem)
            await self._fail(item, Failed("transaction", message, problem.sqlstate))
            return
        self._conclude(item, row["outcome"], row["error"])

    async def _fail(self, item: Answer, failed: Failed) -> None:
        await self._roll_back(item.held)
        try:
            answer = await self._database.fail(item.held.claim, failed)
        except psycopg.Error as problem:
            if _is_away(problem):
                await self._put_back([Answer(item.held, failed)], problem)
            elif _is_passing(problem):
                self._later(Answer(item.held, failed), problem)
            else:
                log.error("failure_not_recorded", exc_info=problem, **_fields(item))
                self._settle(item)
            return
        self._conclude(Answer(item.held, failed), answer, None)

    async def _drop(self, item: Answer) -> None:
        await self._roll_back(item.held)
        self._settle(item)

    async def _roll_back(self, held: Held) -> None:
        connection, held.effect._connection = held.effect._connection, None
        if connection is not None:
            try:
                await self._database.end(connection, commit=False)
            except psycopg.Error as problem:
                log.warning("rollback_failed", message=str(problem).strip())

    async def _put_back(self, batch: list[Answer], problem: psycopg.Error) -> None:
        seconds = self._backoff.next()
        self._observer.trouble("answer", problem)
        log.warning("database_away", message=str(problem).strip(), retry_in=seconds)
        for item in batch:
            self._queue.put_nowait(item)
        await asyncio.sleep(seconds)

    def _conclude(self, item: Answer, answer: str, error: object) -> None:
        if answer == "busy":
            self._later(item)
            return
        self._observer.recorded(item.held.claim, answer)
        fields = _fields(item)
        if isinstance(item.outcome, Failed):
            fields |= {"type": item.outcome.type, "message": item.outcome.message}
        if answer in ("succeeded", "retrying", "cancelled"):
            log.info(f"effect_{answer}", **fields)
        else:
            log.warning(f"effect_{answer}", **fields, error=error)
        self._settle(item, answer)

    def _later(self, item: Answer, problem: psycopg.Error | None = None) -> None:
        """Another transaction holds the instance; the lease is kept meanwhile.

        Or it could not be told for a reason that passes, and holds up no other.
        """
        if problem is not None:
            self._observer.trouble("answer", problem)
            message = problem.diag.message_primary or str(problem).strip()
            log.warning(
                "answer_failed", message=message, code=problem.sqlstate, **_fields(item)
            )
        seconds = min(BUSY_LONGEST, BUSY_FIRST * 2 ** min(item.held.busy, 10))
        item.held.busy += 1
        asyncio.get_running_loop().call_later(seconds, self._queue.put_nowait, item)

    def _settle(self, item: Answer, answer: str | None = None) -> None:
        self.open -= 1
        if self.open == 0:
            self._all_settled.set()
        self._settled(item.held, answer)


def _is_away(problem: psycopg.Error) -> bool:
    """Whether the database takes no answers at all: they are told again until it does.

    Class 25 is a server that became a standby, 42 a function that a deploy replaces or
    a right that was taken away, 53300 too many connections.
    """
    code = problem.sqlstate
    if code is None:
        return isinstance(problem, (psycopg.OperationalError, psycopg.InterfaceError))
    return code[:2] in ("08", "25", "42") or code[:3] == "57P" or code == "53300"


def _is_passing(problem: psycopg.Error) -> bool:
    """Whether the same answer may be taken another time: a deadlock, a timeout.

    What a machine raises comes as an outcome.
    """
    code = problem.sqlstate or ""
    return code[:2] in ("40", "53", "55", "57", "58", "XX")


def _fields(item: Answer) -> dict[str, object]:
    return item.held.claim.log_fields()
