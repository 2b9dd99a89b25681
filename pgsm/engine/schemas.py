"""JSON Schemas of a document: questions to the shell, which has a validator.

The engine has none of its own.  The shell answers a ``validate`` question with the
list of what is wrong, empty when nothing is (or when it has no validator either).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import errors, interpreter
from .run import Run

Json = Any


def check_input(run: Run, given: Json) -> None:
    """Refuse an input that the document's inputSchema does not allow."""
    schema = run.plan.schemas.get("inputSchema")
    if schema is not None:
        where = ("$.inputSchema", errors.BAD_INPUT, "the input")
        _check(run, schema, given, *where)


def check_context(run: Run) -> None:
    """Refuse a step after which the context is not of the contextSchema."""
    schema = run.plan.schemas.get("contextSchema")
    if schema is not None:
        where = ("$.contextSchema", errors.EVENT_FAILED, "the context")
        _check(run, schema, run.context, *where)


def check_event(run: Run, event: Mapping[str, Json], origin: str) -> None:
    """Refuse data that the schema of an outside event does not allow.

    The schema is that of the event's own name, else of the longest wildcard.
    """
    name = event["type"]
    schemas = run.plan.event_schemas
    if schemas and origin in ("event", "post", "message"):
        found = [text for text in schemas if interpreter.matches(text, name)]
        if found:
            best = name if name in found else max(found, key=len)
            path = f"$.eventSchemas[{best!r}]"
            where = (path, errors.BAD_EVENT, f'the data of "{name}"')
            _check(run, schemas[best], event["data"], *where)
    elif origin == "effect" and name.startswith("done.invoke."):
        _check_output(run, event)


def _check_output(run: Run, event: Mapping[str, Json]) -> None:
    effect = (event["source"] or {}).get("name", "")
    declared = run.plan.effects.get(effect, {})
    if "outputSchema" in declared:
        path = f"$.implementations.effects[{effect!r}].outputSchema"
        where = (path, errors.BAD_EVENT, f'the output of "{effect}"')
        _check(run, declared["outputSchema"], event["output"], *where)


def _check(
    run: Run, schema: Json, value: Json, path: str, code: str, what: str
) -> None:
    run.begin()
    if wrong := run.validate(schema, value, path):
        message = f"{what} is not of its schema"
        raise errors.Refusal(code, message, detail="; ".join(wrong))
