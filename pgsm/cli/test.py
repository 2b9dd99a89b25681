"""`pgsm test`: scenarios in YAML or JSON, in memory or in a database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from ..formats.pretty import pretty
from ..scenarios import reporting
from ..scenarios.coverage import Coverage
from ..scenarios.model import Scenario
from ..scenarios.playing import play_in_database, play_in_memory
from ..scenarios.reading import SCHEMA, ScenarioError, read
from ..scenarios.running import Result
from ..testing.store import plain
from .common import console, fail, json_option

PATTERNS = tuple(
    f"*.{word}.{suffix}"
    for word in ("scenario", "scenarios")
    for suffix in ("yaml", "yml", "json")
)


@click.command("test")
@click.argument("files", nargs=-1, metavar="FILE…")
@click.option(
    "--dsn",
    metavar="DSN",
    help="Play in this database, in transactions that are rolled back. "
    '"" is libpq\'s own environment (PGHOST, PGDATABASE, …).',
)
@click.option(
    "--machine",
    metavar="FILE|NAME",
    help="Play with this machine instead of the files' own: another version, say.",
)
@click.option(
    "-k", "only", metavar="TEXT", help="Only scenarios with this in the name."
)
@click.option("-x", "first", is_flag=True, help="End after the first that fails.")
@click.option(
    "--junit",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the results as JUnit's XML, too.",
)
@click.option(
    "--coverage",
    "covering",
    is_flag=True,
    help="Say which states, transitions and outcomes of guards were not seen.",
)
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Exit with 1 where the coverage is less.",
)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the files.")
@json_option
def test_command(
    files: tuple[str, ...],
    dsn: str | None,
    machine: str | None,
    only: str | None,
    first: bool,
    junit: Path | None,
    covering: bool,
    fail_under: float | None,
    schema: bool,
    as_json: bool,
) -> None:
    """Play scenarios: what happens to a machine, and what is then expected.

    FILE is in YAML or JSON, "-" for standard input; of a directory it is all files
    that are named like *.scenarios.yaml.  In memory, SQL functions return what the
    scenario says; with --dsn the database's own are called, and all is rolled back.

    \b
    A scenario:
        machine: order.json
        input: {total: 12}
        steps:
          - send: accept
            data: {eta: 20}
            expect: {value: charging, effects: [card.charge]}
          - done: card.charge
            expect: {value: paid, status: done}

    \b
    Examples:
        pgsm test order.scenarios.yaml
        pgsm test tests/ --coverage --fail-under 90 --junit report.xml
        pgsm test tests/ --dsn postgresql://postgres@localhost/shop
        pgsm test order.scenarios.yaml --machine order.v2.json

    Exit codes: 0 all passed, 1 something failed, 2 wrong usage.
    """
    if schema:
        click.echo(SCHEMA.read_text("utf-8"), nl=False)
        return
    scenarios = [each for file in _found(files) for each in _read(file)]
    if only is not None:
        scenarios = [each for each in scenarios if only in each.name]
    if not scenarios:
        raise click.UsageError("there is no scenario to play")
    with Coverage() as coverage:
        watched = coverage if covering or fail_under is not None else None
        results = []
        out = None if as_json else console()
        for result in _play(scenarios, dsn, machine, watched):
            results.append(result)
            if out is not None:
                _show(out, result)
            if first and not result.ok:
                break
    if junit is not None:
        reporting.write_junit(results, junit)
    if out is None:
        click.echo(pretty(plain(reporting.as_json(results, watched))))
    else:
        _show_end(out, results, watched)
    _end(results, watched, fail_under)


def _found(files: tuple[str, ...]) -> Iterator[str]:
    """The files, those of directories by their names."""
    if not files:
        raise click.UsageError("a FILE or a directory is wanted")
    for name in files:
        place = Path(name)
        if name == "-" or place.is_file():
            yield name
        elif place.is_dir():
            found = {str(f) for pattern in PATTERNS for f in place.rglob(pattern)}
            if not found:
                message = f"in {name!r} no file is named like *.scenarios.yaml"
                raise click.BadParameter(message, param_hint="FILE")
            yield from sorted(found)
        else:
            message = f"there is no file {name!r}"
            raise click.BadParameter(message, param_hint="FILE")


def _read(file: str) -> list[Scenario]:
    found: list[Scenario] = []
    try:
        found = read(file)
    except ScenarioError as error:
        hints = [hint for _, _, hint in error.problems if hint]
        fail("\n       ".join(error.lines()), hints[0] if hints else None)
    return found


def _play(
    scenarios: list[Scenario],
    dsn: str | None,
    machine: str | None,
    coverage: Coverage | None,
) -> Iterator[Result]:
    if dsn is None:
        for scenario in scenarios:
            yield play_in_memory(scenario, machine, coverage)
        return
    from .database import connected

    with connected(dsn) as connection:
        connection.autocommit = False
        for scenario in scenarios:
            yield play_in_database(scenario, connection, machine, coverage)


def _show(out: Console, result: Result) -> None:
    scenario = result.scenario
    mark = "[green]ok[/]  " if result.ok else "[bold red]FAIL[/]"
    out.print(f"{mark}  {escape(scenario.name)}  [dim]{escape(scenario.file)}[/]")
    for line in reporting.failure_lines(result):
        out.print(f"      {line}", markup=False)


def _show_end(out: Console, results: list[Result], coverage: Coverage | None) -> None:
    if coverage is not None:
        out.print()
        for line in reporting.coverage_lines(coverage):
            out.print(line, markup=False)
    out.print(reporting.summary(results), markup=False)


def _end(
    results: list[Result], coverage: Coverage | None, fail_under: float | None
) -> None:
    if fail_under is not None and coverage is not None:
        percent = coverage.percent()
        if percent < fail_under:
            fail(f"the coverage is {percent:.1f} %, less than {fail_under:g} %")
    if not all(result.ok for result in results):
        raise click.exceptions.Exit(1)
