"""Where live rows would go along a path of upgrades, without running it.

An item stands for all instances that agree in it: ``{"kind", "states", "count"}``
and, by kind, ``state`` and ``delay`` (timer), ``state``, ``invoke_id`` and ``name``
(effect), ``state`` and ``invoke_id`` (child), ``path`` and ``recorded`` (history).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from . import configuration as sets
from . import errors, upgrade
from .plan import Plan
from .run import Run
from .upgrade_work import Work

Json = Any
Hop = tuple[Plan, Mapping[str, Json]]


class _Going:
    """One configuration on its way: a Work for each hop, or why it cannot go."""

    def __init__(self, path: Sequence[Hop], states: Sequence[str]) -> None:
        self.hops: list[Work] = []
        self.problem: str | None = None
        self.hint: str | None = None
        for plan, rules in path:
            run = Run(plan, set(), {}, {}, _SCOPE | {"instance": {}}, {}, 0)
            try:
                if rules.get("state") is not None:
                    message = "a state function says where each instance goes"
                    raise upgrade.refuse(message, hint="see preview_upgrades")
                run.configuration.update(
                    upgrade.map_states(
                        states, rules["states"], plan, rules.get("finals")
                    )
                )
            except errors.Refusal as refusal:
                self.problem, self.hint = refusal.message, refusal.facts.get("hint")
                return
            names = rules["states"], rules["timers"], rules["effects"]
            work = Work(run, *names, coverage=True)
            self.hops.append(work)
            states = [
                state.path
                for state in sets.document_order(run.configuration - {plan.root})
            ]
        self.states = states


_SCOPE: dict[str, Json] = {"now": "1970-01-01T00:00:00.000000Z"}


def rows(path: Sequence[Hop], items: Iterable[Mapping[str, Json]]) -> list[Json]:
    """Return ``{"kind", "name", "instances", "target", "problem", "hint"}`` by item."""
    found: dict[tuple[Any, ...], dict[str, Json]] = {}
    known: dict[tuple[str, ...], _Going] = {}
    for item in items:
        key = tuple(item["states"])
        going = known.get(key)
        if going is None:
            going = known[key] = _Going(path, item["states"])
        for kind, name, target, problem, hint in _verdicts(going, item, path):
            row = found.setdefault(
                (kind, name, target, problem),
                {
                    "kind": kind,
                    "name": name,
                    "instances": 0,
                    "target": target,
                    "problem": problem,
                    "hint": hint,
                },
            )
            row["instances"] += item["count"]
    return list(found.values())


Verdict = tuple[str, str, str | None, str | None, str | None]


def _verdicts(
    going: _Going, item: Mapping[str, Json], path: Sequence[Hop]
) -> Iterable[Verdict]:
    kind = item["kind"]
    if kind == "configuration":
        yield from _configuration(going, item["states"], path)
        return
    name = _NAMES[kind](item)
    if going.problem is not None:
        yield kind, name, None, "its configuration cannot go", going.problem
        return
    try:
        target = _TARGETS[kind](going, item)
    except errors.Refusal as refusal:
        yield kind, name, None, refusal.message, refusal.facts.get("hint")
        return
    yield kind, name, target, None, None


def _configuration(
    going: _Going, states: Sequence[str], path: Sequence[Hop]
) -> Iterable[Verdict]:
    leaves = upgrade.leaves(states)
    refused = going.problem is not None
    target = None if refused else ", ".join(upgrade.leaves(going.states))
    yield "configuration", ", ".join(leaves), target, going.problem, going.hint
    for leaf in leaves:
        try:
            yield "state", leaf, ", ".join(_leaf(leaf, path)), None, None
        except errors.Refusal as refusal:
            yield "state", leaf, None, refusal.message, refusal.facts.get("hint")


def _leaf(leaf: str, path: Sequence[Hop]) -> list[str]:
    paths = [leaf]
    for plan, rules in path:
        if rules.get("state") is not None:
            return ["by the state function"]
        paths = [
            target
            for one in paths
            for target in upgrade.map_leaf(
                one, rules["states"], plan, rules.get("finals")
            )
        ]
    return paths


def _timer(going: _Going, item: Mapping[str, Json]) -> str:
    timer = {"timer_id": "", "state": item["state"], "delay": item["delay"]}
    done = []
    for work in going.hops:
        word, target = work.timer_policy(timer)
        delay = work.new_delay(timer, word, target)
        if delay is None or word in ("drop", "restart"):
            return "restarted" if delay and word == "restart" else "dropped"
        if word == "recompute":
            done = ["recomputed"]
        timer = {**timer, "state": delay.state.path, "delay": delay.key}
    return " ".join([f"{timer['state']}/{timer['delay']}", *done])


def _effect(going: _Going, item: Mapping[str, Json]) -> str:
    effect = {key: item[key] for key in ("state", "invoke_id", "name")}
    for work in going.hops:
        word = work.effect_policy(effect["state"], effect["invoke_id"])
        found = work.new_invocation(effect)
        if found is None or word not in ("keep", "along"):
            return "restarted" if found and word == "restart" else "cancelled"
        effect = {**effect, "state": found.state.path, "invoke_id": found.invoke_id}
    return str(effect["invoke_id"])


def _child(going: _Going, item: Mapping[str, Json]) -> str:
    state, invoke_id, along = item["state"], item["invoke_id"], False
    for work in going.hops:
        word = work.effect_policy(state, invoke_id)
        found = work.find(state, invoke_id, lambda one: one.machine is not None)
        if found is None or word not in ("keep", "along"):
            return "started anew" if found and word == "restart" else "stopped"
        along = along or word == "along"
        state, invoke_id = found.state.path, found.invoke_id
    return f"{invoke_id}, {'to' if along else 'on'} its own {'current ' * along}version"


def _history(going: _Going, item: Mapping[str, Json]) -> str:
    history = {item["path"]: item["recorded"]}
    for work in going.hops:
        mapped, _ = upgrade.map_history(history, work.states, work.run.plan)
        history = {
            path: [state.path for state in states] for path, states in mapped.items()
        }
    return next((_recorded(*one) for one in history.items()), "dropped")


def _recorded(path: str, states: Sequence[str]) -> str:
    return f"{path} = {', '.join(states)}"


_NAMES: dict[str, Callable[[Mapping[str, Json]], str]] = {
    "timer": lambda item: f"{item['state']}/{item['delay']}",
    "effect": lambda item: f"{item['invoke_id']} ({item['name']})",
    "child": lambda item: item["invoke_id"],
    "history": lambda item: _recorded(item["path"], item["recorded"]),
}
_TARGETS = {"timer": _timer, "effect": _effect, "child": _child, "history": _history}
