"""Definitions of several files: `{"$include": "lib/payment.yaml#/states/payment"}`.

The object is replaced by what is at the JSON pointer of the file, which is seen from
the including one; without a file it is the same one.  `"with"` gives parameters:
`"${name}"` becomes the value, `"pay.${name}"` a text with it; `"$${name}"` stands for
`"${name}"`.  Other keys of the object are put to those of the included one.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pgsm.engine import exact
from pgsm.engine.definition_input import read_text

from . import files
from .common import FormatError, Problem
from .positions import Place, Positions, Step, steps_of

Json = Any
Steps = tuple[Step, ...]
INCLUDE = "$include"
WITH = "with"
MOST_VALUES = files.MAX_NODES
MOST_FILES = 200
_PARAMETER = re.compile(r"\$?\$\{([^{}]*)\}")


class IncludeError(FormatError):
    """Something cannot be included; the path of its problem is "file:line"."""

    def __init__(self, place: Place, message: str, hint: str | None) -> None:
        where = f"{place.file}:{place.line}" if place.line else place.file
        super().__init__([Problem(where, "include", message, hint)])
        self.place = place


@dataclass(frozen=True)
class Source:
    """A file that was read."""

    name: str
    base: Path
    value: Json
    positions: Positions

    def place(self, steps: Steps) -> Place:
        found = self.positions.place(exact.json_path(list(steps)))
        return Place(found.path, found.line, found.column, self.name)


@dataclass(frozen=True)
class _Given:
    """A parameter's value, and where it was given."""

    value: Json
    source: Source
    steps: Steps


@dataclass(frozen=True)
class _Here:
    """Where something stands: in a source, and in what is built."""

    source: Source
    steps: Steps
    path: Steps
    given: Mapping[str, _Given] | None = None
    within: tuple[tuple[str, Steps], ...] = ()

    def inner(self, step: Step, built: Step | None = None) -> _Here:
        path = (*self.path, step if built is None else built)
        steps = (*self.steps, step)
        return _Here(self.source, steps, path, self.given, self.within)


