"""Playing a scenario on a host, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pgsm.engine.definition import DefinitionError

from ..testing import Refused, durations
from . import machines
from .matching import (
    Difference,
    Seen,
    differences,
    dotted,
    effect_text,
    text,
    timer_text,
)
from .model import Host, HostError, Scenario, Step, View

Json = Any
NOT_TAKEN = ("no_transition", "guarded")


@dataclass(frozen=True)
class Failure:
    """What was not as it should be in a step; `line` is that of the file."""

    line: int
    what: str
    expected: str = ""
    found: str = ""


@dataclass
class Result:
    """A scenario that was played: its failures, all of them of one step."""

    scenario: Scenario
    failures: list[Failure] = field(default_factory=list)
    step: Step | None = None  # the one that failed; None: before the first one
    after: str = ""  # where the instance then was
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        return not self.failures


def run(host: Host, scenario: Scenario, machine: str | None = None) -> Result:
    """Play a scenario; it ends at the first step with a failure."""
    player = Player(host, scenario)
    result = Result(scenario)
    begun = time.perf_counter()
    try:
        player.begin(machine)
        for step in scenario.steps:
            result.step = step
            found = player.step(step)
            if found:
                result.failures = found
                break
    except HostError as error:
        result.failures = [Failure(player.line, str(error))]
    except DefinitionError as error:
        result.failures = [
            Failure(scenario.line, f"the machine: {p.path}: {p.message}")
            for p in error.problems
        ]
    except Refused as error:
        lead = "it does not start: " if result.step is None else ""
        result.failures = [Failure(player.line, f"{lead}{error}")]
    result.seconds = time.perf_counter() - begun
    if result.failures:
        result.after = player.standing()
    return result


@dataclass(frozen=True)
class _Done:
    """What a step did: the outcome of its event, or the refusal of it."""

    outcome: str | None = None
    details: Json = None
    refusal: Refused | None = None


class Player:
    """Plays the steps of a scenario: `begin`, then `step` by step."""

    def __init__(self, host: Host, scenario: Scenario) -> None:
        self.host = host
        self.scenario = scenario
        self.line = scenario.line
        self.id: str | None = None

    def begin(self, machine: str | None) -> None:
        scenario, host = self.scenario, self.host
        name = machines.define(host, scenario, machine)
        host.functions(scenario.functions)
        first = scenario.steps[0] if scenario.steps else None
        with self._failing() as refused:
            self.id = host.start(
                name,
                scenario.input,
                scenario.instance_id,
                scenario.actor,
                scenario.version,
            )
            host.settle()
        if refused:
            raise refused[0]
        if first is not None:
            self.line = first.line

    # -- a step ------------------------------------------------------------------------

    def step(self, step: Step) -> list[Failure]:
        """Do a step and look; what is not as expected."""
        self.line = step.line
        assert self.id is not None
        before = self._revisions()
        with self._failing() as refused:
            done = self._do(step)
            self.host.settle()
        if refused:
            done = _Done(refusal=refused[0])
        else:
            done = _Done(done.outcome, done.details)
        found = list(self._refusal(step, done))
        actor = step.given.get("as", self.scenario.actor)
        look = _Look(self.host, self.id, before, done.outcome, actor)
        found += [self._failure(step, each) for each in look.at(step.expect)]
        return found

    def _revisions(self) -> dict[str, int]:
        assert self.id is not None
        return {self.id: self.host.view(self.id).revision}

    @contextmanager
    def _failing(self) -> Iterator[list[Refused]]:
        """What is refused in a block: the call itself, or a timer or answer of it."""
        before = set(self.host.failures())
        refused: list[Refused] = []
        try:
            yield refused
        except Refused as error:
            refused.append(error)
        for name, code, message in self.host.failures():
            if (name, code, message) not in before and not refused:
                refused.append(Refused(code, message))

    def _do(self, step: Step) -> _Done:
        given, host = step.given, self.host
        verb = step.verb
        match verb:
            case "send" | "post":
                return self._event(step)
            case "advance":
                host.advance_to(self._later(given["advance"]))
            case "advance_to":
                host.advance_to(self._time(given["advance_to"]))
            case "done":
                host.complete(self._of(given), given["done"], given.get("output"))
            case "error" | "retry":
                error = {
                    key: given[key]
                    for key in ("type", "message", "code", "data")
                    if key in given
                }
                permanent = verb == "error"
                after = given.get("after")
                host.fail(self._of(given), given[verb], error, permanent, after)
            case "start":
                self._start(given)
            case "functions":
                host.functions(given["functions"])
        return _Done()

    def _event(self, step: Step) -> _Done:
        given = step.given
        actor = given.get("as", self.scenario.actor)
        to, data = self._target(given.get("to")), given.get("data")
        if step.verb == "post":
            self.host.post(to, given["post"], data, actor, given.get("delay"))
            return _Done()
        event_id = given.get("event_id")
        return _Done(*self.host.send(to, given["send"], data, actor, event_id))

    def _start(self, given: Mapping[str, Json]) -> None:
        machine = given["start"]
        if not self.host.knows(machine):
            raise HostError(
                f'there is no machine "{machine}": name its file in "machines"'
            )
        actor = given.get("as", self.scenario.actor)
        self.host.start(machine, given.get("input"), given.get("id"), actor)

    def _target(self, name: str | None) -> str:
        assert self.id is not None
        return self.id if name is None else self.host.find(self.id, name)

    def _of(self, given: Mapping[str, Json]) -> str:
        return self._target(given.get("of"))

    def _later(self, length: str) -> datetime:
        try:
            return durations.add(self.host.clock, length)
        except ValueError as error:
            raise HostError(str(error)) from None

    def _time(self, text: str) -> datetime:
        try:
            return durations.read_time(text)
        except ValueError as error:
            raise HostError(str(error)) from None

    # -- what is not as expected -------------------------------------------------------

    def _refusal(self, step: Step, done: _Done) -> Iterator[Failure]:
        line = step.lines.get("expect.refused", step.line)
        wanted = step.expect.get("refused", False)
        refusal = done.refusal
        untaken = done.outcome in NOT_TAKEN
        if wanted in (True, None) and (refusal or untaken):
            return
        if wanted is False:
            if refusal is not None:
                yield Failure(step.line, f"it is refused: {refusal}")
            elif untaken and "outcome" not in step.expect:
                yield Failure(step.line, _untaken(done))
            return
        rule = {"code": wanted} if isinstance(wanted, str) else wanted
        shown = "a refusal" if wanted is True else f"a refusal {text(wanted)}"
        if refusal is None:
            yield Failure(line, "refused", shown, done.outcome or "it was done")
        elif isinstance(rule, dict) and not _is_refusal(rule, refusal):
            found = f"{refusal.sqlstate}: {refusal.message}"
            yield Failure(line, "refused", shown, found)

    def _failure(self, step: Step, found: Difference) -> Failure:
        return Failure(
            _line(step, found.place), found.place, found.expected, found.found
        )

    def standing(self) -> str:
        """Where the instance is, for a report."""
        if self.id is None:
            return ""
        return describe(self.host.view(self.id), self.host.clock)


def _is_refusal(rule: Mapping[str, Json], refusal: Refused) -> bool:
    said = f"{refusal.message}\n{refusal.detail}"
    return rule.get("code", refusal.sqlstate) == refusal.sqlstate and (
        rule.get("message", "") in said
    )


def _untaken(done: _Done) -> str:
    if done.outcome == "no_transition":
        return "nothing takes the event (if that is meant: refused: true)"
    refused_by = ", ".join((done.details or {}).get("refused_by", ()))
    return f"guards refuse the event: {refused_by} (if that is meant: refused: true)"


def _line(step: Step, place: str) -> int:
    """The line of the expectation that a difference is about."""
    parts = ["expect", *place.split(".")]
    while parts:
        found = step.lines.get(".".join(parts))
        if found is not None:
            return found
        parts.pop()
    return step.line


class _Look:
    """A look at an instance and those around it."""

    def __init__(
        self,
        host: Host,
        instance_id: str,
        before: Mapping[str, int],
        outcome: str | None,
        actor: Json,
    ) -> None:
        self.host = host
        self.id = instance_id
        self.before = before
        self.outcome = outcome
        self.actor = actor

    def at(self, expect: Mapping[str, Json]) -> Iterator[Difference]:
        yield from self._one(self.id, expect)
        for name, inner in expect.get("instances", {}).items():
            lead = f"instances.{name}"
            try:
                instance_id = self.host.find(self.id, name)
            except HostError as error:
                yield Difference(lead, "an instance", str(error))
                continue
            for found in self._one(instance_id, inner):
                yield Difference(f"{lead}.{found.place}", found.expected, found.found)

    def _one(
        self, instance_id: str, expect: Mapping[str, Json]
    ) -> Iterator[Difference]:
        host = self.host
        view = host.view(instance_id)
        after = self.before.get(instance_id, 0)
        entries = (
            host.log(instance_id, after) if {"notes", "emitted"} & set(expect) else []
        )

        def would_take(event: str, data: Json) -> bool:
            try:
                return host.would_take(instance_id, event, data, self.actor)
            except Refused:
                return False

        seen = Seen(view, entries, host.clock, self.outcome, would_take)
        return differences(expect, seen)


def describe(view: View, clock: datetime) -> str:
    """Where an instance is, in a few lines."""
    value = dotted(view.value)
    state = value if isinstance(value, str) else text(value)
    lines = [
        f"{view.instance_id} is {view.status} in {state}, context {text(view.context)}"
    ]
    open_effects = [
        e for e in view.effects if e["status"] not in ("succeeded", "cancelled")
    ]
    if open_effects:
        lines.append("effects: " + "; ".join(map(effect_text, open_effects)))
    if view.timers:
        lines.append("timers: " + "; ".join(timer_text(t, clock) for t in view.timers))
    return "\n".join(lines)
