"""The engine's door for one instance, with fakes for what only the database knows."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import jsonschema
import referencing

from pgsm.engine import exact, step

from .errors import FunctionError, MissingFunction, Refused
from .rows import Row, Version
from .store import Store, plain

Json = Any
Fakes = dict[str, Callable[..., Any]]


def clock_text(clock: datetime) -> str:
    """The time as the engine writes it."""
    return clock.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Door:
    """Calls the engine and answers its questions from fake functions."""

    def __init__(self, store: Store, fakes: Fakes) -> None:
        self.store = store
        self.fakes = fakes

    def start(self, version: Version, row: Row, given: Json, actor: Json) -> Json:
        """The result of the first step."""
        who = _who(row, row.clock, actor)
        return self._call("start", version, exact.dumps(given), *who)

    def step(
        self,
        version: Version,
        row: Row,
        event: tuple[str, Json, Json, str],
        clock: datetime,
        actor: Json,
    ) -> Json:
        """The result of an event: its type, data, facts and origin."""
        name, data, facts, origin = event
        return self._call(
            "step",
            version,
            *_standing(row),
            name,
            exact.dumps(data),
            exact.dumps(facts) if facts else None,
            origin,
            *_who(row, clock, actor),
        )

    def stop(self, version: Version, row: Row, clock: datetime) -> Json:
        """The result of ending an instance where it stands, exit content included."""
        return self._call("stop", version, *_standing(row), *_who(row, clock, None))

    def enabled(self, version: Version, row: Row, clock: datetime, actor: Json) -> Json:
        """The events that an instance names, and whether guards allow them."""
        states, context, history, _work = _standing(row)
        who = _who(row, clock, actor)
        result = self._call("enabled", version, states, context, history, *who)
        return result["events"]

    def check_event(
        self, event: str, data: Json, origin: str, internal: Sequence[str] = ()
    ) -> None:
        """Refuse what is no event, or is internal to the machine, where it is given."""
        arguments = [event, exact.dumps(data), origin, exact.dumps([*internal])]
        result = exact.loads(step.call("check_event", arguments))
        if "error" in result:
            raise _refused(result["error"])

    # -- questions -------------------------------------------------------------------

    def _call(self, operation: str, version: Version, *arguments: str | None) -> Json:
        answers: list[Json] = []
        block, start, before = None, 0, self.store
        while True:
            given = [version.checksum, version.document, *arguments]
            text = step.call(operation, [*given, exact.dumps(answers)])
            result: dict[str, Json] = exact.loads(text)
            if "error" in result:
                raise _refused(result["error"])
            question = result.get("question")
            if question is None:
                return result
            if before is self.store or question.get("block") != block:
                block, start = question.get("block"), len(answers)
                before = self.store.copy()
            error = self._answer(question, answers)
            if error is not None:
                self.store.restore(before)
                answers[start:] = [{"error": error}]

    def _answer(self, question: Json, answers: list[Json]) -> Json:
        """Append the answer; or the error for which the block is undone."""
        kind = question["kind"]
        if kind == "undo":
            return question["error"]
        if kind == "validate":
            found = violations(exact.dumps(question["schema"]), question["value"])
            answers.append({"value": found})
            return None
        if kind == "receiver":
            row = self.store.rows.get(question["instance"])
            answers.append({"value": row is not None and row.alive})
            return None
        name = question["function"]
        function = self.fakes.get(signature(name)) or self.fakes.get(_bare(name))
        if function is None:
            raise MissingFunction(
                f"the machine calls {name} ({question['path']}):"
                f' give it a fake with world.function("{name}", ...)'
            )
        try:
            answers.append({"value": plain(function(*question["args"]))})
        except FunctionError as error:
            return {"code": error.code, "message": str(error), "path": question["path"]}
        return None


def signature(name: str) -> str:
    """A function's name and argument types without the spaces that mean nothing."""
    return "".join(name.split()) if "(" in name else name.strip()


def _bare(name: str) -> str:
    return name.split("(")[0].strip()


def _standing(row: Row) -> tuple[str, str, str | None, str | None]:
    return "\n".join(row.states), row.context, row.history, row.work


def _who(row: Row, clock: datetime, actor: Json) -> tuple[str | None, ...]:
    """The last arguments of an operation on an instance, but for the answers."""
    return (
        row.instance_id,
        row.machine,
        str(row.version),
        row.parent_id,
        clock_text(clock),
        None if actor is None else exact.dumps(actor),
        str(row.revision),
    )


def _refused(error: Json) -> Refused:
    detail = [error.get("detail")]
    if error.get("sqlstate"):
        detail.append(f"SQLSTATE {error['sqlstate']}")
    return Refused(
        error["code"],
        error["message"],
        ", ".join(part for part in detail if part),
        error.get("hint") or "",
    )


# -- JSON Schema -------------------------------------------------------------------


def violations(schema: str, value: Json) -> list[str]:
    """What is wrong with a value by a JSON Schema (by default 2020-12), as text."""
    try:
        errors = list(_validator(schema).iter_errors(value))
    # the validator lets out whatever a bad schema leads to: KeyError, re.error, …
    except Exception as error:
        return [f"the schema cannot be used: {type(error).__name__}: {error}"]
    return sorted(f"{error.json_path}: {error.message}" for error in errors)


@functools.lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    rules = exact.loads(schema)
    draft = jsonschema.validators.validator_for(
        rules, default=jsonschema.Draft202012Validator
    )
    types = draft.TYPE_CHECKER.redefine("integer", _integer)
    kind = jsonschema.validators.extend(draft, type_checker=types)  # type: ignore[no-untyped-call]
    # an empty registry: a reference leads nowhere but into its own schema
    return kind(rules, registry=referencing.Registry())


def _integer(_checker: Any, value: Any) -> bool:
    if isinstance(value, Decimal):
        return value == value.to_integral_value()
    return isinstance(value, int) and not isinstance(value, bool)
