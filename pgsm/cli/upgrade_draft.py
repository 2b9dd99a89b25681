"""`pgsm upgrade draft`: an upgrade as a migration, as far as it is plain."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from .. import migration_scripts, sqitch_project, upgrade_draft
from .. import upgrade_scripts as scripts
from .common import dsn_option, json_option
from .database import call, connected, rows
from .machine_add import add_options, say_files, shown, write_sql
from .tables import print_line, text
from .upgrade_diff import as_text
from .upgrade_look import count, from_argument, machine_argument, to_argument


@click.command()
@machine_argument
@from_argument
@to_argument
@add_options
@dsn_option
@json_option
def draft(
    machine: str,
    from_version: int,
    to_version: int,
    directory: Path,
    change: str | None,
    requires: tuple[str, ...],
    written: str,
    output: Path | None,
    dsn: str,
    as_json: bool,
) -> None:
    """Write an upgrade as a change of your sqitch project.

    The database has both versions (one to develop with will do).  States that are in
    both map to themselves; each other one, and each timer that has no counterpart, is
    left as a TODO with what looks like it, and the deploy fails until it is said.
    Deploying takes all running instances over in one transaction; reverting takes them
    back by the map in the revert script, or refuses with a list.

    \b
    Examples:
        pgsm upgrade draft order 1 2
        pgsm upgrade draft order 1 2 --requires orders_minutes
        pgsm upgrade draft order 1 2 --format sql -o migrations/V8__order_upgrade.sql
    """
    if output is not None and written != "sql":
        raise click.UsageError("--output goes with --format sql")
    about = _about(dsn, machine, from_version, to_version)
    slug = sqitch_project.change_name(machine)
    name = change or f"{slug}_v{from_version}_to_v{to_version}"
    done: dict[str, Any] = {
        "machine": machine,
        "from": from_version,
        "to": to_version,
        "states": len(about.there.states),
        "open": {"states": about.there.open_states, "timers": about.there.open_timers},
    }
    if written == "sql":
        path = output or Path(f"{name}.sql")
        write_sql(scripts.upgrade_sql(about), path, done, as_json)
    else:
        project = sqitch_project.find(directory)
        path = _write_change(project, name, requires, about, done)
        if as_json:
            print_line(done)
        else:
            click.echo(f"change {name} of project {text(project.name)}")
            say_files(done)
    if not as_json:
        for line in _left(about, path):
            click.echo(line, err=True)


def _about(dsn: str, machine: str, old: int, new: int) -> scripts.Upgrade:
    asked = {"machine": machine, "from": old, "to": new}
    with connected(dsn) as connection:
        documents = call(connection, _DOCUMENTS, asked)
        changes = as_text(rows(connection, _DIFF, asked))
    before, after = documents["old"], documents["new"]
    return scripts.Upgrade(
        machine,
        old,
        new,
        upgrade_draft.draft(before, after),
        upgrade_draft.draft(after, before),
        changes,
    )


_DOCUMENTS = """
    select
        pgsm.machine_definition(%(machine)s, %(from)s) as old,
        pgsm.machine_definition(%(machine)s, %(to)s) as new
"""
_DIFF = "select * from pgsm.diff_versions(%(machine)s, %(from)s, %(to)s)"


def _write_change(
    project: sqitch_project.Project,
    name: str,
    requires: tuple[str, ...],
    about: scripts.Upgrade,
    done: dict[str, Any],
) -> Path:
    """Write the change; the path of its deploy script."""
    versions = project.versions(about.machine)
    known = [versions[n] for n in (about.old, about.new) if n in versions]
    needed = [*(known[-1:] or [sqitch_project.PGSM]), *requires]
    needed = list(dict.fromkeys(needed))
    change = migration_scripts.Change(project.name, name, tuple(needed))
    texts = scripts.upgrade_scripts(change, about)
    note = f"Instances of {about.machine} go from version {about.old} to {about.new}"
    paths = sqitch_project.add(project, name, needed, note, texts)
    done.update(change=name, project=project.name, requires=needed)
    done["files"] = [str(path) for path in paths]
    return paths[0]


def _left(about: scripts.Upgrade, path: Path) -> Iterator[str]:
    """What is to be done by hand, for people."""
    there = about.there
    known = len(there.states)
    plain = f"{count(known, 'state')} {'is' if known == 1 else 'are'} in both versions"
    open_ = [("state", there.open_states), ("timer", there.open_timers)]
    if not any(found for _, found in open_):
        yield f"{plain}; nothing is left to map"
        return
    where = "standard output" if str(path) == "-" else shown(path)
    yield f"{plain}; to do in {where}:"
    for kind, found in open_:
        yield from (
            f"  {text(line.strip())}" for line in scripts.proposals(kind, found)
        )
