"""SQL functions of which only samples of what they return are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pgsm.engine import exact

from .errors import FunctionError
from .store import plain

if TYPE_CHECKING:
    from .world import World

Json = Any
MOST_SCRIPTS = 64  # ways in which the functions of one move may answer


class Calls:
    """Fakes that answer by a script; `scripts` are all the ways there are.

    Within a move the same call returns the same value.
    """

    def __init__(self, samples: Mapping[str, Sequence[Json]]) -> None:
        self.samples = {name: list(values) for name, values in samples.items()}
        self.cut = False
        self._script: list[int] = []
        self._choices: list[int] = []
        self._known: dict[str, int] = {}
        self.made: list[tuple[str, Json, Json]] = []

    def install(self, world: World) -> None:
        """Let the world's machines call the fakes."""
        for name, values in self.samples.items():
            if values:
                world.function(name, self._fake(name))

    def _fake(self, name: str) -> Any:
        return lambda *arguments: self._answer(name, list(arguments))

    def _answer(self, name: str, arguments: list[Json]) -> Json:
        values = self.samples[name]
        if len(values) == 1:
            return returned(values[0])
        call = f"{name} {exact.dumps(plain(arguments))}"
        choice = self._known.get(call)
        if choice is None:
            place = len(self._choices)
            choice = self._script[place] if place < len(self._script) else 0
            self._known[call] = choice
            self._choices.append(len(values))
            self.made.append((name, plain(arguments), values[choice]))
        return returned(values[choice])

    def scripts(self) -> Iterator[None]:
        """Each time: begin a move again, in which they answer another way."""
        waiting: list[list[int]] = [[]]
        done = 0
        while waiting:
            if done == MOST_SCRIPTS:
                self.cut = True
                return
            script = waiting.pop()
            self._script, self._choices = script, []
            self._known, self.made = {}, []
            yield
            done += 1
            for place in range(len(script), len(self._choices)):
                head = script + [0] * (place - len(script))
                waiting.extend(
                    [*head, choice] for choice in range(1, self._choices[place])
                )


def returned(sample: Json) -> Json:
    """A sample as a function's result; ``{"error": …}`` is raised."""
    if isinstance(sample, dict) and list(sample) == ["error"]:
        error = sample["error"]
        if isinstance(error, dict):
            code = str(error.get("code", "P0001"))
            raise FunctionError(str(error.get("message", "failed")), code)
        raise FunctionError(str(error))
    return sample


@contextmanager
def answering(world: World, calls: Sequence[tuple[str, Json, Json]]) -> Iterator[None]:
    """A block in which these calls return what they returned in a path.

    Arguments may be others, an instance's id for one: the calls' order tells.
    """
    before = dict(world._fakes)
    for name in {name for name, _arguments, _result in calls}:
        _override(world, name, [result for n, _a, result in calls if n == name])
    try:
        yield
    finally:
        world._fakes.clear()
        world._fakes.update(before)


def _override(world: World, name: str, results: Sequence[Json]) -> None:
    known: dict[str, Json] = {}

    def fake(*arguments: Json) -> Json:
        call = exact.dumps(plain(list(arguments)))
        if call not in known:
            known[call] = results[min(len(known), len(results) - 1)]
        return returned(known[call])

    world.function(name, fake)
