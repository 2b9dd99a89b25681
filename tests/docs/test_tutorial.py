"""The tutorial, played from its first block to its last, prints what it says."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.integration import runners

from .test_readme import parse, psql

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial" / "first-machine.md"
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.M | re.S)
RUNNER = "PGSM_DSN=$(pgsm dev dsn) pgsm runner cards\n"


@pytest.mark.timeout(180)
def test_it_goes_as_printed(fresh_dsn: str, tmp_path: Path) -> None:
    worker = None
    try:
        for language, text in BLOCK.findall(PAGE.read_text("utf-8")):
            if language == "python":
                (tmp_path / "cards.py").write_text(text)
            elif text == RUNNER:
                worker = run_worker(tmp_path, fresh_dsn)
            elif language == "psql":
                if worker is not None:
                    wait_for_effects(fresh_dsn)
                typed, printed = parse(text)
                assert psql(fresh_dsn, ["\\set SHOW_CONTEXT never", *typed]) == printed
        assert worker is not None
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
    finally:
        if worker is not None:
            worker.kill()
            worker.wait()


def run_worker(folder: Path, dsn: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "pgsm", "runner", "cards"],
        cwd=folder,
        stderr=subprocess.DEVNULL,
        env=runners.environment(PGSM_DSN=dsn),
    )


def wait_for_effects(dsn: str) -> None:
    """A moment later: nothing waits in the outbox any more."""
    query = (
        "select from pgsm.effects where status in ('pending', 'running', 'retrying')"
    )
    with psycopg.connect(dsn, autocommit=True) as connection:
        runners.until(lambda: not connection.execute(query).fetchall(), 60)
