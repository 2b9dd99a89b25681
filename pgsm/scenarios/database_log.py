"""What a scenario did in a database, taken again in memory to see guards decide.

The log has the steps with all answers; events that guards refused leave no row there
and are noted when they are sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from pgsm.engine import exact, replay, step

from ..testing.questions import clock_text
from ..testing.rows import Version

Json = Any
Row = dict[str, Any]


@dataclass(frozen=True)
class _Guarded:
    instance_id: str
    revision: int
    row: Json


class Recorded:
    """The steps of the instances of a transaction, for coverage."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self.connection = connection
        self._guarded: list[_Guarded] = []

    def guarded(
        self, snapshot: Row, event: str, data: Json, actor: Json, clock: datetime
    ) -> None:
        """Note an event that guards refused."""
        revision = snapshot["revision"]
        row = {
            "revision": revision + 1,
            "origin": "event",
            "event": event,
            "data": {} if data is None else data,
            "facts": None,
            "clock": clock_text(clock),
            "actor": actor,
            "answers": None,
            "states": snapshot["states"],
            "changes": None,
        }
        self._guarded.append(_Guarded(snapshot["instance_id"], revision, row))

    def versions(self, ids: list[str]) -> Iterator[tuple[str, Version]]:
        """Each instance with its version."""
        found = self.connection.execute(
            "select i.instance_id, i.machine, i.version, v.checksum,"
            " pgsm.machine_definition(i.machine, i.version) as document"
            " from pgsm.instances as i"
            " join pgsm.machine_versions as v using (machine, version)"
            " where i.instance_id = any (%s)",
            [ids],
        )
        for row in found.fetchall():
            document = exact.dumps(row["document"])
            version = Version(row["machine"], row["version"], row["checksum"], document)
            yield row["instance_id"], version

    def replay(self, ids: list[str], watch: Callable[[Version], None]) -> None:
        """Take all steps again; `watch` is told of each version before."""
        for instance_id, version in self.versions(ids):
            watch(version)
            plan = step.get_plan(version.checksum, version.document)
            facts = {
                "instance_id": instance_id,
                "machine": version.machine,
                "version": version.version,
                "parent": None,
                "checksum": version.checksum,
                "states": {},
                "context": False,
            }
            rows = self._rows(instance_id)
            replay.replay(plan, facts, rows)
            for each in self._guarded:
                if each.instance_id == instance_id:
                    before = [r for r in rows if r["revision"] <= each.revision]
                    replay.replay(plan, facts, [*before, each.row])

    def _rows(self, instance_id: str) -> list[Json]:
        found = self.connection.execute(
            "select revision, origin, event, data, facts, clock, actor, answers,"
            " target_states as states, changes from pgsm.event_log"
            " where instance_id = %s order by revision",
            [instance_id],
        )
        return [{**row, "clock": clock_text(row["clock"])} for row in found.fetchall()]
