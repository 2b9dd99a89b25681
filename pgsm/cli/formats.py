"""`pgsm import` and `pgsm export`: machines from and for other languages."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.markup import escape

from ..formats import files
from ..formats.common import Exported, FormatError, Imported, Problem
from ..formats.pretty import pretty
from .common import json_option

FORMATS = ("json", "yaml")
HOW_TO = "docs/how-to/move-from-xstate.md"

Command = TypeVar("Command", bound=Callable[..., Any])

file_argument = click.argument(
    "file", type=click.Path(dir_okay=False), default="-", metavar="[FILE]"
)
strict_option = click.option(
    "--strict", is_flag=True, help="Take warnings as errors: write nothing, exit 1."
)


def _output_option(help_text: str) -> Callable[[Command], Command]:
    return click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=help_text,
    )


def _import_options(command: Command) -> Command:
    options = (
        file_argument,
        _output_option(
            "Write here instead of standard output; further machines go beside it."
        ),
        click.option(
            "--format",
            "written",
            type=click.Choice(FORMATS),
            help="Default: by the name of the output, else json.",
        ),
        click.option("--name", help="The machine's name; default: as the file has it."),
        strict_option,
        json_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


# ----------------------------------------------------------------------------- import


@click.group("import")
def import_() -> None:
    """Read a machine that was written for something else.

    The definition goes to standard output or a file, what could not be carried to
    standard error, each with its place and what to write instead.

    \b
    Examples:
        pgsm import xstate machine.json -o order.json
        pgsm import scxml order.scxml --format yaml
    """


@import_.command("xstate")
@_import_options
def import_xstate(
    file: str,
    output: Path | None,
    written: str | None,
    name: str | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Read a machine of XState 5 or 4, as JSON (or YAML).

    FILE is what JSON.stringify(machine.config) or Stately's export gives, "-" or
    nothing being standard input.  Functions are not in JSON: an action, guard or delay
    that has only a name is declared, does nothing, is false or never comes, and is
    reported with what to write for it.

    \b
    Examples:
        pgsm import xstate machine.json -o order.json
        node -e 'console.log(JSON.stringify(require("./order.js").machine.config))' \\
            | pgsm import xstate --name order --format yaml
        pgsm import xstate machine.json --strict --json | jq .warnings
    """
    from ..formats import xstate

    complete = True

    def load() -> Imported:
        nonlocal complete
        document = files.read_definition(file)
        complete = xstate.keeps_functions(document)
        return xstate.load(document, name)

    imported = _imported(load, output, written, strict, as_json)
    if not complete and not as_json:
        _stderr().print(
            "note: JSON.stringify drops a guard, a context or an action that is a"
            f" function, mostly without a trace; {HOW_TO} has a way that keeps more"
        )
    _end(imported.warnings, strict)


