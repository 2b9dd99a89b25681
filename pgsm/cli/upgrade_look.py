"""`pgsm upgrade check`, `preview`, `path`, `failures`: before an upgrade, and after."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import click

from .common import dsn_option, fail, json_option
from .database import Row, call, connected, rows
from .options import limit_option, machine_option, warn_of_more
from .tables import (
    Columns,
    print_facts,
    print_line,
    print_rows,
    safe,
    state,
    text,
    value_text,
)

machine_argument = click.argument("machine", metavar="MACHINE")
from_argument = click.argument("from_version", metavar="FROM", type=int)
to_argument = click.argument("to_version", metavar="TO", type=int)

COVERAGE: Columns = [
    ("kind", "kind"),
    ("name", "name"),
    ("instances", "instances"),
    ("becomes", "target"),
    ("problem", "problem"),
    ("hint", "hint"),
]
PATH: Columns = [
    ("step", "step"),
    ("from", "old_version"),
    ("to", "new_version"),
    ("declared", lambda r: r["declared_at"] or "nothing: each state stays as it is"),
]
FAILURES: Columns = [
    ("instance", "instance_id"),
    ("machine", "machine"),
    ("from", "from_version"),
    ("to", "to_version"),
    ("failed", "failed_at"),
    ("code", "code"),
    ("message", "message"),
]


def count(number: int, what: str) -> str:
    """A number and its noun."""
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


# ------------------------------------------------------------------------------- check


@click.command()
@machine_argument
@from_argument
@to_argument
@dsn_option
@json_option
def check(
    machine: str, from_version: int, to_version: int, dsn: str, as_json: bool
) -> None:
    """Count what would become of a version's running instances.

    A row for each configuration, state, history value, timer, running effect and child
    that they have: how many, what it becomes, or why it cannot go.  Nothing is run:
    what a function over the context refuses, pgsm upgrade preview finds.

    Exits with 1 when something cannot go.

    \b
    Examples:
        pgsm upgrade check order 1 2
        pgsm upgrade check order 1 2 --json | jq 'select(.problem)'
    """
    query = "select * from pgsm.check_upgrade(%(machine)s, %(from)s, %(to)s)"
    asked = {"machine": machine, "from": from_version, "to": to_version}
    with connected(dsn) as connection:
        found = rows(connection, query, asked)
    print_rows(
        found, COVERAGE, as_json, none=f"no instance runs on version {from_version}"
    )
    problems = [each for each in found if each["problem"]]
    if found and not as_json:
        click.echo(_verdict(found, problems), err=True)
    if problems:
        raise click.exceptions.Exit(1)


def _verdict(found: list[Row], problems: list[Row]) -> str:
    running = sum(e["instances"] for e in found if e["kind"] == "configuration")
    if problems:
        rows_ = count(len(problems), "row")
        return f"{count(running, 'instance')}; {rows_} above cannot go"
    return f"{count(running, 'instance')}: all can go, as far as their states tell"


@click.command()
@machine_argument
@from_argument
@to_argument
@dsn_option
@json_option
def path(
    machine: str, from_version: int, to_version: int, dsn: str, as_json: bool
) -> None:
    """Show the declared upgrades that lead from one version to another.

    \b
    Example:
        pgsm upgrade path order 1 3
    """
    query = "select * from pgsm.upgrade_path(%(machine)s, %(from)s, %(to)s)"
    asked = {"machine": machine, "from": from_version, "to": to_version}
    with connected(dsn) as connection:
        found = rows(connection, query, asked)
    print_rows(found, PATH, as_json, none="the two versions are the same")


# ----------------------------------------------------------------------------- preview


@click.command()
@machine_argument
@click.argument("version", type=int)
@click.option("--instance", "instance_id", metavar="ID", help="This one, in full.")
@click.option(
    "--max-instances",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    metavar="N",
    help="A sample of so many, some of each configuration.",
)
@dsn_option
@json_option
def preview(
    machine: str,
    version: int,
    instance_id: str | None,
    max_instances: int,
    dsn: str,
    as_json: bool,
) -> None:
    """Show what an upgrade to VERSION would make of instances.

    Each is really upgraded, and rolled back; meanwhile it is locked.  Exits with 1
    when one cannot go.

    \b
    Examples:
        pgsm upgrade preview order 2
        pgsm upgrade preview order 2 --instance order-42
        pgsm upgrade preview order 2 --max-instances 1000 --json | jq 'select(.code)'
    """
    asked = {"machine": machine, "version": version, "max": max_instances}
    with connected(dsn) as connection:
        if instance_id is None:
            found = rows(connection, _PREVIEWS, asked)
        else:
            asked["instance_id"] = instance_id
            _check_machine(connection, asked)
            found = [call(connection, _PREVIEW, asked)]
    if as_json:
        for each in found:
            print_line(each)
    elif instance_id is not None:
        _show(found[0])
    else:
        _show_sample(found, version)
    if any(each["code"] for each in found):
        raise click.exceptions.Exit(1)


_PREVIEWS = """
    select * from pgsm.preview_upgrades(%(machine)s, %(version)s, %(max)s)
