"""What all scenes of the demo share: the database, what is shown, what is expected."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg.rows import dict_row
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .inbox import Inbox

ROOT = Path(__file__).resolve().parents[2]
LEASE_SECONDS = 2
Row = dict[str, Any]
Value = TypeVar("Value")


class Unexpected(Exception):
    """Something that the demo shows did not happen."""


def expect(condition: object, message: str) -> None:
    if not condition:
        raise Unexpected(message)


@dataclass
class Runner:
    """A real `pgsm runner` process."""

    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)


@dataclass
class Stage:
    """One run of the demo.  Its instances are called demo-<run>-…"""

    connection: psycopg.Connection[Row]
    inbox: Inbox
    dsn: str
    console: Console = field(default_factory=lambda: Console(highlight=False))
    runner_options: tuple[str, ...] = ()
    runners: list[Runner] = field(default_factory=list)
    run: str = field(default_factory=lambda: format(int(time.time()) % 0xFFFFF, "05x"))

    def name(self, what: str) -> str:
        return f"demo-{self.run}-{what}"

    # The database

    def rows(self, query: str, *parameters: Any) -> list[Row]:
        """What a query returns, or nothing for an update or a procedure."""
        cursor = self.connection.execute(query, parameters or None)
        return cursor.fetchall() if cursor.description else []

    def row(self, query: str, *parameters: Any) -> Row:
        found = self.rows(query, *parameters)
        expect(len(found) == 1, f"{len(found)} rows from: {query}")
        return found[0]

    def instance(self, instance_id: str) -> Row:
        return self.row(
            "select * from pgsm.instances where instance_id = %s", instance_id
        )

    def send(self, instance_id: str, event: str, **data: Any) -> Row:
        """Send an event, show it and the state after it."""
        after = self._send(instance_id, event, data)
        self.line(call_text(event, data), state_text(after["value"]), "green")
        return after

    def refused(self, instance_id: str, event: str, code: str, **data: Any) -> None:
        """Send an event that must be refused, and show how."""
        before = self.instance(instance_id)
        try:
            self._send(instance_id, event, data)
        except psycopg.Error as refusal:
            expect(
                refusal.sqlstate == code,
                f"{event} was refused with {refusal.sqlstate}, not {code}: {refusal}",
            )
            reason = str(refusal.diag.message_primary).split(" in state ")[0]
            reason = reason.replace(f'instance "{instance_id}" ', "")
            self.line(call_text(event, data), f"{code} {reason}", "red")
        else:
            raise Unexpected(f"{event} of {instance_id} was not refused")
        expect(
            self.instance(instance_id) == before, "a refused event changed something"
        )

    def _send(self, instance_id: str, event: str, data: Row) -> Row:
        return self.row(
            "select * from pgsm.send_event(%s, %s, %s::jsonb)",
            instance_id,
            event,
            json.dumps(data),
        )

    # What is shown

    def heading(self, text: str) -> None:
        self.console.print()
        self.console.rule(f"[bold]{text}", align="left", style="dim")

    def say(self, text: str) -> None:
        self.console.print(f"  {text}", style="dim")

    def line(self, left: str, right: str, style: str = "") -> None:
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(width=28)
        grid.add_column()
        grid.add_row(Text(left), Text(right, style=style))
        self.console.print(Padding(grid, (0, 0, 0, 2)))

    def table(self, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(str(cell) for cell in row))
        self.console.print(Padding(table, (0, 0, 0, 2)))

    def mail(
        self, instance_id: str, template: str, nth: int = 1, seconds: float = 15
    ) -> list[str]:
        """Wait for the nth such mail of an instance, and show it; its recipients."""
        found = self.wait(
            f"the mail {template} of {instance_id}",
            lambda: self.inbox.of(instance_id, template)[nth - 1 :],
            seconds,
        )
        to = str(found[0]["To"]).split(", ")
        more = f" + {len(to) - 1}" if len(to) > 1 else ""
        self.line(f"  ✉ {to[0]}{more}", str(found[0]["Subject"]), "cyan")
        return to

    # Waiting

    def wait(self, what: str, look: Callable[[], Value], seconds: float = 15) -> Value:
        """What `look` returns as soon as it is true.  Unexpected after `seconds`."""
        end = time.monotonic() + seconds
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() > end:
                said = f"\n{self.runners[-1].log.read_text()}" if self.runners else ""
                raise Unexpected(
                    f"waited {seconds:g} s in vain for {what}{said[-2000:]}"
                )
            time.sleep(0.05)

    def wait_for_state(self, instance_id: str, state: str, seconds: float = 15) -> Row:
        query = (
            "select * from pgsm.instances where instance_id = %s and %s = any (states)"
        )
        return self.wait(
            f"state {state} of {instance_id}",
            lambda: self.rows(query, instance_id, state),
            seconds,
        )[0]

    # The runner

    def start_runner(self) -> Runner:
        """`pgsm runner examples.handlers`, with a short lease and `runner_options`."""
        with tempfile.NamedTemporaryFile(
            prefix="pgsm-demo-runner-", suffix=".log", delete=False
        ) as log:
            command = [sys.executable, "-m", "pgsm", "runner", "examples.handlers"]
            command += ["--lease", str(LEASE_SECONDS), *self.runner_options]
            environment = {
                **os.environ,
                "PGSM_DSN": self.dsn,
                "EXAMPLES_SMTP": self.inbox.address,
            }
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        runner = Runner(process, Path(log.name))
        self.runners.append(runner)
        return runner

    def stop_runners(self) -> None:
        for runner in self.runners:
            runner.stop()
            runner.log.unlink(missing_ok=True)


def connect(dsn: str) -> psycopg.Connection[Row]:
    return psycopg.connect(dsn, autocommit=True, row_factory=dict_row)


def call_text(event: str, data: Row) -> str:
    return " ".join([event, *(str(value) for value in data.values())])


def state_text(value: Any) -> str:
    """The innermost states in one line: kitchen.ready, delivery.waiting"""
    leaves = list(_leaves(value))
    if len(leaves) > 1:
        leaves = [leaf[1:] for leaf in leaves]
    return ", ".join(".".join(leaf) for leaf in leaves)


def _leaves(value: Any) -> Iterator[list[str]]:
    if isinstance(value, str):
        yield [value]
        return
    for key, inner in value.items():
        for leaf in _leaves(inner):
            yield [key, *leaf]
