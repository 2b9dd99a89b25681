"""Scenarios from a file in YAML or JSON, each thing with the line it stands on."""

from __future__ import annotations

import difflib
import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema

from pgsm.engine import exact
from pgsm.engine.definition_input import read_text

from ..formats import files
from ..formats.common import FormatError, Problem
from ..formats.positions import Positions
from .model import VERBS, Scenario, Step

Json = Any
SCHEMA = Path(__file__).with_name("scenario.schema.json")
_SHARED = ("machine", "version", "input", "id", "clock", "as", "functions")


class ScenarioError(Exception):
    """A file holds no scenarios; `problems` are (line, message, hint), by line."""

    def __init__(self, file: str, problems: list[tuple[int, str, str | None]]) -> None:
        super().__init__("; ".join(message for _, message, _ in problems))
        self.file = file
        self.problems = sorted(problems, key=lambda problem: problem[0])

    def lines(self) -> list[str]:
        """The problems as "file:line: message"."""
        return [
            (f"{self.file}:{line}: " if line else f"{self.file}: ") + message
            for line, message, _ in self.problems
        ]


def read(file: str) -> list[Scenario]:
    """The scenarios of a file, "-" being standard input; raises ScenarioError."""
    name = "standard input" if file == "-" else file
    try:
        text = files.read_file(file)
        is_yaml = files.is_yaml(file, text)
        value = files.read_yaml(text) if is_yaml else _json(text)
    except FormatError as error:
        found = [(0, f"{p.path}: {p.message}", p.hint) for p in error.problems]
        raise ScenarioError(name, found) from None
    positions = Positions(text, not is_yaml)
    return _Reader(name, positions).scenarios(value)


def _json(text: str) -> Json:
    value, problems = read_text(text)
    if problems:
        raise FormatError(problems)
    return value


@functools.cache
def schema() -> Json:
    """The JSON Schema of scenario files."""
    return json.loads(SCHEMA.read_text("utf-8"))


class _Reader:
    def __init__(self, file: str, positions: Positions) -> None:
        self.file = file
        self.positions = positions
        self.problems: list[tuple[int, str, str | None]] = []

    def line(self, path: str) -> int:
        return self.positions.place(path).line

    def scenarios(self, value: Json) -> list[Scenario]:
        for problem in _violations(value):
            self._problem(problem.path, problem.message, problem.hint)
        if not self.problems:
            found = [self._scenario(*each) for each in self._each(value)]
        if self.problems:
            raise ScenarioError(self.file, self.problems)
        return found

    def _problem(self, path: str, message: str, hint: str | None = None) -> None:
        told = message if path == "$" else f"{path.removeprefix('$.')}: {message}"
        self.problems.append((self.line(path), told, hint))

    def _each(self, value: Json) -> Iterator[tuple[Json, str, str]]:
        """Each scenario with what they share, its path, and a name for it."""
        if "scenarios" not in value and "steps" not in value:
            self._problem("$", 'neither "steps" nor "scenarios" is there')
            return
        stem = Path(self.file).stem
        if "scenarios" not in value:
            yield value, "$", stem
            return
        if "steps" in value:
            self._problem("$.steps", '"steps" belong into the scenarios')
        shared = {key: value[key] for key in _SHARED if key in value}
        for number, each in enumerate(value["scenarios"]):
            merged = {**shared, **each}
            machines = [*value.get("machines", ()), *each.get("machines", ())]
            functions = {**value.get("functions", {}), **each.get("functions", {})}
            merged.update(machines=machines, functions=functions)
            yield merged, f"$.scenarios[{number}]", f"{stem} {number + 1}"

    def _scenario(self, value: Json, path: str, name: str) -> Scenario:
        if "machine" not in value:
            self._problem(path, 'there is no "machine"')
        steps = [
            self._step(step, number, f"{path}.steps[{number - 1}]")
            for number, step in enumerate(value["steps"], 1)
        ]
        return Scenario(
            name=value.get("name", name),
            file=self.file,
            line=self.line(path),
            machine=value.get("machine"),
            steps=tuple(steps),
            machines=tuple(value.get("machines", ())),
            version=value.get("version"),
            input=value.get("input"),
            instance_id=value.get("id"),
            clock=value.get("clock"),
            actor=_actor(value.get("as")),
            functions=value.get("functions", {}),
        )

    def _step(self, value: Json, number: int, path: str) -> Step:
        verbs = [verb for verb in VERBS if verb in value]
        if len(verbs) > 1:
            listed = " and ".join(f'"{verb}"' for verb in verbs)
            self._problem(path, f"{listed} are two steps")
        verb = verbs[0] if verbs else None
        allowed = ("name", "expect", *verbs, *VERBS.get(verb or "", ()))
        for key in value:
            if key not in allowed and len(verbs) < 2:
                self._problem(f"{path}.{key}", _belongs(key))
        given = dict(value)
        if "as" in given:
            given["as"] = _actor(given["as"])
        expect = value.get("expect", {})
        lines = dict(self._lines(value, path))
        line = self.line(path)
        return Step(number, path, line, verb, given, expect, lines)

    def _lines(self, value: Json, path: str) -> Iterator[tuple[str, int]]:
        for key in value:
            yield key, self.line(exact.json_path([*_steps(path), key]))
        for place in _places(value.get("expect", {}), ("expect",)):
            yield ".".join(place), self.line(exact.json_path([*_steps(path), *place]))


