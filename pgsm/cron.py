"""pg_cron in another database of the cluster than pgsm: it is told what to run here."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import conninfo

from . import sqitch

CHANGE = "cron/schedule"  # after it, where pg_cron is here, the jobs are scheduled


@dataclass(frozen=True)
class Elsewhere:
    """The database that pg_cron works in, and what a superuser runs there."""

    database: str
    statements: list[str]


def elsewhere(dsn: str) -> Elsewhere | None:
    """None where pg_cron works in this database, or the server does not load it."""
    with sqitch.connect(dsn) as connection:
        row = connection.execute(
            "select current_setting('cron.database_name', true), current_database()"
        ).fetchone()
        assert row is not None
        database, here = row
        if database is None or database == here:
            return None
        found = connection.execute("select pgsm.cron_statements()").fetchall()
    return Elsewhere(database, [statement for (statement,) in found])


def schedule(dsn: str, there: Elsewhere) -> str | None:
    """Run the statements in pg_cron's database; why not, where that is not possible."""
    target = conninfo.make_conninfo(dsn, dbname=there.database)
    try:
        with psycopg.connect(target) as connection:
            connection.execute("create extension if not exists pg_cron")
            for statement in there.statements:
                connection.execute(statement.encode())
    except psycopg.Error as problem:
        return problem.diag.message_primary or str(problem).strip()
    return None
