"""`pgsm machine`: what is defined in a database, and defining more."""

from __future__ import annotations

import click

from ..engine import exact
from .common import dsn_option, json_option
from .conditions import consequence
from .database import Row, call, connected, row, rows
from .definitions import name_of, read
from .machine_add import add
from .machine_state import current, pause, resume
from .tables import (
    Columns,
    print_facts,
    print_line,
    print_rows,
    print_value,
    safe,
    text,
)

COLUMNS: Columns = [
    ("machine", "machine"),
    ("current", "current_version"),
    ("versions", "versions"),
    ("last defined", "defined_at"),
    ("by", "author"),
]


@click.group()
def machine() -> None:
    """See the machines of a database, and define them.

    \b
    Examples:
        pgsm machine define order.json
        pgsm machine list
        pgsm machine show order --version 2
        pgsm machine add order.json
    """


for command in (add, current, pause, resume):
    machine.add_command(command)


@machine.command("list")
@dsn_option
@json_option
def list_(dsn: str, as_json: bool) -> None:
    """List the machines, each with the version that new instances start with.

    \b
    Examples:
        pgsm machine list
        pgsm machine list --json | jq -r .machine
    """
    query = """
        select distinct on (m.machine)
            m.machine, m.current_version,
            count(*) over (partition by m.machine) as versions,
            v.version as last_version, v.defined_at, v.author
        from pgsm.machines as m
        join pgsm.machine_versions as v on v.machine = m.machine
        order by m.machine, v.version desc
    """
    with connected(dsn) as connection:
        found = rows(connection, query, {})
    print_rows(found, COLUMNS, as_json, none="no machine")


@machine.command()
@click.argument("name", metavar="NAME")
@click.option("--version", type=int, help="This version; default: the current one.")
@click.option(
    "--definition", "only_document", is_flag=True, help="Print the document only."
)
@dsn_option
@json_option
def show(
    name: str, version: int | None, only_document: bool, dsn: str, as_json: bool
) -> None:
    """Show a version of a machine: its states and what leads from where to where.

    \b
    Examples:
        pgsm machine show order
        pgsm machine show order --version 2 --json
        pgsm machine show order --definition > order.json
    """
    asked = {"name": name, "version": version}
    query = "select pgsm.machine_definition(%(name)s, %(version)s) as definition"
    with connected(dsn) as connection:
        document = call(connection, query, asked)["definition"]
        if only_document:
            print_value(document)
            return
        versions = rows(connection, _VERSIONS, asked)
        [this] = [
            v for v in versions if v["version"] == version or _is_current(v, version)
        ]
        if as_json:
            print_value({**this, "definition": document})
            return
        asked["version"] = this["version"]
        states = rows(connection, _STATES, asked)
        transitions = rows(connection, _TRANSITIONS, asked)
    _show_version(this, versions)
    for line in _tree(states, transitions):
        click.echo(line)


_VERSIONS = """
    select * from pgsm.machine_versions where machine = %(name)s order by version
"""
_STATES = """
    select * from pgsm.states
    where machine = %(name)s and version = %(version)s
    order by position
"""
_TRANSITIONS = """
    select * from pgsm.transitions
    where machine = %(name)s and version = %(version)s
    order by state, position
"""


def _is_current(found: Row, version: int | None) -> bool:
    return version is None and bool(found["is_current"])


def _show_version(this: Row, versions: list[Row]) -> None:
    marks = {True: ", current", False: ""}
    paused = ", paused" if this["paused"] else ""
    others = [v["version"] for v in versions if v is not this]
    print_facts(
        [
            ("machine", text(this["machine"])),
            ("version", f"{this['version']}{marks[bool(this['is_current'])]}{paused}"),
            ("others", text(others)),
            ("defined", f"{text(this['defined_at'])} by {text(this['author'])}"),
            ("checksum", text(this["checksum"])),
            ("unhandled", text(this["unhandled"])),
            ("time zone", text(this["time_zone"])),
        ]
    )
    click.echo()


def _tree(states: list[Row], transitions: list[Row]) -> list[str]:
    """The states, each below its parent, with its transitions."""
    leaving: dict[str, list[Row]] = {}
    for transition in transitions:
        leaving.setdefault(transition["state"], []).append(transition)
    depths: dict[str | None, int] = {None: -1}
    lines = []
    for found in states:
        depth = depths[found["path"]] = depths[found["parent"]] + 1
        indent = "  " * depth
        kind = "" if found["type"] == "atomic" else f" ({found['type']})"
        tags = "".join(f" #{text(tag)}" for tag in found["tags"])
        lines.append(f"{indent}{safe(found['key']) or '(root)'}{kind}{tags}")
        lines += [
            f"{indent}    {_arrow(transition)}"
            for transition in leaving.get(found["path"], [])
        ]
    return lines


def _arrow(found: Row) -> str:
    """A transition in a line: what triggers it, where to, on which condition."""
    kind, event = found["kind"], text(found["event"])
    words = {"after": f"after {text(found['delay'])}", "on": event, "always": "always"}
    label = words.get(kind, event or kind)
    return label + consequence(found)


@machine.command()
@click.argument("file", type=click.Path(dir_okay=False), metavar="FILE")
@click.option(
    "--name",
    metavar="NAME",
    help="The machine's name; default: the document's \"id\", else the file's name.",
)
@click.option("--version", type=int, help="Its number; default: the next one.")
@click.option("--no-current", is_flag=True, help="New instances stay with the old one.")
@click.option("--replace", is_flag=True, help="Overwrite a version without instances.")
@dsn_option
@json_option
def define(
    file: str,
    name: str | None,
    version: int | None,
    no_current: bool,
    replace: bool,
    dsn: str,
    as_json: bool,
) -> None:
    """Define a version of a machine from a document in JSON or YAML, or "-".

    A document that is a version already stays that version.  In production let the
    definition travel in a migration; this is for trying things out.

    \b
    Examples:
        pgsm machine define order.json
        pgsm machine define order.yaml --name order --no-current
        pgsm import scxml order.scxml | pgsm machine define - --name order
    """
    document = read(file)
    asked = {
        "name": name or name_of(document, file),
        "definition": exact.dumps(document),
        "version": version,
        "make_current": not no_current,
        "replace": replace,
    }
    with connected(dsn) as connection:
        before = {v["version"] for v in rows(connection, _VERSIONS, asked)}
        done = call(connection, _DEFINE, asked)
        found = row(connection, _DEFINED, {**asked, **done})
    assert found is not None
    is_new = done["version"] not in before
    if as_json:
        print_line({**found, "is_new": is_new})
    else:
        current = ", current" if found["is_current"] else ""
        known = "" if is_new or replace else " already"
        click.echo(
            f"{text(asked['name'])} is version {done['version']}{known}{current}"
        )


_DEFINE = """
    select pgsm.define_machine(
        %(name)s,
        %(definition)s::json,
        version => %(version)s,
        make_current => %(make_current)s,
        replace => %(replace)s
    ) as version
"""
_DEFINED = """
    select machine, version, is_current, checksum from pgsm.machine_versions
    where machine = %(name)s and version = %(version)s
"""
