"""`pgsm check`: what is wrong with definitions, before they are defined."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from ..formats.common import Problem
from .check_sources import Ask, Found, Report, check_file
from .common import console, json_option, print_json

COLOURS = {"error": "red", "warning": "yellow"}


def _files(
    context: click.Context, parameter: click.Parameter, names: tuple[str, ...]
) -> tuple[str, ...]:
    for name in names:
        if name != "-" and not Path(name).is_file():
            raise click.BadParameter(f"there is no file {name!r}")
    if names.count("-") > 1:
        raise click.BadParameter("standard input can be read once only")
    return names


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…", callback=_files)
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings, too.")
@click.option(
    "--dsn",
    metavar="DSN",
    help="Let this database check functions and delays as well; nothing is defined. "
    '"" is libpq\'s own environment (PGHOST, PGDATABASE, …).',
)
@json_option
def check(files: tuple[str, ...], strict: bool, dsn: str | None, as_json: bool) -> None:
    """Say what is wrong with definitions, and what is hardly meant.

    FILE is a definition in JSON or YAML 1.2, an SCXML document (.scxml), or "-" for
    standard input.  All problems are reported at once, each with its place, a code and
    what to do about it.  A definition without problems gets warnings about states that
    nothing leads to, transitions that are never taken, and the like;
    "x-ignore": ["code"] on a state, or on any object, takes them back there.

    \b
    Examples:
        pgsm check order.json
        pgsm check --strict machines/*.yaml
        pgsm check order.json --dsn postgresql://author@db.example/shop
        pgsm import xstate machine.json | pgsm check -
        pgsm check order.json --json | jq '.files[].problems'

    Exit codes: 0 nothing wrong, 1 problems (with --strict: or warnings), 2 wrong usage.
    """
    with _asking(dsn) as ask:
        reports = [report for file in files for report in check_file(file, ask)]
    if as_json:
        print_json({"files": [_as_json(report) for report in reports]})
    else:
        out = console()
        for report in reports:
            _show(out, report)
    if any(report.problems or (strict and report.warnings) for report in reports):
        raise click.exceptions.Exit(1)


@contextmanager
def _asking(dsn: str | None) -> Iterator[Ask | None]:
    """What asks the database about a document, in a transaction that is undone."""
    if dsn is None:
        yield None
        return
    import psycopg

    with psycopg.connect(dsn) as connection:

        def ask(document: str) -> list[Problem]:
            query = (
                "select path, code, message, hint from pgsm.check_definition(%s::json)"
            )
            return [Problem(*row) for row in connection.execute(query, [document])]

        try:
            yield ask
        finally:
            connection.rollback()


# ----------------------------------------------------------------------------- output


def _as_json(report: Report) -> dict[str, Any]:
    return {
        "file": report.name,
        "problems": [_found_as_json(found) for found in report.problems],
        "warnings": [_found_as_json(found) for found in report.warnings],
        "database": report.asked,
    }


def _found_as_json(found: Found) -> dict[str, Any]:
    line, column = found.place.line or None, found.place.column or None
    what = {**dataclasses.asdict(found.what), "path": found.place.path}
    other = {"file": found.place.file} if found.place.file else {}
    return {**what, "line": line, "column": column, **other}


def _show(out: Console, report: Report) -> None:
    show = _show_to_people if out.is_terminal else _show_plainly
    for kind, group in (("error", report.problems), ("warning", report.warnings)):
        for found in group:
            show(out, report, kind, found)
    out.print(_summary(report), markup=False)


def _where(report: Report, found: Found) -> str:
    place = found.place
    name = place.file or report.name
    return f"{name}:{place.line}:{place.column}" if place.line else name


def _show_plainly(out: Console, report: Report, kind: str, found: Found) -> None:
    what = found.what
    where, path = _where(report, found), found.place.path
    line = f"{where}: {kind}: {path}: {what.message} ({what.code})"
    out.print(line, markup=False)
    if what.hint:
        out.print(f"    hint: {what.hint}", markup=False)


def _show_to_people(out: Console, report: Report, kind: str, found: Found) -> None:
    what, place, colour = found.what, found.place, COLOURS[kind]
    out.print(f"[bold {colour}]{kind}[/] [{colour}]{what.code}[/]: ", end="")
    out.print(f"[bold]{escape(what.message)}[/]")
    out.print(f"  [dim]{escape(_where(report, found))}  {escape(place.path)}[/]")
    if report.positions is not None and place.line:
        text = report.positions.text(place).replace("\t", " ")
        number = str(place.line)
        start = max(place.column - 60, 0)
        excerpt = text[start : start + 100]
        out.print(f"  [dim]{number} │[/] {escape(excerpt)}")
        caret = " " * (place.column - 1 - start) + "^"
        out.print(f"  [dim]{' ' * len(number)} │[/] [{colour}]{caret}[/]")
    if what.hint:
        out.print(f"  [green]hint:[/] {escape(what.hint)}")
    out.print()


def _summary(report: Report) -> str:
    counts = [
        _count(len(report.problems), "problem"),
        _count(len(report.warnings), "warning"),
    ]
    text = f"{report.name}: {', '.join(counts)}"
    left = [_count(number, what) for what, number in report.left.items() if number]
    if report.asked:
        return f"{text}; the database has checked it, nothing is defined"
    return f"{text}; with --dsn a database checks {_listed(left)}" if left else text


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(parts) + " more closely"
