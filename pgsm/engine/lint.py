"""Warnings about a sound definition: what is allowed there and hardly meant.

`lint(document)` takes the normal form.  What a warning says holds however the machine
is used.  `"x-ignore": ["code", …]` on any object of the document takes back warnings
about it and what is inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from . import (
    exact,
    lint_actions,
    lint_context,
    lint_events,
    lint_loops,
    lint_names,
    lint_states,
    lint_transitions,
)
from .definition_problems import Finding, Problem, in_document_order
from .lint_chart import Chart

IGNORE = "x-ignore"

# every warning there is, by its code
CODES = {
    "unreachable_state": "no transition that can be taken leads to the state",
    "no_way_out": "nothing leads out of a state that is not final",
    "stuck_when_done": "nothing takes the completion of a state",
    "left_at_once": "a state has what it never gets to, because of its always",
    "dead_transition": "a transition that can never be taken",
    "duplicate_unguarded": "two transitions without a guard for one event",
    "constant_guard": "a guard that always says the same",
    "dead_branch": "a branch of choose after one that is always taken",
    "not_reentered": "a transition to its own state that does not enter it again",
    "always_loop": "always-transitions that go round without end",
    "raise_loop": "a transition that raises its own event without end",
    "self_rearming_delay": "a delay that begins anew each time it is over",
    "equal_delays": "two delays of a state that are equally long",
    "event_nobody_sends": "an internal event that no action makes",
    "event_nobody_takes": "an event that is made and that no transition takes",
    "deferred_forever": "an event that is kept and that no transition takes later",
    "never_deferred": "an event that is taken where it should be kept",
    "cancels_nothing": "a cancel of an id that nothing has",
    "no_such_child": "a message to a child that is never started",
    "unused_implementation": "a guard, action, delay or effect that nothing uses",
    "similar_names": "two names that differ in capitals or hyphens only",
    "undeclared_context": "context that is read and that nothing sets",
}


def lint(document: Mapping[str, Any]) -> list[Problem]:
    """The warnings about a document in normal form, in its own order."""
    chart = Chart(document)
    actions = list(lint_actions.written(chart))
    dead = lint_transitions.check(chart)
    reached = lint_states.check(chart, dead)
    lint_loops.check(chart)
    lint_events.check(chart, actions)
    lint_names.check(chart, actions)
    lint_context.check(chart, actions)
    unreached = {node.steps for node in chart.tree.nodes if node not in reached}
    kept = [
        finding
        for finding in chart.findings
        if not _is_moot(finding, unreached) and not _is_ignored(document, finding)
    ]
    return in_document_order(document, kept)


def _is_moot(finding: Finding, unreached: set[tuple[str, ...]]) -> bool:
    """Whether it is about the inside of a state that nothing leads to anyway."""
    if finding.code == "unreachable_state":
        return False
    return any(finding.path[:length] in unreached for length in _lengths(finding))


def _lengths(finding: Finding) -> Iterator[int]:
    for length in range(2, len(finding.path) + 1, 2):
        if finding.path[length - 2] != "states":
            return
        yield length


def _is_ignored(document: Any, finding: Finding) -> bool:
    """Whether an object at its place or around it says that it is meant so."""
    for step in (*finding.path, None):
        if isinstance(document, dict) and finding.code in _ignored(document):
            return True
        inside = isinstance(document, dict) and step in document
        inside |= isinstance(document, list) and isinstance(step, int)
        if not inside:
            return False
        document = document[step]
    return False


def _ignored(document: Mapping[str, Any]) -> list[Any]:
    found = document.get(IGNORE)
    return found if isinstance(found, list) else [found]


def operation(text: str) -> list[dict[str, str | None]]:
    """The warnings about the text of a normal form: an operation of the door."""
    return [
        {"path": w.path, "code": w.code, "message": w.message, "hint": w.hint}
        for w in lint(exact.loads(text))
    ]


__all__ = ["CODES", "IGNORE", "lint", "operation"]
