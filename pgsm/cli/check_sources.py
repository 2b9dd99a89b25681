"""What `pgsm check` finds in a file: problems and warnings, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pgsm.engine import definition, exact, lint

from ..formats import files, include
from ..formats.common import FormatError, Problem
from ..formats.positions import Place, Positions, steps_of

Ask = Callable[[str], list[Problem]]

_SCHEMAS = ("inputSchema", "contextSchema")
_EFFECT_SCHEMAS = ("inputSchema", "outputSchema")


@dataclass(frozen=True)
class Found:
    """A problem or a warning at its place."""

    what: Problem
    place: Place


@dataclass
class Report:
    """What was found in one machine; `name` is the file's, or that of its machine.

    `left` counts what only a database can check.
    """

    name: str
    positions: Positions | include.Built | None = None
    problems: list[Found] = field(default_factory=list)
    warnings: list[Found] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)
    asked: bool = False

    def add(self, problems: Iterable[Problem], to: list[Found]) -> None:
        """Put problems to the others, at their places, in the order of the text."""
        for problem in problems:
            place = Place(problem.path)
            if self.positions is not None:
                place = self.positions.place(problem.path)
            to.append(Found(problem, place))
        to.sort(key=_order)


def _order(found: Found) -> tuple[str, int, int]:
    return found.place.file, found.place.line, found.place.column


def check_file(file: str, ask: Ask | None = None) -> list[Report]:
    """The reports about a file's machines: one, or those of an SCXML document.

    `ask` gives what a database has to say about a document.
    """
    name = "standard input" if file == "-" else file
    if Path(file).suffix.lower() == ".scxml":
        return _check_scxml(file, ask)
    report = Report(name)
    try:
        text = files.read_file(file)
    except FormatError as error:
        report.add(error.problems, report.problems)
        return [report]
    report.positions = Positions(text, not files.is_yaml(file, text))
    try:
        built = include.read(file, text)
    except include.IncludeError as error:
        report.problems.append(Found(error.problems[0], error.place))
    except FormatError as error:
        report.add(error.problems, report.problems)
    else:
        report.positions = built
        _check(report, built.value, ask)
    return [report]


def _check_scxml(file: str, ask: Ask | None) -> list[Report]:
    from ..formats import scxml

    try:
        imported = scxml.load(Path(file))
    except FormatError as error:
        report = Report(file)
        report.add(error.problems, report.problems)
        return [report]
    reports = []
    for number, (machine, document) in enumerate(imported.machines.items()):
        several = len(imported.machines) > 1
        report = Report(f"{file} ({machine})" if several else file)
        if number == 0:
            report.add(imported.warnings, report.warnings)
        _check(report, document, ask)
        reports.append(report)
    return reports


def _check(report: Report, value: Any, ask: Ask | None) -> None:
    checked = definition.check(value)
    report.add(checked.problems, report.problems)
    report.add(bad_schemas(value), report.problems)
    if ask is not None:
        known = set(checked.problems)
        told = [
            each
            for each in ask(exact.dumps(value))
            if each not in known and each.code != "bad_schema"  # said above, in full
        ]
        report.add(told, report.problems)
        report.asked = True
    report.left = {
        "SQL function": len({use.function for use in checked.functions}),
        "delay": len({text for _, text in checked.intervals}),
    }
    if checked.document is not None:
        report.add(lint.lint(checked.document), report.warnings)


# ------------------------------------------------------------------------ JSON Schemas


def bad_schemas(document: Any) -> Iterator[Problem]:
    """What is wrong with the JSON Schemas of a document, sound or not."""
    import jsonschema

    for path, schema in _schemas(document):
        kind = jsonschema.validators.validator_for(
            schema, default=jsonschema.Draft202012Validator
        )
        for error in kind(kind.META_SCHEMA).iter_errors(schema):
            place = exact.json_path([*steps_of(path), *error.absolute_path])
            message = f"this is no JSON Schema: {_short(error.message)}"
            yield Problem(place, "bad_schema", message, _allowed(error))


def _schemas(document: Any) -> Iterator[tuple[str, Any]]:
    root = _object(document)
    for key in _SCHEMAS:
        yield from _schema(root, key, ())
    events = _object(root.get("eventSchemas"))
    for event in events:
        yield from _schema(events, event, ("eventSchemas",))
    effects = _object(_object(root.get("implementations")).get("effects"))
    for name, effect in effects.items():
        for key in _EFFECT_SCHEMAS:
            path = ("implementations", "effects", name)
            yield from _schema(_object(effect), key, path)


def _schema(
    holder: Mapping[str, Any], key: str, path: tuple[str, ...]
) -> Iterator[tuple[str, Any]]:
    if isinstance(holder.get(key), (dict, bool)):  # else the checker has said so
        yield exact.json_path((*path, key)), holder[key]


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:199] + "…"


def _allowed(error: Any) -> str | None:
    if error.validator == "anyOf" and list(error.absolute_path)[-1:] == ["type"]:
        kinds = "array, boolean, integer, null, number, object, string"
        return f"a type is one of {kinds}, or a list of them"
    return None
