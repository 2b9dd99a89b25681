"""`pgsm diagram`: a machine, an instance or an upgrade as a picture."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..engine import definition, diagram, exact
from ..formats import files
from ..formats.common import FormatError
from .common import dsn_option, fail

if TYPE_CHECKING:
    import psycopg

Json = Any
SUFFIXES = (".json", ".yaml", ".yml", ".scxml")


@dataclass(frozen=True)
class Shown:
    """What is to be drawn: a machine, or two versions and the map between them."""

    document: Json
    active: Collection[str] = ()
    new: Json = None
    states: Json = None
    titles: tuple[str, str] = ("old version", "new version")


@click.command("diagram")
@click.argument("names", nargs=-1, metavar="[FILE|MACHINE] [NEW_FILE]")
@click.option(
    "--format",
    "written",
    type=click.Choice(["mermaid", "dot", "svg", "png"]),
    help="Default: what the name of --output ends in, else mermaid.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write here instead of standard output.",
)
@click.option("--version", type=int, help="Of MACHINE; default: its current one.")
@click.option(
    "--instance", metavar="ID", help="Its machine, the active states in colour."
)
@click.option(
    "--upgrade",
    metavar="OLD:NEW",
    help="Two versions of MACHINE, and the declared map between their states.",
)
@click.option(
    "--map",
    "map_file",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help='With two files: old states to new ones, as {"old": "new", "gone": null}.',
)
@dsn_option
def diagram_command(
    names: tuple[str, ...],
    written: str | None,
    output: Path | None,
    version: int | None,
    instance: str | None,
    upgrade: str | None,
    map_file: str | None,
    dsn: str,
) -> None:
    """Draw a machine.

    FILE is a definition in JSON, YAML or SCXML, or "-" for standard input; MACHINE is
    one of the database.  Mermaid is text that GitHub and others draw in Markdown; SVG
    and PNG are drawn by Graphviz.

    \b
    Examples:
        pgsm diagram order.json -o order.svg
        pgsm diagram order --version 2 --dsn postgresql://db.example/shop
        pgsm diagram --instance order-42 -o order-42.png
        pgsm diagram order --upgrade 1:2 -o upgrade.svg
        pgsm diagram order.v1.json order.v2.json --map map.json -o upgrade.svg

    Exit codes: 0 done, 1 failed, 2 wrong usage.
    """
    _check_usage(names, version, instance, upgrade, map_file)
    if len(names) == 2:
        shown = _two_files(names[0], names[1], map_file)
    elif names and not instance and _is_file(names[0]):
        shown = Shown(_document(names[0]))
    else:
        shown = _from_database(dsn, names, version, instance, upgrade)
    data = _draw(shown, written or _format_of(output))
    if output is None:
        click.echo(data, nl=False)
    else:
        output.write_bytes(data)


def _check_usage(
    names: tuple[str, ...],
    version: int | None,
    instance: str | None,
    upgrade: str | None,
    map_file: str | None,
) -> None:
    wrong = None
    if len(names) > 2 or not (names or instance):
        wrong = "one definition is wanted, or two for an upgrade, or --instance"
    elif len(names) == 2 and (instance or upgrade or version is not None):
        wrong = "--instance, --upgrade and --version take no second file"
    elif map_file and len(names) != 2:
        wrong = "--map is for two files"
    elif sum(option is not None for option in (version, instance, upgrade)) > 1:
        wrong = "--version, --instance and --upgrade exclude each other"
    elif len(names) == 1 and (upgrade or version is not None) and _is_file(names[0]):
        wrong = f"{names[0]} is a file: it has no other version"
    if wrong:
        raise click.UsageError(wrong)


def _format_of(output: Path | None) -> str:
    suffix = output.suffix.lower().removeprefix(".") if output else ""
    return suffix if suffix in ("dot", "svg", "png") else "mermaid"


def _draw(shown: Shown, written: str) -> bytes:
    from ..formats import dot, graphviz

    if written == "mermaid":
        if shown.new is not None:
            text = diagram.upgrade(
                shown.document, shown.new, shown.states, shown.titles
            )
        else:
            text = diagram.mermaid(shown.document, shown.active)
        return text.encode()
    if shown.new is not None:
        text = dot.upgrade_to_dot(shown.document, shown.new, shown.states, shown.titles)
    else:
        text = dot.to_dot(shown.document, shown.active)
    return text.encode() if written == "dot" else graphviz.draw(text, written)


# ------------------------------------------------------------------------ from files


def _is_file(name: str) -> bool:
    path = Path(name)
    return name == "-" or path.suffix.lower() in SUFFIXES or path.is_file()


def _document(name: str) -> Json:
    """The normal form of a file's definition, or the end with what is wrong."""
    try:
        if name.lower().endswith(".scxml"):
            from ..formats import scxml

            raw: Json = scxml.load(Path(name)).document
        else:
            raw = files.read_definition(name)
    except FormatError as error:
        fail("\n       ".join(f"{name}: {p.path}: {p.message}" for p in error.problems))
    checked = definition.check(raw)
    if checked.document is None:
        first = checked.problems[0]
        message = f"{name} has problems; the first: {first.path}: {first.message}"
        fail(message, f"pgsm check {name}")
    return checked.document


