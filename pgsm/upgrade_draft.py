"""What can be said of an upgrade before anybody has thought about it.

States that are in both versions map to themselves; for the others, and for timers
without a counterpart, what is most like them is proposed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from .engine import upgrade
from .engine.plan import Plan, State

ALIKE = 0.5  # of 1: less is no proposal
_PROPOSALS = 2
_KEPT = 0.8  # what an old state of the same path has become is less likely meant


@dataclass(frozen=True)
class Draft:
    """The map of an upgrade as far as it is plain.

    `states` map to themselves; `open_states` and `open_timers` have proposals each.
    `context` has the keys that come with their first values, `gone` those that go.
    """

    states: list[str]
    open_states: dict[str, list[str]]
    open_timers: dict[str, list[str]]
    context: dict[str, Any]
    gone: list[str]


def draft(old: Mapping[str, Any], new: Mapping[str, Any]) -> Draft:
    """The draft of an upgrade between two documents in normal form."""
    before, after = Plan(old), Plan(new)
    kept: list[str] = []
    missing: list[State] = []
    for state in filter(upgrade.is_leaf, before.states):
        target = upgrade.map_path(state.path, {}, state.kind, after)
        if target is upgrade.NO_STATE:
            missing.append(state)
        else:
            kept.append(state.path)
    was, will_be = _context(old), _context(new)
    return Draft(
        kept,
        {state.path: _like(state, before, after) for state in missing},
        dict(_timers(before, after)),
        {key: _literal(will_be[key]) for key in will_be if key not in was},
        [key for key in was if key not in will_be],
    )


def _literal(value: Any) -> Any:
    """A value that needs no input of a start, which is long over; else null."""
    is_value = not isinstance(value, dict) or not value.keys() & {"expr", "sql"}
    return value if is_value else None


def _context(document: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a context; none where one expression makes all of it."""
    found = document.get("context")
    return found if isinstance(found, dict) and found.keys() != {"expr"} else {}


# ------------------------------------------------------------------------- proposals


def _like(state: State, before: Plan, after: Plan) -> list[str]:
    """The states of the new version that are most like an old one, the best first."""
    scores = []
    for other in filter(upgrade.is_leaf, after.states):
        known = before.state_by_path.get(other.path)
        score = likeness(state, other) * (_KEPT if known is not None else 1)
        if score >= ALIKE:
            scores.append((-score, other.position, other.path))
    return [path for _, _, path in sorted(scores)[:_PROPOSALS]]


def likeness(one: State, other: State) -> float:
    """How much two states are alike, from 0 to 1: by their names and what they do."""
    name = (
        1.0
        if one.key == other.key
        else SequenceMatcher(None, one.path.lower(), other.path.lower()).ratio()
    )
    does, did = _does(one), _does(other)
    if (one.kind == "final") != (other.kind == "final"):
        return 0.0
    if not (does or did):
        return name
    return 0.6 * name + 0.4 * len(does & did) / len(does | did)


def _does(state: State) -> set[str]:
    return {
        *(f"on {event}" for event in state.descriptors),
        *(f"after {delay.key}" for delay in state.delays),
        *(f"invoke {invocation.src}" for invocation in state.invocations),
    }


def _timers(before: Plan, after: Plan) -> Iterator[tuple[str, list[str]]]:
    """Timers of states that stay, whose delay the new version has not."""
    for state in before.states:
        now = after.state_by_path.get(state.path)
        if now is None:
            continue
        keys = {delay.key for delay in now.delays}
        old = {delay.key for delay in state.delays}
        for key in sorted(old - keys):
            yield f"{state.path}/{key}", _names(now.path, sorted(keys - old))


def _names(path: str, keys: Iterable[str]) -> list[str]:
    return [f"{path}/{key}" for key in keys]
