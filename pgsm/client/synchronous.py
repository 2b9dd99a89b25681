"""`Client`: pgsm from Python, in the caller's transaction or on own connections."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Generator, Iterator
from typing import Any, Literal, TypeVar

import psycopg
from psycopg.rows import tuple_row
from psycopg_pool import ConnectionPool

from .. import errors  # noqa: F401  (registers the exceptions of SM codes)
from ..engine import exact
from ..rows import LogEntry, Snapshot
from . import statements
from .joining import connection_of
from .statements import Loads, Statement
from .verbs import Verb
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
Numbers = Literal["exact", "float"]
APPLICATION = "pgsm client"


def reader(numbers: Numbers) -> Loads:
    """What makes values of JSON texts: with Decimal, or with float."""
    return exact.loads if numbers == "exact" else json.loads


class Client:
    """Starts instances, sends events to them and looks at them.

        client = pgsm.Client("postgresql://localhost/shop")
        client.start("order", "order-42", {"total": 12})
        sent = client.send("order-42", "accept", {"eta": 20})
        print(sent.value, sent.outcome)

    `source` is where the statements run:

    - a connection string, or None for libpq's environment: on a pool of connections of
      its own, opened with the first call; each call is a transaction
    - a psycopg_pool.ConnectionPool
    - a psycopg connection, Django's `connection`, or SQLAlchemy's Session or
      Connection: in its transaction; the client neither commits nor rolls back

    What pgsm refuses is raised as a class of `pgsm.errors`.  Numbers in JSON are int or
    Decimal, with `numbers="float"` int or float.  `watch` and `wait_for` look every
    `poll` seconds where nothing can wake them.
    """

    start = Verb(statements.start)
    send = Verb(statements.send)
    send_many = Verb(statements.send_many)
    send_by_key = Verb(statements.send_by_key)
    start_or_send = Verb(statements.start_or_send)
    post = Verb(statements.post)
    snapshot = Verb(statements.snapshot)
    find = Verb(statements.find)
    enabled_events = Verb(statements.enabled_events)
    simulate = Verb(statements.simulate)
    history = Verb(statements.history)
    pause = Verb(statements.pause)
    resume = Verb(statements.resume)
    stop = Verb(statements.stop)

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
        self._owns_pool = source is None or isinstance(source, str)
        self._source = source
        self._pool: ConnectionPool[Any] | None = None
        if self._owns_pool:
            self._pool = ConnectionPool(
                source or "",
                kwargs={"autocommit": True, "fallback_application_name": APPLICATION},
                min_size=0,
                max_size=pool_size,
                open=False,
                name=APPLICATION,
            )
        elif isinstance(source, ConnectionPool):
            self._pool = source

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the pool that the client has opened; nothing else."""
        if self._owns_pool and self._pool is not None:
            self._pool.close()

    @property
    def connection(self) -> psycopg.Connection[Any]:
        """The connection that the client has joined; a client with a pool has none."""
        if self._pool is not None:
            raise TypeError("a client with a pool has a connection in transaction()")
        return connection_of(self._source)

    def run(self, statement: Statement[Result]) -> Result:
        """Run a statement and read its rows."""
        with self._connected() as connection:
            return self._run(connection, statement)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Client]:
        """A client whose calls are one transaction, or a savepoint in the joined one.

        with client.transaction() as tx:
            tx.connection.execute("update shop.orders set …")
            tx.send("order-42", "accept")
        """
        with self._connected() as connection, connection.transaction():
            yield Client(connection, numbers=self._numbers, poll=self._poll)

    def wait_for(
        self,
        instance_id: str,
        predicate: Predicate | None = None,
        *,
        state: str | None = None,
        tag: str | None = None,
        done: bool = False,
        timeout: float | None = None,
    ) -> Snapshot:
        """The first snapshot of which all that is given is true.

        Looks at the instance as it stands: what passes in between is seen by `watch`
        only, and what others commit not at all in a joined transaction that is not
        read committed.  Raises WaitTimeout (a TimeoutError) after `timeout` seconds,
        NeverReached where the instance ends before.
        """
        holds = condition(predicate, state, tag, done)
        with self._session() as (connection, listens):
            plan = waiting(instance_id, holds, timeout, listens, self._poll)
            steps = self._drive(connection, plan, instance_id, listens)
            # a plan that waits finds no steps: its end is its result
            return _end(steps)

    def watch(
        self, instance_id: str, *, since: int | None = None
    ) -> Generator[LogEntry, None, None]:
        """Each step from now on, or after a revision, until the instance has ended.

        A step that is read is committed.  None is left out or comes twice: go on after
        an interruption, such as a lost connection, with `since` the last revision.
        """
        if since is None:
            since = self.run(statements.snapshot(instance_id)).revision
        return self._watch(instance_id, since)

    def _watch(self, instance_id: str, since: int) -> Generator[LogEntry, None, None]:
        with self._session() as (connection, listens):
            plan = watching(instance_id, since, listens, self._poll)
            yield from self._drive(connection, plan, instance_id, listens)

    # ---------------------------------------------------------------- connections

    @contextlib.contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[Any]]:
        if self._pool is None:
            yield connection_of(self._source)
            return
        if self._owns_pool:
            self._pool.open()
        with self._pool.connection() as connection:
            yield connection

    @contextlib.contextmanager
    def _session(self) -> Iterator[tuple[psycopg.Connection[Any], bool]]:
        """A connection to watch with, and whether it is notified.

        In a caller's transaction it is not: LISTEN and the registration would take
        effect when that commits, and hold the instance until then.
        """
        if self._pool is None:
            yield connection_of(self._source), False
        elif self._owns_pool:
            options: dict[str, Any] = {"fallback_application_name": APPLICATION}
            with psycopg.connect(
                self._source or "", autocommit=True, **options
            ) as connection:
                connection.execute(f"listen {CHANNEL}")
                yield connection, True
        else:
            with self._pool.connection() as connection, _listening(connection):
                yield connection, True

    def _run(
        self, connection: psycopg.Connection[Any], statement: Statement[Result]
    ) -> Result:
        # a plain cursor: the connection's own may make other rows
        with psycopg.Cursor(connection, row_factory=tuple_row) as cursor:
            cursor.execute(statement.query, statement.parameters)
            return statement.read(cursor.fetchall(), self._loads)

    def _drive(
        self,
        connection: psycopg.Connection[Any],
        plan: Plan[Result],
        instance_id: str,
        listens: bool,
    ) -> Generator[LogEntry, None, Result]:
        """Do what a plan says, handing out the steps that it finds."""
        answer: Any = None
        try:
            while True:
                wanted = plan.send(answer)
                answer = None
                if isinstance(wanted, Ask):
                    answer = self._run(connection, wanted.statement)
                elif isinstance(wanted, Found):
                    yield wanted.step
                elif isinstance(wanted, Rest):
                    _rest(connection, wanted.seconds, instance_id, listens)
        except StopIteration as end:
            result: Result = end.value
            return result


def _end(steps: Generator[LogEntry, None, Result]) -> Result:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result


@contextlib.contextmanager
def _listening(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """A pool's connection that listens, and is given back as it was."""
    before, connection.autocommit = connection.autocommit, True
    try:
        connection.execute(f"listen {CHANNEL}")
        yield
    finally:
        if not connection.closed:
            connection.execute(f"unlisten {CHANNEL}")
            connection.autocommit = before


def _rest(
    connection: psycopg.Connection[Any],
    seconds: float,
    instance_id: str,
    listens: bool,
) -> None:
    if not listens:
        time.sleep(seconds)
        return
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        for notified in connection.notifies(timeout=left, stop_after=1):
            if notified.payload == instance_id:
                return
