"""`pgsm simulate`: a machine played by hand in the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ..engine import exact
from ..engine.definition import DefinitionError
from ..formats.common import FormatError
from ..scenarios.model import HostError, Scenario
from ..scenarios.session import Session, from_sources
from ..testing import Refused
from .common import console, dsn_option, fail
from .simulate_prompt import Lines, Stop, lines
from .simulate_verbs import Verbs

Json = Any
SUFFIXES = (".json", ".yaml", ".yml")


@click.command()
@click.argument("machine", metavar="FILE|NAME")
@click.option("--input", "given", metavar="JSON", help="What the instance starts with.")
@click.option(
    "--machine",
    "machines",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="Another machine; children named like files beside FILE are found.",
)
@click.option("--version", type=int, help="Of NAME; default: its current one.")
@click.option("--clock", metavar="TIME", help="When it begins; default: 2030-01-01.")
@dsn_option
def simulate(
    machine: str,
    given: str | None,
    machines: tuple[str, ...],
    version: int | None,
    clock: str | None,
    dsn: str,
) -> None:
    """Play a machine by hand: send events, answer effects, let time pass, undo.

    FILE is a definition in JSON or YAML; NAME is a machine of a database, which is only
    read: all happens in memory.  What SQL functions return is asked for.  `help` lists
    the commands; the tab key completes them, events and effects.  Commands are read
    from standard input where that is no terminal.

    \b
    Examples:
        pgsm simulate order.json --input '{"total": 12}'
        pgsm simulate order --dsn postgresql://viewer@db.example/shop
        printf 'accept\\nadvance 1 day\\nsave s.yaml\\n' | pgsm simulate order.json

    Exit codes: 0 done, 1 it does not start or a command of a pipe failed, 2 wrong
    usage.
    """
    reader = lines()
    scenario = from_sources(
        *_sources(machine, machines, version, dsn), _json(given), clock
    )
    session = _begun(scenario, reader)
    failed = _play(session, reader)
    if failed and not reader.interactive:
        raise click.exceptions.Exit(1)


def _begun(scenario: Scenario, reader: Lines) -> Session:
    try:
        return Session(scenario, reader.ask)
    except (DefinitionError, FormatError) as error:
        told = [f"{p.path}: {p.message}" for p in error.problems]
        fail("\n".join(told), "pgsm check says more")
    except Refused as error:
        fail(f"it does not start: {error.message}", error.hint or "--input JSON")
    except (HostError, ValueError) as error:
        fail(str(error))
    except Stop:
        fail("the input has ended before it has started")
    raise AssertionError


def _play(session: Session, reader: Lines) -> bool:
    """Do what is typed until the end; whether something failed."""
    out = console()
    verbs = Verbs(session, out)
    verbs.show("")
    failed = False
    while True:
        reader.complete(verbs.completions())
        try:
            line = reader.read("> ")
            if verbs.do(line):
                return failed
        except Stop:
            return failed
        except click.ClickException as error:
            failed = True
            out.print(f"[red]{error.format_message()}[/]", markup=True)
        except HostError as error:
            failed = True
            out.print(str(error), style="red", markup=False)


def _json(given: str | None) -> Json:
    if given is None:
        return None
    try:
        return exact.loads(given)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--input") from None


# -- which machines --------------------------------------------------------------------


def _sources(
    machine: str, machines: tuple[str, ...], version: int | None, dsn: str
) -> tuple[Json, tuple[Json, ...]]:
    """The machine's source and those of others."""
    place = Path(machine)
    if place.is_file():
        if version is not None:
            raise click.UsageError(f"{machine} is a file: it has no other version")
        return machine, machines
    if place.suffix.lower() in SUFFIXES:
        raise click.BadParameter(f"there is no file {machine!r}", param_hint="FILE")
    found = dict(_of_database(machine, version, dsn))
    return found.pop(machine), (*found.values(), *machines)


def _of_database(
    machine: str, version: int | None, dsn: str
) -> Iterator[tuple[str, Json]]:
    """The documents of a database's machine and of its children, by their names."""
    from ..testing.explore_derive import machines as named
    from .database import call, connected, rows

    with connected(dsn) as connection:
        waiting, seen = [(machine, version)], {machine}
        while waiting:
            name, number = waiting.pop()
            asked = {"machine": name, "version": number}
            query = "select pgsm.machine_definition(%(machine)s, %(version)s) as found"
            document = {**call(connection, query, asked)["found"], "id": name}
            yield name, document
            for child in named(document):
                known = "select true from pgsm.machines where machine = %(name)s"
                if child not in seen and rows(connection, known, {"name": child}):
                    seen.add(child)
                    waiting.append((child, None))
