"""pgsm's runner: effects that do nothing.  Settings: {mode, tasks, concurrency, pause}.

With "answers" each effect is an invoke, whose completion is an event that its machine
takes; without, an action whose outcome nobody awaits.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable

import psycopg

from benchmarks.peers.queue_common import MODES, Settings
from pgsm import effects
from pgsm.runner.database import Database
from pgsm.runner.runner import Runner
from pgsm.runner.runner import Settings as RunnerSettings

NOOP = {"effects": {"noop": {}}}
INVOKE = {
    "initial": "resting",
    "states": {
        "resting": {"on": {"go": "working"}},
        "working": {"invoke": {"src": "noop", "onDone": "resting"}},
    },
    "implementations": NOOP,
}
ACTION = {
    "initial": "resting",
    "states": {
        "resting": {"on": {"go": {"actions": {"type": "effect", "name": "noop"}}}}
    },
    "implementations": NOOP,
}


class Pgsm:
    def __init__(self, settings: Settings, connection: psycopg.AsyncConnection) -> None:
        self.settings = settings
        self.entered: Callable[[], None] = lambda: None
        self.connection = connection
        self.machine = "invoke" if settings["answers"] else "action"
        self.ids = f"{self.machine} {settings['queue']} "
        self.sent = 0

    async def prepare(self) -> None:
        document = INVOKE if self.settings["answers"] else ACTION
        await self.connection.execute(
            "select pgsm.define_machine(%s, %s)", [self.machine, json.dumps(document)]
        )
        await self.connection.execute(
            "select count(*) from generate_series(1, %s) as n cross join lateral"
            " pgsm.start_instance(%s, %s || n)",
            [self.settings["tasks"], self.machine, self.ids],
        )
        await self.connection.execute("vacuum analyze")

    async def enqueue(self, tasks: int) -> None:
        if tasks == 1:
            self.sent += 1
            await self.connection.execute(
                "select * from pgsm.send_event(%s, 'go')",
                [f"{self.ids}{self.sent}"],
            )
            return
        await self.connection.execute(
            "select count(*) from pgsm.send_events((select jsonb_agg("
            "jsonb_build_object('instance_id', %s || n, 'event', 'go'))"
            " from generate_series(1, %s) as n))",
            [self.ids, tasks],
        )

    async def work(self) -> Callable[[], Awaitable[None]]:
        registry = effects.Registry()

        @registry.handler("noop")
        async def noop(effect: effects.Effect, task: dict[str, object]) -> None:
            self.entered()

        concurrency = self.settings["concurrency"]
        database = Database(os.environ["DSN"], "bench", 10, None)
        await database.open()
        runner = Runner(registry, database, RunnerSettings(concurrency=concurrency))
        running = asyncio.create_task(runner.run())

        async def stop() -> None:
            runner.stop()
            await running
            await database.close()

        return stop

    async def left(self) -> int:
        cursor = await self.connection.execute(
            "select count(*) from pgsm.effects"
            " where status in ('pending', 'retrying', 'running')"
        )
        row = await cursor.fetchone()
        assert row is not None
        return int(row[0])


async def main() -> None:
    settings = json.loads(sys.argv[1])
    dsn = os.environ["DSN"]
    async with await psycopg.AsyncConnection.connect(
        dsn, autocommit=True
    ) as connection:
        queue = Pgsm(settings, connection)
        await queue.prepare()
        print(json.dumps(await MODES[settings["mode"]](settings, queue)))


if __name__ == "__main__":
    asyncio.run(main())
