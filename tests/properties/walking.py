"""A walk: a machine's steps under a host, each with what was before and after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from pgsm.engine import exact

from . import door
from .machines import EVENTS

Json = Any
Turn = tuple[str, int, Json]


def walk(machine: door.Machine, script: Sequence[Turn]) -> Iterator[door.Outcome]:
    """Start the machine and do what the script says, as far as it can be done."""
    outcome = door.start(machine)
    yield outcome
    now = outcome.after
    for what, which, data in script:
        if now.revision == 0 or now.status != "active":
            return
        taken = message(now, what, which, data)
        if taken is None:
            continue
        event, without = taken
        outcome = door.step(machine, without, event)
        if outcome.refused:  # the host undoes what it did, too
            outcome = replace(outcome, before=now, after=now)
        now = outcome.after
        yield outcome


def message(
    now: door.Instance, what: str, which: int, data: Json
) -> tuple[door.Message, door.Instance] | None:
    """The event that happens, and the instance without what has caused it."""
    if what == "send":
        event = EVENTS[which % len(EVENTS)]
        return door.Message(event, exact.dumps(data)), now
    if what == "fire":
        return fired(now, which)
    return answered(now, which, what == "complete", data)


def fired(now: door.Instance, which: int) -> tuple[door.Message, door.Instance] | None:
    """A timer is due; its row is gone."""
    if not now.timers:
        return None
    timer = now.timers[which % len(now.timers)]
    left = tuple(other for other in now.timers if other is not timer)
    body = exact.dumps(timer.row.get("data") or {})
    event = door.Message(timer.row["event"], body, origin="timer")
    return event, replace(now, timers=left)


def answered(
    now: door.Instance, which: int, well: bool, output: Json
) -> tuple[door.Message, door.Instance] | None:
    """An invocation or a child ends; its event follows."""
    pending = [e for e in now.effects if e.status == "pending"]
    running: list[door.Effect | door.Child] = [
        *(e for e in pending if e.row["kind"] == "invoke"),
        *now.children,
    ]
    if not running:
        return None
    work = running[which % len(running)]
    facts = {"output": output} if well else {"error": {"message": "no"}}
    kind = "done" if well else "error"
    if isinstance(work, door.Child):
        row, name, origin = work.row, work.row["id"], "message"
        source = {"instance": row["instance"], "invoke": name}
        left = tuple(child for child in now.children if child is not work)
        without = replace(now, children=left)
    else:
        row, name, origin = work.row, work.row["invoke_id"], "effect"
        source = {"effect": work.effect_id, "invoke": name, "state": row["state"]}
        source["name"] = row["name"]
        if "item" in row:
            source["item"] = row["item"]
        ended = replace(work, status="succeeded" if well else "failed")
        effects = tuple(ended if other is work else other for other in now.effects)
        without = replace(now, effects=effects)
    text = exact.dumps({**facts, "source": source})
    return door.Message(f"{kind}.invoke.{name}", "{}", text, origin), without
