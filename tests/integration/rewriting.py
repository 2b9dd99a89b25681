"""Changing a private function in a test's database: a lock in its way, say."""

from __future__ import annotations

import psycopg

from . import outbox


def rewrite(connection: psycopg.Connection, function: str, old: str, new: str) -> None:
    """Replace a text that the function of `pgsm_private` has in it."""
    source = outbox.scalar(
        connection,
        "select pg_get_functiondef(%s::regprocedure)",
        f"pgsm_private.{function}",
    )
    assert old in source
    connection.execute(source.replace(old, new))
