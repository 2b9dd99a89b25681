"""The machines of an exploration: their states and transitions, and why not one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pgsm.engine import exact, interpreter, plan, step

from .rows import Version

if TYPE_CHECKING:
    from .explore_result import Exploration

Json = Any


@dataclass(frozen=True)
class Rule:
    """A transition: its place in the document, its state, what it waits for."""

    place: str
    source: str
    events: tuple[str, ...]  # descriptors; none for always
    guarded: bool
    targets: tuple[str, ...]


class Machine:
    """A machine version as an exploration sees it."""

    def __init__(self, version: Version) -> None:
        self.name = version.machine
        self.document: Json = exact.loads(version.document)
        self._plan = step.get_plan(version.checksum, version.document)
        states = self._plan.states
        self.states = [s.path for s in states if s.parent and s.kind != "history"]
        self.rules = {rule.place: rule for s in states for rule in _rules(s)}
        self._above = {s.path: [s.path, *(a.path for a in s.ancestors)] for s in states}
        self.forwards = any(i.autoforward for s in states for i in s.invocations)
        self._taken: dict[tuple[tuple[str, ...], str], bool] = {}

    def takes(self, states: tuple[str, ...], event: str) -> bool:
        """Whether an active state names the event: no guard is asked."""
        known = self._taken.get((states, event))
        if known is None:
            known = self.forwards or any(
                self._names(self._plan.state_by_path[path], event)
                for path in ("", *states)
            )
            self._taken[states, event] = known
        return known

    def _names(self, state: plan.State, event: str) -> bool:
        named = any(True for _ in interpreter.matching_transitions(state, event))
        return named or any(interpreter.matches(d, event) for d in state.defer)

    def passed(self, place: str) -> set[str]:
        """The states that were active for a moment when a transition was taken."""
        rule = self.rules.get(place)
        if rule is None:
            return set()
        found = {path for s in (rule.source, *rule.targets) for path in self._above[s]}
        return found.intersection(self.states)

    # -- why not -----------------------------------------------------------------------

    def why_not(self, state: str, found: Exploration) -> str:
        """Why a state was not reached."""
        into = [
            rule
            for rule in self.rules.values()
            if any(f"{t}.".startswith(f"{state}.") for t in rule.targets)
            and not f"{rule.source}.".startswith(f"{state}.")
        ]
        above = self._above[state][1:]
        parent = next((path for path in above if path), None)
        if parent and (self.name, parent) not in found.reached:
            return f'"{parent}" is not reached'
        if not into:
            return "no transition leads to it"
        whys = {rule.place: self.why_untaken(rule, found) for rule in into}
        return "; ".join(f"{place}: {why}" for place, why in whys.items())

    def why_untaken(self, rule: Rule, found: Exploration) -> str:
        """Why a transition was not taken."""
        if rule.source and (self.name, rule.source) not in found.reached:
            return f'"{rule.source}" is not reached'
        if not found.complete:
            return f"not yet: the search ended early ({found.stopped})"
        guard = "its guard never says yes, with the samples given"
        if not rule.events:
            return guard if rule.guarded else "another one always comes first"
        first = rule.events[0]
        if any(
            f'"{first}"' in message or (move.kind == "event" and move.name == first)
            for _index, move, _code, message in found.raised
        ):
            return "the event is refused with an error"
        if first.startswith("after."):
            return guard if rule.guarded else "its time never comes"
        for prefix, why in _ANSWERS.items():
            if first.startswith(prefix):
                return f"{guard}, or {why}" if rule.guarded else why
        if not any(self._sampled(event, found) for event in rule.events):
            return f"nothing sends {_or(rule.events)}: there is no sample of it"
        return guard if rule.guarded else "another one always comes first"

    def _sampled(self, descriptor: str, found: Exploration) -> bool:
        events = found.samples.events
        return any(interpreter.matches(descriptor, event) for event in events)


_ANSWERS = {
    "done.state.": "what it waits for is never complete",
    "done.invoke.": "no sample of an answer comes here",
    "done.item.": "no sample of an answer comes here",
    "error.invoke.": "no sample of a failure comes here",
    "late.": "no answer comes late",
    "error.": "there is no such error",
}


def _or(events: tuple[str, ...]) -> str:
    return " or ".join(f'"{event}"' for event in events)


def _rules(state: plan.State) -> Iterator[Rule]:
    for events, rule in _with_events(state):
        yield Rule(
            place=rule.path,
            source=state.path,
            events=events,
            guarded=rule.guard is not None,
            targets=tuple(target.path for target in rule.targets or ()),
        )


def _with_events(state: plan.State) -> Iterator[tuple[tuple[str, ...], Any]]:
    for rule in state.always:
        yield (), rule
    for event, rules in (*state.descriptors.items(), *state.wildcards):
        for rule in rules:
            yield (event,), rule
    for tokens, rule in state.tokens:
        yield tokens, rule
