"""`pgsm upgrade`: how running instances go to another version, looked at and done."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from .. import errors
from .common import dsn_option, fail, json_option
from .database import Row, call, connected, row, rows
from .tables import print_line, state, text
from .upgrade_diff import COLOURS, NOTHING, as_lines, as_markdown, as_rows
from .upgrade_draft import draft
from .upgrade_look import (
    check,
    failures,
    from_argument,
    machine_argument,
    path,
    preview,
    to_argument,
)
from .upgrade_run import run


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


for command in (check, draft, preview, run, failures, path):
    upgrade.add_command(command)


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


@upgrade.command()
@click.argument("instance_ids", nargs=-1, required=True, metavar="ID…")
@dsn_option
@json_option
def undo(instance_ids: tuple[str, ...], dsn: str, as_json: bool) -> None:
    """Take the last upgrade of instances back.

    Each is as it was before.  That can be done while nothing else has happened to it;
    else the reason is told, and the others are still undone.  "-" reads ids from
    standard input, one a line.

    Exits with 1 when one cannot be taken back.

    \b
    Examples:
        pgsm upgrade undo order-42
        pgsm instance list --version 2 --json | jq -r .instance_id | pgsm upgrade undo -
    """
    refused = 0
    with connected(dsn) as connection:
        for instance_id in _ids(instance_ids):
            try:
                done = call(connection, _UNDO, {"instance_id": instance_id})
            except (errors.UndoRefused, errors.UnknownInstance) as problem:
                refused += 1
                _say_refused(instance_id, problem, as_json)
            else:
                _say_undone(done, as_json)
    if refused:
        raise click.exceptions.Exit(1)


_UNDO = "select * from pgsm.undo_upgrade(%(instance_id)s)"


def _ids(given: tuple[str, ...]) -> Iterator[str]:
    for instance_id in given:
        if instance_id == "-":
            yield from filter(None, map(str.strip, sys.stdin))
        else:
            yield instance_id


def _say_refused(instance_id: str, problem: errors.PgsmError, as_json: bool) -> None:
    message = problem.diag.message_primary
    if as_json:
        code = problem.sqlstate
        print_line({"instance_id": instance_id, "code": code, "message": message})
    else:
        click.secho(text(message), fg="red", err=True)


def _say_undone(done: Row, as_json: bool) -> None:
    if as_json:
        print_line(done)
    else:
        where = f"version {done['version']}, in {state(done['value'])}"
        click.echo(f"{text(done['instance_id'])} is back on {where}")


@upgrade.command()
@machine_argument
@click.argument("given", metavar="[manual|lazy]", required=False)
@dsn_option
@json_option
def policy(machine: str, given: str | None, dsn: str, as_json: bool) -> None:
    """Show or set when instances follow the current version.

    manual: when they are told to.  lazy: each before its next event, timer or result,
    in the same transaction; one that cannot go stays, and is among the failures.

    \b
    Examples:
        pgsm upgrade policy order
        pgsm upgrade policy order lazy
    """
    if given not in (None, "manual", "lazy"):
        raise click.BadParameter("manual or lazy", param_hint="POLICY")
    asked = {"machine": machine, "policy": given}
    with connected(dsn) as connection:
        if given is not None:
            set_ = "select pgsm.set_upgrade_policy(%(machine)s, %(policy)s)"
            connection.execute(set_, asked)
        found = row(connection, _POLICY, asked)
    if found is None:
        fail(f'there is no machine "{machine}"', "pgsm machine list")
    elif as_json:
        print_line(found)
    else:
        current = f"version {found['current_version']} is current"
        click.echo(f"{text(machine)}: {found['upgrade_policy']}, {current}")


_POLICY = """
    select machine, upgrade_policy, current_version from pgsm.machines
    where machine = %(machine)s
"""
