"""pgbouncer in transaction mode, with an ini of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo

from pgsm import postmaster

# Few enough that sessions must be shared: the runner has four, and one per transaction.
SERVER_SESSIONS = 5
SETTINGS = f"""
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {{port}}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {SERVER_SESSIONS}
max_client_conn = 200
logfile = {{directory}}/log

[databases]
* = {{server}}
"""


@contextmanager
def pooler(dsn: str) -> Iterator[str]:
    """The DSN of the same database through the pooler."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed (scripts/install.sh packages)")
    user = _user()
    with tempfile.TemporaryDirectory(prefix="pgsm-pooler-") as name:
        directory = Path(name)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        ini = directory / "pgbouncer.ini"
        text = SETTINGS.format(port=port, directory=directory, server=_server(dsn))
        ini.write_text(text)
        for path in (directory, ini):
            os.chown(path, user.pw_uid, user.pw_gid)
        process = subprocess.Popen(
            [program, "-q", str(ini)], cwd="/", **postmaster.as_user(user)
        )
        try:
            pooled = conninfo.make_conninfo(dsn, host="127.0.0.1", port=port)
            _wait(pooled)
            yield pooled
        finally:
            process.kill()
            process.wait()


def _user() -> pwd.struct_passwd:
    """pgbouncer does not run as root."""
    return pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def _server(dsn: str) -> str:
    """The connection that pgbouncer makes, whoever asks."""
    given = conninfo.conninfo_to_dict(dsn)
    kept = {k: v for k, v in given.items() if k in ("host", "port", "user", "password")}
    kept.setdefault("host", "127.0.0.1")
    return " ".join(f"{key}={value}" for key, value in kept.items())


def _wait(dsn: str) -> None:
    end = time.monotonic() + 15
    while True:
        try:
            psycopg.connect(dsn, connect_timeout=5).close()
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return
