"""`pgsm machine add`: a version of a machine as a migration."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from .. import migration_scripts as scripts
from .. import sqitch_project
from ..engine import definition, exact
from ..engine.definition import Checked
from ..formats import files
from ..formats.pretty import pretty
from .common import fail, json_option
from .definitions import name_of, read
from .tables import print_line, text

_NUMBER = re.compile(r"\.v(?P<number>[1-9]\d*)\.(json|ya?ml)$", re.I)
DIRECTORY = "machines"


@dataclass(frozen=True)
class Given:
    """What is to be added."""

    file: Path
    machine: str
    document: Any
    checked: Checked
    version: int | None
    make_current: bool


def add_options(command: Any) -> Any:
    """The options about the migration that `add` and `upgrade draft` share."""
    for option in (
        click.option(
            "-o",
            "--output",
            type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
            metavar="FILE",
            help='With --format sql: write this file; "-" is standard output.',
        ),
        click.option(
            "--format",
            "written",
            type=click.Choice(["sqitch", "sql"]),
            default="sqitch",
            show_default=True,
            help="sql: one file of plain SQL, for Alembic, Flyway, Prisma.",
        ),
        click.option(
            "--requires",
            multiple=True,
            metavar="CHANGE",
            help="A change that it needs, too; may be repeated.",
        ),
        click.option("--change", metavar="NAME", help="The name of the sqitch change."),
        click.option(
            "--project",
            "directory",
            type=click.Path(file_okay=False, exists=True, path_type=Path),
            default=Path(),
            metavar="DIR",
            help="The sqitch project; default: the one that this directory is in.",
        ),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@click.option(
    "--name",
    metavar="NAME",
    help="The machine's name; default: the document's \"id\", else the file's name.",
)
@click.option(
    "--version",
    type=click.IntRange(min=1),
    help="Its number; default: as in FILE.v2.json, else the next one of the plan.",
)
@click.option("--no-current", is_flag=True, help="New instances stay with the old one.")
@add_options
@json_option
def add(
    file: Path,
    name: str | None,
    version: int | None,
    no_current: bool,
    directory: Path,
    change: str | None,
    requires: tuple[str, ...],
    written: str,
    output: Path | None,
    as_json: bool,
) -> None:
    """Add a version of a machine to your sqitch project.

    Writes a change of its own: deploy, revert and verify scripts, by sqitch add.  They
    read the document from a file of this version, machines/order.v1.json, which is
    written where FILE is not such a file itself: go on editing FILE, and add it again
    for the next version.  Needs no database.

    \b
    Examples:
        pgsm machine add order.json
        pgsm machine add order.yaml --requires orders_table
        pgsm machine add order.json --format sql -o migrations/V7__order.sql
    """
    if output is not None and written != "sql":
        raise click.UsageError("--output goes with --format sql")
    document = read(str(file))
    checked = definition.check(document)
    if checked.problems:
        lines = "\n".join(f"{p.path}: {p.message}" for p in checked.problems)
        fail(f"{file} is no definition:\n{lines}", f"pgsm check {file} says more")
    in_name = _NUMBER.search(file.name)
    number = version or (int(in_name["number"]) if in_name else None)
    machine = name or name_of(document, str(file))
    given = Given(file, machine, document, checked, number, not no_current)
    if written == "sql":
        _write_sql(given, output, as_json)
    else:
        project = sqitch_project.find(directory)
        _write_change(given, project, change, requires, as_json)


# ---------------------------------------------------------------------------- a change


def _write_change(
    given: Given,
    project: sqitch_project.Project,
    change: str | None,
    requires: tuple[str, ...],
    as_json: bool,
) -> None:
    known = project.versions(given.machine)
    number = given.version or max(known, default=0) + 1
    before = max((n for n in known if n < number), default=None)
    name = change or f"{sqitch_project.change_name(given.machine)}_v{number}"
    if before is not None:
        _refuse_same(given, project, before)
    needed, missing = _needed(given, project, known.get(before or 0))
    needed = list(dict.fromkeys([*needed, *requires]))
    version = scripts.Version(given.machine, number, before, given.make_current)
    path = _document_path(given, project, number)
    about = scripts.Change(project.name, name, tuple(needed))
    texts = scripts.version_scripts(about, version, path.as_posix())
    _refuse_other(given, project.directory / path)
    note = f"Machine {given.machine}, version {number}"
    paths = sqitch_project.add(project, name, needed, note, texts)
    document = _write_document(given, project.directory / path)
    done = {
        "machine": given.machine,
        "version": number,
        "project": project.name,
        "change": name,
        "requires": needed,
        "files": [str(p) for p in [*document, *paths]],
    }
    _say(done, missing, before, as_json)


def _needed(
    given: Given, project: sqitch_project.Project, previous: str | None
) -> tuple[list[str], list[str]]:
    """The changes that have to be there first, and functions that none creates."""
    found = [previous or sqitch_project.PGSM]
    missing = []
    for function in dict.fromkeys(use.function for use in given.checked.functions):
        name = function.partition("(")[0].strip()
        change = project.change_creating(name)
        if change:
            found.append(change)
        elif not name.startswith(("pg_catalog.", "pgsm.")):
            missing.append(name)
    for child in _children(given.checked.document):
        versions = project.versions(child)
        if child != given.machine and versions:
            found.append(versions[max(versions)])
    return found, missing


def _children(value: Any) -> Iterator[str]:
    """The machines that a document invokes or spawns by name."""
    if isinstance(value, Mapping):
        if isinstance(value.get("machine"), str):
            yield value["machine"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _children(item)


def _refuse_same(given: Given, project: sqitch_project.Project, before: int) -> None:
    """A document that is a version already would not become another one."""
    path = project.directory / _standard_path(given, before)
    if path.is_file():
        old = definition.check(files.read_definition(path))
        if old.checksum == given.checked.checksum:
            fail(f"{given.file} is version {before} of {text(given.machine)} already")


def _refuse_other(given: Given, path: Path) -> None:
    """A file of that name that someone else has written is not overwritten."""
    if path.is_file() and path.read_text("utf-8-sig") != _json_of(given):
        fail(f"{shown(path)} exists and reads differently", "remove it, or rename it")


def _standard_path(given: Given, number: int) -> Path:
    name = sqitch_project.change_name(given.machine)
    return Path(DIRECTORY) / f"{name}.v{number}.json"


def _document_path(given: Given, project: sqitch_project.Project, number: int) -> Path:
    """Where psql reads the version's document, from the project's directory."""
    file = given.file.resolve()
    in_name = _NUMBER.search(file.name)
    is_its_own = in_name is not None and int(in_name["number"]) == number
    is_below = project.directory in file.parents
    if is_its_own and is_below and _is_whole(given, files.read_file(file)):
        return file.relative_to(project.directory)
    return _standard_path(given, number)


def _write_document(given: Given, path: Path) -> list[Path]:
    if path == given.file.resolve():
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_json_of(given), encoding="utf-8")
    return [path]


def _json_of(given: Given) -> str:
    """The document as JSON: as it is written, where that is JSON and all of it."""
    written = files.read_file(given.file)
    return written if _is_whole(given, written) else pretty(given.document) + "\n"


def _is_whole(given: Given, written: str) -> bool:
    """Whether psql can read the file itself: JSON that includes no other file."""
    if files.is_yaml(given.file, written):
        return False
    return bool(exact.loads(written) == given.document)


def _say(
    done: Mapping[str, Any], missing: list[str], before: int | None, as_json: bool
) -> None:
    for function in missing:
        message = (
            f"no change of the plan creates {text(function)}: --requires names one"
        )
        click.echo(click.style("note: ", fg="yellow") + message, err=True)
    if as_json:
        print_line({**done, "missing": missing})
        return
    machine, number = text(done["machine"]), done["version"]
    click.echo(f"{machine} is version {number} in change {done['change']}")
    say_files(done)
    if before is not None:
        draft = f"pgsm upgrade draft {machine} {before} {number}"
        click.echo(f"next: sqitch deploy; for those that run, {draft}")


def say_files(done: Mapping[str, Any]) -> None:
    """The files of a change, as seen from here, and what it requires."""
    if done["requires"]:
        click.echo(f"  requires {', '.join(done['requires'])}")
    for name in done["files"]:
        click.echo(f"  {shown(Path(name))}")


def shown(path: Path) -> str:
    """A path as seen from here."""
    return os.path.relpath(path)


# -------------------------------------------------------------------------- plain SQL


def _write_sql(given: Given, output: Path | None, as_json: bool) -> None:
    number = given.version or _next_beside(given)
    version = scripts.Version(given.machine, number, None, given.make_current)
    sql = scripts.version_sql(version, pretty(given.document))
    name = f"{sqitch_project.change_name(given.machine)}_v{number}.sql"
    done = {"machine": given.machine, "version": number}
    write_sql(sql, output or given.file.parent / name, done, as_json)


def _next_beside(given: Given) -> int:
    """One more than the highest version that stands beside the file."""
    name = sqitch_project.change_name(given.machine)
    pattern = re.compile(rf"{re.escape(name)}_v(\d+)\.sql")
    found = map(pattern.fullmatch, (p.name for p in given.file.parent.iterdir()))
    return max((int(match[1]) for match in found if match), default=0) + 1


def write_sql(sql: str, path: Path, done: Mapping[str, Any], as_json: bool) -> None:
    """Write a migration of plain SQL, and say so."""
    if str(path) == "-":
        click.echo(sql, nl=False)
        return
    if path.exists():
        fail(f"{shown(path)} exists", "--output names another file")
    path.write_text(sql, encoding="utf-8")
    if as_json:
        print_line({**done, "file": str(path)})
    else:
        click.echo(f"wrote {shown(path)}")
