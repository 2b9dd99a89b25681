"""procrastinate: jobs that do nothing.  Settings: {mode, tasks, concurrency, pause}."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable

import procrastinate
from queue_common import MODES, Settings

app = procrastinate.App(
    connector=procrastinate.PsycopgConnector(conninfo=os.environ["DSN"])
)


class Procrastinate:
    def __init__(self, settings: Settings) -> None:
        self.concurrency = settings["concurrency"]
        self.entered: Callable[[], None] = lambda: None
        self.task = app.task(name="noop")(self._noop)

    async def _noop(self, n: int) -> None:
        self.entered()

    async def enqueue(self, tasks: int) -> None:
        for first in range(0, tasks, 1000):
            numbers = range(first, min(tasks, first + 1000))
            await self.task.batch_defer_async(*({"n": n} for n in numbers))

    async def work(self) -> Callable[[], Awaitable[None]]:
        worker = asyncio.create_task(
            app.run_worker_async(
                concurrency=self.concurrency, install_signal_handlers=False
            )
        )

        async def stop() -> None:
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)

        return stop

    async def left(self) -> int:
        row = await app.connector.execute_query_one_async(
            "select count(*)::integer as n from procrastinate_jobs"
            " where status in ('todo', 'doing')"
        )
        return int(row["n"])


async def main() -> None:
    settings = json.loads(sys.argv[1])
    async with app.open_async():
        if not await app.check_connection_async():
            await app.schema_manager.apply_schema_async()
        print(
            json.dumps(await MODES[settings["mode"]](settings, Procrastinate(settings)))
        )


asyncio.run(main())
