"""The psycopg connection behind what a caller has: psycopg's, Django's, SQLAlchemy's.

It is looked up at each call, since Django and SQLAlchemy open and change theirs as they
need.  None of them is imported here.
"""

from __future__ import annotations

from typing import Any

import psycopg


def connection_of(source: Any) -> psycopg.Connection[Any]:
    """The open connection of a psycopg, Django or SQLAlchemy object.

    Django's `django.db.connection`; SQLAlchemy's Connection, Session or scoped_session.
    A session's transaction begins with that, as with any statement of it.
    """
    found = source
    if hasattr(found, "ensure_connection"):  # Django
        found.ensure_connection()
        found = found.connection
    if hasattr(found, "get_bind"):  # SQLAlchemy's Session
        found = found.connection()
    if not isinstance(found, psycopg.Connection):
        found = getattr(found, "connection", found)  # SQLAlchemy's Connection
        found = getattr(found, "driver_connection", found)
    if not isinstance(found, psycopg.Connection):
        raise _unknown(source, found)
    return found


async def async_connection_of(source: Any) -> psycopg.AsyncConnection[Any]:
    """The same of psycopg's AsyncConnection, SQLAlchemy's, and its AsyncSession.

    Django has no asynchronous connections.
    """
    found = source
    if hasattr(found, "get_bind"):  # SQLAlchemy's AsyncSession
        found = await found.connection()
    if hasattr(found, "get_raw_connection"):  # SQLAlchemy's AsyncConnection
        found = (await found.get_raw_connection()).driver_connection
    if not isinstance(found, psycopg.AsyncConnection):
        raise _unknown(source, found)
    return found


def _unknown(source: Any, found: Any) -> TypeError:
    kind = type(source).__name__
    behind = "" if found is source else f", which has a {type(found).__name__}"
    return TypeError(
        f"a client takes a connection string, a pool or a psycopg 3 connection,"
        f" not a {kind}{behind}"
    )
