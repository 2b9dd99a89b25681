"""A runner inside of the test's own process, with handlers that the test defines."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import psycopg

from pgsm import effects
from pgsm.runner.database import Database
from pgsm.runner.observer import Observer
from pgsm.runner.runner import Runner, Settings

from . import outbox

TWO_QUICK_ATTEMPTS = {"retry": {"attempts": 2, "backoff": "10 ms"}}


@asynccontextmanager
async def running(
    dsn: str,
    registry: effects.Registry,
    observer: Observer | None = None,
    listen_dsn: str | None = None,
    **settings: Any,
) -> AsyncIterator[Database]:
    database = Database(dsn, "runner-1", 10, listen_dsn)
    await database.open()
    runner = Runner(
        registry,
        database,
        Settings(**{"poll": 0.05, "concurrency": 10, **settings}),
        observer,
    )
    task = asyncio.create_task(runner.run())
    try:
        yield database
    finally:
        runner.stop()
        await task
        await database.close()


async def until(condition: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} seconds"
        await asyncio.sleep(0.02)


async def outcome(
    connection: psycopg.Connection, instance_id: str = "job-1"
) -> dict[str, Any]:
    """The instance's context when it has left `working`."""
    await until(lambda: outbox.instance(connection, instance_id)["value"] != "working")
    context: dict[str, Any] = outbox.instance(connection, instance_id)["context"]
    return context
