"""The engine's door, called as a host calls it: all state is text between two calls.

This is the one place of these tests that knows the door's arguments.  A host keeps an
`Instance`; `start` and `step` return what a call gave with the instance after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from pgsm.engine import definition, exact, plan
from pgsm.engine import step as engine

Json = Any
CLOCK = datetime(2030, 1, 1, 12, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Machine:
    """A definition as the database keeps it."""

    document: str
    checksum: str

    @classmethod
    def of(cls, document: Json) -> Machine:
        checked = definition.check(exact.dumps(document))
        assert checked.problems == []
        return cls(exact.dumps(checked.document), checked.checksum)

    def plan(self) -> plan.Plan:
        """A plan of its own, which no step has used."""
        return plan.compile_plan(exact.loads(self.document))


@dataclass(frozen=True)
class Timer:
    row: Mapping[str, Json]
    revision: int

    @property
    def kind(self) -> str:
        return str(self.row["kind"])


@dataclass(frozen=True)
class Effect:
    row: Mapping[str, Json]
    effect_id: str
    status: str = "pending"


@dataclass(frozen=True)
class Child:
    row: Mapping[str, Json]


@dataclass(frozen=True)
class Instance:
    """What a host keeps of an instance between two calls."""

    states: tuple[str, ...] = ()
    context: str = "{}"
    history: str | None = None
    work: str | None = None
    revision: int = 0
    status: str = "active"
    value: Json = None
    tags: tuple[str, ...] = ()
    output: Json = None
    timers: tuple[Timer, ...] = ()
    effects: tuple[Effect, ...] = ()
    children: tuple[Child, ...] = ()


@dataclass(frozen=True)
class Message:
    event: str
    data: str = "{}"
    facts: str | None = None
    origin: str = "event"


@dataclass(frozen=True)
class Call:
    """An operation with all its arguments but the answers."""

    operation: str
    arguments: tuple[str | None, ...]

    def __call__(self, answers: list[Json]) -> str:
        return engine.call(self.operation, [*self.arguments, exact.dumps(answers)])


@dataclass(frozen=True)
class Outcome:
    """A call with all its answers, what it gave, and the instance after it."""

    call: Call
    answers: list[Json] = field(compare=False)
    text: str
    before: Instance
    after: Instance

    @property
    def result(self) -> dict[str, Json]:
        return exact.loads(self.text)  # type: ignore[no-any-return]

    @property
    def refused(self) -> bool:
        return "error" in self.result

    @property
    def moved(self) -> bool:
        """Whether this was a step: neither refused nor without a transition."""
        return not self.result.keys() & {"error", "outcome"}


def start(machine: Machine, given: Json = None) -> Outcome:
    """The first step."""
    call = Call(
        "start",
        (machine.checksum, machine.document, exact.dumps(given or {}), *_who(0)),
    )
    return _finish(call, Instance())


def step(machine: Machine, now: Instance, message: Message) -> Outcome:
    """One event."""
    return _finish(step_call(machine, now, message), now)


def step_call(machine: Machine, now: Instance, message: Message) -> Call:
    """The call that applies an event to an instance."""
    return Call(
        "step",
        (
            machine.checksum,
            machine.document,
            "\n".join(now.states),
            now.context,
            now.history,
            now.work,
            message.event,
            message.data,
            message.facts,
            message.origin,
            *_who(now.revision),
        ),
    )


def migrate(
    machine: Machine, now: Instance, rules: Json, delays: Json, invocations: Json
) -> Outcome:
    """An upgrade to the machine's version; what is kept is the caller's to write."""
    call = Call(
        "migrate",
        (
            machine.checksum,
            machine.document,
            "\n".join(now.states),
            now.context,
            now.history,
            now.work,
            *map(exact.dumps, (rules, delays, invocations)),
            *_who(now.revision),
        ),
    )
    return _finish(call, now)


def forget_plans() -> None:
    """Empty the plan cache, as in a new session."""
    engine._plans.clear()


def _who(revision: int) -> tuple[str | None, ...]:
    clock = CLOCK + timedelta(seconds=revision)
    text = clock.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return ("i-1", "m", "1", None, text, None, str(revision))


# -- questions ------------------------------------------------------------------------


def _finish(call: Call, before: Instance) -> Outcome:
    answers: list[Json] = []
    block, first = None, 0
    while True:
        text = call(answers)
        result = exact.loads(text)
        question = result.get("question")
        if question is None:
            after = applied(before, result)
            return Outcome(call, answers, text, before, after)
        if question["block"] != block:
            block, first = question["block"], len(answers)
        answer = _answer(question)
        if "error" in answer:
            answers[first:] = [answer]
        else:
            answers.append(answer)


def _answer(question: Json) -> Json:
    """What tests/charts/shop.py's functions say."""
    if question["kind"] == "undo":
        return {"error": question["error"]}
    args = question["args"]
    name = question["function"].partition("(")[0]
    if name == "shop.add":
        return {"value": args[0] + args[1]}
    if name == "shop.in_stock":
        return {"value": None if args[0] == "unknown" else args[0] == "apple"}
    if name == "shop.note":
        return {"value": None}
    fact = {"code": "SH001", "message": str(args[0]), "path": question["path"]}
    return {"error": fact}


