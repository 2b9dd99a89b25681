"""What an exploration has found: a graph of situations, and what it says."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pgsm.engine import exact

from . import explore_report
from .explore_moves import Move
from .explore_paths import Edge, Path, Situation, Step
from .explore_samples import Samples

if TYPE_CHECKING:
    from .explore_machines import Machine

Json = Any


@dataclass(frozen=True)
class Finding:
    """Something that somebody should look at, with the way to it.

    ``what`` is a configuration, an event or an effect; ``why`` says more.
    """

    what: str
    why: str
    path: Path


@dataclass(frozen=True)
class Missing:
    """A state or transition that nothing led to."""

    machine: str
    place: str
    why: str


@dataclass
class Exploration:
    """All that was found; `explore` makes it.

    ``stopped`` names the bound that ended it early, None when it saw everything.
    """

    machine: str
    samples: Samples
    derived: Samples
    machines: dict[str, Machine] = field(default_factory=dict)
    begun: bool = False
    situations: list[Situation] = field(default_factory=list)
    starts: list[Edge] = field(default_factory=list)
    stopped: str | None = None
    tried: int = 0
    seconds: float = 0.0
    raised: list[tuple[int | None, Move, str, str]] = field(default_factory=list)
    failed: dict[str, tuple[int, Move, str]] = field(default_factory=dict)
    broken: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    active: set[tuple[str, str]] = field(default_factory=set)

    # -- paths -----------------------------------------------------------------------

    def path(self, situation: Situation | int) -> Path:
        """The shortest path to a situation."""
        index = situation if isinstance(situation, int) else situation.index
        steps: list[Step] = []
        while True:
            here = self.situations[index]
            steps.append(Step(self._entries[index].move, here))
            if here.before is None:
                return self._path(tuple(reversed(steps)))
            index = here.before

    @cached_property
    def _entries(self) -> dict[int, Edge]:
        """The edge by which each situation was first reached."""
        found: dict[int, Edge] = {}
        for edge in self.edges():
            if edge.target is not None:
                here = self.situations[edge.target]
                if here.before == edge.source:
                    found.setdefault(edge.target, edge)
        return found

    def edges(self) -> Iterator[Edge]:
        """All moves that were tried, the starts first."""
        yield from self.starts
        for situation in self.situations:
            yield from situation.edges

    def _over(self, edge: Edge) -> Path:
        """The shortest path whose last move is an edge's."""
        assert edge.target is not None
        steps = () if edge.source is None else self.path(edge.source).steps
        return self._path((*steps, Step(edge.move, self.situations[edge.target])))

    def _path(self, steps: tuple[Step, ...]) -> Path:
        return Path(steps, len(self.starts))

    def to(self, state: str) -> Path | None:
        """The shortest path to a state, passed through at the least; None for none.

        The state is a path such as "fulfilling.kitchen.ready", or a whole
        configuration as the table shows it.
        """
        for situation in self.situations:
            if state in situation.states or situation.name == state:
                return self.path(situation)
        edge = self._passed.get((self.machine, state))
        return self._over(edge) if edge else None

    def simple_paths(
        self, state: str, *, limit: int = 100, longest: int = 50
    ) -> list[Path]:
        """Paths to a state on which no situation comes twice, shorter ones first.

        At most `limit` of them, with at most `longest` moves.
        """
        goals = {
            s.index for s in self.situations if state in s.states or s.name == state
        }
        found: list[Path] = []
        waiting: deque[tuple[Step, ...]] = deque(
            (Step(edge.move, self.situations[edge.target]),)
            for edge in self.starts
            if edge.target is not None
        )
        near = self._near(goals)
        while waiting and len(found) < limit:
            steps = waiting.popleft()
            here = steps[-1].situation
            if here.index in goals:
                found.append(self._path(steps))
                continue
            been = {step.situation.index for step in steps}
            for edge in here.edges if len(steps) <= longest else ():
                target = edge.target
                if target is not None and target in near and target not in been:
                    there = self.situations[target]
                    waiting.append((*steps, Step(edge.move, there)))
        return found

    def _near(self, goals: set[int]) -> set[int]:
        """The situations from which a goal can be reached."""
        back: dict[int, list[int]] = {}
        for situation in self.situations:
            for edge in situation.edges:
                if edge.target is not None:
                    back.setdefault(edge.target, []).append(situation.index)
        near, waiting = set(goals), list(goals)
        while waiting:
            for index in back.get(waiting.pop(), ()):
                if index not in near:
                    near.add(index)
                    waiting.append(index)
        return near

    def paths(self) -> list[Path]:
        """Shortest paths that reach every configuration and take every transition.

        None of them is the beginning of another one.
        """
        found: dict[tuple[Any, ...], Path] = {}
        places: set[str] = set()
        taken: set[tuple[str, str]] = set()
        for edge in self.edges():
            if edge.target is None:
                continue
            place = self.situations[edge.target].name
            if place not in places or not taken.issuperset(edge.transitions):
                places.add(place)
                taken.update(edge.transitions)
                path = self._over(edge)
                found[tuple(map(_step_key, path.steps))] = path
        longer = {key[:n] for key in found for n in range(1, len(key))}
        return [path for key, path in found.items() if key not in longer]

    # -- as text -----------------------------------------------------------------------

    def table(self) -> str:
        """All of it for people to read."""
        return explore_report.table(self)

    def as_json(self) -> dict[str, Json]:
        """All of it as a JSON value."""
        return explore_report.as_json(self)

    def as_pytest(self, file: str, children: Sequence[str] = ()) -> str:
        """A module of pytest cases, one for each of `paths`.

        `file` is the definition's and `children` those of other machines, from where
        the module will be.
        """
        return explore_report.as_pytest(self, file, children)

    # -- what it says ----------------------------------------------------------------

    @property
    def complete(self) -> bool:
        """Whether all that can happen was looked at."""
        return self.stopped is None

    @cached_property
    def configurations(self) -> dict[str, Path]:
        """The configurations that are reached, each with the shortest path."""
        found: dict[str, Path] = {}
        for situation in self.situations:
            if situation.name not in found:
                found[situation.name] = self.path(situation)
        return found

    @cached_property
    def transitions(self) -> Counter[tuple[str, str]]:
        """How many moves took each transition: (machine, JSON path)."""
        return Counter(t for edge in self.edges() for t in edge.transitions)

    @cached_property
    def _passed(self) -> dict[tuple[str, str], Edge]:
        """The first edge on which each state was entered or left."""
        found: dict[tuple[str, str], Edge] = {}
        for edge in self.edges():
            if edge.target is None:
                continue
            for name, place in edge.transitions:
                for state in self.machines[name].passed(place):
                    found.setdefault((name, state), edge)
        return found

    @cached_property
    def reached(self) -> set[tuple[str, str]]:
        """The states that were active, if only on the way: (machine, path)."""
        return self.active | set(self._passed)

    @property
    def deadlocks(self) -> list[Finding]:
        """Configurations that are no end and that nothing can change any more."""
        found: dict[str, Finding] = {}
        for here in self.situations:
            if not here.seen or here.status != "active" or not here.stays:
                continue
            if here.name in found or _is_end(here, self.samples.ends):
                continue
            guarded = {
                str(edge.move): ", ".join(edge.refused_by)
                for edge in here.edges
                if edge.outcome == "guarded"
            }
            why = "nothing can happen any more"
            if guarded:
                why = "guards refuse all there is: " + "; ".join(
                    f"{move} ({guards})" if guards else move
                    for move, guards in guarded.items()
                )
            failing = [e for e, (i, _m, _w) in self.failed.items() if i == here.index]
            if failing:
                why = f"{', '.join(failing)} has failed, and nothing takes that"
            found[here.name] = Finding(here.name, why, self.path(here))
        return list(found.values())

    @property
    def unreachable(self) -> list[Missing]:
        """States that are never active; when a bound stopped it, not yet."""
        return [
            Missing(name, state, machine.why_not(state, self))
            for name, machine in self.machines.items()
            for state in machine.states
            if (name, state) not in self.reached
        ]

    @property
    def untaken(self) -> list[Missing]:
        """Transitions that are never taken, by their place in the document."""
        return [
            Missing(name, rule.place, machine.why_untaken(rule, self))
            for name, machine in self.machines.items()
            for rule in machine.rules.values()
            if (name, rule.place) not in self.transitions
        ]

    @property
    def refusals(self) -> list[Finding]:
        """Moves that are refused with an error, the first of each kind."""
        found: dict[tuple[str, str, str], Finding] = {}
        for index, move, code, message in self.raised:
            steps = () if index is None else self.path(index).steps
            what = str(move)
            key = (move.kind, move.name, code)
            found.setdefault(
                key, Finding(what, f"{code}: {message}", self._path(steps))
            )
        return list(found.values())

    @property
    def incidents(self) -> list[Finding]:
        """Effects whose last failure no transition takes: somebody has to act."""
        return [
            Finding(name, why, self.path(index))
            for name, (index, _move, why) in self.failed.items()
        ]

    @property
    def violations(self) -> list[Finding]:
        """Situations in which `check` raised AssertionError, the first of each kind."""
        found: dict[str, Finding] = {}
        for index, message in self.broken:
            here = self.situations[index]
            found.setdefault(message, Finding(here.name, message, self.path(index)))
        return list(found.values())

    @property
    def endless(self) -> list[Finding]:
        """Configurations from which the machine can no longer end, though it may.

        Known only when everything was looked at.
        """
        ended = {s.index for s in self.situations if s.status != "active"}
        if not self.complete or not ended:
            return []
        near = self._near(ended)
        stuck = {finding.what for finding in self.deadlocks}
        found: dict[str, Finding] = {}
        for here in self.situations:
            if here.index in near or here.name in stuck:
                continue
            if here.name not in found and not _is_end(here, self.samples.ends):
                why = "no path leads from here to an end"
                found[here.name] = Finding(here.name, why, self.path(here))
        return list(found.values())

    @property
    def ok(self) -> bool:
        """Whether nothing stands against the machine.

        No deadlock, unreachable state or violation, and it starts.
        """
        bad = self.deadlocks or self.unreachable or self.violations
        return bool(self.situations) and not bad


def _is_end(here: Situation, ends: list[str]) -> bool:
    return any(end == here.name or end in here.states for end in ends)


def _step_key(step: Step) -> tuple[Any, ...]:
    return exact.dumps(step.move.as_json()), step.situation.index
