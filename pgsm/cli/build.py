"""`pgsm build`: a definition of several files as one document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..formats import files, include, include_schema
from ..formats.common import FormatError
from ..formats.pretty import pretty
from .common import fail

Json = Any


@click.command()
@click.argument("file", required=False, metavar="FILE")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write here instead of standard output.",
)
@click.option(
    "--format",
    "written",
    type=click.Choice(["json", "yaml"]),
    help="Default: what the name of --output ends in, else json.",
)
@click.option("--schema", is_flag=True, help="Print the JSON Schema for editors.")
def build(
    file: str | None, output: Path | None, written: str | None, schema: bool
) -> None:
    """Put a definition of several files together.

    FILE is in JSON or YAML, "-" for standard input.  {"$include":
    "lib/payment.yaml#/states/payment", "with": {"amount": 5}} becomes what is there,
    with "${amount}" replaced; other keys are put to it.  All commands that read
    definitions do the same: build is for what is to be seen, kept or sent.

    \b
    Examples:
        pgsm build order.yaml
        pgsm build order.yaml -o build/order.json
        pgsm check order.yaml
        pgsm build --schema > machine.schema.json

    Exit codes: 0 done, 1 failed, 2 wrong usage.
    """
    if schema:
        click.echo(pretty(include_schema.schema()))
        return
    if file is None:
        raise click.UsageError("a FILE is wanted")
    if file != "-" and not Path(file).is_file():
        raise click.BadParameter(f"there is no file {file!r}", param_hint="FILE")
    text = _text(_read(file), written or _format_of(output))
    if output is None:
        click.echo(text, nl=False)
    else:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")


def _read(file: str) -> Json:
    try:
        return include.read(file).value
    except FormatError as error:
        first = error.problems[0]
        fail(
            "\n       ".join(f"{p.path}: {p.message}" for p in error.problems),
            first.hint,
        )


def _format_of(output: Path | None) -> str:
    suffix = output.suffix.lower() if output else ""
    return "yaml" if suffix in (".yaml", ".yml") else "json"


def _text(document: Json, written: str) -> str:
    return files.to_yaml(document) if written == "yaml" else pretty(document) + "\n"
