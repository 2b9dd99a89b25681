"""Upgrades: an instance of one version becomes one of another.

The map is ``{old path: new path, [new paths], or null}``.  A leaf that the map does
not name follows the nearest mapped ancestor, else stays where it is if the new
version has a state of the same path and kind.  null refuses by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import configuration as sets
from . import errors, work
from .plan import Delay, Invocation, Plan, State
from .run import Run

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
    if found is not None and (old_kind is None or _same_kind(found.kind, old_kind)):
        return path
    return NO_STATE


def _same_kind(new: str, old: str) -> bool:
    return new == old or {new, old} == {"atomic", "compound"}


def _below(mapped: Json, rest: list[str], new: Plan) -> Json:
    """Where an inner state goes when an outer one is mapped: below it, or to it."""
    if isinstance(mapped, str):
        inner = ".".join([mapped, *rest])
        return inner if inner in new.state_by_path else mapped
    return mapped


def map_states(paths: Sequence[str], states: StateMap, new: Plan) -> set[State]:
    """Return the legal configuration of the new version for the old active states.

    Raises Refusal when a state is refused, has no counterpart, or the result is
    no legal configuration.
    """
    targets: dict[State, None] = {}
    for path in leaves(paths):
        mapped = map_path(path, states, None, new)
        if mapped is None:
            raise refuse(f'the map refuses state "{path}"')
        if mapped is NO_STATE:
            raise refuse(
                f'state "{path}" is not in the new version',
                hint="declare where it goes with define_upgrade",
            )
        for target in [mapped] if isinstance(mapped, str) else mapped:
            targets[new.state_by_path[target]] = None
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
) -> dict[str, list[State]]:
    """Return the history value in the new version, less what has no counterpart."""
    result: dict[str, list[State]] = {}
    for path, recorded in history.items():
        target = map_path(path, states, "history", new)
        if not isinstance(target, str) or new.state_by_path[target].kind != "history":
            continue
        parent = new.state_by_path[target].parent
        kept: dict[State, None] = {}
        for inner in recorded:
            for one in _paths(map_path(inner, states, None, new)):
                state = new.state_by_path[one]
                if parent in state.ancestors:
                    kept[state] = None
        if len(kept) == len(recorded):
            result[target] = list(kept)
    return result


def _paths(mapped: Json) -> Sequence[str]:
    """Return what a state maps to as a list, empty for nothing."""
    if isinstance(mapped, str):
        return [mapped]
    return mapped if isinstance(mapped, list) else ()


class Work:
    """What goes on across an upgrade: timers and invocations, old to new."""

    def __init__(self, run: Run, states: StateMap, policy: Json) -> None:
        self.run = run
        self.states = states
        self.policy = policy if isinstance(policy, str) else "keep"
        self.by_timer = policy if isinstance(policy, Mapping) else {}
        self.kept_delays: set[Delay] = set()
        self.kept_invocations: set[Invocation] = set()

    def keep_timers(self, timers: Iterable[Mapping[str, Json]]) -> dict[str, Json]:
        """Return ``{"keep": [...], "drop": [timer_id]}`` for the ``after`` timers.

        A timer without an id is over: it fired and was not taken, or had no due
        time.  Its delay is not armed again, unless all are restarted.
        """
        keep: list[dict[str, Json]] = []
        drop: list[str] = []
        for timer in timers:
            delay = self._new_delay(timer)
            if delay is not None and self.policy != "restart":
                self.kept_delays.add(delay)
            row = None if delay is None else self._kept(timer, delay)
            if row is not None:
                keep.append(row)
            elif timer["timer_id"] is not None:
                drop.append(timer["timer_id"])
        return {"keep": keep, "drop": drop}

    def _kept(self, timer: Mapping[str, Json], delay: Delay) -> dict[str, Json] | None:
        if timer["timer_id"] is None or self.policy in ("drop", "restart"):
            return None
        if self._named(timer, default="") is None:
            return None
        row = {
            "timer_id": timer["timer_id"],
            "state": delay.state.path,
            "delay": delay.key,
            "event": delay.event,
        }
        if self.policy == "recompute":
            row["due"] = self.run.evaluate(delay.due)
            if row["due"] is None:
                return None
        return row

    def _named(self, timer: Mapping[str, Json], default: Json) -> Json:
        """Return what the declaration says about one timer."""
        return self.by_timer.get(f"{timer['state']}/{timer['delay']}", default)

    def _new_delay(self, timer: Mapping[str, Json]) -> Delay | None:
        """Return what a timer's delay is now; raises Refusal where one is missing."""
        named = self._named(timer, default=NO_STATE)
        if isinstance(named, str):
            path, _, key = named.partition("/")
        else:
            path = map_path(timer["state"], self.states, None, self.run.plan)
            key = timer["delay"]
        for active in self.run.configuration:
            for delay in active.delays:
                if active.path == path and delay.key == key:
                    return delay
        over = timer["timer_id"] is None or named is None
        if not over and self.policy in ("keep", "recompute"):
            raise refuse(
                f'timer "{timer["state"]}/{timer["delay"]}" has no counterpart'
                " in the states that are active then",
                hint="name it in timers, with the one that it becomes or null to drop",
            )
        return None

    def keep_invocations(self, effects: Iterable[Mapping[str, str]]) -> dict[str, Json]:
        """Return ``{"keep": [...], "cancel": [effect_id]}`` for the invocations."""
        keep: list[dict[str, Json]] = []
        cancel: list[str] = []
        for effect in effects:
            mapped = map_path(effect["state"], self.states, None, self.run.plan)
            found = self._new_invocation(mapped, effect)
            if found is None:
                cancel.append(effect["effect_id"])
            else:
                self.kept_invocations.add(found)
                keep.append(
                    {
                        "effect_id": effect["effect_id"],
                        "state": found.state.path,
                        "invoke_id": found.invoke_id,
                    }
                )
        return {"keep": keep, "cancel": cancel}

    def _new_invocation(
        self, mapped: Json, effect: Mapping[str, str]
    ) -> Invocation | None:
        old_id, old_state = effect["invoke_id"], effect["state"]
        wanted = [old_id]
        # the default id is the state's path, which the map may change
        if isinstance(mapped, str) and f"{old_id}/".startswith(f"{old_state}/"):
            wanted.insert(0, mapped + old_id[len(old_state) :])
        for invoke_id in wanted:
            for state in self.run.configuration:
                for invocation in state.invocations if state.path == mapped else ():
                    name = (invocation.invoke_id, invocation.src)
                    if name == (invoke_id, effect["name"]):
                        return invocation
        return None

    def keep_running_work(self) -> None:
        """Take children, lists of work and times of entry along, or end them."""
        run = self.run
        for invoke_id, entry in sorted(run.work.get("each", {}).items()):
            found = self._running(entry["state"], invoke_id)
            if found is None or found.each is None:
                work.end_each(run, invoke_id)
            else:
                self.kept_invocations.add(found)
                moved = {**entry, "state": found.state.path}
                run.keep("each", invoke_id, moved)
        for child_id, child in sorted(run.work.get("children", {}).items()):
            if child.get("state") is None:
                continue
            found = self._running(child["state"], child.get("each", child_id))
            if found is None or found.machine is None:
                work.stop_child(run, child_id, "")
            else:
                self.kept_invocations.add(found)
                moved = {**child, "state": found.state.path}
                run.keep("children", child_id, moved)
        for path, entered in sorted(run.work.get("entered", {}).items()):
            run.forget("entered", path)
            mapped = map_path(path, self.states, None, run.plan)
            if isinstance(mapped, str):
                run.keep("entered", mapped, entered)

    def _running(self, old_state: str, invoke_id: str) -> Invocation | None:
        """Return an active invocation of the same id where the old state went."""
        mapped = map_path(old_state, self.states, None, self.run.plan)
        for state in self.run.configuration:
            for invocation in state.invocations if state.path == mapped else ():
                if invocation.invoke_id == invoke_id:
                    return invocation
        return None

    def start_missing(self) -> None:
        """Arm the timers and start the invocations that the new version adds."""
        run = self.run
        for state in sets.document_order(run.configuration):
            for delay in state.delays:
                if delay not in self.kept_delays:
                    due = run.evaluate(delay.due)
                    if due is not None:
                        run.commands.append(("after", delay, due))
            for invocation in state.invocations:
                if invocation not in self.kept_invocations:
                    work.start_invocation(run, invocation)


