"""What is measured of a queue, whichever it is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

Settings = dict[str, Any]


class Queue(Protocol):
    """A queue with a worker in this process, whose handler calls `entered`."""

    entered: Callable[[], None]

    async def enqueue(self, tasks: int) -> None: ...

    async def work(self) -> Callable[[], Awaitable[None]]:
        """Start the worker; what stops it."""

    async def left(self) -> int:
        """How many tasks are not over."""


async def drain(settings: Settings, queue: Queue) -> dict[str, Any]:
    """All tasks wait when the worker starts; the end is when none is left."""
    tasks = settings["tasks"]
    done = asyncio.Event()
    seen = 0

    def entered() -> None:
        nonlocal seen
        seen += 1
        if seen == tasks:
            done.set()

    queue.entered = entered
    await queue.enqueue(tasks)
    began = time.perf_counter()
    stop = await queue.work()
    await done.wait()
    while await queue.left():
        await asyncio.sleep(0.002)
    seconds = time.perf_counter() - began
    await stop()
    return {"done": seen, "seconds": seconds}


async def latency(settings: Settings, queue: Queue) -> dict[str, Any]:
    """One task at a time, to a worker that idles: until its handler is entered."""
    entry: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    queue.entered = lambda: entry.set_result(time.perf_counter())
    stop = await queue.work()
    await asyncio.sleep(1)
    found = []
    for _ in range(settings["tasks"]):
        entry = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        await queue.enqueue(1)
        found.append(1000 * (await entry - began))
        await asyncio.sleep(settings["pause"] / 1000)
    await stop()
    return {"milliseconds": found}


MODES = {"drain": drain, "latency": latency}
