"""Which states, transitions and outcomes of guards scenarios have come by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pgsm.engine import content, plan, step

from ..testing.explore_machines import Machine
from ..testing.rows import Version
from .model import Entry

Json = Any
GUARD = {True: "yes", False: "no"}


@dataclass
class Covered:
    """A machine version, and what of it has happened."""

    machine: Machine
    version: int
    states: set[str] = field(default_factory=set)
    transitions: set[str] = field(default_factory=set)
    guards: set[tuple[str, bool]] = field(default_factory=set)

    @property
    def name(self) -> str:
        return self.machine.name

    def all_guards(self) -> list[tuple[str, bool]]:
        """Both outcomes of the guard of each transition that has one."""
        rules = self.machine.rules.values()
        guarded = [rule.place for rule in rules if rule.guarded]
        return [(place, outcome) for place in guarded for outcome in (True, False)]

    def counts(self) -> dict[str, tuple[int, int]]:
        """How many of each kind were seen, of how many."""
        return {
            "states": (len(self.states), len(self.machine.states)),
            "transitions": (len(self.transitions), len(self.machine.rules)),
            "guards": (len(self.guards), len(self.all_guards())),
        }

    def missing(self) -> Iterator[tuple[str, str]]:
        """What has not happened: the kind and the place."""
        for state in self.machine.states:
            if state not in self.states:
                yield "state", state
        for place in self.machine.rules:
            if place not in self.transitions:
                yield "transition", place
        for place, outcome in self.all_guards():
            if (place, outcome) not in self.guards:
                yield "guard", f"{place} never says {GUARD[outcome]}"


class Coverage:
    """Watches the guards of versions, and takes the logs of instances.

    Use it as a context: at its end the guards of the plans, which all worlds of the
    process share, are as they were.
    """

    def __init__(self) -> None:
        self.covered: dict[str, Covered] = {}
        self._watched: list[tuple[plan.Transition, content.Guard]] = []

    def __enter__(self) -> Coverage:
        return self

    def __exit__(self, *_raised: object) -> None:
        for transition, guard in self._watched:
            transition.guard = guard
        self._watched.clear()

    def watch(self, version: Version) -> None:
        """Take down from now on what the guards of a version say."""
        if version.checksum in self.covered:
            return
        covered = Covered(Machine(version), version.version)
        self.covered[version.checksum] = covered
        compiled = step.get_plan(version.checksum, version.document)
        for transition in _transitions(compiled):
            if transition.guard is not None:
                self._watched.append((transition, transition.guard))
                transition.guard = _watched(transition.guard, transition.path, covered)

    def add(self, version: Version, entries: Iterable[Entry]) -> None:
        """Take what an instance has gone through."""
        covered = self.covered[version.checksum]
        known = set(covered.machine.states)
        for entry in entries:
            covered.states.update(known.intersection(entry.target_states))
            for place in entry.transitions:
                covered.transitions.add(place)
                covered.states.update(covered.machine.passed(place))
        covered.transitions &= covered.machine.rules.keys()

    def percent(self) -> float:
        """How much of all has happened; 100 where there is nothing."""
        counts = [count for c in self.covered.values() for count in c.counts().values()]
        whole = sum(of for _, of in counts)
        return 100 * sum(seen for seen, _ in counts) / whole if whole else 100.0

    def as_json(self) -> Json:
        """All of it, for scripts."""
        return {
            "percent": round(self.percent(), 1),
            "machines": [_machine_as_json(each) for each in self.covered.values()],
        }


def _machine_as_json(covered: Covered) -> Json:
    counts = {
        kind: {"seen": seen, "of": of} for kind, (seen, of) in covered.counts().items()
    }
    missing = [{"kind": kind, "place": place} for kind, place in covered.missing()]
    return {
        "machine": covered.name,
        "version": covered.version,
        **counts,
        "missing": missing,
    }


def _transitions(compiled: plan.Plan) -> Iterator[plan.Transition]:
    for state in compiled.states:
        yield from state.always
        for _name, group in (*state.descriptors.items(), *state.wildcards):
            yield from group
        for _tokens, transition in state.tokens:
            yield transition


def _watched(guard: content.Guard, path: str, covered: Covered) -> content.Guard:
    def test(run: Any) -> bool:
        outcome = guard.test(run)
        covered.guards.add((path, bool(outcome)))
        return outcome

    return content.Guard(test, guard.label)