"""
_PREVIEW = "select * from pgsm.preview_upgrade(%(instance_id)s, %(version)s)"
_MACHINE = "select * from pgsm.get_instance(%(instance_id)s)"


def _check_machine(connection: Any, asked: Mapping[str, Any]) -> None:
    """A slip in the id shall not show another machine's upgrade."""
    found = call(connection, _MACHINE, asked)
    if found["machine"] != asked["machine"]:
        fail(
            f'instance "{asked["instance_id"]}" is of machine "{found["machine"]}",'
            f' not "{asked["machine"]}"'
        )


def _show(found: Row) -> None:
    """One instance: what it has now and what it would have."""
    before, after = found["before"], found["after"]
    title = f"{text(found['instance_id'])}: version {found['from_version']}"
    click.secho(f"{title} → {found['to_version']}", bold=True)
    if found["code"]:
        click.secho(
            f"   cannot go: {text(found['message'])} ({found['code']})", fg="red"
        )
        return
    print_facts(
        [
            ("status", _change(before["status"], after["status"], text)),
            ("state", _change(before["value"], after["value"], state)),
            ("context", "\n".join(_changes(found["changes"]))),
            ("timers", "\n".join(_both(before["timers"], after["timers"], _timer))),
            ("effects", "\n".join(_both(before["effects"], after["effects"], _effect))),
        ],
        indent=3,
    )


def _change(old: Any, new: Any, words: Callable[[Any], str]) -> str:
    return words(old) if old == new else f"{words(old)} → {words(new)}"


def _changes(found: Mapping[str, Any]) -> Iterable[str]:
    for place, both in found.items():
        old, new = (
            value_text(both[side]) if side in both else "nothing"
            for side in ("before", "after")
        )
        yield f"{safe(place)}: {old} → {new}"


def _both(old: list[Row], new: list[Row], words: Callable[[Row], str]) -> Iterable[str]:
    """Those that stay, those that go (-), those that come (+)."""
    before, after = list(map(words, old)), list(map(words, new))
    yield from (f"  {each}" if each in after else f"- {each}" for each in before)
    yield from (f"+ {each}" for each in after if each not in before)


def _timer(found: Row) -> str:
    # to the second: Python 3.10 reads no fraction of another length than 3 or 6
    due = datetime.fromisoformat(re.sub(r"\.\d+", "", found["due_at"]))
    return f"{text(found['event'])} {found['status']}, due {text(due)}"


def _effect(found: Row) -> str:
    invoke = f" ({text(found['invoke_id'])})" if found["invoke_id"] else ""
    return f"{text(found['name'])}{invoke} {found['status']}"


SAMPLE: Columns = [
    ("instance", "instance_id"),
    ("from", "from_version"),
    ("state", lambda r: state(r["before"]["value"])),
    ("becomes", lambda r: state(r["after"]["value"]) if r["after"] else ""),
    ("context", lambda r: list(r["changes"] or ())),
    ("timers", lambda r: _counts(r, "timers")),
    ("effects", lambda r: _counts(r, "effects")),
    ("error", lambda r: f"{r['message']} ({r['code']})" if r["code"] else ""),
]


def _counts(found: Mapping[str, Any], what: str) -> str:
    old = len(found["before"][what])
    new = len(found["after"][what]) if found["after"] else None
    return str(old) if new in (None, old) else f"{old} → {new}"


def _show_sample(found: list[Row], version: int) -> None:
    print_rows(found, SAMPLE, False, none=f"nothing to bring to version {version}")
    if found:
        failed = sum(each["code"] is not None for each in found)
        went = f"{len(found) - failed} of {count(len(found), 'instance')} can go"
        click.echo(f"{went}; nothing has changed", err=True)


# ---------------------------------------------------------------------------- failures


@click.command()
@dsn_option
@machine_option
@click.option("--summary", is_flag=True, help="Count them by message.")
@limit_option
@json_option
def failures(
    dsn: str, machine: str | None, summary: bool, limit: int, as_json: bool
) -> None:
    """List the instances that could not be upgraded, and why.

    Each stays as it was, on its old version.  pgsm upgrade run tries them again.

    \b
    Examples:
        pgsm upgrade failures
        pgsm upgrade failures --machine order --summary
        pgsm upgrade failures --json | jq -r .instance_id
    """
    asked = {"machine": machine, "limit": limit}
    columns: Columns = FAILURES
    if summary:
        columns = [(c, c) for c in ("machine", "to", "count", "code", "message")]
    with connected(dsn) as connection:
        found = rows(connection, _SUMMARY if summary else _FAILURES, asked)
    print_rows(found[:limit], columns, as_json, none="no failure")
    warn_of_more(found, limit)


_FAILURES = """
    select instance_id, machine, from_version, to_version, failed_at, code, message
    from pgsm.upgrade_failures
    where %(machine)s::text is null or machine = %(machine)s
    order by machine, to_version, instance_id
    limit %(limit)s + 1
"""
# one message a kind: what differs between two is their instance's id
_SUMMARY = """
    select machine, to_version as "to", count(*), code,
        replace(message, format('"%%s"', instance_id), '"…"') as message
    from pgsm.upgrade_failures
    where %(machine)s::text is null or machine = %(machine)s
    group by 1, 2, 4, 5
    order by 3 desc, 1, 2, 5
    limit %(limit)s + 1
"""
