"""Steps of instances: load, step, write, as the SQL shell does it around the engine.

What an instance asks of others (messages, stops) and of the outside world (effects)
waits in rows afterwards; only the first steps of its children are taken at once.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from pgsm.engine import exact, values

from .errors import Refused
from .questions import Door
from .rows import Row, Snapshot, Version
from .store import Store
from .writing import Cause, write_message, write_step, write_stops

Json = Any
SYSTEM = {"role": "system"}
MOST_ANCESTORS = 20


class Host:
    """The steps of a world's instances."""

    def __init__(self, store: Store, door: Door) -> None:
        self.store = store
        self.door = door

    def version(self, machine: str, version: int | None = None) -> Version:
        """A version of a machine, the current one when none is named."""
        store = self.store
        number = store.current.get(machine) if version is None else version
        found = store.versions.get((machine, number or 0))
        if found is not None:
            return found
        if all(name != machine for name, _ in store.versions):
            known = sorted({name for name, _ in store.versions})
            hint = f"defined are {', '.join(known)}" if known else "world.define(...)"
            raise Refused("SM002", f'machine "{machine}" does not exist', hint=hint)
        which = "current version" if version is None else f"version {version}"
        raise Refused("SM003", f'machine "{machine}" has no {which}')

    def row(self, instance_id: str) -> Row:
        """An instance's row; SM100 where there is none."""
        found = self.store.rows.get(instance_id)
        if found is None:
            raise Refused("SM100", f'instance "{instance_id}" does not exist')
        return found

    # -- first steps -------------------------------------------------------------------

    def begin(self, row: Row, version: Version, given: Json, actor: Json) -> Row:
        """Write a new instance and take its first step."""
        self.store.put_row(row)
        cause = Cause("start", "pgsm.start", given, row.clock, actor)
        try:
            result = self.door.start(version, row, given, actor)
        except Refused as refusal:
            raise _explained(refusal, cause.event, row) from None
        return self._write(row, result, cause)

    def _begin_child(self, parent: Row, child: Json) -> None:
        """A child's first step; its failure is a message to the parent."""
        version, begun = None, None
        try:
            if self._depth(parent) >= MOST_ANCESTORS:
                message = f"children are nested more than {MOST_ANCESTORS} levels deep"
                raise Refused("SM116", message)
            version = self.version(child["machine"])
            if child["instance"] in self.store.rows:
                message = f'instance "{child["instance"]}" exists already'
                raise Refused("SM109", message)
            begun = self._child_row(parent, child, version)
            with self.store.atomic():
                self.begin(begun, version, child.get("input", {}), SYSTEM)
        except Refused as refusal:
            code, message = refusal.sqlstate, refusal.message
            error = {"type": "start", "message": message, "code": code}
            failed = begun or self._child_row(parent, child, version)
            failed = replace(failed, status="failed", error=error)
            if begun is not None:
                self.store.put_row(replace(failed, finished_at=failed.clock))
            event, facts = f"error.invoke.{child['id']}", {"error": error}
            write_message(self.store, failed, parent.instance_id, event, facts)

    def _child_row(self, parent: Row, child: Json, version: Version | None) -> Row:
        return Row(
            instance_id=child["instance"],
            machine=version.machine if version else child["machine"],
            version=version.version if version else 0,
            clock=parent.clock,
            started_at=parent.clock,
            parent_id=parent.instance_id,
            child_id=child["id"],
        )

    def _depth(self, row: Row) -> int:
        depth = 0
        while row.parent_id is not None and row.parent_id in self.store.rows:
            row = self.store.rows[row.parent_id]
            depth += 1
        return depth

    # -- later steps -------------------------------------------------------------------

    def take(self, row: Row, cause: Cause) -> tuple[Row, str, Json]:
        """Apply an event: the instance after it, the outcome, its details."""
        version = self.store.versions[row.machine, row.version]
        cause = replace(cause, clock=max(cause.clock, row.clock))
        event = (cause.event, cause.data, cause.facts, cause.origin)
        try:
            result = self.door.step(version, row, event, cause.clock, cause.actor)
        except Refused as refusal:
            raise _explained(refusal, cause.event, row) from None
        if "outcome" in result and not result.get("deferred"):
            return row, result["outcome"], result.get("details") or {}
        new = self._write(row, result, cause)
        return new, "deferred" if result.get("deferred") else "taken", {}

    def first_answer(self, row: Row, event_id: str, event: str, data: Json) -> Json:
        """What the event of this id was answered, None where it is new."""
        if len(event_id) > values.LONGEST_ID:
            message = "an event id is a text of at most 500 characters"
            raise Refused("SM104", message)
        first = row.answers.get(event_id)
        if first is not None and (first["event"], first["data"]) != (event, data):
            message = f'event id "{event_id}" was used with another event or other data'
            raise Refused("SM107", message, f'the first event was "{first["event"]}"')
        return first and first["answer"]

    def keep_answer(self, row: Row, cause: Cause, outcome: str, details: Json) -> None:
        """Keep what an event with an id was answered."""
        given = {"event": cause.event, "data": cause.data}
        answer = asdict(describe(row, outcome, details))
        answers = {**row.answers, str(cause.event_id): {**given, "answer": answer}}
        self.store.put_row(replace(row, answers=answers))

    def stop(self, row: Row) -> Row:
        """End an instance where it stands; the content of its states' exits runs."""
        version = self.store.versions[row.machine, row.version]
        clock = max(self.store.clock, row.clock)
        result = self.door.stop(version, row, clock)
        return self._write(row, result, Cause("message", "pgsm.stop", {}, clock))

    def end(self, row: Row, status: str, cause: Cause) -> Row:
        """End an instance without a step, as an operator does: no exit content."""
        new = write_step(self.store, row, {"status": status, "work": {}}, cause)
        write_stops(self.store, row)
        if new.parent_id is not None:
            error = {
                "type": "stopped",
                "message": "the child was stopped by hand",
                "data": cause.data.get("reason"),
            }
            facts = {"error": {key: value for key, value in error.items() if value}}
            event = f"error.invoke.{new.child_id}"
            write_message(self.store, new, new.parent_id, event, facts)
        return new

    def _write(self, row: Row, result: Json, cause: Cause) -> Row:
        if self.store.rows.get(row.instance_id) is not row:
            raise Refused(
                "SM106",
                f'instance "{row.instance_id}" was changed by a call of its own step',
                hint="use post in functions that a machine calls",
            )
        new = write_step(self.store, row, result, cause)
        for child in result.get("children", ()):
            self._begin_child(new, child)
        if new.status == "done" and row.status != "done" and new.parent_id is not None:
            event = f"done.invoke.{new.child_id}"
            facts = {"output": new.output}
            write_message(self.store, new, new.parent_id, event, facts)
        return self.store.rows[row.instance_id]