# -- what a host does with a result ---------------------------------------------------


def applied(before: Instance, result: Mapping[str, Json]) -> Instance:
    """The instance after a result; a refusal or no transition changes nothing."""
    if result.keys() & {"error", "outcome"}:
        return before
    revision = before.revision + 1
    texts = {
        key: exact.dumps(result[key])
        for key in ("context", "history", "work")
        if key in result
    }
    arrays = {key: array(result[key]) for key in ("states", "tags") if key in result}
    kept = {key: result[key] for key in ("value", "status", "output") if key in result}
    over = result.get("status", "active") != "active"
    return replace(
        before,
        revision=revision,
        timers=() if over else _timers(before, result, revision),
        effects=_effects(before, result, revision),
        children=_children(before, result),
        **texts,
        **arrays,
        **kept,
    )


def _timers(
    before: Instance, result: Mapping[str, Json], revision: int
) -> tuple[Timer, ...]:
    exited, cancelled = result.get("exited", ()), result.get("cancel", ())
    moved = [(row["state"], row["delay"]) for row in result.get("rearmed", ())]
    kept = [
        timer
        for timer in before.timers
        if not (
            timer.kind == "after"
            and (
                timer.row["state"] in exited
                or (timer.row["state"], timer.row["delay"]) in moved
            )
        )
        and not (timer.kind == "send" and timer.row.get("send_id") in cancelled)
    ]
    return (*kept, *(Timer(row, revision) for row in result.get("timers", ())))


def _effects(
    before: Instance, result: Mapping[str, Json], revision: int
) -> tuple[Effect, ...]:
    exited = result.get("exited", ())
    early = result.get("cancelled", ())
    kept = [
        replace(effect, status="cancelled")
        if effect.status == "pending"
        and effect.row["kind"] == "invoke"
        and (effect.row["state"] in exited or effect.row["invoke_id"] in early)
        else effect
        for effect in before.effects
    ]
    new = [
        Effect(row, f"{revision}/{ordinal}")
        for ordinal, row in enumerate(result.get("effects", ()), 1)
    ]
    return (*kept, *new)


def _children(before: Instance, result: Mapping[str, Json]) -> tuple[Child, ...]:
    stopped = result.get("stops", ())
    kept = [child for child in before.children if child.row["instance"] not in stopped]
    return (*kept, *map(Child, result.get("children", ())))


def array(text: str) -> tuple[str, ...]:
    """The items of a Postgres text array, all of which are quoted."""
    if text == "{}":
        return ()
    items = text[2:-2].split('","')
    return tuple(item.replace('\\"', '"').replace("\\\\", "\\") for item in items)
