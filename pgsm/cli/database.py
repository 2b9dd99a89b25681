"""What the commands over a deployed database share: rows, and JSON of the user."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads

from .. import sqitch
from ..engine import exact
from ..programs import SetupError

if TYPE_CHECKING:
    from typing_extensions import LiteralString

Row = dict[str, Any]
Connection = psycopg.Connection[Row]

# What a database without pgsm answers to a call, and to a look at a view.
_NOT_DEPLOYED = (
    psycopg.errors.InvalidSchemaName,
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedFunction,
)


def json_text(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """JSON as the user gives it: a text, @FILE, or "-" for standard input.

    Returned as JSON text, so that numbers reach the database as they were written.
    """
    try:
        return exact.dumps(exact.loads(_given(value)))
    except (ValueError, OSError) as problem:
        raise click.BadParameter(str(problem)) from None


def _given(value: str) -> str:
    if value == "-":
        return sys.stdin.read()
    return Path(value[1:]).read_text("utf-8-sig") if value.startswith("@") else value


def _loads(text: str | bytes) -> Any:
    return exact.loads(text if isinstance(text, str) else text.decode())


@contextmanager
def connected(dsn: str) -> Iterator[Connection]:
    """A connection whose rows are dicts and whose JSON has exact numbers."""
    with sqitch.connect(dsn) as plain:
        plain.row_factory = dict_row  # type: ignore[assignment]
        set_json_loads(_loads, plain)
        try:
            yield plain  # type: ignore[misc]
        except _NOT_DEPLOYED as problem:
            if "pgsm" not in (problem.diag.message_primary or ""):
                raise
            raise SetupError(
                f"this release of pgsm is not deployed in database"
                f' "{plain.info.dbname}": {problem.diag.message_primary}',
                "pgsm deploy brings a database to this release, pgsm status looks",
            ) from None


def rows(
    connection: Connection, query: LiteralString, values: Mapping[str, Any]
) -> list[Row]:
    """All rows of a query."""
    return connection.execute(query, values).fetchall()


def row(
    connection: Connection, query: LiteralString, values: Mapping[str, Any]
) -> Row | None:
    """The first row of a query."""
    return connection.execute(query, values).fetchone()


def call(
    connection: Connection, query: LiteralString, values: Mapping[str, Any]
) -> Row:
    """The row that a function returns."""
    found = row(connection, query, values)
    assert found is not None
    return found