def check_map(old: Plan, new: Plan, states: StateMap, timers: Json) -> list[Json]:
    """Return a declared map's problems: ``{"path", "code", "message", "hint"}``."""
    problems = [
        found
        for source, target in states.items()
        for found in _entry_problems(old, new, source, target)
    ]
    problems += [
        _problem(
            f'$.states["{state.path}"]',
            "unmapped_state",
            f'state "{state.path}" is not in the new version and not mapped',
            "map it to a state, or to null to refuse instances in it",
        )
        for state in old.states
        if is_leaf(state) and map_path(state.path, states, state.kind, new) is NO_STATE
    ]
    return problems + _timer_problems(old, new, timers)


def _problem(path: str, code: str, message: str, hint: str | None = None) -> Json:
    return {"path": path, "code": code, "message": message, "hint": hint}


def _entry_problems(old: Plan, new: Plan, source: str, target: Json) -> list[Json]:
    where = f'$.states["{source}"]'
    problems = []
    if source not in old.state_by_path:
        message = f'the old version has no state "{source}"'
        problems.append(_problem(where, "unknown_state", message))
    for one in [target] if isinstance(target, str) else target or ():
        if not isinstance(one, str) or one not in new.state_by_path:
            message = f'the new version has no state "{one}"'
            problems.append(_problem(where, "unknown_state", message))
        elif new.state_by_path[one].kind == "history":
            problems.append(
                _problem(where, "bad_target", f'"{one}" is a history state')
            )
    return problems


def _timer_problems(old: Plan, new: Plan, timers: Json) -> list[Json]:
    named = timers.items() if isinstance(timers, Mapping) else ()
    return [
        _problem(f'$.timers["{name}"]', "unknown_timer", f'there is no timer "{text}"')
        for name, target in named
        for plan, text in ((old, name), (new, target))
        if text is not None and not (isinstance(text, str) and _has_delay(plan, text))
    ]


def _has_delay(plan: Plan, text: str) -> bool:
    path, _, key = text.partition("/")
    state = plan.state_by_path.get(path)
    return state is not None and any(delay.key == key for delay in state.delays)


def refuse(message: str, **facts: Json) -> errors.Refusal:
    """Return the refusal of one instance's upgrade."""
    return errors.Refusal(REFUSED, message, **facts)
