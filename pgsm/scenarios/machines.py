"""Which definitions a scenario is about: files, machines of a database, documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..formats import files
from ..formats.common import FormatError
from .model import Host, HostError, Scenario

Json = Any
SUFFIXES = (".json", ".yaml", ".yml")


def define(host: Host, scenario: Scenario, machine: str | None = None) -> str:
    """Define what a scenario needs; the name of its machine.

    `machine` takes the place of the scenario's own.  Raises HostError and
    DefinitionError.
    """
    base = Path() if scenario.file == "standard input" else Path(scenario.file).parent
    for source in scenario.machines:
        _define(host, source, base)
    if machine is not None:
        name, place = _define(host, machine, Path())
    else:
        name, place = _define(host, scenario.machine, base)
    if place is not None:
        _define_children(host, place)
    return name


def _define(host: Host, source: Json, base: Path) -> tuple[str, Path | None]:
    """The name of a source's machine, defined if it was not, and its file."""
    if isinstance(source, dict):
        name = str(source.get("id", "machine"))
        host.define(source, name)
        return name, None
    place = _file(source, base)
    if place is None:
        if host.knows(source):
            return source, None
        raise HostError(
            f'there is no file and no machine "{source}"'
            " (a machine of a database needs --dsn)"
        )
    try:
        document = files.read_definition(place)
    except FormatError as error:
        first = error.problems[0]
        raise HostError(f"{place}: {first.path}: {first.message}") from None
    name = _name(document, place)
    host.define(document, name)
    return name, place


def _file(source: str, base: Path) -> Path | None:
    found = base / source
    if found.is_file():
        return found
    if found.suffix.lower() in SUFFIXES:
        raise HostError(f"there is no file {found}")
    return next((p for s in SUFFIXES if (p := base / f"{source}{s}").is_file()), None)


def _name(document: Json, place: Path) -> str:
    name = document.get("id") if isinstance(document, dict) else None
    return name if isinstance(name, str) else place.name.split(".")[0]


def _define_children(host: Host, place: Path) -> None:
    """Define the machines that a file names, from the files beside it."""
    waiting = [place]
    while waiting:
        here = waiting.pop()
        for name in _children(files.read_definition(here)):
            found = _beside(here, name)
            if found is not None and not host.knows(name):
                host.define(files.read_definition(found), name)
                waiting.append(found)


def _children(document: Json) -> Iterator[str]:
    from ..testing.explore_derive import machines

    yield from machines(document)


def _beside(place: Path, name: str) -> Path | None:
    names = (place.with_name(f"{Path(name).name}{suffix}") for suffix in SUFFIXES)
    return next((found for found in names if found.is_file()), None)
