"""What is wrong with a declared upgrade: all of it at once, with its path.

A problem is ``{"path", "code", "message", "hint"}``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from . import errors, upgrade_template, values
from .migration import HISTORY
from .plan import Plan
from .upgrade import NO_STATE, complete, is_leaf, map_path
from .upgrade_work import EFFECTS, TIMERS

Json = Any
Problem = dict[str, Json]


def problems(old: Plan, new: Plan, rules: Mapping[str, Json]) -> list[Problem]:
    """Return the problems of a map between two versions."""
    found = list(_shapes(rules))
    named = {problem["path"] for problem in found}
    if "$.states" not in named:
        found += _states(old, new, rules["states"], partial=rules["state"] is not None)
    if "$.timers" not in named:
        found += _timers(old, new, rules["timers"])
    if "$.effects" not in named:
        found += _effects(old, rules["effects"])
    if upgrade_template.is_template(rules["context"]):
        found += [
            _problem(path, "bad_template", message)
            for path, message in upgrade_template.problems(new, rules["context"])
        ]
    return found


def _problem(path: str, code: str, message: str, hint: str | None = None) -> Problem:
    return {"path": path, "code": code, "message": message, "hint": hint}


def _shapes(rules: Mapping[str, Json]) -> Iterator[Problem]:
    states = rules["states"]
    if not isinstance(states, Mapping):
        yield _problem("$.states", "wrong_type", "the state map is an object")
    elif not all(_is_target(target) for target in states.values()):
        message = "a state maps to a state, a list of states, or null"
        yield _problem("$.states", "wrong_type", message)
    for name, words in (("timers", TIMERS), ("effects", EFFECTS), ("history", HISTORY)):
        rule = rules[name]
        whole = isinstance(rule, str) and rule in words
        if not whole and not (isinstance(rule, Mapping) and name != "history"):
            listed = ", ".join(f'"{word}"' for word in words)
            more = "" if name == "history" else ", or an object of them by name"
            yield _problem(
                f"$.{name}", "wrong_type", f"{name} is one of {listed}{more}"
            )


def _is_target(target: Json) -> bool:
    if isinstance(target, list):
        return bool(target) and all(isinstance(one, str) for one in target)
    return target is None or isinstance(target, str)


def _states(
    old: Plan, new: Plan, states: Mapping[str, Json], *, partial: bool
) -> list[Problem]:
    found = [
        problem
        for source, target in states.items()
        for problem in _entry(old, new, source, target)
    ]
    if partial:  # a state function says of each instance where it goes
        return found
    return found + [
        _problem(
            f'$.states["{state.path}"]',
            "unmapped_state",
            f'state "{state.path}" is not in the new version and not mapped',
            "map it to a state, or to null to refuse instances in it",
        )
        for state in old.states
        if is_leaf(state) and map_path(state.path, states, state.kind, new) is NO_STATE
    ]


def _entry(old: Plan, new: Plan, source: str, target: Json) -> Iterator[Problem]:
    where = f'$.states["{source}"]'
    was = old.state_by_path.get(source)
    if was is None:
        message = f'the old version has no state "{source}"'
        yield _problem(where, "unknown_state", message)
    for one in [target] if isinstance(target, str) else target or ():
        if one not in new.state_by_path:
            message = f'the new version has no state "{one}"'
            yield _problem(where, "unknown_state", message)
        elif new.state_by_path[one].kind == "history" and (
            was is None or was.kind != "history"
        ):
            yield _problem(where, "bad_target", f'"{one}" is a history state')
    if isinstance(target, list) and all(one in new.state_by_path for one in target):
        try:
            complete([new.state_by_path[one] for one in target], new)
        except errors.Refusal as refusal:
            yield _problem(where, "bad_target", refusal.message)


def _timers(old: Plan, new: Plan, timers: Json) -> Iterator[Problem]:
    for name, target in timers.items() if isinstance(timers, Mapping) else ():
        where = f'$.timers["{name}"]'
        if name == "default":
            if target not in TIMERS:
                yield _problem(where, "wrong_type", "the default is a policy")
        elif not (_has_delay(old, name) or old.state_by_path.get(name)):
            yield _problem(where, "unknown_timer", f'there is no timer "{name}"')
        known = target is None or (isinstance(target, str) and _names(new, target))
        if name != "default" and not known:
            yield _problem(where, "unknown_timer", f'there is no timer "{target}"')


def _names(new: Plan, target: str) -> bool:
    return target in TIMERS or _has_delay(new, target)


def _has_delay(plan: Plan, text: str) -> bool:
    path, _, key = text.partition("/")
    state = plan.state_by_path.get(path)
    return state is not None and any(delay.key == key for delay in state.delays)


def _effects(old: Plan, effects: Json) -> Iterator[Problem]:
    ids = {invoke_id for _, invoke_id in old.invocations}
    for name, word in effects.items() if isinstance(effects, Mapping) else ():
        where = f'$.effects["{name}"]'
        if name not in ids and name not in old.state_by_path and name != "default":
            message = f'the old version has no invocation "{name}"'
            yield _problem(where, "unknown_invocation", message)
        if word not in EFFECTS:
            kind = values.type_name(word) if not isinstance(word, str) else word
            message = f"it is one of {', '.join(EFFECTS)}, not {kind}"
            yield _problem(where, "wrong_type", message)
