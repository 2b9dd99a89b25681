"""What the interpreter does with a case, in the shape of the XState side's records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from unittest import mock

from pgsm import testing
from pgsm.engine import interpreter

from .generator import Case

Json = Any
LOOPS = "SM103"
LIMIT = 100  # microsteps, as in xstate_side.mjs
CROWD = 30  # timers; machines that arm ever more are left, as in xstate_side.mjs


class Crowd(Exception):
    """The machine arms ever more timers."""


@dataclass
class Played:
    """The records of a case, and the transitions that were taken in each."""

    records: list[Json] = field(default_factory=list)
    taken: list[list[str]] = field(default_factory=list)


@mock.patch.object(interpreter, "MAX_MICROSTEPS", LIMIT)
def play(case: Case) -> Played:
    """The record after the start and after each event, until the machine ends."""
    played = Played()
    seen = 0
    try:
        for instance in _steps(case):
            log = instance.log[seen:]
            seen += len(log)
            played.records.append(_record(instance, log))
            played.taken.append([path for step in log for path in step.transitions])
    except testing.Refused as error:
        played.records.append({"error": error.sqlstate, "message": str(error)})
    except Crowd:
        played.records.append({"error": "crowd"})
    return played


def _steps(case: Case) -> Iterator[testing.Instance]:
    world = testing.World()
    instance = world.start(world.define(case.machine, "m"), instance_id="i")
    yield instance
    for event in case.events:
        if instance.status != "active":
            return
        if "advance" in event:
            _advance(world, timedelta(milliseconds=event["advance"]))
        else:
            data = {key: item for key, item in event.items() if key != "type"}
            instance.send(event["type"], data)
        yield instance


def _advance(world: testing.World, by: timedelta) -> None:
    """Move the clock, from one due time to the next."""
    until = world.clock + by
    while (timers := world.timers) and timers[0].due_at <= until:
        if len(timers) > CROWD and timers[0].due_at > world.clock:
            raise Crowd
        world.advance_to(timers[0].due_at)
    world.advance_to(until)


def _record(instance: testing.Instance, log: list[testing.LogEntry]) -> Json:
    now = instance.snapshot
    started = instance.log[0].at
    due = [(timer.due_at - started).total_seconds() for timer in instance.timers]
    return {
        "value": now.value,
        "context": now.context,
        "status": now.status,
        "tags": sorted(now.tags),
        "output": now.output,
        "due": [round(seconds * 1000) for seconds in due],
        "trace": [note for step in log for note in step.notes],
    }
