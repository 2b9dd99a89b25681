"""Where the tests' server comes from.

PGSM_TEST_DSN where it is set; else a private cluster in .pgsm-test/ where the server's
programs are installed; else a container where there is docker.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pgsm import programs
from pgsm.testing import servers

ROOT = Path(__file__).resolve().parent.parent
DIRECTORY = ROOT / ".pgsm-test"
CRON_DATABASE = "pgsm"
SETTINGS = servers.SETTINGS


@contextlib.contextmanager
def running_server() -> Iterator[str]:
    """The URL or connection string of a superuser on a server with the extensions."""
    given = os.environ.get("PGSM_TEST_DSN")
    try:
        if not given:
            programs.find_server()
    except programs.SetupError as missing:
        with _container(missing) as dsn:
            yield dsn
    else:
        with servers.running(given, DIRECTORY, CRON_DATABASE) as dsn:
            yield dsn


@contextlib.contextmanager
def _container(missing: programs.SetupError) -> Iterator[str]:
    reason = f"{missing.message}; install it ({missing.hint}), set PGSM_TEST_DSN"
    if not _has_docker():
        _give_up(f"{reason}, or start docker")
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.image import DockerImage

    options = [
        part for item in servers.SETTINGS.items() for part in ("-c", "=".join(item))
    ]
    # not removed afterwards: the next run finds its layers
    image = DockerImage(
        path=ROOT,
        dockerfile_path="docker/Dockerfile",
        target="server",
        tag="pgsm-test:latest",
        clean_up=False,
    )
    with image:
        container = (
            DockerContainer(str(image))
            .with_env("POSTGRES_PASSWORD", "pgsm")
            .with_env("POSTGRES_DB", CRON_DATABASE)
            .with_command(options)
            .with_exposed_ports(5432)
        )
        with container:
            host = container.get_container_host_ip()
            port = container.get_exposed_port(5432)
            dsn = f"postgresql://postgres:pgsm@{host}:{port}/postgres"
            _wait_for(dsn)
            yield dsn


def _wait_for(dsn: str, seconds: float = 120) -> None:
    """The image's first server, which makes the database, does not listen on TCP."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            psycopg.connect(dsn).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def _has_docker() -> bool:
    try:
        done = subprocess.run(["docker", "info"], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def _give_up(reason: str) -> None:
    """Skip on somebody's laptop; fail where skipped tests would pass for run ones."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
