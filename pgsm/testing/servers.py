"""The server that tests run on: a given one, or a private cluster."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from psycopg import conninfo

from .. import devdb

# Tests lose their data anyway, and provoke deadlocks on purpose.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "deadlock_timeout": "100ms",
}


@contextlib.contextmanager
def running(
    given: str | None, directory: Path, database: str = "pgsm"
) -> Iterator[str]:
    """The DSN of a superuser, database `postgres`, on the given or a private server.

    Raises SetupError where none is given and PostgreSQL's programs are missing.
    """
    if given:
        # The databases that the tests make are not made from one of them.
        yield conninfo.make_conninfo(given, dbname="postgres")
    else:
        with private_cluster(directory, database) as dsn:
            yield dsn


@contextlib.contextmanager
def private_cluster(directory: Path, database: str) -> Iterator[str]:
    """The cluster runs while any test process uses it; the last one stops it.

    `database` is the one that pg_cron runs in.
    """
    cluster = devdb.DevCluster(directory, database=database, settings=SETTINGS)
    directory.mkdir(exist_ok=True)
    with (directory / "in-use").open("w") as in_use:
        fcntl.flock(in_use, fcntl.LOCK_SH)
        cluster.up()
        yield cluster.dsn_of("postgres")
        fcntl.flock(in_use, fcntl.LOCK_UN)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            cluster.down()
