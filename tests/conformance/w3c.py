"""The W3C's SCXML tests, through two doors.

A test passes when it ends in the final state `pass`; meanwhile the clock is moved to
whatever is due next.  No test is treated differently from another.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from pgsm.engine import exact
from pgsm.formats import scxml
from pgsm.testing import World
from tests import clock

from . import data

Json = Any

MOST_TURNS = 100  # of the clock; the longest test waits five times


def tests(name: str) -> list[str]:
    """The tests of a list; none where the data are absent."""
    path = data.directory() / "w3c" / "lists" / f"{name}.txt"
    return path.read_text().split() if path.is_file() else []


def machines(test: str) -> dict[str, Json]:
    """The machines of a test: its own first, and those of the files that go with it.

    The latter are what a `srcexpr` may name; `src` brings its machine itself.
    """
    main: Path = data.directory() / "w3c" / "scxml" / f"{test}.scxml"
    found = dict(scxml.load(main).machines)
    for other in sorted(main.parent.glob(f"{test}sub*.scxml")):
        found |= scxml.load(other).machines
    return found


def in_memory(test: str) -> str | None:
    """What is wrong with the end of a test in the in-memory host; None for a pass."""
    world = World()
    names = [world.define(each, name) for name, each in machines(test).items()]
    instance = world.start(names[0])
    for _ in range(MOST_TURNS):
        if instance.status != "active" or world.advance_to_next() is None:
            break
    return _verdict(instance.value, instance.status)


def in_postgres(test: str, connection: psycopg.Connection[Any]) -> str | None:
    """The same through the database, in a transaction that is rolled back."""
    with connection.transaction(force_rollback=True):
        database = _Database(connection)
        names = list(machines(test).items())
        for name, document in names:
            database.define(name, document)
        database.start(names[0][0])
        for _ in range(MOST_TURNS):
            if not database.advance():
                break
        return _verdict(*database.end())


def _verdict(value: Json, status: str) -> str | None:
    passed = (value, status) == ("pass", "done")
    return None if passed else f"{status} in {value}"


class _Database:
    """The instance "w3c" of a database, and its clock."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.clock = datetime.fromisoformat("2030-01-01T12:00:00+00:00")
        clock.set_clock(connection, self.clock)

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        with self.connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute(query, parameters)  # type: ignore[arg-type]
            return cursor.fetchall()

    def define(self, name: str, document: Json) -> None:
        query = "select pgsm.define_machine(%s, %s::json)"
        self.rows(query, name, exact.dumps(document))

    def start(self, machine: str) -> None:
        self.rows("select * from pgsm.start_instance(%s, 'w3c')", machine)

    def advance(self) -> bool:
        """Fire what is due next; False when there is nothing, or the test is over."""
        due = self.rows(
            "select min(t.due_at) as at from pgsm.timers as t where t.status = 'armed'"
        )[0]["at"]
        if due is None or self.end()[1] != "active":
            return False
        self.clock = max(self.clock, due)
        clock.set_clock(self.connection, self.clock)
        self.rows("select * from pgsm.fire_timers()")
        return True

    def end(self) -> tuple[Json, str]:
        (row,) = self.rows("select value, status from pgsm.get_instance('w3c')")
        return row["value"], row["status"]
