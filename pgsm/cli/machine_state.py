"""`pgsm machine current | pause | resume`: which version runs, and whether."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from .common import dsn_option, json_option
from .database import call, connected
from .tables import print_line, text

if TYPE_CHECKING:
    from typing_extensions import LiteralString

name_argument = click.argument("name", metavar="NAME")
version_option = click.option(
    "--version", type=int, help="This version only; default: all versions."
)


@click.command()
@name_argument
@click.argument("version", type=int)
@dsn_option
@json_option
def current(name: str, version: int, dsn: str, as_json: bool) -> None:
    """Say which version new instances start with.

    Those that run stay on theirs, unless the machine's upgrades are lazy.

    \b
    Example:
        pgsm machine current order 2
    """
    query = "select pgsm.set_current_version(%(name)s, %(version)s)"
    _do(
        dsn,
        query,
        {"name": name, "version": version},
        as_json,
        lambda which: f"new instances of {text(name)} start with {which}",
    )


@click.command()
@name_argument
@version_option
@dsn_option
@json_option
def pause(name: str, version: int | None, dsn: str, as_json: bool) -> None:
    """Stop all instances of a machine, or of a version, at once.

    Sent events and new instances are refused until pgsm machine resume; timers, posted
    events and results of effects wait.  Upgrades go on.

    \b
    Examples:
        pgsm machine pause order --version 2
        pgsm machine pause order
    """
    query = "select pgsm.pause_machine(%(name)s, %(version)s)"
    _do(
        dsn,
        query,
        {"name": name, "version": version},
        as_json,
        lambda which: f"{which} of {text(name)} is paused",
    )


@click.command()
@name_argument
@version_option
@dsn_option
@json_option
def resume(name: str, version: int | None, dsn: str, as_json: bool) -> None:
    """Let a paused machine go on: what has waited is due.

    \b
    Example:
        pgsm machine resume order --version 2
    """
    query = "select pgsm.resume_machine(%(name)s, %(version)s)"
    _do(
        dsn,
        query,
        {"name": name, "version": version},
        as_json,
        lambda which: f"{which} of {text(name)} goes on",
    )


def _do(
    dsn: str,
    query: LiteralString,
    asked: dict[str, Any],
    as_json: bool,
    words: Callable[[str], str],
) -> None:
    with connected(dsn) as connection:
        call(connection, query, asked)
    if as_json:
        print_line({"machine": asked["name"], "version": asked["version"]})
    else:
        version = asked["version"]
        click.echo(words("each version" if version is None else f"version {version}"))
