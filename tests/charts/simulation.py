"""An instance in memory: the engine's door with a clock that is moved by hand.

`Simulation` does what the SQL shell does around the same interpreter: it keeps the
snapshot, timers and effects, answers the questions from Python functions, and applies
a step as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from pgsm.engine import definition, exact, step
from pgsm.testing import durations

Json = Any
Functions = Mapping[str, Callable[..., Json]]
CLOCK = datetime(2030, 1, 1, 12, tzinfo=timezone.utc)


class Refused(Exception):
    """An event is refused, with the engine's code; nothing has changed."""

    def __init__(self, error: Mapping[str, Json]) -> None:
        super().__init__(error["message"])
        self.sqlstate: str = error["code"]
        self.detail: str | None = error.get("detail")


class FunctionError(Exception):
    """What a simulated SQL function raises."""

    def __init__(self, message: str, code: str = "P0001") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Timer:
    """A delayed event of the instance."""

    event: str
    data: Json
    due_at: datetime
    kind: str
    state: str | None
    send_id: str | None
    order: tuple[int, int]


@dataclass(frozen=True)
class Effect:
    """A piece of work on the outside world."""

    effect_id: str
    name: str
    kind: str
    input: Json
    state: str | None
    invoke_id: str | None
    reply: str | None
    status: str = "pending"


@dataclass(frozen=True)
class Instance:
    """What an instance is after a step; texts are as the engine takes them."""

    states: tuple[str, ...] = ()
    value: Json = None
    tags: tuple[str, ...] = ()
    context: str = "{}"
    history: str | None = None
    work: str | None = None
    status: str = "active"
    output: Json = None
    revision: int = 0
    timers: tuple[Timer, ...] = ()
    effects: tuple[Effect, ...] = ()
    keys: Mapping[str, Json] = field(default_factory=dict)
    log: tuple[Mapping[str, Json], ...] = ()


