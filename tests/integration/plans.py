"""What the statements in functions read, as auto_explain tells it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

LOAD = """
    load 'auto_explain';
    set auto_explain.log_min_duration = 0;
    set auto_explain.log_nested_statements = on;
    set auto_explain.log_level = notice;
    set auto_explain.log_analyze = on;
    set auto_explain.log_timing = off
"""


class Explained:
    """The plans of all statements, those in functions too."""

    def __init__(self) -> None:
        self.plans: list[str] = []

    def scans(self, table: str) -> list[str]:
        """The nodes that read the table."""
        lines = [line for plan in self.plans for line in plan.splitlines()]
        return [line for line in lines if re.search(rf"Scan .*on {table}\b", line)]

    def rows_touched(self, table: str) -> int:
        """By all nodes that read it, rows that a filter took away included."""
        total = 0
        for plan in self.plans:
            reading, loops = False, 0
            for line in plan.splitlines():
                if node := re.search(r"actual rows=(\d+) loops=(\d+)", line):
                    reading, loops = f"on {table}" in line, int(node[2])
                    total += int(node[1]) * loops * reading
                elif reading and (
                    removed := re.search(r"Removed by Filter: (\d+)", line)
                ):
                    total += int(removed[1]) * loops
        return total


@contextmanager
def explained(connection: psycopg.Connection) -> Iterator[Explained]:
    found = Explained()

    def note(notice: psycopg.errors.Diagnostic) -> None:
        found.plans.append(notice.message_primary or "")

    connection.add_notice_handler(note)
    connection.execute(LOAD)
    yield found
    connection.execute("set auto_explain.log_min_duration = -1")
    connection.remove_notice_handler(note)
