"""DBOS: steps, or queued workflows, that do nothing.

Settings: {mode, tasks, concurrency, pause}; mode is steps (of as many workflows at
once as the concurrency), drain (of a queue) or latency (of a queue).
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Any

from dbos import DBOS

DBOS(
    config={
        "name": "bench",
        "system_database_url": os.environ["DSN"],
        "run_admin_server": False,
        "log_level": "ERROR",
    }
)
settings = json.loads(sys.argv[1])
entered = threading.Event()
at = 0.0


@DBOS.step()
def nothing() -> None:
    pass


@DBOS.workflow()
def many(steps: int) -> None:
    for _ in range(steps):
        nothing()


@DBOS.workflow()
def one() -> None:
    global at
    at = time.perf_counter()
    entered.set()


def steps() -> dict[str, Any]:
    each = settings["tasks"] // settings["concurrency"]
    began = time.perf_counter()
    handles = [DBOS.start_workflow(many, each) for _ in range(settings["concurrency"])]
    for handle in handles:
        handle.get_result()
    seconds = time.perf_counter() - began
    return {"done": each * settings["concurrency"], "seconds": seconds}


def drain() -> dict[str, Any]:
    """Enqueued from a thread of this process while the queue is worked on."""
    began = time.perf_counter()
    handles = [queue.enqueue(one) for _ in range(settings["tasks"])]
    for handle in handles:
        handle.get_result()
    return {"done": len(handles), "seconds": time.perf_counter() - began}


def latency() -> dict[str, Any]:
    time.sleep(1)
    found = []
    for _ in range(settings["tasks"]):
        entered.clear()
        began = time.perf_counter()
        queue.enqueue(one)
        entered.wait()
        found.append(1000 * (at - began))
        time.sleep(settings["pause"] / 1000)
    return {"milliseconds": found}


DBOS.launch()
queue = DBOS.register_queue(
    settings["queue"],
    worker_concurrency=settings["concurrency"],
    polling_interval_sec=0.1,
)
print(
    json.dumps({"steps": steps, "drain": drain, "latency": latency}[settings["mode"]]())
)
DBOS.destroy()
