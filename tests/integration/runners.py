"""Runners as processes of their own, to be killed, stopped and told to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pgsm

HANDLERS = """
from __future__ import annotations

import asyncio
import os
import time

from pgsm import effects


def note(effect):
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(f"{effect.key} {effect.attempt} {os.getpid()}\\n")


def seconds(effect, input):
    if effect.attempt == 1 and "first" in input:
        return input["first"]
    return input.get("seconds", 0)


@effects.handler("test.work")
async def work(effect, input):
    note(effect)
    await asyncio.sleep(seconds(effect, input))
    return {"attempt": effect.attempt, "pid": os.getpid()}


@effects.handler("test.sync")
def work_in_thread(effect, input):
    note(effect)
    time.sleep(seconds(effect, input))
    return {"attempt": effect.attempt, "pid": os.getpid()}
"""


class Process:
    """A running `pgsm runner`, its log and the notes of its handlers."""

    def __init__(
        self,
        dsn: str,
        directory: Path,
        *options: str,
        handlers: str = HANDLERS,
        **variables: str,
    ) -> None:
        self._log = directory / f"log-{time.monotonic_ns()}"
        self._notes = directory / "notes"
        (directory / "app_effects.py").write_text(handlers)
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [*command("app_effects", "--dsn", dsn, "--log", "json"), *options],
                stderr=log,
                cwd=directory,
                env=environment(NOTES=str(self._notes), **variables),
            )
        self.pid = self._process.pid

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self, seconds: float = 60) -> int:
        """The exit code."""
        return self._process.wait(seconds)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def log(self) -> list[dict[str, Any]]:
        """What it logged; without what it said in plain words."""
        lines = self.text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def text(self) -> str:
        return self._log.read_text()

    def events(self) -> list[str]:
        return [line["event"] for line in self.log()]

    def notes(self) -> list[tuple[str, int, int]]:
        """Key, attempt and process of each call of a handler, of all runners here."""
        if not self._notes.exists():
            return []
        words = [line.split() for line in self._notes.read_text().splitlines()]
        return [(key, int(attempt), int(pid)) for key, attempt, pid in words]


@contextmanager
def process(
    dsn: str, directory: Path, *options: str, **variables: str
) -> Iterator[Process]:
    """A runner that has registered; killed at the end if it still lives.

    `handlers` is its module's source; further variables are its environment's.
    """
    running = Process(dsn, directory, *options, **variables)
    try:
        until(lambda: "runner_started" in running.events())
        yield running
    finally:
        running.kill()


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pgsm", "runner", *arguments]


def environment(**variables: str) -> dict[str, str]:
    root = str(Path(pgsm.__file__).parents[1])
    return {**os.environ, "PYTHONPATH": root, **variables}


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Return as soon as the condition holds; fail when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} seconds"
        time.sleep(0.02)