def _steps(path: str) -> list[str | int]:
    from ..formats.positions import steps_of

    return steps_of(path)


def _places(expect: Json, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for key, item in expect.items():
        yield (*above, key)
        if key == "instances":
            for name, inner in item.items():
                yield from _places(inner, (*above, key, name))


def _actor(value: Json) -> Json:
    return {"role": value} if isinstance(value, str) else value


def _belongs(key: str) -> str:
    verbs = [f'"{verb}"' for verb, keys in VERBS.items() if key in keys]
    return f'"{key}" goes with {" or ".join(verbs)}'


# -- by the schema ---------------------------------------------------------------------


def _violations(value: Json) -> Iterator[Problem]:
    validator = jsonschema.Draft202012Validator(schema())
    for error in validator.iter_errors(value):
        yield from _told(error)


def _told(error: Any) -> Iterator[Problem]:
    path = list(error.absolute_path)
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        for key in error.instance:
            if key not in known:
                place = exact.json_path([*path, key])
                yield Problem(place, "key", "there is no such key", _close(key, known))
    elif error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        listed = " and ".join(f'"{key}"' for key in missing)
        yield Problem(exact.json_path(path), "missing", f"{listed} is missing")
    elif error.validator == "type":
        wanted = _kinds(error.validator_value)
        message = f"this is {_kind(error.instance)}, and {wanted} is wanted"
        yield Problem(exact.json_path(path), "type", message)
    elif error.validator == "enum":
        known = [str(one) for one in error.validator_value]
        message = f"{exact.dumps(error.instance)} is none of {', '.join(known)}"
        hint = _close(str(error.instance), known)
        yield Problem(exact.json_path(path), "enum", message, hint)
    else:
        yield Problem(exact.json_path(path), "schema", error.message[:200])


def _close(word: str, known: Sequence[str]) -> str | None:
    close = difflib.get_close_matches(word, known, 1)
    return f'did you mean "{close[0]}"?' if close else f"there are {', '.join(known)}"


_KINDS: Mapping[str, str] = {
    "string": "a text",
    "object": "an object",
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "null": "null",
}


def _kinds(wanted: str | list[str]) -> str:
    kinds = [wanted] if isinstance(wanted, str) else wanted
    return " or ".join(_KINDS[kind] for kind in kinds)


def _kind(value: Json) -> str:
    for kind, types in (
        ("null", type(None)),
        ("boolean", bool),
        ("string", str),
        ("object", dict),
        ("array", list),
    ):
        if isinstance(value, types):
            return _KINDS[kind]
    return _KINDS["number"]
