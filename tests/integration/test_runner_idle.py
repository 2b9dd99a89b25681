"""What a runner asks that has nothing to do, and one whose listener hears nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgsm import effects
from pgsm.runner import listener

from . import outbox, runners
from .inside import outcome, running, until
from .proxy import Proxy, proxy

Connect = Callable[..., psycopg.Connection]
SECONDS = 5


@pytest.fixture
def between(fresh_dsn: str) -> Iterator[Proxy]:
    with proxy(fresh_dsn) as running_proxy:
        yield running_proxy


@pytest.mark.parametrize(
    ("options", "a_second"), [((), 3), (("--timers",), 7)], ids=["effects", "timers"]
)
def test_an_idle_runner_asks_little(
    fresh_dsn: str,
    connect: Connect,
    between: Proxy,
    tmp_path: Path,
    options: tuple[str, ...],
    a_second: int,
) -> None:
    connection = connect(fresh_dsn)
    with runners.process(between.dsn, tmp_path, *options) as runner:
        runners.until(lambda: _waits(connection))
        time.sleep(1)
        asked = between.asked()
        time.sleep(SECONDS)
        asked = between.asked() - asked
        assert runner.events() == ["runner_started"]
    assert SECONDS / 2 <= asked <= a_second * SECONDS


async def test_a_listener_that_hears_nothing_costs_the_poll_interval_at_most(
    fresh_dsn: str, connect: Connect, between: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "CHECK_SECONDS", 2.0)
    monkeypatch.setattr(listener, "CHECK_TIMEOUT", 0.5)
    registry = effects.Registry()

    @registry.handler("test.work")
    async def work(effect: effects.Effect, task: Any) -> None: ...

    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job())
    async with running(fresh_dsn, registry, listen_dsn=between.dsn, poll=0.5):
        await until(lambda: _waits(connection))
        between.swallow()
        outbox.start(connection, "job-1")
        await outcome(connection)
        # it finds out by asking, and comes back by a new connection
        await until(lambda: between.connections == 2)
        outbox.start(connection, "job-2")
        await outcome(connection, "job-2")


def _waits(connection: psycopg.Connection) -> bool:
    row = connection.execute("select bool_or(is_waiting) from pgsm.runners").fetchone()
    return row == (True,)
