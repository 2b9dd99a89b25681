"""A machine that is played by hand: steps are taken, undone, and kept as a scenario."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pgsm.engine import definition, exact

from ..formats import files
from ..formats.pretty import pretty
from ..testing import FunctionError, Instance, World
from ..testing.store import plain
from .memory import MemoryHost
from .model import HostError, Scenario, Step
from .running import Player

Json = Any
Ask = Callable[[str, list[Json]], Json]
# what only the engine sends
_OWN = ("after.", "done.", "error.", "late.")


@dataclass(frozen=True)
class Taken:
    """A step that was taken, as a scenario has it, and the functions it called."""

    step: Mapping[str, Json]
    functions: Mapping[str, Json]


class Session:
    """An instance in a world; `ask` gives what SQL functions return.

    Raises what `Player.begin` raises.
    """

    def __init__(self, scenario: Scenario, ask: Ask) -> None:
        self.scenario = scenario
        self.host = MemoryHost(scenario.clock)
        self.taken: list[Taken] = []
        self._ask = ask
        self._called: dict[str, Json] = {}
        self._before: list[World] = []
        self._player = Player(self.host, scenario)
        self.host.defined = self._defined
        self._player.begin(None)
        self._at_start = dict(self._called)

    def _defined(self, version: Any) -> None:
        """Have the functions that a machine calls asked for."""
        uses = definition.check(exact.loads(version.document)).functions
        for name in {use.function for use in uses}:
            self.host.world.function(name, self._asking(name))

    def _asking(self, name: str) -> Callable[..., Json]:
        def call(*arguments: Json) -> Json:
            returned = self._ask(name, list(arguments))
            self._called[name] = returned
            if isinstance(returned, dict) and list(returned) == ["error"]:
                raise FunctionError(str(returned["error"]))
            return returned

        return call

    # -- where it stands ---------------------------------------------------------------

    @property
    def instance(self) -> Instance:
        assert self._player.id is not None
        return self.host.world[self._player.id]

    @property
    def document(self) -> Json:
        """The machine's definition, in normal form."""
        here = self.instance
        return self.host.world.definition(here.machine, here.version)

    def events(self) -> dict[str, Json]:
        """The events that the configuration names, and whether they would be taken."""
        found: dict[str, Json] = {}
        if self.instance.status != "active":
            return found
        for row in self.instance.enabled_events():
            name = row["event"]
            if not name.startswith(_OWN) and found.get(name) is not True:
                found[name] = row["enabled"]
        return found

    # -- what happens ------------------------------------------------------------------

    def take(self, given: Mapping[str, Json]) -> list[str]:
        """Take a step, as a scenario has it; why it was refused, if it was.

        Raises HostError, and nothing has happened, for what cannot be done.
        """
        before = self.host.world.copy()
        self._called = {}
        verb = next(iter(given))
        step = Step(len(self.taken) + 1, "$", 0, verb, given, {})
        try:
            failures = self._player.step(step)
        except HostError:
            self.host.world = before
            raise
        self._before.append(before)
        self.taken.append(Taken(self._expected(given, bool(failures)), self._called))
        return [failure.what for failure in failures]

    def _expected(self, given: Mapping[str, Json], refused: bool) -> dict[str, Json]:
        here = self.instance
        expect: dict[str, Json] = {"refused": True} if refused else {}
        expect["value"] = here.value
        if here.status != "active":
            expect["status"] = here.status
        if here.output is not None:
            expect["output"] = here.output
        return {**given, "expect": expect}

    def undo(self) -> bool:
        """Take the last step back; False where there is none."""
        if not self.taken:
            return False
        self.taken.pop()
        self.host.world = self._before.pop()
        return True

    # -- kept as a scenario ------------------------------------------------------------

    def as_scenario(self, name: str, file: Path) -> dict[str, Json]:
        """The steps so far, as a file of one scenario."""
        scenario = self.scenario
        found: dict[str, Json] = {
            "name": name,
            "machine": _seen_from(scenario.machine, file),
        }
        if scenario.machines:
            found["machines"] = [_seen_from(m, file) for m in scenario.machines]
        if scenario.input:
            found["input"] = scenario.input
        known = dict(self._at_start)
        if known:
            found["functions"] = dict(known)
        steps: list[Json] = []
        for taken in self.taken:
            new = {k: v for k, v in taken.functions.items() if known.get(k, _NO) != v}
            if new:
                steps.append({"functions": new})
                known.update(new)
            steps.append(dict(taken.step))
        found["steps"] = steps
        return found

    def save(self, file: Path, name: str) -> None:
        """Write the steps so far for `pgsm test`; raises FileExistsError."""
        value = plain(self.as_scenario(name, file))
        is_json = file.suffix.lower() == ".json"
        text = pretty(value) + "\n" if is_json else files.to_yaml(value)
        with file.open("x", encoding="utf-8") as out:
            out.write(text)


_NO = object()


def _seen_from(source: Json, file: Path) -> Json:
    """A source of a machine, as a file elsewhere names it."""
    if isinstance(source, str) and Path(source).is_file():
        return Path(os.path.relpath(source, file.parent)).as_posix()
    return source


def from_sources(
    machine: Json, machines: tuple[Json, ...], given: Json, clock: str | None
) -> Scenario:
    """A scenario without steps, to begin a session with."""
    start = Scenario("session", "standard input", 0, machine, ())
    return replace(start, machines=machines, input=given, clock=clock)
