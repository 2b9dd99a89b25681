"""Ending a process whose handlers may not want to end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from . import log

SECONDS = 1.0  # that a cancelled handler may take


def run(main: Coroutine[Any, Any, None]) -> None:
    """As asyncio.run, which would wait for a handler that ignores its cancellation.

    All effects are answered for or given back when `main` returns.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(main)
    finally:
        try:
            loop.run_until_complete(_cancel_rest())
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            asyncio.set_event_loop(None)
            loop.close()


async def _cancel_rest() -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    if rest:
        _, pending = await asyncio.wait(rest, timeout=SECONDS)
        if pending:
            log.warning("handlers_do_not_end", handlers=len(pending))
