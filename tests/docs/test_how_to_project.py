"""docs/how-to/start-a-project.md: a new project works at once, as the page says."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from pgsm import sqitch

from . import pages

PAGE = "start-a-project.md"
WAIT = 120  # seconds, for what a runner does at once

pytestmark = [
    pytest.mark.skipif(not shutil.which("sqitch"), reason="needs sqitch"),
    pytest.mark.slow,
    pytest.mark.timeout(900),
]


class Shell:
    """A person's shell: a directory, an environment, and what is typed."""

    def __init__(self, directory: Path, dsn: str) -> None:
        self.directory = directory
        self.dsn = dsn
        programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.environment = {
            **sqitch.environment(dsn),
            "PATH": programs,
            "PGTZ": "UTC",
            "PGSM_TEST_DSN": dsn,
        }
        self.environment.pop("PGSM_DSN", None)
        self.typed: list[str] = []

    def type(self, line: str, shown: str) -> None:
        self.typed.append(line)
        if line.startswith("cd "):
            self.directory /= line.removeprefix("cd ")
        elif line.startswith("pgsm runner"):
            self._runner(line)
        else:
            done = self._process(line)
            said, _ = done.communicate(timeout=600)
            assert done.returncode == 0, (line, said)
            if shown:
                assert said == shown, line

    def _process(self, line: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["bash", "-c", f"exec {line}"],
            cwd=self.directory,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _runner(self, line: str) -> None:
        """The runner, until it has done what there is; and then ctrl-c."""
        runner = self._process(line)
        try:
            self._wait_until_paid(runner)
            runner.send_signal(signal.SIGINT)
            said, _ = runner.communicate(timeout=WAIT)
        finally:
            runner.kill()
            runner.communicate()
        assert runner.returncode == 0, said

    def _wait_until_paid(self, runner: subprocess.Popen[str]) -> None:
        deadline = time.monotonic() + WAIT
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            while not _is_paid(connection):
                assert runner.poll() is None, runner.communicate()
                assert time.monotonic() < deadline, "the runner has not done it"
                time.sleep(0.1)


def _is_paid(connection: psycopg.Connection) -> bool:
    query = "select value, status from pgsm.instances where instance_id = 'order-1'"
    return connection.execute(query).fetchall() == [("paid", "done")]


def test_a_new_project_works_as_the_page_says(tmp_path: Path, fresh_dsn: str) -> None:
    shell = Shell(tmp_path, fresh_dsn)
    for language, _, text in pages.blocks(PAGE):
        if language == "console":
            for typed, shown in pages.commands(text):
                shell.type(typed, shown)
        elif "pgsm diff" in text:
            _edit(shell.directory / "order.yaml")
            for line in text.splitlines():
                shell.type(line, "")
        else:
            # a server is there already, and so is its environment
            assert re.fullmatch(r'pgsm dev up\neval "\$\(pgsm dev env\)"\n', text)
    assert (shell.directory / "deploy" / "order_v2.sql").is_file()
    shell.type("sqitch deploy db:pg:", "")
    shell.type("sqitch revert -y db:pg:", "")
    assert len(shell.typed) == 14


def _edit(machine: Path) -> None:
    text = machine.read_text("utf-8")
    machine.write_text(text.replace("10 minutes: expired", "20 minutes: expired"))
