"""`pgsm explore`: everything that can happen to a machine, within bounds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from ..engine import definition, exact
from ..formats import files
from ..formats.common import FormatError
from ..formats.pretty import pretty
from .common import fail

if TYPE_CHECKING:
    from ..testing import Exploration
    from ..testing import Path as Way

Json = Any
SUFFIXES = (".json", ".yaml", ".yml")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False), metavar="FILE")
@click.option(
    "--events",
    "--samples",
    "samples",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Samples of events, answers and so on, in JSON or YAML.",
)
@click.option("--input", "given", metavar="JSON", help="What the machine starts with.")
@click.option(
    "--machine",
    "machines",
    multiple=True,
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="A child machine; those named like files beside FILE are found.",
)
@click.option(
    "--format",
    "written",
    type=click.Choice(["table", "json", "pytest"]),
    default="table",
    show_default=True,
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write here instead of standard output.",
)
@click.option(
    "--max-states",
    type=click.IntRange(1),
    default=10_000,
    show_default=True,
    help="End after so many situations.",
)
@click.option("--max-depth", type=click.IntRange(1), help="Moves in a row, at most.")
@click.option("--max-events", type=click.IntRange(1), help="Moves in all, at most.")
@click.option("--to", "state", metavar="STATE", help="Only the shortest path there.")
@click.option(
    "--simple-paths",
    is_flag=True,
    help="With --to: all paths on which no situation comes twice.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="How many simple paths, the shortest first.",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="PATH",
    help="A path of the context that makes no difference.",
)
@click.option(
    "--only-given", is_flag=True, help="No samples that the definition suggests."
)
@click.option("--no-late", is_flag=True, help="No answers after their state was left.")
@click.option(
    "--strict",
    is_flag=True,
    help="Exit 1 for a deadlock or a state that is not reached.",
)
def explore(
    file: str,
    samples: str | None,
    given: str | None,
    machines: tuple[str, ...],
    written: str,
    output: Path | None,
    max_states: int,
    max_depth: int | None,
    max_events: int | None,
    state: str | None,
    simple_paths: bool,
    limit: int,
    ignore: tuple[str, ...],
    only_given: bool,
    no_late: bool,
    strict: bool,
) -> None:
    """Find all that can happen to a machine, and the shortest way to each thing.

    FILE is a definition in JSON or YAML, an SCXML document, or "-".  Sample events,
    answers and failures of effects, and the passing of time are tried in every
    situation that is reached; children are part of it.  What is not sampled is
    suggested by the definition: events without data or with data that its expressions
    read, schemas' examples, SQL guards that say yes and no.

    \b
    Samples, all of them optional:
        input: {total: 12}
        events: {accept: [{eta: 20}, {eta: 90}], cancel: []}
        effects: {charge: [{receipt: 7}, {error: {code: card}}]}
        functions: {shop.in_stock(text): [true, false]}

    \b
    Examples:
        pgsm explore order.json
        pgsm explore order.json --events samples.yaml --strict
        pgsm explore order.json --to paid --simple-paths
        pgsm explore order.json --format pytest -o tests/test_order_paths.py
    """
    if simple_paths and state is None:
        raise click.UsageError("--simple-paths goes with --to STATE")
    with _explained(), _progress() as progress:
        from ..testing import explore as search
        from ..testing.explore_samples import read

        source, children, places = _definitions(file, machines)
        wanted = read(samples)
        if given is not None:
            wanted.inputs = [_json(given)]
        wanted.ignore.extend(ignore)
        found = search(
            source,
            wanted,
            machines=children,
            derive=not only_given,
            max_states=max_states,
            max_depth=max_depth,
            max_events=max_events,
            late=not no_late,
            progress=progress,
        )
    paths = None if state is None else _paths(found, state, simple_paths, limit)
    base = Path() if output is None else output.parent
    beside = [_beside(place, base) for place in (file, *places)]
    _write(_text(found, written, paths, beside), output)
    if state is not None and not paths:
        _not_reached(found, state)
    if not found.situations or (strict and not found.ok):
        raise click.exceptions.Exit(1)


# -- what is explored ------------------------------------------------------------------


def _definitions(
    file: str, machines: tuple[str, ...]
) -> tuple[Json, list[Any], list[str]]:
    """The definition, those of children, and the files of these."""
    if Path(file).suffix.lower() == ".scxml":
        from ..formats import scxml

        loaded = scxml.load(Path(file)).machines
        (first, *others) = loaded.values()
        return first, [*others, *machines], list(machines)
    document = files.read_definition(file)
    if isinstance(document, dict) and "id" not in document and file != "-":
        document = {"id": Path(file).stem, **document}
    found = [*machines, *_named(document, file, machines)]
    return document, [Path(place) for place in found], found


def _named(document: Json, file: str, given: tuple[str, ...]) -> list[str]:
    """The files beside a file that are called like machines which it names."""
    from ..testing.explore_derive import machines

    if file == "-":
        return []
    found: dict[str, None] = {}
    waiting = [document, *(files.read_definition(place) for place in given)]
    known = {Path(file).stem, *(Path(place).stem for place in given)}
    while waiting:
        for name in machines(waiting.pop()):
            for suffix in SUFFIXES:
                place = Path(file).with_name(f"{Path(name).name}{suffix}")
                if name not in known and place.is_file():
                    known.add(name)
                    found[str(place)] = None
                    waiting.append(files.read_definition(place))
    return list(found)


def _json(text: str) -> Json:
    try:
        return exact.loads(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--input") from None


@contextmanager
def _explained() -> Iterator[None]:
    """Say what is wrong with files, and exit 1."""
    from ..testing import Refused, SamplesError

    try:
        yield
    except (FormatError, definition.DefinitionError) as error:
        lines = [f"{p.path}: {p.message}" for p in error.problems]
        fail("\n".join(lines), "pgsm check says more")
    except SamplesError as error:
        fail(str(error), "pgsm explore --help shows the shape of samples")
    except Refused as error:
        fail(error.message, error.hint)


# -- what is said ----------------------------------------------------------------------


@contextmanager
def _progress() -> Iterator[Callable[[Exploration, int], None] | None]:
    """Show how far it is where somebody watches."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    with console.status("exploring") as status:

        def show(found: Exploration, waiting: int) -> None:
            count = len(found.situations)
            if count % 50 == 0:
                moves = f"{found.tried} moves"
                status.update(f"{count} situations, {waiting} to look at, {moves}")

        yield show


def _paths(found: Exploration, state: str, simple: bool, limit: int) -> list[Way]:
    if simple:
        return found.simple_paths(state, limit=limit)
    path = found.to(state)
    return [] if path is None else [path]


def _text(
    found: Exploration, written: str, paths: list[Way] | None, beside: list[str]
) -> str:
    from ..testing import explore_report as report

    if written == "pytest":
        return report.as_pytest(found, beside[0], beside[1:], paths)
    if written == "json":
        value = report.as_json(found) if paths is None else report.paths_as_json(paths)
        return pretty(value) + "\n"
    if paths is None:
        return report.table(found)
    return "\n".join(report.describe(path) for path in paths)


def _beside(place: str, base: Path) -> str:
    """Where a file is, seen from a folder."""
    return place if place == "-" else Path(os.path.relpath(place, base)).as_posix()


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


def _not_reached(found: Exploration, state: str) -> None:
    """Say why there is no path to a state, and exit 1."""
    for missing in found.unreachable:
        if missing.place == state:
            fail(f'"{state}" is not reached: {missing.why}')
    known = ", ".join(found.configurations)
    fail(f'"{state}" is not reached', f"reached are {known}")
