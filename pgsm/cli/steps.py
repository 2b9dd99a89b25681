"""What a step of an instance did, put together from the log and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from ..engine import exact
from ..formats.positions import Step, steps_of
from .conditions import condition
from .database import Connection, Row, call, rows
from .tables import safe, text

# The words for what a step was caused by; its event's name follows.
ORIGINS = {
    "start": "started",
    "event": "event",
    "post": "posted event",
    "timer": "timer",
    "message": "message",
    "effect": "effect",
    "upgrade": "upgrade",
    "repair": "repair",
}

_STEPS = """
    select * from pgsm.event_log
    where instance_id = %(instance_id)s
        and revision > %(after)s
        and (%(upto)s::bigint is null or revision <= %(upto)s)
    order by revision
    limit %(limit)s
"""
# What began in a step has the step's revision before the "/" of its id.
_EFFECTS = """
    select effect_id, name, kind, state, status, error, item
    from pgsm.effects
    where instance_id = %(instance_id)s
        and split_part(effect_id, '/', 1) = any (%(revisions)s)
    order by effect_id
"""
_TIMERS = """
    select timer_id, kind, event, state, delay, status, due_at
    from pgsm.timers
    where instance_id = %(instance_id)s and kind in ('after', 'send')
        and split_part(timer_id, '/', 1) = any (%(revisions)s)
    order by timer_id
"""


class Reader:
    """Reads the steps of an instance, each with what it has set going.

    A row has the columns of pgsm.event_log; its `taken` has source, targets and guard
    beside each transition's path, `effects` and `timers` are those of the step that
    are still kept.
    """

    def __init__(self, connection: Connection, instance_id: str) -> None:
        self.connection = connection
        self.instance_id = instance_id
        self.definition = lru_cache(maxsize=8)(self._definition)

    def steps(
        self, after: int = 0, upto: int | None = None, limit: int = 1000
    ) -> list[Row]:
        """The steps after a revision, in order."""
        asked = {"after": after, "upto": upto, "limit": limit}
        mine = {"instance_id": self.instance_id}
        found = rows(self.connection, _STEPS, {**mine, **asked})
        revisions = [str(step["revision"]) for step in found]
        effects = rows(self.connection, _EFFECTS, {**mine, "revisions": revisions})
        timers = rows(self.connection, _TIMERS, {**mine, "revisions": revisions})
        for step in found:
            step["taken"] = [
                transition(path, self.definition(step["machine"], step["version"]))
                for path in step["transitions"] or []
            ]
            step["effects"] = [e for e in effects if _is_of(step, e["effect_id"])]
            step["timers"] = [t for t in timers if _is_of(step, t["timer_id"])]
        return found

    def _definition(self, machine: str, version: int) -> Any:
        query = "select pgsm.machine_definition(%(machine)s, %(version)s) as found"
        return call(self.connection, query, {"machine": machine, "version": version})[
            "found"
        ]


def _is_of(step: Mapping[str, Any], work_id: str) -> bool:
    return work_id.partition("/")[0] == str(step["revision"])


def transition(path: str, document: Any) -> Row:
    """A transition of the log: path, source, targets, guard, and that in words."""
    steps = steps_of(path)
    found = _at(document, steps)
    target = found.get("target") if isinstance(found, dict) else found
    targets = target if isinstance(target, list) else [target]
    guard = found.get("guard") if isinstance(found, dict) else None
    named = _at(document, ["implementations", "guards"]) or {}
    return {
        "path": path,
        "source": _source(steps),
        "targets": [t for t in targets if isinstance(t, str)],
        "guard": guard,
        "reason": None if guard is None else condition(guard, named),
    }


def _at(document: Any, steps: list[Step]) -> Any:
    """What is at a path of the normal form, where a document may have one thing
    instead of a list of one."""
    value = document
    for step in steps:
        if isinstance(step, int):
            if isinstance(value, list):
                value = value[step] if step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def _source(steps: list[Step]) -> str:
    """The path of the state that a transition is of; "" for the root."""
    names: list[str] = []
    while len(steps) > 1 and steps[0] == "states":
        names.append(str(steps[1]))
        steps = steps[2:]
    return ".".join(names)


# -- in words --------------------------------------------------------------------------


def title(step: Mapping[str, Any]) -> str:
    """When it was, what came, and from whom."""
    origin, event = step["origin"], text(step["event"])
    what = ORIGINS.get(origin, origin) + ("" if origin == "start" else f" {event}")
    actor = step["actor"] or {}
    by = f"  by {safe(str(actor['role']))}" if actor.get("role") else ""
    return f"{step['revision']}  {text(step['clock'])}  {what}{by}"


def facts(step: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and texts of all that the step had and did."""
    if step["data"]:
        yield "data", text(step["data"])
    if step["event_id"]:
        yield "event id", text(step["event_id"])
    if claims := (step["actor"] or {}).get("claims"):
        yield "claims", text(claims)
    for taken in step["taken"]:
        yield "transition", _transition(taken)
    yield "states", _states(step)
    yield from _changes(step["changes"] or {})
    for answer in step["answers"] or []:
        yield "answer", _answer(answer)
    for effect in step["effects"]:
        yield "effect", _effect(effect)
    for timer in step["timers"]:
        yield "timer", _timer(timer)
    for event in step["emitted"] or []:
        data = f" {text(event['data'])}" if event.get("data") else ""
        yield "emitted", text(event.get("event")) + data
    for note in step["notes"] or []:
        yield "note", text(note)


def _transition(taken: Mapping[str, Any]) -> str:
    source = safe(taken["source"]) or "(root)"
    arrow = f" → {text(taken['targets'])}" if taken["targets"] else " (stays)"
    reason = f", as {taken['reason']}" if taken["reason"] else ""
    return f"{source}{arrow}{reason}\n{safe(taken['path'])}"


def _states(step: Mapping[str, Any]) -> str:
    before, after = step["source_states"] or [], step["target_states"] or []
    if before == after:
        return text(after)
    return f"{text(before) or '(none)'} → {text(after) or '(none)'}"


def _changes(changes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for pointer, value in changes.get("set", {}).items():
        yield "context", f"{safe(pointer) or '(all)'} = {_json(value)}"
    for pointer in changes.get("remove", []):
        yield "context", f"{safe(pointer)} is removed"


def _json(value: Any) -> str:
    return safe(exact.dumps(value))


def _answer(answer: Any) -> str:
    if isinstance(answer, dict) and "error" in answer:
        return f"failed: {_json(answer['error'])}"
    if isinstance(answer, dict) and "value" in answer:
        return _json(answer["value"])
    return _json(answer)


def _effect(effect: Mapping[str, Any]) -> str:
    error = (effect["error"] or {}).get("message")
    why = f": {text(error)}" if error else ""
    name, work_id = text(effect["name"]), text(effect["effect_id"])
    return f"{name} ({work_id}) {effect['status']}{why}"


def _timer(timer: Mapping[str, Any]) -> str:
    work_id, due = text(timer["timer_id"]), text(timer["due_at"])
    return f"{text(timer['event'])} ({work_id}) {timer['status']}, due {due}"
