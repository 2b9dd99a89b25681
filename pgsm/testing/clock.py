"""A clock that tests set: it takes the place of pgsm_private.now() in their database.

set_clock(connection, "2030-01-01 12:00+00")
advance(connection, "1 day")
set_clock(connection, None)      # back to the real time
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import tuple_row

if TYPE_CHECKING:
    from typing_extensions import LiteralString

_INSTALL = """
    create schema pgsm_test;
    grant usage on schema pgsm_test to public;
    create table pgsm_test.clock (reading timestamptz);
    insert into pgsm_test.clock values (null);
    grant select on pgsm_test.clock to public;
    create or replace function pgsm_private.now ()
      returns timestamptz
      language plpgsql
      volatile
    as $$
    begin
        return coalesce(
            (select clock.reading from pgsm_test.clock),
            pg_catalog.clock_timestamp());
    end;
    $$;
"""


def set_clock(connection: psycopg.Connection[Any], when: datetime | str | None) -> None:
    """Let the database's clock stand at `when`; None lets it run with the real time.

    Other sessions see it when this connection's transaction has committed.
    """
    _install(connection)
    connection.execute("update pgsm_test.clock set reading = %s", [when])


def advance(connection: psycopg.Connection[Any], by: timedelta | str) -> datetime:
    """Move the clock on, from where it stands or from the real time; the new time."""
    _install(connection)
    row = _execute(
        connection,
        "update pgsm_test.clock"
        " set reading = coalesce(reading, clock_timestamp()) + %s::interval"
        " returning reading",
        [by],
    ).fetchone()
    assert row is not None
    reading: datetime = row[0]
    return reading


def _install(connection: psycopg.Connection[Any]) -> None:
    there = _execute(connection, "select to_regclass('pgsm_test.clock')").fetchone()
    if there == (None,):
        connection.execute(_INSTALL)


def _execute(
    connection: psycopg.Connection[Any], query: LiteralString, *parameters: Any
) -> psycopg.Cursor[tuple[Any, ...]]:
    cursor = psycopg.Cursor(connection, row_factory=tuple_row)
    return cursor.execute(query, *parameters)
