"""`pgsm upgrade`: how running instances go to another version, looked at and done."""

from __future__ import annotations

import click

from .common import dsn_option, json_option
from .database import call, connected, row, rows
from .tables import print_line
from .upgrade_diff import COLOURS, NOTHING, as_lines, as_markdown, as_rows

machine_argument = click.argument("machine", metavar="MACHINE")
from_argument = click.argument("from_version", metavar="FROM", type=int)
to_argument = click.argument("to_version", metavar="TO", type=int)


@click.group()
def upgrade() -> None:
    """Take running instances to another version of their machine, and back.

    \b
    Examples:
        pgsm upgrade check order 1 2
        pgsm upgrade preview order 2
        pgsm upgrade run order 2 --max-instances 100
        pgsm upgrade failures
    """


@upgrade.command()
@machine_argument
@from_argument
@to_argument
@click.option(
    "--format",
    "written",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="Markdown has diagrams of both versions; json is a line a difference.",
)
@dsn_option
@json_option
def diff(
    machine: str,
    from_version: int,
    to_version: int,
    written: str,
    dsn: str,
    as_json: bool,
) -> None:
    """Show what differs between two versions of a machine.

    \b
    Examples:
        pgsm upgrade diff order 1 2
        pgsm upgrade diff order 1 2 --format markdown > comment.md
        pgsm upgrade diff order 1 2 --json | jq -r .name
    """
    asked = {"machine": machine, "from": from_version, "to": to_version}
    with connected(dsn) as connection:
        found = rows(connection, _DIFF, asked)
        if written == "markdown" and not as_json:
            documents = call(connection, _DOCUMENTS, asked)
            declared = row(connection, _MAP, asked)
    if as_json or written == "json":
        for each in as_rows(found):
            print_line(each)
    elif written == "markdown":
        title = f"{machine}: version {from_version} to {to_version}"
        both = (documents["old"], documents["new"])
        states = declared and declared["states"]
        click.echo(as_markdown(found, title, both, states))
    else:
        for change, line in as_lines(found):
            click.secho(line, fg=COLOURS[change])
        if not found:
            click.echo(NOTHING, err=True)


_DIFF = "select * from pgsm.diff_versions(%(machine)s, %(from)s, %(to)s)"
_DOCUMENTS = """
    select
        pgsm.machine_definition(%(machine)s, %(from)s) as old,
        pgsm.machine_definition(%(machine)s, %(to)s) as new
"""
_MAP = """
    select states from pgsm.upgrades
    where machine = %(machine)s and from_version = %(from)s and to_version = %(to)s
"""
