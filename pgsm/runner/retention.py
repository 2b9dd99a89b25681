"""Retention where no pg_cron does it: months of the log ahead, and what is old."""

from __future__ import annotations

import asyncio

import psycopg

from . import log
from .database import Database

EVERY_SECONDS = 3600.0  # a run that was done for the day is not done again


async def run_retention(database: Database) -> None:
    """Have it run once a day until cancelled, by one runner of several."""
    while True:
        try:
            await database.run_retention()
        except psycopg.Error as problem:
            message = problem.diag.message_primary or str(problem).strip()
            log.warning("retention_failed", message=message, code=problem.sqlstate)
        await asyncio.sleep(EVERY_SECONDS)
