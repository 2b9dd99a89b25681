"""Login roles with little power, and connections as them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import conninfo, sql

from tests.databases import Connect

KINDS = ("author", "client", "operator", "runner", "scheduler", "viewer")
PASSWORD = "no secret"

AsRole = Callable[..., psycopg.Connection]


@pytest.fixture(scope="session")
def logins(server_dsn: str) -> Iterator[dict[str, str]]:
    """A login role for each pgsm role, and `nobody`, who is a member of none."""
    names = {kind: f"pgsm_test_{kind}_{os.getpid()}" for kind in (*KINDS, "nobody")}
    with psycopg.connect(server_dsn, autocommit=True) as admin:
        for kind, name in names.items():
            admin.execute(_create_role(kind, name))
        yield names
        for name in names.values():
            admin.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def _create_role(kind: str, name: str) -> sql.Composed:
    group = "" if kind == "nobody" else f"in role pgsm_{kind}"
    return sql.SQL("create role {} login password {} " + group).format(
        sql.Identifier(name), sql.Literal(PASSWORD)
    )


@pytest.fixture
def as_role(dsn: str, connect: Connect, logins: dict[str, str]) -> AsRole:
    """as_role("client") connects to `dsn` as that login, in autocommit mode."""

    def connect_as(kind: str, to: str | None = None) -> psycopg.Connection:
        target = conninfo.make_conninfo(to or dsn, user=logins[kind], password=PASSWORD)
        return connect(target)

    return connect_as