@dataclass
class Built:
    """A document with all its parts, and where each of them comes from."""

    value: Json
    root: Source
    origins: dict[Steps, tuple[Source, Steps]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.origins.setdefault((), (self.root, ()))

    def place(self, path: str) -> Place:
        """Where a path of the document or of its normal form stands, in which file."""
        if not path.startswith("$"):
            return Place(path)
        steps = tuple(steps_of(path))
        known, (source, begin) = next(
            (steps[:n], self.origins[steps[:n]])
            for n in range(len(steps), -1, -1)
            if steps[:n] in self.origins
        )
        rest = steps[len(known) :]
        found = source.positions.place(exact.json_path([*begin, *rest]))
        shown = exact.json_path([*known, *steps_of(found.path)[len(begin) :]])
        other = source.name if source is not self.root else ""
        return Place(shown, found.line, found.column, other)

    def text(self, place: Place) -> str:
        """The line of a place."""
        sources = {source.name: source for source, _ in self.origins.values()}
        source = sources.get(place.file, self.root)
        return source.positions.line(place.line)


def read(path: str | Path, text: str | None = None) -> Built:
    """The document of a file with all that it includes; raises FormatError.

    `text` is that of the file where it was read before.
    """
    builder = _Builder()
    base = Path() if str(path) == "-" else Path(path).parent
    root = builder.load(_normal(path), base, text)
    if INCLUDE not in "\n".join(root.positions.lines):
        return Built(root.value, root)
    value = builder.resolve(root.value, _Here(root, (), (), None, ((root.name, ()),)))
    return Built(value, root, builder.origins)


def _normal(path: str | Path) -> str:
    """A file's name, of which there is one."""
    return "-" if str(path) == "-" else Path(os.path.normpath(path)).as_posix()


class _Builder:
    def __init__(self) -> None:
        self.sources: dict[str, Source] = {}
        self.origins: dict[Steps, tuple[Source, Steps]] = {}
        self.values = 0

    def load(self, name: str, base: Path, text: str | None = None) -> Source:
        """Read a file, once."""
        found = self.sources.get(name)
        if found is None:
            if text is None:
                text = files.read_file(name)
            is_yaml = files.is_yaml(name, text)
            value = files.read_yaml(text) if is_yaml else _json(text)
            shown = "standard input" if name == "-" else name
            found = Source(shown, base, value, Positions(text, not is_yaml))
            self.sources[name] = found
        return found

    def resolve(self, value: Json, here: _Here) -> Json:
        """A value of a source with all includes and parameters in place."""
        self.values += 1
        if self.values > MOST_VALUES:
            raise _problem(here, "the document is too large with all that it includes")
        if isinstance(value, dict):
            if INCLUDE in value:
                return self._included(value, here)
            return self._object(value, here)
        if isinstance(value, list):
            return [self.resolve(v, here.inner(n)) for n, v in enumerate(value)]
        return self._text(value, here) if isinstance(value, str) else value

    def _object(self, value: Mapping[str, Json], here: _Here) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for key, item in value.items():
            name = self._key(key, here)
            if name in found:
                message = f'the key "{name}" stands twice, as "{key}" too'
                raise _problem(here.inner(key), message)
            inner = here.inner(key, name)
            if name != key:  # the path in the document is another one
                self.origins[inner.path] = inner.source, inner.steps
            found[name] = self.resolve(item, inner)
        return found

    # -- includes --------------------------------------------------------------------

    def _included(self, value: Mapping[str, Json], here: _Here) -> Json:
        given = self._given(value.get(WITH), here)
        targets = value[INCLUDE]
        listed = targets if isinstance(targets, list) else [targets]
        if not listed or not all(isinstance(target, str) for target in listed):
            message = f'"{INCLUDE}" is "file#/path", or a list of such'
            raise _problem(here.inner(INCLUDE), message)
        more = {k: v for k, v in value.items() if k not in (INCLUDE, WITH)}
        if len(listed) == 1 and not more:
            return self._target(listed[0], given, here, merged=False)
        found = [self._target(target, given, here, merged=True) for target in listed]
        merged: dict[str, Json] = {}
        for target, part in zip(listed, found, strict=True):
            if not isinstance(part, dict):
                message = f'"{target}" is no object, and other keys are put to it'
                raise _problem(here.inner(INCLUDE), message)
            twice = merged.keys() & part.keys()
            if twice:
                message = f'"{min(twice)}" is in more than one of what is included'
                raise _problem(here.inner(INCLUDE), message)
            merged.update(part)
        for key, item in more.items():
            inner = here.inner(key)
            self._forget(inner.path)
            self.origins[inner.path] = inner.source, inner.steps
            merged[key] = self.resolve(item, inner)
        return merged

    def _forget(self, path: Steps) -> None:
        """What was included at a path is replaced."""
        for known in list(self.origins):
            if len(known) > len(path) and known[: len(path)] == path:
                del self.origins[known]

    def _given(self, value: Json, here: _Here) -> dict[str, _Given] | None:
        if value is None:
            return None
        place = here.inner(WITH)
        if not isinstance(value, dict):
            raise _problem(place, f'"{WITH}" is an object of parameters')
        return {
            name: _Given(
                self.resolve(item, place.inner(name)), here.source, (*place.steps, name)
            )
            for name, item in value.items()
        }

    def _target(
        self,
        written: str,
        given: Mapping[str, _Given] | None,
        here: _Here,
        merged: bool,
    ) -> Json:
        at = here.inner(INCLUDE)
        text = self._text(written, at)
        file, _, pointer = str(text).partition("#")
        source = self._source(file, at) if file else here.source
        steps, value = _at(source, pointer, at)
        if (source.name, steps) in here.within:
            chain = " → ".join(f"{name}#{_pointer(s)}" for name, s in here.within)
            raise _problem(at, f'"{text}" includes itself: {chain}')
        if len(here.within) > MOST_FILES:
            raise _problem(at, "includes are nested too deeply")
        if not steps and isinstance(value, dict):
            value = {key: item for key, item in value.items() if key != "$schema"}
        if not merged:
            self.origins[here.path] = source, steps
        elif isinstance(value, dict):
            for key in value:
                place: Steps = (*here.path, key)
                self.origins[place] = source, (*steps, key)
        within = (*here.within, (source.name, steps))
        return self.resolve(value, _Here(source, steps, here.path, given, within))

    def _source(self, file: str, at: _Here) -> Source:
        name = _normal(at.source.base / file)
        if name not in self.sources and len(self.sources) >= MOST_FILES:
            raise _problem(at, f"more than {MOST_FILES} files are included")
        try:
            return self.load(name, Path(name).parent)
        except FormatError as error:
            first = error.problems[0]
            where = "" if first.path in ("$", name) else f"{first.path}: "
            message = f'"{name}" cannot be included: {where}{first.message}'
            raise _problem(at, message, first.hint) from None

    # -- parameters ------------------------------------------------------------------

    def _text(self, text: str, here: _Here) -> Json:
        """A text with its parameters; of one parameter alone, its value."""
        if here.given is None or "${" not in text:
            return text
        whole = _PARAMETER.fullmatch(text)
        if whole and not text.startswith("$$"):
            found = self._parameter(whole[1], here)
            self.origins[here.path] = found.source, found.steps
            return found.value
        return _PARAMETER.sub(lambda match: self._part(match, here), text)

    def _key(self, key: str, here: _Here) -> str:
        if here.given is None or "${" not in key:
            return key
        return _PARAMETER.sub(lambda match: self._part(match, here.inner(key)), key)

    def _part(self, match: re.Match[str], here: _Here) -> str:
        if match[0].startswith("$$"):
            return match[0][1:]
        value = self._parameter(match[1], here).value
        if isinstance(value, (dict, list)):
            kind = "an object" if isinstance(value, dict) else "a list"
            message = (
                f'the parameter "{match[1]}" is {kind}, and has no place in a text'
            )
            raise _problem(here, message)
        return value if isinstance(value, str) else exact.dumps(value)

    def _parameter(self, name: str, here: _Here) -> _Given:
        assert here.given is not None
        if name in here.given:
            return here.given[name]
        close = difflib.get_close_matches(name, here.given, 1)
        given = ", ".join(f'"{each}"' for each in here.given) or "none"
        hint = f'did you mean "{close[0]}"?' if close else f"given are {given}"
        raise _problem(here, f'no parameter "{name}" is given', hint)


def _problem(here: _Here, message: str, hint: str | None = None) -> IncludeError:
    return IncludeError(here.source.place(here.steps), message, hint)


def _json(text: str) -> Json:
    value, problems = read_text(text)
    if problems:
        raise FormatError(problems)
    return value


# -- JSON pointers ---------------------------------------------------------------------


def _at(source: Source, pointer: str, at: _Here) -> tuple[Steps, Json]:
    """The steps and the value of a JSON pointer in a file."""
    if pointer and not pointer.startswith("/"):
        hint = f"#/{pointer}"
        raise _problem(at, f'"#{pointer}" is no path: it begins with "#/"', hint)
    value, steps = source.value, list[Step]()
    for written in pointer.split("/")[1:]:
        name = written.replace("~1", "/").replace("~0", "~")
        key: Step = name
        if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            key = int(name)
        elif not (isinstance(value, dict) and key in value):
            known = list(value) if isinstance(value, dict) else []
            close = difflib.get_close_matches(name, known, 1)
            meant = f'did you mean "{close[0]}"?' if close else None
            place = f'"{_pointer(tuple(steps))}"' if steps else "it"
            message = f'in "{source.name}" {place} has no "{key}"'
            raise _problem(at, message, meant)
        value = value[key]
        steps.append(key)
    return tuple(steps), value


def _pointer(steps: Steps) -> str:
    return "".join(_escaped(steps))


def _escaped(steps: Steps) -> Iterator[str]:
    for step in steps:
        yield "/" + str(step).replace("~", "~0").replace("/", "~1")
