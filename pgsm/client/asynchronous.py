"""`AsyncClient`: what `Client` is, awaited."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, TypeVar

import psycopg
from psycopg.rows import tuple_row
from psycopg_pool import AsyncConnectionPool

from .. import errors  # noqa: F401  (registers the exceptions of SM codes)
from ..rows import LogEntry, Snapshot
from . import statements
from .joining import async_connection_of
from .statements import Statement
from .synchronous import APPLICATION, Numbers, reader
from .verbs import AsyncVerb
from .watching import (
    CHANNEL,
    Ask,
    Found,
    Plan,
    Predicate,
    Rest,
    condition,
    waiting,
    watching,
)

Result = TypeVar("Result")


class AsyncClient:
    """Starts instances, sends events to them and looks at them, with asyncio.

        async with pgsm.AsyncClient("postgresql://localhost/shop") as client:
            sent = await client.send("order-42", "accept", {"eta": 20})

    `source` and the options are those of `Client`; a pool is an AsyncConnectionPool, a
    joined connection psycopg's AsyncConnection, SQLAlchemy's AsyncSession or
    AsyncConnection.
    """

    start = AsyncVerb(statements.start)
    send = AsyncVerb(statements.send)
    send_many = AsyncVerb(statements.send_many)
    send_by_key = AsyncVerb(statements.send_by_key)
    start_or_send = AsyncVerb(statements.start_or_send)
    post = AsyncVerb(statements.post)
    snapshot = AsyncVerb(statements.snapshot)
    find = AsyncVerb(statements.find)
    enabled_events = AsyncVerb(statements.enabled_events)
    simulate = AsyncVerb(statements.simulate)
    history = AsyncVerb(statements.history)
    pause = AsyncVerb(statements.pause)
    resume = AsyncVerb(statements.resume)
    stop = AsyncVerb(statements.stop)

    def __init__(
        self,
        source: Any = None,
        *,
        numbers: Numbers = "exact",
        poll: float = 0.5,
        pool_size: int = 4,
    ) -> None:
        self._numbers: Numbers = numbers
        self._loads = reader(numbers)
        self._poll = poll
        self._pool_size = pool_size
        self._owns_pool = source is None or isinstance(source, str)
        self._source = source
        self._pool: AsyncConnectionPool[Any] | None = None
        if isinstance(source, AsyncConnectionPool):
            self._pool = source

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the pool that the client has opened; nothing else."""
        if self._owns_pool and self._pool is not None:
            await self._pool.close()
            self._pool = None

    async def connection(self) -> psycopg.AsyncConnection[Any]:
        """The connection that the client has joined; a client with a pool has none."""
        if self._owns_pool or self._pool is not None:
            raise TypeError("a client with a pool has a connection in transaction()")
        return await async_connection_of(self._source)

    async def run(self, statement: Statement[Result]) -> Result:
        """Run a statement and read its rows."""
        async with self._connected() as connection:
            return await self._run(connection, statement)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncClient]:
        """As `Client.transaction`: its calls are one transaction, or one savepoint."""
        async with self._connected() as connection, connection.transaction():
            yield AsyncClient(connection, numbers=self._numbers, poll=self._poll)

    async def wait_for(
        self,
        instance_id: str,
        predicate: Predicate | None = None,
        *,
        state: str | None = None,
        tag: str | None = None,
        done: bool = False,
        timeout: float | None = None,
    ) -> Snapshot:
        """The first snapshot of which all that is given is true: `Client.wait_for`."""
        holds = condition(predicate, state, tag, done)
        async with self._session() as (connection, listens):
            plan = waiting(instance_id, holds, timeout, listens, self._poll)
            ends: list[Snapshot] = []
            async for _ in self._drive(connection, plan, instance_id, listens, ends):
                pass
            return ends[0]

    async def watch(
        self, instance_id: str, *, since: int | None = None
    ) -> AsyncGenerator[LogEntry, None]:
        """Each step from now on, or after a revision, until the instance has ended.

        As `Client.watch`, where "now" is when the first step is asked for;
        `contextlib.aclosing` ends it before the end.
        """
        async with self._session() as (connection, listens):
            plan = watching(instance_id, since, listens, self._poll)
            async for step in self._drive(connection, plan, instance_id, listens, []):
                yield step

    # ---------------------------------------------------------------- connections

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        pool = await self._opened()
        if pool is None:
            yield await async_connection_of(self._source)
            return
        async with pool.connection() as connection:
            yield connection

    async def _opened(self) -> AsyncConnectionPool[Any] | None:
        """The pool; one's own is made with the first call, in a loop that runs."""
        if self._owns_pool and self._pool is None:
            self._pool = AsyncConnectionPool(
                self._source or "",
                kwargs={"autocommit": True, "fallback_application_name": APPLICATION},
                min_size=0,
                max_size=self._pool_size,
                open=False,
                name=APPLICATION,
            )
            await self._pool.open()
        return self._pool

    @contextlib.asynccontextmanager
    async def _session(
        self,
    ) -> AsyncIterator[tuple[psycopg.AsyncConnection[Any], bool]]:
        """A connection to watch with, and whether it is notified."""
        if self._owns_pool:
            options: dict[str, Any] = {"fallback_application_name": APPLICATION}
            connecting = psycopg.AsyncConnection.connect(
                self._source or "", autocommit=True, **options
            )
            async with await connecting as connection:
                await connection.execute(f"listen {CHANNEL}")
                yield connection, True
        elif self._pool is not None:
            async with self._pool.connection() as connection, _listening(connection):
                yield connection, True
        else:
            yield await async_connection_of(self._source), False

    async def _run(
        self, connection: psycopg.AsyncConnection[Any], statement: Statement[Result]
    ) -> Result:
        async with psycopg.AsyncCursor(connection, row_factory=tuple_row) as cursor:
            await cursor.execute(statement.query, statement.parameters)
            return statement.read(await cursor.fetchall(), self._loads)

    async def _drive(
        self,
        connection: psycopg.AsyncConnection[Any],
        plan: Plan[Result],
        instance_id: str,
        listens: bool,
        ends: list[Result],
    ) -> AsyncIterator[LogEntry]:
        """Do what a plan says; its result goes to `ends`, which a generator has not."""
        answer: Any = None
        while True:
            try:
                wanted = plan.send(answer)
            except StopIteration as end:
                ends.append(end.value)
                return
            answer = None
            if isinstance(wanted, Ask):
                answer = await self._run(connection, wanted.statement)
            elif isinstance(wanted, Found):
                yield wanted.step
            elif isinstance(wanted, Rest):
                await _rest(connection, wanted.seconds, instance_id, listens)


@contextlib.asynccontextmanager
async def _listening(connection: psycopg.AsyncConnection[Any]) -> AsyncIterator[None]:
    """A pool's connection that listens, and is given back as it was."""
    before = connection.autocommit
    await connection.set_autocommit(True)
    try:
        await connection.execute(f"listen {CHANNEL}")
        yield
    finally:
        if not connection.closed:
            await connection.execute(f"unlisten {CHANNEL}")
            await connection.set_autocommit(before)


async def _rest(
    connection: psycopg.AsyncConnection[Any],
    seconds: float,
    instance_id: str,
    listens: bool,
) -> None:
    if not listens:
        await asyncio.sleep(seconds)
        return
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        async with contextlib.aclosing(
            connection.notifies(timeout=left, stop_after=1)
        ) as notifications:
            async for notified in notifications:
                if notified.payload == instance_id:
                    return
