"""Upgrades: an instance of one version becomes one of another.

The map is ``{old path: new path, [new paths], or null}``.  A leaf that the map does
not name follows the nearest mapped ancestor, else stays where it is if the new
version has a state of the same path and kind.  null refuses by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import configuration as sets
from . import errors
from .plan import Plan, State

Json = Any
StateMap = Mapping[str, Json]

REFUSED = "SM402"
NO_STATE = object()


def is_leaf(state: State) -> bool:
    """Whether a state may be the innermost of a configuration."""
    return not state.children and state.kind != "history"


def leaves(paths: Sequence[str]) -> list[str]:
    """Return the innermost of the active states' paths."""
    return [
        path
        for path in paths
        if not any(other.startswith(path + ".") for other in paths)
    ]


def map_path(path: str, states: StateMap, old_kind: str | None, new: Plan) -> Json:
    """Return the new path (or paths) of an old state, None if refused.

    NO_STATE when nothing says where it goes.
    """
    if path in states:
        return states[path]
    rest: list[str] = []
    ancestor = path
    while "." in ancestor:
        ancestor, _, key = ancestor.rpartition(".")
        rest.insert(0, key)
        if ancestor in states:
            return _below(states[ancestor], rest, new)
    found = new.state_by_path.get(path)
    if found is None or (found.kind == "history") != (old_kind == "history"):
        return NO_STATE
    return path if old_kind is None or _same_kind(found.kind, old_kind) else NO_STATE


def _same_kind(new: str, old: str) -> bool:
    return new == old or {new, old} == {"atomic", "compound"}


def _below(mapped: Json, rest: list[str], new: Plan) -> Json:
    """Where an inner state goes when an outer one is mapped: below it, or to it."""
    if isinstance(mapped, str):
        inner = ".".join([mapped, *rest])
        return inner if inner in new.state_by_path else mapped
    return mapped


def map_states(
    paths: Sequence[str],
    states: StateMap,
    new: Plan,
    finals: Sequence[str] | None = None,
) -> set[State]:
    """Return the legal configuration of the new version for the old active states.

    ``finals`` are the final states of the old version.  Raises Refusal when a state
    is refused, has no counterpart, or the result is no legal configuration.
    """
    targets: dict[State, None] = {}
    for path in leaves(paths):
        for target in map_leaf(path, states, new, finals):
            targets[new.state_by_path[target]] = None
    return complete(targets, new)


def map_leaf(
    path: str, states: StateMap, new: Plan, finals: Sequence[str] | None = None
) -> Sequence[str]:
    """Return where an active leaf goes; raises Refusal when it may go nowhere."""
    mapped = map_path(path, states, None, new)
    if mapped == path and finals is not None and path not in states:
        final = new.state_by_path[path].kind == "final"
        if final != (path in finals):
            raise refuse(
                f'state "{path}" is {"" if final else "not "}final in the new version',
                hint="declare where it goes with define_upgrade",
            )
    if mapped is None:
        raise refuse(f'the map refuses state "{path}"')
    if mapped is NO_STATE:
        raise refuse(
            f'state "{path}" is not in the new version',
            hint="declare where it goes with define_upgrade",
        )
    return paths_of(mapped)


def complete(targets: Iterable[State], new: Plan) -> set[State]:
    """Return the configuration that has these states, and what belongs to them."""
    targets = list(targets)
    entering = sets.EntrySet({})
    entering.states.add(new.root)
    for target in targets:
        entering.add_descendant_states_to_enter(target)
    for target in targets:
        entering.add_ancestor_states_to_enter(target, None)
    if not targets:
        entering.add_descendant_states_to_enter(new.root)
    if not sets.is_legal(entering.states, new.root):
        named = ", ".join(f'"{target.path}"' for target in targets)
        raise refuse(f"the mapped states are not legal together: {named}")
    return entering.states


def map_history(
    history: Mapping[str, Sequence[str]], states: StateMap, new: Plan
) -> tuple[dict[str, list[State]], list[str]]:
    """Return the history value in the new version, and the paths that have none."""
    result: dict[str, list[State]] = {}
    dropped: list[str] = []
    for path, recorded in history.items():
        target = map_path(path, states, "history", new)
        if not isinstance(target, str) or new.state_by_path[target].kind != "history":
            dropped.append(path)
            continue
        parent = new.state_by_path[target].parent
        kept: dict[State, None] = {}
        lost = False
        for inner in recorded:
            found = [
                state
                for one in paths_of(map_path(inner, states, None, new))
                if parent in (state := new.state_by_path[one]).ancestors
            ]
            kept.update(dict.fromkeys(found))
            lost = lost or not found
        if kept and not lost and _may_be_entered(new.state_by_path[target], kept):
            result[target] = list(kept)
        else:
            dropped.append(path)
    return result, dropped


def _may_be_entered(history: State, recorded: Iterable[State]) -> bool:
    """Whether a legal configuration comes of it when the history is gone back to."""
    entering = sets.EntrySet({history.path: list(recorded)})
    entering.add_descendant_states_to_enter(history)
    assert history.parent is not None
    entering.states.add(history.parent)
    entering.add_ancestor_states_to_enter(history.parent, None)
    return sets.is_legal(entering.states, history.ancestors[-1])


def paths_of(mapped: Json) -> Sequence[str]:
    """Return what a state maps to as a list, empty for nothing."""
    if isinstance(mapped, str):
        return [mapped]
    return mapped if isinstance(mapped, list) else ()


def refuse(message: str, **facts: Json) -> errors.Refusal:
    """Return the refusal of one instance's upgrade."""
    return errors.Refusal(REFUSED, message, **facts)