@import_.command("scxml")
@_import_options
def import_scxml(
    file: str,
    output: Path | None,
    written: str | None,
    name: str | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Read an SCXML document, and the ones that it invokes.

    FILE is "-" or nothing for standard input.  Files that the document names are read
    from beside it.  Every <invoke> of a document of its own gives a further machine.

    \b
    Examples:
        pgsm import scxml order.scxml -o order.json
        pgsm import scxml order.scxml --format yaml | pgsm check -
    """
    from ..formats import scxml

    def load() -> Imported:
        source = files.read_file("-") if file == "-" else Path(file)
        try:
            return scxml.load(source, name=name)
        except OSError as error:
            message = f"the file cannot be read: {error.strerror}"
            raise FormatError([Problem(file, "no_file", message)]) from None

    imported = _imported(load, output, written, strict, as_json)
    _end(imported.warnings, strict)


def _imported(
    load: Callable[[], Imported],
    output: Path | None,
    written: str | None,
    strict: bool,
    as_json: bool,
) -> Imported:
    """What was read, after it has been written and its warnings shown."""
    try:
        imported = load()
    except FormatError as error:
        _refuse(error, as_json)
    refused = strict and bool(imported.warnings)
    places = {} if refused else _places(imported, output, written, as_json)
    for place, text in places.items():
        place.write_text(text, encoding="utf-8")
    if as_json:
        click.echo(pretty(_report(imported.warnings, imported.machines, places)))
    else:
        _show(imported.warnings, "warning")
        if not output and not refused:
            document = imported.document
            click.echo(_text(document, written or "json"), nl=False)
    return imported


def _places(
    imported: Imported, output: Path | None, written: str | None, as_json: bool
) -> dict[Path, str]:
    """The files to write, with their texts."""
    if output is None:
        if len(imported.machines) > 1 and not as_json:
            names = ", ".join(imported.machines)
            problem = Problem(
                "$",
                "several_machines",
                f"there are {len(imported.machines)} machines: {names}",
                "name a file for the first with --output; the others go beside it",
            )
            _refuse(FormatError([problem]), as_json)
        return {}
    suffix = output.suffix or f".{written or 'json'}"
    written = written or ("yaml" if suffix in (".yaml", ".yml") else "json")
    main, *others = imported.machines
    places = {output: _text(imported.machines[main], written)}
    for name in others:
        stem, number = _file_name(name), 1
        while (place := output.with_name(stem + suffix)) in places:
            number += 1
            stem = f"{_file_name(name)}-{number}"
        places[place] = _text(imported.machines[name], written)
    return places


def _file_name(machine: str) -> str:
    kept = "".join(c if c.isalnum() or c in "-_." else "_" for c in machine)
    return kept.strip(".") or "machine"


def _text(document: dict[str, Any], written: str) -> str:
    if written == "yaml":
        return files.to_yaml(document)
    return pretty(document) + "\n"


# ----------------------------------------------------------------------------- export


@click.group()
def export() -> None:
    """Write a machine for something else.

    \b
    Examples:
        pgsm export xstate order.json -o machine.json
        psql -Atc "select pgsm.machine_definition('order', '3')" | pgsm export scxml
    """


def _export_options(command: Command) -> Command:
    options = (
        file_argument,
        _output_option("Write here instead of standard output."),
        strict_option,
        json_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


@export.command("xstate")
@_export_options
def export_xstate(file: str, output: Path | None, strict: bool, as_json: bool) -> None:
    """Write a definition as JSON that XState 5's createMachine loads.

    FILE is a definition in JSON or YAML, "-" or nothing for standard input.  Guards and
    actions that are written in place get readable names, for their code to be given
    with setup(); what the names stand for is under "x-pgsm", so that the result can be
    imported again.

    \b
    Examples:
        pgsm export xstate order.json -o machine.json
        pgsm export xstate order.yaml | pgsm import xstate -
    """
    from ..formats import xstate

    _exported(lambda: xstate.dump(files.read_definition(file)), output, strict, as_json)


@export.command("scxml")
@_export_options
def export_scxml(file: str, output: Path | None, strict: bool, as_json: bool) -> None:
    """Write a definition as an SCXML document.

    FILE is a definition in JSON or YAML, "-" or nothing for standard input.

    \b
    Examples:
        pgsm export scxml order.json -o order.scxml
        pgsm export scxml order.yaml --strict > order.scxml
    """
    from ..formats import scxml

    _exported(lambda: scxml.dump(files.read_definition(file)), output, strict, as_json)


def _exported(
    dump: Callable[[], Exported], output: Path | None, strict: bool, as_json: bool
) -> None:
    try:
        text = dump()
    except FormatError as error:
        _refuse(error, as_json)
    refused = strict and bool(text.warnings)
    if output and not refused:
        output.write_text(text, encoding="utf-8")
    if as_json:
        report = _report(text.warnings, {}, [output] if output and not refused else [])
        click.echo(pretty({**report, "text": str(text)}))
    else:
        _show(text.warnings, "warning")
        if not output and not refused:
            click.echo(text, nl=False)
    _end(text.warnings, strict)


# ---------------------------------------------------------------------------- reports


def _report(warnings: list[Problem], machines: Any, written: Any) -> dict[str, Any]:
    """What `--json` prints."""
    return {
        "machines": machines,
        "warnings": [dataclasses.asdict(warning) for warning in warnings],
        "problems": [],
        "written": [str(place) for place in written],
    }


def _refuse(error: FormatError, as_json: bool) -> Any:
    """Show what is wrong and end with exit code 1."""
    if as_json:
        problems = [dataclasses.asdict(problem) for problem in error.problems]
        report = {"machines": {}, "warnings": [], "problems": problems, "written": []}
        click.echo(pretty(report))
    else:
        _show(error.problems, "error")
    raise click.exceptions.Exit(1)


def _show(problems: list[Problem], kind: str) -> None:
    """Print problems on standard error: where, what, and what to do."""
    out = _stderr()
    colour = "red" if kind == "error" else "yellow"
    for problem in problems:
        path, message = escape(problem.path), escape(problem.message)
        out.print(f"[bold {colour}]{kind}:[/] [bold]{path}[/]: {message}")
        if problem.hint:
            out.print(f"    {escape(problem.hint)}")


def _stderr() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True)


def _end(warnings: list[Problem], strict: bool) -> None:
    if strict and warnings:
        raise click.exceptions.Exit(1)
