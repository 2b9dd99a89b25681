"""SIGTERM: nothing more is claimed, what runs is finished, the rest given back."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from . import outbox, runners

Connect = Callable[..., psycopg.Connection]
STUBBORN = """
import asyncio, os

from pgsm import effects


@effects.handler("test.work")
async def stubborn(effect, input):
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(f"{effect.key} {effect.attempt} {os.getpid()}\\n")
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass
"""


@pytest.fixture
def connection(fresh_dsn: str, connect: Connect) -> psycopg.Connection:
    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job())
    outbox.define(connection, outbox.job(name="test.sync"), "sync-job")
    return connection


def test_running_effects_are_finished_within_the_grace(
    fresh_dsn: str, connection: psycopg.Connection, tmp_path: Path
) -> None:
    with runners.process(fresh_dsn, tmp_path, "--concurrency", "1") as runner:
        outbox.start(connection, "job-1", "job-2", task={"seconds": 1})
        runners.until(runner.notes)
        runner.signal(signal.SIGTERM)
        assert runner.wait() == 0
    effects = [outbox.effect(connection, f"job-{n}") for n in (1, 2)]
    assert [e["status"] for e in effects] == ["succeeded", "pending"]
    assert connection.execute("select * from pgsm.runners").fetchall() == []


@pytest.mark.parametrize("machine", ["job", "sync-job"])
def test_what_takes_longer_than_the_grace_is_given_back(
    fresh_dsn: str, connection: psycopg.Connection, tmp_path: Path, machine: str
) -> None:
    with runners.process(fresh_dsn, tmp_path, "--grace", "0.2") as runner:
        outbox.start(connection, "job-1", machine=machine, task={"seconds": 60})
        runners.until(runner.notes)
        runner.signal(signal.SIGTERM)
        assert runner.wait() == 0
    effect = outbox.effect(connection, "job-1")
    assert (effect["status"], effect["attempt"]) == ("pending", 0)
    assert effect["runner_id"] is None


def test_a_second_signal_does_not_wait_for_the_grace(
    fresh_dsn: str, connection: psycopg.Connection, tmp_path: Path
) -> None:
    with runners.process(fresh_dsn, tmp_path, "--grace", "60") as runner:
        outbox.start(connection, "job-1", task={"seconds": 60})
        runners.until(runner.notes)
        runner.signal(signal.SIGTERM)
        runners.until(lambda: "runner_stopping" in runner.events())
        runner.signal(signal.SIGINT)
        assert runner.wait() == 0
    assert outbox.effect(connection, "job-1")["status"] == "pending"


def test_a_handler_that_ignores_its_cancellation_keeps_no_runner_alive(
    fresh_dsn: str, connection: psycopg.Connection, tmp_path: Path
) -> None:
    with runners.process(
        fresh_dsn, tmp_path, "--grace", "0.2", handlers=STUBBORN
    ) as runner:
        outbox.start(connection, "job-1")
        runners.until(runner.notes)
        runner.signal(signal.SIGTERM)
        assert runner.wait() == 0
        assert "handlers_do_not_end" in runner.events()
    effect = outbox.effect(connection, "job-1")
    assert (effect["status"], effect["attempt"]) == ("pending", 0)


def test_an_idle_runner_stops_at_once(
    fresh_dsn: str, connection: psycopg.Connection, tmp_path: Path
) -> None:
    with runners.process(fresh_dsn, tmp_path, "--poll", "60") as runner:
        runner.signal(signal.SIGTERM)
        assert runner.wait() == 0


def test_two_runners_of_one_name_give_back_only_their_own(
    fresh_dsn: str, connection: psycopg.Connection, tmp_path: Path
) -> None:
    options = ("--grace", "0", "--id", "twin", "--concurrency", "1")
    with runners.process(fresh_dsn, tmp_path, *options) as old:
        outbox.start(connection, "job-1", task={"seconds": 60, "first": 60})
        runners.until(old.notes)
        with runners.process(fresh_dsn, tmp_path, *options) as new:
            outbox.start(connection, "job-2", task={"seconds": 60})
            runners.until(lambda: len(new.notes()) == 2)
            old.signal(signal.SIGTERM)
            assert old.wait() == 0
            assert outbox.effect(connection, "job-1")["status"] == "pending"
            assert outbox.effect(connection, "job-2")["status"] == "running"