def unhandled(version: Version, row: Row, cause: Cause, details: Json) -> Refused:
    """The refusal of an event that nothing took."""
    refused_by = ", ".join((details or {}).get("refused_by", ()))
    detail = f'machine "{version.machine}" version {version.version}'
    if refused_by:
        detail += f", the guards that said no: {refused_by}"
    return Refused(
        "SM101",
        f'instance "{row.instance_id}" does not take event "{cause.event}"'
        f" in state {_state(row.value)}",
        detail,
        "instance.enabled_events() lists what it takes",
    )


def _state(value: Json) -> str:
    return exact.dumps(value)


def _explained(refusal: Refused, event: str, row: Row) -> Refused:
    """The engine's refusal as the SQL shell raises it."""
    where = f'machine "{row.machine}" version {row.version}'
    return Refused(
        refusal.sqlstate,
        f'event "{event}" of instance "{row.instance_id}" is refused:'
        f" {refusal.message}",
        ", ".join(part for part in (where, refusal.detail) if part),
        refusal.hint or "nothing has changed",
    )


def describe(row: Row, outcome: str | None = None, details: Json = None) -> Snapshot:
    """An instance's snapshot, in values of its own."""
    return Snapshot(
        instance_id=row.instance_id,
        machine=row.machine,
        version=row.version,
        status=row.status,
        value=exact.loads(exact.dumps(row.value)),
        states=list(row.states),
        context=exact.loads(row.context),
        tags=list(row.tags),
        output=exact.loads(exact.dumps(row.output)),
        revision=row.revision,
        outcome=outcome,
        details=details,
    )
