"""A server of a test module's own, to be crashed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pgsm import devdb, postmaster, programs, sqitch
from tests import releases, templates

from . import runners


@contextmanager
def cluster(directory: Path) -> Iterator[devdb.DevCluster]:
    try:
        programs.find_server()
    except programs.SetupError as missing:
        pytest.skip(missing.message)
    made = devdb.DevCluster(directory, settings={"fsync": "off"})
    made.up()
    try:
        yield made
    finally:
        made.delete()


def deploy(made: devdb.DevCluster, source: str) -> None:
    """Give the server a copy of another one's database: far quicker than a deploy.

    No cron jobs come along.
    """
    roles = sqitch.project_directory() / "sql" / "deploy" / "roles" / "roles.sql"
    releases.restore(made.dsn, roles.read_text(encoding="utf-8"))
    releases.restore(made.dsn, releases.dump(source))
    templates.adopt(made.dsn)


def crash(made: devdb.DevCluster) -> None:
    """Immediate shutdown, as of a server that is killed, and a new start."""
    data = Path(str(made.status().data))
    pid = postmaster.running_pid(data)
    assert pid is not None
    os.kill(pid, signal.SIGQUIT)
    runners.until(lambda: postmaster.running_pid(data) is None)
    made.up()
