"""Firing timers where nobody else does: the same functions that pg_cron's job calls."""

from __future__ import annotations

import asyncio
import contextlib
import time

import psycopg

from . import log
from .backoff import Backoff
from .database import Database, Turn

BUSY_SECONDS = 1.0
QUICK = 0.01  # between two looks, for as long after something was fired
TICK = 0.1
IDLE_TICK = 0.25  # where nothing is due before: for what is posted meanwhile
TURN_SECONDS = 60.0  # a call that hangs for so long has failed


async def drive_timers(database: Database) -> None:
    """Fire due timers until cancelled.  Several drivers do no harm to each other."""
    try:
        await _drive(database)
    finally:
        with contextlib.suppress(psycopg.Error):
            await database.end_timer_turn()


async def _drive(database: Database) -> None:
    backoff = Backoff(first=TICK)
    busy_until = 0.0
    while True:
        turn = await _turn(database)
        if turn is None:
            await asyncio.sleep(backoff.next())
            continue
        backoff.reset()
        if turn.fired:
            busy_until = time.monotonic() + BUSY_SECONDS
        else:
            quick = time.monotonic() < busy_until
            await asyncio.sleep(QUICK if quick else _tick(turn.next_in))


def _tick(next_in: float | None) -> float:
    """Until the next timer is due; one that is due already is held by somebody."""
    if next_in is None:
        return IDLE_TICK
    return min(IDLE_TICK, max(QUICK, next_in)) if next_in > 0 else TICK


async def _turn(database: Database) -> Turn | None:
    """A turn, in two transactions: the first notes what the second may die of."""
    try:
        turn = await database.begin_timer_turn()
        if turn.noted:
            turn = await database.run_timer_turn(TURN_SECONDS)
    except psycopg.Error as problem:
        message = problem.diag.message_primary or str(problem).strip()
        log.warning("timers_failed", message=message, code=problem.sqlstate)
        return None
    return turn
