"""The how-to about the Python client does what it says, block by block."""

from __future__ import annotations

import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from . import python_pages as pages

PAGE = "use-the-python-client.md"


@pytest.fixture
def driven(fresh_dsn: str) -> Iterator[str]:
    """A database with the page's machine, whose timers are fired meanwhile."""
    over = threading.Event()

    def drive() -> None:
        with psycopg.connect(fresh_dsn, autocommit=True) as connection:
            while not over.wait(0.05):
                connection.execute("select pgsm.fire_timers()")

    with psycopg.connect(fresh_dsn, autocommit=True) as connection:
        (define,) = pages.texts(PAGE, "sql")
        connection.execute(define.encode())
    driver = threading.Thread(target=drive)
    driver.start()
    yield fresh_dsn
    over.set()
    driver.join()


def test_page_prints_what_it_says(driven: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSM_DSN", driven)
    pages.run_python(PAGE, {})


def test_types_are_written_and_used(driven: str, tmp_path: Path) -> None:
    assert pages.write_files(PAGE, tmp_path) == ["order_use.py"]
    (commands,) = pages.texts(PAGE, "sh")
    for command in commands.splitlines():
        words = shlex.split(command, comments=True)
        assert words.pop(0) == "pgsm"
        run(tmp_path, "pgsm", *words, "--dsn", driven)
    run(tmp_path, "mypy", "--strict", "order_use.py")


def run(directory: Path, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
