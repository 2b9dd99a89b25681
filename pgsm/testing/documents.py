"""Reading a definition: a value, a JSON text, or a file in JSON or YAML 1.2."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pgsm.engine import (
    definition,
    definition_input,
    definition_tree,
    exact,
    interpreter,
    semantics,
)
from pgsm.formats import files
from pgsm.formats.common import FormatError

from . import durations
from .questions import violations
from .rows import Version
from .store import plain

Json = Any
Source = dict[str, Any] | str | Path
DRAFT = "https://json-schema.org/draft/2020-12/schema"
_ANY_TIME = datetime(2030, 1, 1, tzinfo=timezone.utc)


def read(source: Source) -> tuple[str | None, Json]:
    """The name that a source suggests, and the document as a value or JSON text."""
    if isinstance(source, dict):
        return _name(source), plain(source)
    if isinstance(source, str) and source.lstrip().startswith("{"):
        return _name(definition_input.read_text(source)[0]), source
    path = Path(source)
    try:
        document = files.read_definition(path)
    except FormatError as error:
        raise definition.DefinitionError(error.problems) from None
    return _name(document) or path.stem, document


def _name(document: Json) -> str | None:
    name = document.get("id") if isinstance(document, dict) else None
    return name if isinstance(name, str) else None


def define(machine: str, number: int, document: Json) -> Version:
    """A version of a machine; DefinitionError lists all problems of the document."""
    checked = definition.check(document)
    problems = [*checked.problems, *_bad_intervals(checked.intervals)]
    problems += _bad_schemas(checked.schemas)
    if checked.document is not None:
        problems += _bad_zone(checked.document.get("timeZone", "UTC"))
    if problems or checked.document is None or checked.checksum is None:
        raise definition.DefinitionError(problems)
    normal = checked.document
    return Version(
        machine=machine,
        version=number,
        checksum=checked.checksum,
        document=exact.dumps(normal),
        unhandled=normal.get("unhandled", "ignore"),
        scxml=semantics.of(normal) is semantics.SCXML,
    )


def _bad_intervals(intervals: list[tuple[str, str]]) -> list[definition.Problem]:
    """What Postgres would not take, for all that it looks like an interval."""
    problems = []
    for path, text in intervals:
        try:
            durations.add(_ANY_TIME, text)
        except ValueError as error:
            problems.append(definition.Problem(path, "bad_delay", str(error)))
    return problems


def _bad_schemas(schemas: list[tuple[str, Json]]) -> list[definition.Problem]:
    """What is no JSON Schema: a schema is a value of the schema of its draft."""
    problems = []
    for path, schema in schemas:
        draft = schema.get("$schema", DRAFT) if isinstance(schema, dict) else DRAFT
        for wrong in violations(exact.dumps({"$ref": draft}), schema):
            message = f"this is no JSON Schema: {wrong}"
            problems.append(definition.Problem(path, "bad_schema", message))
    return problems


def _bad_zone(zone: str) -> list[definition.Problem]:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f'there is no time zone "{zone}"'
        return [definition.Problem("$.timeZone", "bad_time_zone", message)]
    return []


@functools.lru_cache(maxsize=256)
def takes(document: str, event: str) -> bool:
    """Whether some transition of a document, in normal form, names an event."""
    tree = definition_tree.scan(exact.loads(document))
    return any(
        interpreter.matches(descriptor, event)
        for node in tree.nodes
        for descriptor in _descriptors(node.raw)
    )


@functools.lru_cache(maxsize=256)
def read_root(document: str) -> Mapping[str, Json]:
    """The value of a version's document, which is not to be changed."""
    root: Mapping[str, Json] = exact.loads(document)
    return root


def _descriptors(state: dict[str, Json]) -> Iterator[str]:
    yield from state.get("on", {})
    for transition in state.get("transitions", ()):
        found = transition.get("event", ())
        for token in [found] if isinstance(found, str) else found:
            stem = token.removesuffix(".*").removesuffix(".")
            yield from (stem, f"{stem}.*")
