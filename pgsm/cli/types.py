"""`pgsm types`: names and data of machines as Python types."""

from __future__ import annotations

from pathlib import Path

import click

from ..types import Machine, module_of
from ..types_schema import Numbers
from .common import dsn_option, fail
from .diagram import _definition, _document, _is_file


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="FILE|MACHINE…")
@click.option("--version", type=int, help="Of MACHINE; default: its current one.")
@click.option(
    "--numbers",
    type=click.Choice(["exact", "float"]),
    default="exact",
    show_default=True,
    help="As the client has them: int and Decimal, or float.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write here instead of standard output.",
)
@click.option("--check", is_flag=True, help="Only say whether --output is up to date.")
@dsn_option
def types(
    names: tuple[str, ...],
    version: int | None,
    numbers: Numbers,
    output: Path | None,
    check: bool,
    dsn: str,
) -> None:
    """Write a Python module with the types of machines.

    Literals for states, events, tags, keys and effects; TypedDicts for what
    contextSchema, inputSchema, eventSchemas and the schemas of effects describe. FILE
    is a definition in JSON, YAML or SCXML; MACHINE is one of the database. The module
    is formatted as ruff does, and right for mypy --strict.

    \b
    Examples:
        pgsm types order > order_types.py
        pgsm types machines/order.json machines/review.json -o app/machines.py
        pgsm types machines/order.json -o app/machines.py --check

    Exit codes: 0 done, 1 failed or not up to date, 2 wrong usage.
    """
    if check and output is None:
        raise click.UsageError("--check wants --output")
    if version is not None and (len(names) > 1 or _is_file(names[0])):
        raise click.UsageError("--version goes with one MACHINE")
    text = module_of([_machine(name, version, dsn) for name in names], numbers)
    if output is None:
        click.echo(text, nl=False)
    elif not check:
        output.write_text(text, "utf-8")
    elif not output.exists() or output.read_text("utf-8") != text:
        fail(f"{output} is not up to date", "write it again without --check")


def _machine(name: str, version: int | None, dsn: str) -> Machine:
    if _is_file(name):
        document = _document(name)
        return Machine(document.get("id") or Path(name).stem, document)
    import psycopg

    with psycopg.connect(dsn) as connection:
        if version is None:
            row = connection.execute(
                "select current_version from pgsm.machines where machine = %s", [name]
            ).fetchone()
            version = row[0] if row else None
        return Machine(name, _definition(connection, name, version), version)
