"""`pgsm diff`: what differs between two definitions, in files or in a database."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from ..engine import definition
from ..formats import files
from ..formats.common import FormatError
from ..formats.parts import differences
from .common import dsn_option, fail, json_option
from .tables import print_line
from .upgrade_diff import COLOURS, NOTHING, as_lines, as_markdown, as_rows

Json = Any
SUFFIXES = (".json", ".yaml", ".yml")
_VERSION = re.compile(r"(?P<name>.+?)(?::(?P<version>[1-9]\d*))?")


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option(
    "--format",
    "written",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="Markdown has diagrams of both; json is a line a difference.",
)
@click.option(
    "--map",
    "map_file",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help='Draw this map between them: {"old": "new", "gone": null}.',
)
@click.option("--exit-code", is_flag=True, help="Exit with 1 where they differ.")
@dsn_option
@json_option
def diff(
    old: str,
    new: str,
    written: str,
    map_file: str | None,
    exit_code: bool,
    dsn: str,
    as_json: bool,
) -> None:
    """Show what differs between two definitions.

    OLD and NEW are files in JSON or YAML, "-" for standard input, or machines of a
    database, as order or order:2 (else the current version).  Order of keys and the
    ways to write the same make no difference.

    \b
    Examples:
        pgsm diff order.v1.json order.v2.json
        pgsm diff order order.yaml --dsn postgresql://viewer@db.example/shop
        git show main:order.json | pgsm diff - order.json --format markdown > comment.md
        pgsm diff order:1 order:2 --json | jq -r .name

    Exit codes: 0 done, 1 failed (with --exit-code: or they differ), 2 wrong usage.
    """
    if old == new == "-":
        raise click.UsageError("standard input can be read once only")
    before, after = _document(old, dsn), _document(new, dsn)
    found = differences(before, after)
    if as_json or written == "json":
        for each in as_rows(found):
            print_line(each)
    elif written == "markdown":
        states = _map(map_file) if map_file else None
        title = f"`{_shown(old)}` to `{_shown(new)}`"
        click.echo(as_markdown(found, title, (before, after), states))
    else:
        for change, line in as_lines(found):
            click.secho(line, fg=COLOURS[change])
        if not found:
            click.echo(NOTHING, err=True)
    if found and exit_code:
        raise click.exceptions.Exit(1)


def _shown(name: str) -> str:
    return "before" if name == "-" else name.replace("`", "'")


def _document(name: str, dsn: str) -> Json:
    """A definition in normal form, or the end with what is wrong with it."""
    place = Path(name)
    is_named_like_a_file = place.suffix.lower() in SUFFIXES
    if name != "-" and not place.is_file():
        if is_named_like_a_file:
            raise click.BadParameter(f"there is no file {name!r}")
        return _of_database(name, dsn)
    try:
        checked = definition.check(files.read_definition(name))
    except FormatError as error:
        fail("\n       ".join(f"{name}: {p.path}: {p.message}" for p in error.problems))
    if checked.document is None:
        first = checked.problems[0]
        message = f"{name} has problems; the first: {first.path}: {first.message}"
        fail(message, f"pgsm check {name}")
    return checked.document


def _of_database(name: str, dsn: str) -> Json:
    from .database import call, connected

    match = _VERSION.fullmatch(name)
    assert match is not None
    version = match["version"] and int(match["version"])
    asked = {"machine": match["name"], "version": version}
    query = "select pgsm.machine_definition(%(machine)s, %(version)s) as found"
    with connected(dsn) as connection:
        return call(connection, query, asked)["found"]


def _map(file: str) -> dict[str, Json]:
    try:
        states = files.read_definition(file)
    except FormatError as error:
        fail(f"{file}: {error}")
    if isinstance(states, dict) and isinstance(states.get("states"), dict):
        states = states["states"]
    if not isinstance(states, dict):
        fail(f"{file}: a map of states is an object")
    return dict(states)
