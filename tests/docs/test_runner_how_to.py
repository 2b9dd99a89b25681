"""The how-tos about effects and their runner do what they say, block by block."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click.testing
import msgspec
import psycopg
import pytest

from pgsm.cli import runner as command
from pgsm.runner import builtin, inputs
from pgsm.runner.observer import Observer
from tests.integration import outbox, runners

from . import test_readme

Connect = Callable[..., psycopg.Connection]
HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to"
WRITE = (HOW_TO / "write-an-effect.md").read_text("utf-8")
OPERATE = (HOW_TO / "operate-the-runner.md").read_text("utf-8")


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{re.escape(language)}\n(.*?)^```$", page, re.M | re.S)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """The modules that the pages name."""
    package = tmp_path / "app"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "effects.py").write_text("\n\n".join(blocks(WRITE, "python")))
    for name in ("mail", "payment"):
        text = f"""
from pgsm import effects

@effects.handler("{name}")
def handle(effect, input):
    pass
"""
        (package / f"{name}.py").write_text(text)
    return tmp_path


class Service:
    """A command line of a page, run in the directory of the modules."""

    def __init__(self, directory: Path, words: list[str], dsn: str) -> None:
        assert words[:2] == ["pgsm", "runner"]
        self._log = directory / "log"
        variables = {"PGSM_DSN": dsn, "DIRECT_DSN": dsn}
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pgsm", *words[1:]],
                cwd=directory,
                stderr=log,
                env=runners.environment(**variables),
            )

    def wait_until(self, text: str) -> None:
        runners.until(
            lambda: text in self._log.read_text() or self.process.poll() is not None
        )
        assert text in self._log.read_text()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(15) == 0


@pytest.fixture
def start(app: Path, fresh_dsn: str) -> Iterator[Callable[[str], Service]]:
    services = []

    def start_service(line: str) -> Service:
        words = shlex.split(line.replace('"$DIRECT_DSN"', shlex.quote(fresh_dsn)))
        services.append(Service(app, words, fresh_dsn))
        services[-1].wait_until("runner_started")
        return services[-1]

    yield start_service
    for service in services:
        service.process.kill()
        service.process.wait()


def test_the_order_is_charged_as_printed(
    fresh_dsn: str, connect: Connect, start: Callable[[str], Service]
) -> None:
    connection = connect(fresh_dsn)
    define, trace = blocks(WRITE, "sql")
    connection.execute(define.encode())
    connection.execute(trace.encode())
    connection.execute("create schema shop")
    connection.execute("create table shop.stock as select 5 as units")
    (line,) = blocks(WRITE, "sh")
    begin, look = blocks(WRITE, "psql")
    service = start(line)
    _check_session(fresh_dsn, begin)
    runners.until(lambda: outbox.statuses(connection, "order-1") == ["succeeded"] * 2)
    _check_session(fresh_dsn, look)
    assert outbox.scalar(connection, "select units from shop.stock") == 4
    connection.execute(
        "select pgsm.start_instance('order', 'order-2', '{\"amount\": 2000}')"
    )
    runners.until(lambda: outbox.instance(connection, "order-2")["value"] == "declined")
    why = outbox.instance(connection, "order-2")["context"]["why"]
    assert why == "the card was declined"
    service.stop()


def _check_session(dsn: str, session: str) -> None:
    """psql prints what the page prints, but for an empty line at the end."""
    typed, printed = test_readme.parse(session)
    shown = test_readme.psql(dsn, typed)
    assert shown == [*printed, ""]


def test_the_long_report_goes_on_where_it_was_and_stops_when_asked(
    fresh_dsn: str, connect: Connect, start: Callable[[str], Service]
) -> None:
    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job(name="report.build"))
    outbox.start(connection, "job-1", task={"pages": 3})
    outbox.start(connection, "job-2", task={"pages": 1_000_000})
    start("pgsm runner app.effects --lease 1")
    runners.until(lambda: outbox.instance(connection, "job-1")["value"] == "finished")
    result = outbox.instance(connection, "job-1")["context"]["result"]
    assert result == {"pages": 3, "complete": True}
    runners.until(lambda: outbox.effect(connection, "job-2")["progress"])
    outbox.send(connection, "job-2", "leave")
    runners.until(lambda: outbox.effect(connection, "job-2")["status"] == "late")
    assert outbox.effect(connection, "job-2")["output"]["complete"] is False


@pytest.mark.parametrize("name", sorted(builtin.HANDLERS))
def test_the_inputs_of_built_in_effects_are_whole(name: str) -> None:
    (text,) = blocks(WRITE, f"json {name}")
    decode = inputs.decoder(builtin.HANDLERS[name])
    assert decode is not None
    given = decode(text)
    fields = {field.encode_name for field in msgspec.structs.fields(type(given))}
    # "text" is the other kind of a request's body
    assert fields - {"text"} == set(json.loads(text)) - {"text"}


@pytest.mark.parametrize(
    "line",
    [
        line
        for block in blocks(OPERATE, "sh")
        for line in block.splitlines()
        if line.startswith("pgsm")
    ]
    + re.findall(r"ExecStart=\S+/(pgsm .*)", OPERATE),
)
def test_the_commands_start_and_stop(
    line: str, start: Callable[[str], Service]
) -> None:
    start(re.sub(r"9187", "0", line)).stop()


def test_the_sql_does_what_it_says(fresh_dsn: str, connect: Connect) -> None:
    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job({"retry": {"attempts": 1}}, "card.charge"))
    broken = outbox.job({"retry": {"attempts": 1}}, "card.charge")
    del broken["states"]["working"]["invoke"]["onError"]
    outbox.define(connection, broken)
    outbox.start(connection, "job-1", "job-2")
    names = ("card.charge",)
    role, stats, unhandled, pause, repair, limit = blocks(OPERATE, "sql")

    def run(block: str) -> list[list[tuple[Any, ...]]]:
        cursor = connection.execute(block.encode())
        found = [cursor.fetchall() if cursor.description else []]
        while cursor.nextset():
            found.append(cursor.fetchall() if cursor.description else [])
        return found

    with connection.transaction(force_rollback=True):
        run(role)
    assert run(unhandled)[0] == [("card.charge", "job"), ("card.charge", "job")]
    stop, go = pause.strip().splitlines()
    run(stop)
    assert outbox.claim(connection, names=names) == []
    run(go)
    for claimed in outbox.claim(connection, names=names):
        assert outbox.fail(connection, claimed) == "failed"
    ((waiting,), (ended,)) = run(stats)
    assert waiting == ("card.charge", 0, 0, 0, timedelta(0), 2, 0)
    assert ended == ("card.charge", 0, 2, None)
    incidents, retried = run(repair)
    assert incidents == [("card.charge", "it broke", 2)]
    assert retried == [(2,)]
    run(limit)
    assert (
        outbox.scalar(connection, "select max(concurrency) from pgsm.effect_names")
        == 20
    )


def test_the_status_is_served_where_the_page_looks(
    fresh_dsn: str, start: Callable[[str], Service]
) -> None:
    service = start("pgsm runner app.mail --metrics-port 0 --log json")
    (served,) = [
        json.loads(line)
        for line in service._log.read_text().splitlines()
        if "status_served" in line
    ]
    (block,) = [b for b in blocks(OPERATE, "sh") if b.startswith("curl")]
    for line in block.replace("9187", str(served["port"])).splitlines():
        done = subprocess.run(
            shlex.split(line), capture_output=True, text=True, check=True
        )
        assert '{"ok": true}' in done.stdout or "pgsm_runner_places" in done.stdout


def test_the_metrics_are_all_of_them() -> None:
    listed = set(re.findall(r"^\| `(pgsm_\w+)", OPERATE, re.M))
    text = Observer().text().decode()
    kinds = dict(re.findall(r"^# TYPE (pgsm_\w+) (\w+)$", text, re.M))
    assert listed == {name for name in kinds if not name.endswith("_created")}


def test_the_exit_codes_are_those_of_the_help() -> None:
    shown = click.testing.CliRunner().invoke(command.runner, ["--help"]).output
    listed = re.findall(r"^\| (\d) \| ", OPERATE, re.M)
    (codes,) = re.findall(r"Exit codes:(.*?)Options:", shown, re.S)
    assert listed == re.findall(r"\b(\d) \w", codes)
