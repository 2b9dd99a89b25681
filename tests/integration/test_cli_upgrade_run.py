"""`pgsm upgrade run`: batches, a canary, failures, interrupts."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from rich.console import Console

from pgsm.cli import upgrade_run
from pgsm.engine import exact

from . import upgraded
from .operated import done, lines, run

DEADLINE = 60  # seconds
# other tests have runs on this server, too
THE_RUN = "application_name = 'the run' and datname = current_database()"


def test_each_batch_is_a_line_and_the_end_another(fresh_dsn: str) -> None:
    upgraded.define(fresh_dsn, "m")
    upgraded.start(fresh_dsn, "m", 5)
    upgraded.declare(fresh_dsn, "m")
    found = lines(fresh_dsn, "upgrade", "run", "m", "2", "--batch", "2")
    assert [(f["tried"], f["upgraded"], f["after"]) for f in found] == [
        (2, 2, "m-2"),
        (4, 4, "m-4"),
        (5, 5, "m-5"),
        (5, 5, "m-5"),
    ]
    assert [f.get("end") for f in found] == [None, None, None, "done"]
    assert {f["total"] for f in found} == {5}
    assert lines(fresh_dsn, "upgrade", "run", "m", "2")[-1]["tried"] == 0


def test_canary_takes_so_many_and_no_more(fresh_dsn: str) -> None:
    upgraded.define(fresh_dsn, "m")
    ids = upgraded.start(fresh_dsn, "m", 5)
    upgraded.declare(fresh_dsn, "m")
    arguments = ("upgrade", "run", "m", "2", "--batch", "2")
    assert lines(fresh_dsn, *arguments, "--max-instances", "3")[-1]["total"] == 3
    assert [upgraded.versions(fresh_dsn, "m")[i] for i in ids] == [2, 2, 2, 1, 1]
    named = run(fresh_dsn, *arguments, "--instances", f"{ids[4]}, nobody")
    assert named.exit_code == 0
    assert named.stderr == (
        "note: 1 id of those named cannot be found on another version\n"
    )
    assert [upgraded.versions(fresh_dsn, "m")[i] for i in ids] == [2, 2, 2, 1, 2]
    done(fresh_dsn, *arguments, "--instances", "-", given=f"{ids[3]}\n\n")
    assert set(upgraded.versions(fresh_dsn, "m").values()) == {2}


def test_instances_come_from_a_file(fresh_dsn: str, tmp_path: Path) -> None:
    upgraded.define(fresh_dsn, "m")
    ids = upgraded.start(fresh_dsn, "m", 3)
    upgraded.declare(fresh_dsn, "m")
    file = tmp_path / "ids"
    file.write_text(f"{ids[2]}\n")
    done(fresh_dsn, "upgrade", "run", "m", "2", "--instances", f"@{file}")
    assert [upgraded.versions(fresh_dsn, "m")[i] for i in ids] == [1, 1, 2]
    missing = run(fresh_dsn, "upgrade", "run", "m", "2", "--instances", "@nowhere")
    assert missing.exit_code == 2


def test_dry_run_finds_what_fails_and_changes_nothing(fresh_dsn: str) -> None:
    upgraded.define(fresh_dsn, "m")
    upgraded.start(fresh_dsn, "m", 3)
    upgraded.declare(fresh_dsn, "m", upgraded.MINUTES)
    result = run(fresh_dsn, "upgrade", "run", "m", "2", "--dry-run", "--batch", "2")
    assert result.exit_code == 1
    end = exact.loads(result.stdout.splitlines()[-1])
    assert (end["tried"], end["upgraded"], end["failed"]) == (3, 2, 1)
    assert end["dry_run"] is True
    (failure,) = end["failures"]
    assert (failure["instances"], failure["example"]) == (1, "m-2")
    assert set(upgraded.versions(fresh_dsn, "m").values()) == {1}
    assert lines(fresh_dsn, "upgrade", "failures") == []


def test_run_with_failures_ends_with_1_and_the_others_go(fresh_dsn: str) -> None:
    upgraded.define(fresh_dsn, "m")
    ids = upgraded.start(fresh_dsn, "m", 3)
    upgraded.declare(fresh_dsn, "m", upgraded.MINUTES)
    result = run(fresh_dsn, "upgrade", "run", "m", "2")
    assert result.exit_code == 1
    assert "1 instance, m-2 for example: " in result.stderr
    assert "pgsm upgrade failures --machine m lists them" in result.stderr
    assert [upgraded.versions(fresh_dsn, "m")[i] for i in ids] == [2, 1, 2]
    upgraded.declare(fresh_dsn, "m")  # a map that takes all: they are tried again
    assert lines(fresh_dsn, "upgrade", "run", "m", "2")[-1]["tried"] == 1


def test_too_many_failures_stop_it_after_the_batch(fresh_dsn: str) -> None:
    upgraded.define(fresh_dsn, "m")
    ids = upgraded.start(fresh_dsn, "m", 5)
    upgraded.declare(fresh_dsn, "m", upgraded.MINUTES)
    arguments = ("upgrade", "run", "m", "2", "--batch", "2", "--max-failures", "0")
    result = run(fresh_dsn, *arguments)
    assert result.exit_code == 1
    assert exact.loads(result.stdout.splitlines()[-1])["end"] == "max_failures"
    assert "stopped after 1 failure with 3 to go" in result.stderr
    assert "--after m-2" in result.stderr
    assert [upgraded.versions(fresh_dsn, "m")[i] for i in ids] == [2, 1, 1, 1, 1]
    done(fresh_dsn, *arguments, "--after", "m-2")
    assert [upgraded.versions(fresh_dsn, "m")[i] for i in ids] == [2, 1, 2, 2, 2]


def test_terminal_gets_a_bar_and_a_sentence(
    fresh_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgraded.define(fresh_dsn, "m")
    upgraded.start(fresh_dsn, "m", 3)
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=100)
    monkeypatch.setattr(upgrade_run, "console", lambda: terminal)
    printed = done(fresh_dsn, "upgrade", "run", "m", "2", "--batch", "2")
    assert printed == "3 of 3 instances went to version 2\n"
    assert "m → 2" in screen.getvalue()
    assert "3/3" in screen.getvalue()
    again = done(fresh_dsn, "upgrade", "run", "m", "2")
    assert again == "nothing to bring to version 2\n"


# -------------------------------------------------------------------------- interrupts


@contextmanager
def running(dsn: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pgsm", "upgrade", "run", *arguments],
        env={**os.environ, "PGSM_DSN": dsn, "PGAPPNAME": "the run"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(what: Callable[[], Any], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + DEADLINE
    while not what():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)


def is_blocked(connection: psycopg.Connection) -> Callable[[], Any]:
    """Whether the run waits for a row that someone else has locked."""
    query = f"select from pg_stat_activity where {THE_RUN} and wait_event_type = 'Lock'"
    return lambda: connection.execute(query).fetchone() is not None


def lock(connection: psycopg.Connection, instance_id: str) -> None:
    connection.execute(
        "select from pgsm_private.instances where instance_id = %s for update",
        [instance_id],
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_stops_after_the_batch_and_says_how_to_go_on(
    fresh_dsn: str, connect: Any, number: signal.Signals
) -> None:
    upgraded.define(fresh_dsn, "m")
    ids = upgraded.start(fresh_dsn, "m", 4)
    looking, holding = connect(fresh_dsn), connect(fresh_dsn, autocommit=False)
    lock(holding, ids[1])
    with running(fresh_dsn, "m", "2", "--batch", "1") as process:
        wait_for(is_blocked(looking), process)
        process.send_signal(number)
        assert process.stderr is not None
        said = [process.stderr.readline(), process.stderr.readline()]
        assert said == ["\n", "stopping after this batch; once more stops at once\n"]
        holding.rollback()
        printed, warned = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130
    end = exact.loads(printed.splitlines()[-1])
    assert (end["end"], end["tried"]) == ("interrupted", 2)
    assert warned == ("hint: interrupted with 2 to go: the same command goes on\n")
    assert [upgraded.versions(fresh_dsn, "m")[i] for i in ids] == [2, 2, 1, 1]
    done(fresh_dsn, "upgrade", "run", "m", "2")
    assert set(upgraded.versions(fresh_dsn, "m").values()) == {2}


def test_second_interrupt_undoes_the_batch(fresh_dsn: str, connect: Any) -> None:
    upgraded.define(fresh_dsn, "m")
    ids = upgraded.start(fresh_dsn, "m", 4)
    looking, holding = connect(fresh_dsn), connect(fresh_dsn, autocommit=False)
    lock(holding, ids[2])  # a batch ends before one that is locked, and waits for it
    with running(fresh_dsn, "m", "2", "--batch", "2") as process:
        wait_for(is_blocked(looking), process)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        process.stderr.readline(), process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, warned = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130
    assert warned == "stopped: the batch is undone, those before it stay\n"
    holding.rollback()
    assert [upgraded.versions(fresh_dsn, "m")[i] for i in ids] == [2, 2, 1, 1]


def test_lost_connection_tells_what_went_before(fresh_dsn: str, connect: Any) -> None:
    upgraded.define(fresh_dsn, "m")
    ids = upgraded.start(fresh_dsn, "m", 2)
    looking, holding = connect(fresh_dsn), connect(fresh_dsn, autocommit=False)
    lock(holding, ids[1])
    with running(fresh_dsn, "m", "2", "--batch", "1") as process:
        wait_for(is_blocked(looking), process)
        looking.execute(
            f"select pg_terminate_backend(pid) from pg_stat_activity where {THE_RUN}"
        )
        _, warned = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1
    assert warned.startswith("broken off; 1 instance went before\nerror: ")
    holding.rollback()
    assert [upgraded.versions(fresh_dsn, "m")[i] for i in ids] == [2, 1]
