"""`pgsm.testing.templates`, and the one database of a server that pg_cron runs in."""

from __future__ import annotations

from pathlib import Path

import psycopg
from psycopg import sql

from pgsm import devdb, sqitch
from pgsm.testing.templates import (
    BUILDING,
    CLONE_PREFIX,
    TEMPLATE_PREFIX,
    adopt,
    advisory_lock,
    clone,
    create,
    exists,
    in_database,
    project_hash,
    template,
)

__all__ = [
    "CLONE_PREFIX",
    "TEMPLATE_PREFIX",
    "adopt",
    "clone",
    "deploy_to_cron_database",
    "in_database",
    "project_hash",
    "template",
]


def deploy_to_cron_database(server: str, project: Path) -> str:
    """The DSN of the one database in which pg_cron runs, with the project deployed.

    Made anew when its deployed scripts are others than the project's.
    """
    with psycopg.connect(server, autocommit=True) as admin:
        row = admin.execute("select current_setting('cron.database_name')").fetchone()
        assert row is not None
        (name,) = row
        with advisory_lock(admin, BUILDING):
            wanted = f"deployed from {project_hash(project)}"
            if _comment(admin, name) != wanted:
                if exists(admin, name):
                    devdb.empty(in_database(server, name))
                else:
                    create(admin, name)
                _install_cron(in_database(server, name))
                sqitch.deploy(in_database(server, name), project)
                _set_comment(admin, name, wanted)
    return in_database(server, name)


def _install_cron(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create extension if not exists pg_cron schema pg_catalog")


def _comment(admin: psycopg.Connection, name: str) -> str | None:
    row = admin.execute(
        "select shobj_description(oid, 'pg_database')"
        " from pg_database where datname = %s",
        [name],
    ).fetchone()
    return row[0] if row else None


def _set_comment(admin: psycopg.Connection, name: str, text: str) -> None:
    admin.execute(
        sql.SQL("comment on database {} is {}").format(sql.Identifier(name), text)
    )
