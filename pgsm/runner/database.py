"""All that a runner asks of the database: calls of pgsm's functions, nothing else."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from .claims import Claim, Completion, Failed

BATCH = 50  # completions in one call
CALL_SECONDS = 60.0  # a call that takes longer hangs in some machine's step
APPLICATION = "pgsm runner"
# seconds, since how the server writes times and intervals depends on its settings
TIMES = ("claimed_at", "lease_until", "deadline_at", "due_at")
INTERVALS = ("timeout",)
# named: a newer schema may have more of them
CLAIM_COLUMNS = ", ".join(
    "input::text as input_text"
    if field.name == "input_text"
    else f"extract(epoch from {field.name})::float8 as {field.name}"
    if field.name in (*TIMES, *INTERVALS)
    else field.name
    for field in dataclasses.fields(Claim)
)

Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True)
class Waiting:
    """A row of `pgsm.wait_for_effects`."""

    is_registered: bool
    horizon: str | None
    may_sleep: bool
    next_in: float | None  # seconds
    is_limited: bool


@dataclass(frozen=True)
class Turn:
    """What a turn of `pgsm.begin_timer_turn` and `pgsm.run_timer_turn` did."""

    fired: int
    noted: int
    next_in: float | None = None  # seconds


class Database:
    """Connections for the runner itself, and others for handlers' transactions.

    They are apart, so that no number of open transactions keeps heartbeats waiting.
    Every method may raise psycopg.OperationalError while the database is away.
    """

    def __init__(
        self,
        dsn: str,
        runner_id: str,
        concurrency: int,
        listen_dsn: str | None = None,
    ) -> None:
        self.dsn = dsn
        # a session of its own, which a pooler does not give
        self.listen_dsn = listen_dsn or dsn
        self.runner_id = runner_id
        self._pool = _pool(dsn, 4, autocommit=True)
        self._transactions = _pool(dsn, concurrency, autocommit=False)

    async def open(self) -> None:
        """Raises psycopg.OperationalError at once where there is no connection."""
        connection = await connect(self.dsn)
        await connection.close()
        await self._pool.open()
        await self._transactions.open()

    async def close(self) -> None:
        await self._transactions.close(timeout=1)
        await self._pool.close(timeout=1)

    async def register(self, names: Sequence[str]) -> None:
        await self._call("select pgsm.register_runner(%s, %s)", list(names))

    async def unregister(self) -> None:
        await self._call("select pgsm.unregister_runner(%s)")

    async def claim(
        self, limits: dict[str, int], at_most: int, lease: timedelta
    ) -> list[Claim]:
        """At most `at_most` due effects, and of each name at most its limit."""
        query = (
            f"select {CLAIM_COLUMNS}"
            " from pgsm.claim_effects(%s, %s, %s, %s, %s::integer[])"
        )
        names, rooms = list(limits), list(limits.values())
        parameters = [self.runner_id, names, at_most, lease, rooms]
        return [_claim(row) for row in await self._within_its_time(query, parameters)]

    async def complete(
        self,
        completions: Sequence[Completion],
        connection: Connection | None = None,
    ) -> list[dict[str, Any]]:
        """A row for each: `lease_token` (text), `outcome`, `error` and the ids.

        In the transaction of `connection` where one is given.
        """
        query = "select * from pgsm.complete_effects(%s::jsonb)"
        parameter = f"[{', '.join(c.text() for c in completions)}]"
        if connection is None:
            return await self._within_its_time(query, [parameter])
        return await _rows(connection, query, [parameter])

    async def fail(self, claim: Claim, failed: Failed) -> str:
        """Which of the answers of `pgsm.fail_effect` was given."""
        query = "select pgsm.fail_effect(%s, %s, %s, %s::jsonb, %s, %s) as answer"
        parameters = [
            claim.instance_id,
            claim.effect_id,
            claim.lease_token,
            failed.error(),
            failed.permanent,
            failed.retry_after,
        ]
        (row,) = await self._within_its_time(query, parameters)
        return str(row["answer"])

    async def heartbeat(
        self, held: Sequence[tuple[Claim, str | None]], lease: timedelta
    ) -> dict[UUID, str]:
        """`lost` or `stop` by lease token, where something is wrong.

        Takes each claim with the progress to keep, a JSON text, or None.
        """
        texts = [_with_field(claim.lease(), "progress", text) for claim, text in held]
        rows = await self._call(
            "select * from pgsm.heartbeat_effects(%s, %s::jsonb, %s)",
            f"[{', '.join(texts)}]",
            lease,
        )
        return {row["lease_token"]: row["verdict"] for row in rows}

    async def release(self, claims: Sequence[Claim]) -> int:
        rows = await self._call(
            "select pgsm.release_effects(%s, %s::jsonb) as released",
            json.dumps([claim.lease() for claim in claims]),
        )
        return int(rows[0]["released"])

    async def wait(self, since: str | None) -> Waiting:
        rows = await self._call(
            "select is_registered, horizon::text, may_sleep, next_in, is_limited"
            " from pgsm.wait_for_effects(%s, %s::text::xid8)",
            since,
        )
        return Waiting(**rows[0])

    async def release_of_schema(self) -> str:
        """As `major.minor`.  Raises UndefinedFunction where pgsm is not deployed."""
        async with self._pool.connection() as connection:
            rows = await _rows(connection, "select pgsm.release()", [])
        return str(rows[0]["release"])

    async def unhandled(self) -> dict[str, list[str]]:
        """Declared effects that no living runner handles, with their machines."""
        query = (
            "select name, array_agg(distinct machine order by machine) as machines"
            " from pgsm.effect_names where not is_handled group by name order by name"
        )
        async with self._pool.connection() as connection:
            rows = await _rows(connection, query, [])
        return {row["name"]: row["machines"] for row in rows}

    async def begin_timer_turn(self) -> Turn:
        """`noted` is of how many instances timers are to be fired."""
        rows = await self._call(
            "select fired, noted,"
            " extract(epoch from next_at - clock_timestamp())::float8 as next_in"
            " from pgsm.begin_timer_turn(%s, 'runner')"
        )
        return Turn(**rows[0])

    async def run_timer_turn(self, seconds: float) -> Turn:
        """Fire what was noted.  Raises QueryCanceled where that takes too long."""
        query = "select fired, noted from pgsm.run_timer_turn(%s)"
        limit = f"select set_config('statement_timeout', '{int(seconds * 1000)}', true)"
        (row,) = await self._in_one_message(limit, query, [self.runner_id])
        return Turn(**row)

    async def end_timer_turn(self) -> None:
        """Take back the note of a turn that is not to be."""
        await self._call("select pgsm.end_timer_turn(%s)")

    async def run_retention(self) -> None:
        """For a minute at most; nothing where it was done in the last 20 hours."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "call pgsm.run_retention(every => '20 hours', duration => '1 minute')"
            )

    async def begin(self) -> Connection:
        """A connection for a handler's transaction; end it with `end`."""
        return await self._transactions.getconn()

    async def end(self, connection: Connection, *, commit: bool) -> None:
        """Commit or roll back and give the connection back."""
        try:
            await (connection.commit() if commit else connection.rollback())
        finally:
            await self._transactions.putconn(connection)

    async def _within_its_time(
        self, query: str, parameters: Sequence[Any]
    ) -> list[dict[str, Any]]:
        """The rows of a call that ends: a machine's step may take for ever.

        What the server or the role says about that counts, where it says something.
        """
        limit = (
            f"select set_config('statement_timeout', '{CALL_SECONDS:g}s', true)"
            " where current_setting('statement_timeout') = '0'"
        )
        return await self._in_one_message(limit, query, parameters)

    async def _in_one_message(
        self, limit: str, query: str, parameters: Sequence[Any]
    ) -> list[dict[str, Any]]:
        """The rows of a call after a setting for its transaction.

        A runner that is stopped in the middle of it holds no lock: the server goes on
        to the end of the transaction, as it would not between two messages.
        """
        async with self._pool.connection() as connection:
            cursor = psycopg.AsyncClientCursor(connection, row_factory=dict_row)
            await cursor.execute(f"{limit}; {query}", parameters)
            cursor.nextset()
            return await cursor.fetchall()

    async def _call(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        async with self._pool.connection() as connection:
            return await _rows(connection, query, [self.runner_id, *parameters])


async def connect(dsn: str) -> Connection:
    """A connection of its own; notices within a minute that the other end is gone."""
    return await psycopg.AsyncConnection.connect(
        dsn, autocommit=True, **_connection_options()
    )


def _connection_options() -> dict[str, Any]:
    return {
        "connect_timeout": 10,
        "keepalives_idle": 15,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        # a pooler may hand each transaction to another server session
        "prepare_threshold": None,
        "fallback_application_name": APPLICATION,
    }


def _pool(
    dsn: str, size: int, *, autocommit: bool
) -> AsyncConnectionPool[psycopg.AsyncConnection[Any]]:
    return AsyncConnectionPool(
        dsn,
        kwargs={**_connection_options(), "autocommit": autocommit},
        min_size=0,
        max_size=size,
        timeout=10,
        reconnect_timeout=5,
        open=False,
        name="runner" if autocommit else "handlers",
    )


async def _rows(
    connection: Connection, query: str, parameters: Sequence[Any]
) -> list[dict[str, Any]]:
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(query, parameters)
    return await cursor.fetchall()


def _claim(row: dict[str, Any]) -> Claim:
    for name in TIMES:
        if row[name] is not None:
            row[name] = datetime.fromtimestamp(row[name], timezone.utc)
    for name in INTERVALS:
        if row[name] is not None:
            row[name] = timedelta(seconds=row[name])
    return Claim(**row)


def _with_field(lease: dict[str, Any], key: str, text: str | None) -> str:
    """The lease as JSON text, with a field that is JSON text already."""
    if text is None:
        return json.dumps(lease)
    return f'{json.dumps(lease)[:-1]}, "{key}": {text}}}'
