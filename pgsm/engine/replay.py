"""Recorded events through another version, and where it goes another way.

``rows`` are log rows from the start on: ``{"revision", "origin", "event", "data",
"facts", "clock", "actor", "answers", "states", "changes"}``, with states and changes
as the recorded step left them.  Nothing is asked: what calls returned is in the row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import errors, exact, step, upgrade, values
from .plan import Plan

Json = Any


class _Player:
    """An instance of the new version, on what has been recorded of the old one."""

    def __init__(self, plan: Plan, facts: Mapping[str, Json]) -> None:
        self.plan = plan
        self.facts = facts
        self.states = ""
        self.context: Json = {}
        self.history: Json = {}
        self.work: Json = {}

    def take(self, row: Mapping[str, Json]) -> Json:
        """Apply one row's event; the step's result."""
        who = (
            self.facts["instance_id"],
            self.facts["machine"],
            str(self.facts["version"]),
            self.facts["parent"],
            row["clock"],
            exact.dumps(row["actor"]),
            str(row["revision"] - 1),
            exact.dumps(row["answers"] or []),
        )
        checksum = self.facts["checksum"]
        if row["origin"] == "start":
            return step.start(checksum, None, exact.dumps(row["data"]), *who)
        return step.step(
            checksum,
            None,
            self.states,
            exact.dumps(self.context),
            exact.dumps(self.history),
            exact.dumps(self.work),
            row["event"],
            exact.dumps(row["data"]),
            exact.dumps(row["facts"]) if row["facts"] else None,
            row["origin"],
            *who,
        )

    def go_on(self, result: Mapping[str, Json]) -> None:
        if "states" in result:
            self.states = "\n".join(_array(result["states"]))
        for name in ("context", "history", "work"):
            if name in result:
                setattr(self, name, result[name])


def replay(plan: Plan, facts: Mapping[str, Json], rows: Sequence[Json]) -> Json:
    """Return ``{"events", "revision", "event", "difference", "expected", "found"}``.

    ``difference`` is null where none was found, else state, context, not_taken,
    refused, unrecorded, or why the replay ended early: redacted, upgraded, no_start.
    """
    player = _Player(plan, facts)
    count = 0
    if not rows or rows[0]["origin"] != "start":
        return _end(0, None, "no_start", None, None)
    for row in rows:
        found = _one(player, row)
        if found is not None:
            return _end(count, row, *found)
        count += 1
    return _end(count, None, None, None, None)


def _end(count: int, row: Json, difference: Json, expected: Json, found: Json) -> Json:
    return {
        "events": count,
        "revision": row and row["revision"],
        "event": row and row["event"],
        "difference": difference,
        "expected": expected,
        "found": found,
    }


def _one(player: _Player, row: Mapping[str, Json]) -> tuple[str, Json, Json] | None:
    """Take one row; the difference that it makes, if any."""
    if row["event"] in ("pgsm.upgrade", "pgsm.undo_upgrade", "pgsm.set_state"):
        return "upgraded", None, row["data"]
    if row["origin"] == "repair":
        return None
    redacted = any("redacted" in answer for answer in row["answers"] or ())
    if redacted or "redacted" in (row["facts"] or {}):
        return "redacted", None, None
    try:
        result = player.take(row)
    except errors.Question as question:
        return "unrecorded", None, question.question
    except errors.Refusal as refusal:
        return "refused", None, refusal.as_json()
    if "outcome" in result:
        return "not_taken", _leaves(row["states"]), result
    player.go_on(result)
    states = player.states.split("\n") if player.states else []
    if not _same_states(player, row["states"], states):
        return "state", _leaves(row["states"]), _leaves(states)
    expected, actual = row["changes"], result.get("changes")
    if player.facts["context"] and not values.same(expected, actual):
        return "context", expected, actual
    return None


def _same_states(
    player: _Player, recorded: Sequence[str], states: Sequence[str]
) -> bool:
    """Whether the states are those that the map makes of the recorded ones."""
    try:
        mapped = upgrade.map_states(recorded, player.facts["states"], player.plan)
    except errors.Refusal:
        return False
    return {state.path for state in mapped if state.path} == set(states)


def _leaves(states: Sequence[str]) -> list[str]:
    return upgrade.leaves(states)


def _array(text: str) -> list[str]:
    """Return the items of a Postgres array as `description.array_text` writes it."""
    items: list[str] = exact.loads("[" + text[1:-1] + "]")
    return items
