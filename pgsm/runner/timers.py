"""Firing timers where nobody else does: the same function that pg_cron's job calls."""

from __future__ import annotations

import asyncio

import psycopg

from . import log
from .backoff import Backoff
from .database import Database

BATCH = 50
TICK = 0.2  # seconds between two looks


async def drive_timers(database: Database) -> None:
    """Fire due timers until cancelled.  Two drivers do no harm to each other."""
    backoff = Backoff(first=TICK)
    while True:
        if await _fire(database):
            backoff.reset()
            await asyncio.sleep(TICK)
        else:
            await asyncio.sleep(backoff.next())


async def _fire(database: Database) -> bool:
    try:
        await database.fire_timers(BATCH)
    except psycopg.Error as problem:
        message = problem.diag.message_primary or str(problem).strip()
        log.warning("timers_failed", message=message, code=problem.sqlstate)
        return False
    return True
