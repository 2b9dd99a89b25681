"""A server of a test module's own, to be crashed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pgsm import devdb, postmaster, programs

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


def crash(made: devdb.DevCluster) -> None:
    """Immediate shutdown, as of a server that is killed, and a new start."""
    data = Path(str(made.status().data))
    pid = postmaster.running_pid(data)
    assert pid is not None
    os.kill(pid, signal.SIGQUIT)
    runners.until(lambda: postmaster.running_pid(data) is None)
    made.up()