def _two_files(old: str, new: str, map_file: str | None) -> Shown:
    states: Json = {}
    if map_file:
        try:
            states = files.read_definition(map_file)
        except FormatError as error:
            fail(f"{map_file}: {error}")
        if isinstance(states, dict) and isinstance(states.get("states"), dict):
            states = states["states"]
    return Shown(_document(old), new=_document(new), states=_map(states, map_file))


def _map(states: Json, place: str | None) -> dict[str, Json]:
    """The map of states, or the end where it is none."""
    if not isinstance(states, dict):
        fail(f"{place}: a map of states is an object")
    for old, new in states.items():
        targets = new if isinstance(new, list) else [new]
        if new is not None and not all(isinstance(item, str) for item in targets):
            fail(f'{place}: "{old}" maps to a state, a list of states, or null')
    return dict(states)


# --------------------------------------------------------------------- from a database


def _from_database(
    dsn: str,
    names: tuple[str, ...],
    version: int | None,
    instance: str | None,
    upgrade: str | None,
) -> Shown:
    import psycopg

    with psycopg.connect(dsn) as connection:
        if instance:
            return _instance(connection, instance, names)
        if upgrade:
            return _versions(connection, names[0], *_two_versions(upgrade))
        return Shown(_definition(connection, names[0], version))


def _definition(
    connection: psycopg.Connection, machine: str, version: int | None
) -> Json:
    query = "select pgsm.machine_definition(%s, %s)::text"
    row = connection.execute(query, [machine, version]).fetchone()
    assert row is not None
    return exact.loads(row[0])


def _instance(
    connection: psycopg.Connection, instance: str, names: tuple[str, ...]
) -> Shown:
    query = "select machine, version, states from pgsm.get_instance(%s)"
    row = connection.execute(query, [instance]).fetchone()
    assert row is not None
    machine, version, states = row
    if names and _is_file(names[0]):
        return Shown(_document(names[0]), states)
    if names and names[0] != machine:
        fail(f'instance "{instance}" is of machine "{machine}", not "{names[0]}"')
    return Shown(_definition(connection, machine, version), states)


def _two_versions(text: str) -> tuple[int, int]:
    old, _, new = text.partition(":")
    if not (old.isdecimal() and new.isdecimal()):
        raise click.UsageError(f"--upgrade wants two versions, as 1:2, not {text!r}")
    return int(old), int(new)


def _versions(
    connection: psycopg.Connection, machine: str, old: int, new: int
) -> Shown:
    query = (
        "select states from pgsm.upgrades"
        " where machine = %s and from_version = %s and to_version = %s"
    )
    row = connection.execute(query, [machine, old, new]).fetchone()
    return Shown(
        _definition(connection, machine, old),
        new=_definition(connection, machine, new),
        states=row[0] if row else {},
        titles=(f"version {old}", f"version {new}"),
    )
