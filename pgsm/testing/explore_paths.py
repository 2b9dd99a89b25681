"""Situations, the moves between them, and paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from pgsm.engine import exact

from . import explore_calls as calls
from . import explore_moves as moves
from .explore_moves import Move
from .instance import Instance
from .world import World

Json = Any
Check = Callable[[Instance], None]


@dataclass
class Situation:
    """A configuration together with all that matters for what can happen next.

    ``children``  what the living children are in, by the ids of their line
    ``waiting``   timers and effects that are open, in words
    ``edges``     what can happen, once it has been looked at
    """

    index: int
    value: Json
    states: tuple[str, ...]
    status: str
    context_text: str
    children: dict[str, Json]
    waiting: tuple[str, ...]
    depth: int
    before: int | None
    edges: list[Edge] = field(default_factory=list)
    seen: bool = False
    stays: bool = True  # nothing that was tried has changed anything

    @property
    def context(self) -> Json:
        """The context, of the first way in."""
        return exact.loads(self.context_text)

    @property
    def name(self) -> str:
        """The configuration as a text."""
        return configuration(self.value, self.status)


def configuration(value: Json, status: str = "active") -> str:
    """A value of XState's shape in one line: "a.b + c"."""
    text = " + ".join(_lines(value)) or "(no state)"
    return text if status in ("active", "done") else f"{text} ({status})"


def _lines(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            found = list(_lines(inner))
            if not found:
                yield key
            elif len(found) == 1:
                yield f"{key}.{found[0]}"
            else:
                yield f"{key}.({', '.join(found)})"


@dataclass(frozen=True)
class Edge:
    """A move and where it led; None where it was refused."""

    move: Move
    source: int | None
    target: int | None
    outcome: str | None
    transitions: tuple[tuple[str, str], ...] = ()
    refused_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """A move of a path and the situation after it."""

    move: Move
    situation: Situation


@dataclass(frozen=True)
class Path:
    """A way to a situation, from the start on."""

    steps: tuple[Step, ...]
    starts: int = 1  # how many ways to start there are

    @property
    def end(self) -> Situation:
        """Where it leads."""
        return self.steps[-1].situation

    @property
    def moves(self) -> list[Move]:
        """What happens on it, the start left out."""
        return [step.move for step in self.steps if step.move.kind != "start"]

    def __len__(self) -> int:
        return len(self.moves)

    def __str__(self) -> str:
        found = list(map(str, self.moves))
        if self.starts > 1 or not found:
            found.insert(0, self._start())
        return " > ".join(found)

    def _start(self) -> str:
        first = self.steps[0].move if self.steps else Move("start")
        if self.starts == 1 or first.kind != "start":
            return "the start"
        return str(replace(first, data=None) if first.calls else first)

    def as_json(self) -> list[Json]:
        """Its moves, each with the configuration after it, for `walk`."""
        return [[step.move.as_json(), step.situation.name] for step in self.steps]


def walk(
    start: World | Instance, path: Path | list[Json], check: Check | None = None
) -> Instance:
    """Go a path: start in a world, or go on from where an instance stands.

    AssertionError where it comes to another configuration than the path's; `check` is
    called with the instance after each move.  A path may be the JSON value of one.
    """
    instance = start if isinstance(start, Instance) else None
    for found, there in path.as_json() if isinstance(path, Path) else path:
        move = Move.of(found)
        world = start if instance is None else instance.world
        assert isinstance(world, World)
        with calls.answering(world, move.calls):
            if move.kind != "start":
                assert instance is not None, "a path begins with a start"
                moves.make(instance, move)
            elif instance is None:
                instance = world.start(move.name, move.data)
            world.settle()
        assert instance is not None, "a path begins with a start"
        here = configuration(instance.value, instance.status)
        assert here == there, f"{move}: it is in {here}, not in {there}"
        if check is not None:
            check(instance)
    assert instance is not None, "a path begins with a start"
    return instance
