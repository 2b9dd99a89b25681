"""Databases for tests: a template that is deployed once, and cheap copies of it.

The template's name holds a hash of all that is deployed, so that later runs find it.
Advisory locks on the server keep test processes from building it twice, and from
dropping one that another process still copies.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import conninfo, sql

from .. import sqitch

TEMPLATE_PREFIX = "pgsm_template_"
CLONE_PREFIX = "pgsm_test_"
BUILDING = "pgsm tests: building databases"  # an advisory lock
_numbers = itertools.count(1)


def in_database(dsn: str, database: str) -> str:
    """The same connection string with another database."""
    return conninfo.make_conninfo(dsn, dbname=database)


def project_hash(project: Path) -> str:
    """Changes when anything that is deployed from the project changes."""
    digest = hashlib.sha256()
    scripts = (path for path in (project / "sql").rglob("*.sql") if path.is_file())
    for path in [project / "sqitch.plan", *sorted(scripts)]:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(project)} {content}\n".encode())
    return digest.hexdigest()[:12]


@contextlib.contextmanager
def template(
    server: str, project: Path, prefix: str = TEMPLATE_PREFIX
) -> Iterator[str]:
    """The name of the deployed template; kept from being dropped while in use."""
    name = prefix + project_hash(project)
    with psycopg.connect(server, autocommit=True) as admin:
        with advisory_lock(admin, BUILDING):
            _lock(admin, name, "pg_advisory_lock_shared")
            if not exists(admin, name):
                _build(server, admin, name, project)
            _drop_unused(admin, prefix, keep=name)
        yield name


@contextlib.contextmanager
def clone(server: str, source: str) -> Iterator[str]:
    """The DSN of a fresh, adopted copy of the template; dropped afterwards."""
    name = f"{CLONE_PREFIX}{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(
            sql.SQL("create database {} template {}").format(
                sql.Identifier(name), sql.Identifier(source)
            )
        )
    dsn = in_database(server, name)
    try:
        adopt(dsn)
        yield dsn
    finally:
        with psycopg.connect(server, autocommit=True) as admin:
            _drop(admin, name, force=True)


def adopt(dsn: str) -> None:
    """Let drivers act in this copy, where the schema knows of adoption."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        known = connection.execute(
            "select 1 from pg_proc"
            " where oid = to_regproc('pgsm.adopt_database')"
            " and pronargs = pronargdefaults"
        ).fetchone()
        if known:
            connection.execute("select pgsm.adopt_database()")


def _build(server: str, admin: psycopg.Connection, name: str, project: Path) -> None:
    """Under another name until it is complete: a killed run leaves no half template."""
    unfinished = f"{CLONE_PREFIX}template_{os.getpid()}"
    _drop(admin, unfinished, force=True)
    create(admin, unfinished)
    try:
        sqitch.deploy(in_database(server, unfinished), project)
    except BaseException:
        _drop(admin, unfinished, force=True)
        raise
    old, new = sql.Identifier(unfinished), sql.Identifier(name)
    admin.execute(sql.SQL("alter database {} allow_connections false").format(old))
    admin.execute(sql.SQL("alter database {} rename to {}").format(old, new))


def _drop_unused(admin: psycopg.Connection, prefix: str, keep: str) -> None:
    """Old templates, and copies that killed runs left more than two hours ago."""
    templates = admin.execute(
        "select datname from pg_database where starts_with(datname, %s)",
        [prefix],
    ).fetchall()
    for (name,) in templates:
        if name != keep and _lock(admin, name, "pg_try_advisory_lock"):
            _drop(admin, name)
            _lock(admin, name, "pg_advisory_unlock")
    left = admin.execute(
        # what somebody else named like that is none of ours
        "select datname from pg_database"
        " where datname ~ ('^' || %s || '(template_)?[0-9]+(_[0-9]+)?$')"
        " and (pg_stat_file(format('base/%%s/PG_VERSION', oid), true)).modification"
        "     < now() - interval '2 hours'",
        [CLONE_PREFIX],
    ).fetchall()
    for (name,) in left:
        with contextlib.suppress(psycopg.errors.ObjectInUse):
            _drop(admin, name)


# Small things


@contextlib.contextmanager
def advisory_lock(admin: psycopg.Connection, name: str) -> Iterator[None]:
    _lock(admin, name, "pg_advisory_lock")
    try:
        yield
    finally:
        _lock(admin, name, "pg_advisory_unlock")


def _lock(admin: psycopg.Connection, name: str, function: str) -> bool:
    call = sql.SQL("select {}(hashtextextended(%s, 0))").format(sql.SQL(function))
    row = admin.execute(call, [name]).fetchone()
    assert row is not None
    return bool(row[0])


def exists(admin: psycopg.Connection, name: str) -> bool:
    found = admin.execute("select 1 from pg_database where datname = %s", [name])
    return found.fetchone() is not None


def create(admin: psycopg.Connection, name: str) -> None:
    admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))


def _drop(admin: psycopg.Connection, name: str, *, force: bool = False) -> None:
    command = "drop database if exists {}" + (" with (force)" if force else "")
    admin.execute(sql.SQL(command).format(sql.Identifier(name)))