class Simulation:
    """One instance of a document, on its own clock."""

    def __init__(
        self,
        document: Json,
        functions: Functions | None = None,
        clock: datetime = CLOCK,
        instance_id: str = "i-1",
    ) -> None:
        normal = definition.normalise(document)
        self.document = exact.dumps(normal)
        self.checksum = definition.check(normal).checksum
        self.zone: str = normal.get("timeZone", "UTC")
        self.functions = functions or {}
        self.clock = clock
        self.instance_id = instance_id
        self.now = Instance()

    def start(self, given: Json = None) -> None:
        """Take the first step."""
        result = self._call("start", exact.dumps(given or {}), *self._identity())
        self._apply(result)

    def send(
        self,
        event: str,
        data: Json = None,
        facts: Json = None,
        origin: str = "event",
    ) -> tuple[str, Json]:
        """Apply an event; its outcome and details."""
        if self.now.status != "active":
            message = f'instance "{self.instance_id}" is {self.now.status}'
            raise Refused({"code": "SM110", "message": message})
        now = self.now
        result = self._call(
            "step",
            "\n".join(now.states),
            now.context,
            now.history,
            now.work,
            event,
            exact.dumps({} if data is None else data),
            exact.dumps(facts) if facts else None,
            origin,
            *self._identity(),
        )
        if "outcome" in result:
            return result["outcome"], result["details"]
        self._apply(result)
        return "taken", {}

    def advance(self, by: str) -> None:
        """Move the clock, firing what falls due on the way, each at its time."""
        until = durations.add(self.clock, by)
        while due := [timer for timer in self.now.timers if timer.due_at <= until]:
            timer = min(due, key=lambda timer: (timer.due_at, timer.order))
            self.clock = max(self.clock, timer.due_at)
            self._fire(timer)
        self.clock = until

    def _fire(self, timer: Timer) -> None:
        before = self.now
        left = tuple(other for other in before.timers if other is not timer)
        self.now = replace(before, timers=left)
        try:
            self.send(timer.event, timer.data, origin="timer")
        except Refused:
            self.now = before
            raise

    def complete(self, effect: Effect, output: Json) -> None:
        """Let an effect succeed; its event follows."""
        self._end(effect, "succeeded")
        if effect.kind == "invoke":
            event = f"done.invoke.{effect.invoke_id}"
        elif effect.reply is not None:
            event = effect.reply
        else:
            return
        self._deliver(effect, event, {"output": output})

    def fail(self, effect: Effect, error: Json) -> None:
        """Let an effect fail for good; an invocation's error event follows."""
        self._end(effect, "failed")
        if effect.kind == "invoke":
            self._deliver(effect, f"error.invoke.{effect.invoke_id}", {"error": error})

    # -- as the shell does it ------------------------------------------------------

    def _end(self, effect: Effect, status: str) -> None:
        effects = tuple(
            replace(other, status=status) if other is effect else other
            for other in self.now.effects
        )
        self.now = replace(self.now, effects=effects)

    def _deliver(self, effect: Effect, event: str, facts: dict[str, Json]) -> None:
        source = {
            "effect": effect.effect_id,
            "invoke": effect.invoke_id,
            "state": effect.state,
            "name": effect.name,
        }
        facts["source"] = {
            key: value for key, value in source.items() if value is not None
        }
        self.send(event, {}, facts, origin="effect")

    def _identity(self) -> tuple[str | None, ...]:
        text = self.clock.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return (self.instance_id, "m", "1", None, text, None, str(self.now.revision))

    def _call(self, operation: str, *arguments: str | None) -> dict[str, Json]:
        answers: list[Json] = []
        block, start = None, 0
        while True:
            text = step.call(
                operation,
                [self.checksum, self.document, *arguments, exact.dumps(answers)],
            )
            result: dict[str, Json] = exact.loads(text)
            if "error" in result:
                raise Refused(result["error"])
            question = result.get("question")
            if question is None:
                return result
            if question["block"] != block:
                block, start = question["block"], len(answers)
            if question["kind"] == "undo":
                answers[start:] = [{"error": question["error"]}]
            else:
                self._answer(question, answers, start)

    def _answer(self, question: Json, answers: list[Json], start: int) -> None:
        function = self.functions[question["function"]]
        try:
            answers.append({"value": function(*question["args"])})
        except FunctionError as error:
            fact = {"code": error.code, "message": str(error), "path": question["path"]}
            answers[start:] = [{"error": fact}]

    def _apply(self, result: dict[str, Json]) -> None:
        before = self.now
        revision = before.revision + 1
        done = result.get("status") == "done"
        self.now = Instance(
            states=_array(result["states"]) if "states" in result else before.states,
            value=result.get("value", before.value),
            tags=_array(result["tags"]) if "tags" in result else before.tags,
            context=exact.dumps(result["context"])
            if "context" in result
            else before.context,
            history=exact.dumps(result["history"])
            if "history" in result
            else before.history,
            work=exact.dumps(result["work"]) if "work" in result else before.work,
            status=result.get("status", before.status),
            output=result.get("output", before.output),
            revision=revision,
            timers=() if done else self._timers(result, revision),
            effects=self._effects(result, revision),
            keys={**before.keys, **result.get("keys", {})},
            log=(*before.log, result),
        )

    def _timers(self, result: dict[str, Json], revision: int) -> tuple[Timer, ...]:
        exited, cancelled = result.get("exited", []), result.get("cancel", [])
        kept = [
            timer
            for timer in self.now.timers
            if not (timer.kind == "after" and timer.state in exited)
            and not (timer.kind == "send" and timer.send_id in cancelled)
        ]
        new = [
            Timer(
                event=row["event"],
                data=row.get("data", {}),
                due_at=self._due(row["due"]),
                kind=row["kind"],
                state=row.get("state"),
                send_id=row.get("send_id"),
                order=(revision, ordinal),
            )
            for ordinal, row in enumerate(result.get("timers", []), 1)
        ]
        return (*kept, *new)

    def _due(self, due: Json) -> datetime:
        if "at" in due:
            at = datetime.fromisoformat(due["at"].replace("Z", "+00:00"))
            return max(at, self.clock)
        try:
            return durations.add(self.clock, due["in"], self.zone)
        except ValueError as error:
            raise Refused({"code": "SM201", "message": str(error)}) from None

    def _effects(self, result: dict[str, Json], revision: int) -> tuple[Effect, ...]:
        exited = result.get("exited", [])
        kept = [
            replace(effect, status="cancelled")
            if effect.kind == "invoke"
            and effect.state in exited
            and effect.status == "pending"
            else effect
            for effect in self.now.effects
        ]
        new = [
            Effect(
                effect_id=f"{revision}/{ordinal}",
                name=row["name"],
                kind=row["kind"],
                input=row.get("input", {}),
                state=row.get("state"),
                invoke_id=row.get("invoke_id"),
                reply=row.get("reply"),
            )
            for ordinal, row in enumerate(result.get("effects", []), 1)
        ]
        return (*kept, *new)


def _array(text: str) -> tuple[str, ...]:
    """The items of a Postgres text array, all of which are quoted."""
    if text == "{}":
        return ()
    items = text[2:-2].split('","')
    return tuple(item.replace('\\"', '"').replace("\\\\", "\\") for item in items)
