"""`make bench-events`: send_event beside what else one may do for it.

The floor (an update and an insert), an endpoint written by hand in PL/pgSQL, XState
with node-postgres and python-statemachine with psycopg; pgsm by each of these drivers.
All take turns, for some rounds, for each machine, size of context and number of
clients; the medians are compared.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click
import psycopg
from rich.console import Console
from rich.table import Table

from pgsm.programs import SetupError

from . import database, machines, pgbench
from .peers import environment
from .peers.environment import Peers
from .run import RESULTS, describe_server

ENDPOINT = """
    create schema peer;
    create table peer.instances (
        instance_id  text         primary key,
        snapshot     jsonb        not null,
        revision     bigint       not null default 1,
        updated_at   timestamptz  not null default clock_timestamp()
    ) with (fillfactor = 70);
    create table peer.event_log (
        instance_id  text         not null,
        recorded_at  timestamptz  not null default clock_timestamp(),
        event        text         not null,
        source       jsonb        not null,
        target       jsonb        not null
    );
    create index on peer.event_log (instance_id, recorded_at);
    create table peer.rings (
        instance_id  text         primary key,
        status       text         not null,
        context      jsonb        not null,
        updated_at   timestamptz  not null default clock_timestamp()
    ) with (fillfactor = 70);
    create function peer.next (id text) returns text language plpgsql as $$
    declare
        v_status  text;
    begin
        update peer.rings
        set status = translate(status, 'abcd', 'bcda'),
            context = jsonb_set(context, '{n}', to_jsonb((context ->> 'n')::int + 1)),
            updated_at = clock_timestamp()
        where instance_id = id and status = any ('{a,b,c,d}')
            and (context ->> 'n')::int < 1000000000
        returning status into v_status;
        if not found then
            raise exception 'not now';
        end if;
        insert into peer.event_log (instance_id, event, source, target)
        values (
            id, 'next', to_jsonb(translate(v_status, 'abcd', 'dabc')),
            to_jsonb(v_status)
        );
        return v_status;
    end $$;
"""
COPY = """
    insert into peer.instances (instance_id, snapshot)
    select i.instance_id, jsonb_build_object(
        'value', i.value, 'context', i.context, 'status', i.status
    ) from pgsm.instances as i where i.machine = 'bench';
    insert into peer.rings (instance_id, status, context)
    select i.instance_id, i.states[1], i.context
    from pgsm.instances as i where i.machine = 'bench';
"""
FLAT_ONLY = {"endpoint", "statemachine + psycopg"}
DRIVERS = {
    "pgsm + node-postgres": "XState + node-postgres",
    "pgsm + psycopg": "statemachine + psycopg",
}
INSTANCES = {200: 5000, 5_000: 2000, 100_000: 200}


@dataclass(frozen=True)
class Case:
    machine: str
    context_bytes: int
    clients: int


@dataclass(frozen=True)
class Turn:
    case: Case
    contender: str
    events: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.events / self.seconds


@click.command()
@click.option("--machine", "names", multiple=True, default=["flat", "tree", "large"])
@click.option("--context", "sizes", multiple=True, type=int, default=[200])
@click.option("--clients", default="1,4,16,32", show_default=True)
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(min=1))
@click.option("--seconds", default=3.0, show_default=True, help="Of each turn.")
def main(
    names: tuple[str, ...],
    sizes: tuple[int, ...],
    clients: str,
    rounds: int,
    seconds: float,
) -> None:
    """Measure send_event beside the floor, XState, python-statemachine and PL/pgSQL."""
    console = Console(highlight=False)
    counts = [int(count) for count in clients.split(",")]
    done: list[Turn] = []
    facts: dict[str, Any] = {}
    try:
        with console.status("installing the peers …"):
            peers = environment.install()
        for name in names:
            for size in sizes:
                with database.running() as dsn, console.status("…") as status:
                    for turn in measure(
                        dsn, peers, name, size, counts, rounds, seconds
                    ):
                        done.append(turn)
                        status.update(
                            f"{turn.case}: {turn.contender} {turn.rate:.0f}/s"
                        )
                    facts = describe_server(dsn)
                for table in tables(done, name, size):
                    console.print(table)
    except SetupError as problem:
        hint = f"\n{problem.hint}" if problem.hint else ""
        raise click.ClickException(problem.message + hint) from None
    console.print(f"kept in {keep(done, facts)}")


def measure(
    dsn: str,
    peers: Peers,
    name: str,
    size: int,
    counts: list[int],
    rounds: int,
    seconds: float,
) -> Iterator[Turn]:
    """All turns of a machine; who comes first changes."""
    document = machines.make(name, size)
    instances = INSTANCES.get(size, 1000)
    with tempfile.TemporaryDirectory() as directory:
        scripts = database.fill(dsn, document, instances, Path(directory))
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(ENDPOINT)
            connection.execute(COPY)
            connection.execute("vacuum analyze")
        del scripts["send_events"]
        scripts["endpoint"] = Path(directory) / "endpoint"
        scripts["endpoint"].write_text(
            f"\\set id random(1, {instances})\nselect peer.next('bench-' || :id);\n"
        )
        settings = {"seconds": seconds, "instances": instances, "document": document}
        contenders = _contenders(dsn, peers, scripts, seconds, settings)
        for clients in counts:
            case = Case(name, size, clients)
            for number in range(rounds):
                database.settle(dsn)
                for contender in sorted(contenders, reverse=bool(number % 2)):
                    if contender in FLAT_ONLY and name != "flat":
                        continue
                    events, took = contenders[contender](clients)
                    yield Turn(case, contender, events, took)


def _contenders(
    dsn: str,
    peers: Peers,
    scripts: dict[str, Path],
    seconds: float,
    settings: dict[str, Any],
) -> dict[str, Callable[[int], tuple[int, float]]]:
    """What runs with so many clients, by name; it gives the events and the seconds."""

    def by_pgbench(script: Path) -> Callable[[int], tuple[int, float]]:
        def run(clients: int) -> tuple[int, float]:
            found = pgbench.run(dsn, script, clients, seconds)
            return found.transactions, found.transactions / found.tps

        return run

    def by_driver(script: str, mode: str) -> Callable[[int], tuple[int, float]]:
        def run(clients: int) -> tuple[int, float]:
            found = environment.run_together(
                peers.command(script), dsn, clients, mode=mode, **settings
            )
            return sum(one["done"] for one in found), max(
                one["seconds"] for one in found
            )

        return run

    return {
        **{name: by_pgbench(script) for name, script in scripts.items()},
        "pgsm + node-postgres": by_driver("events.mjs", "pgsm"),
        "XState + node-postgres": by_driver("events.mjs", "xstate"),
        "pgsm + psycopg": by_driver("events.py", "pgsm"),
        "statemachine + psycopg": by_driver("events.py", "statemachine"),
    }


def medians(done: list[Turn]) -> dict[Case, dict[str, float]]:
    """Events a second, by case and contender."""
    found: dict[Case, dict[str, list[float]]] = {}
    for turn in done:
        found.setdefault(turn.case, {}).setdefault(turn.contender, []).append(turn.rate)
    return {
        case: {name: statistics.median(rates) for name, rates in contenders.items()}
        for case, contenders in found.items()
    }


def tables(done: list[Turn], name: str, size: int) -> Iterator[Table]:
    """Rates, a column for each number of clients; and the ratios."""
    found = {
        case.clients: rates
        for case, rates in medians(done).items()
        if (case.machine, case.context_bytes) == (name, size)
    }
    counts = sorted(found)
    contenders = list(dict.fromkeys(one for rates in found.values() for one in rates))
    title = f"{name} machine, context of {size} bytes: events a second, medians"
    rates = Table(title=title, title_justify="left")
    ratios = Table(title="ratios", title_justify="left")
    for table in (rates, ratios):
        table.add_column("clients")
        for clients in counts:
            table.add_column(str(clients), justify="right")
    for contender in contenders:
        rates.add_row(contender, *(f"{found[n][contender]:.0f}" for n in counts))
    pairs = [("send_event", "floor"), ("send_event", "endpoint"), *DRIVERS.items()]
    pairs.append(("send_event", "XState + node-postgres"))
    for ours, other in pairs:
        if other in contenders:
            row = (f"{found[n][ours] / found[n][other]:.2f}" for n in counts)
            ratios.add_row(f"{ours} / {other}", *row)
    yield rates
    yield ratios


def keep(done: list[Turn], facts: dict[str, Any]) -> Path:
    """Write all turns and the medians as JSON; the file."""
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(timezone.utc)
    path = RESULTS / f"events-{now:%Y%m%dT%H%M%S}.json"
    result = {
        "measured_at": now.isoformat(timespec="seconds"),
        "server": facts,
        "peers": environment.versions(),
        "medians": [
            {**asdict(case), "rates": rates} for case, rates in medians(done).items()
        ],
        "turns": [asdict(turn) for turn in done],
    }
    path.write_text(json.dumps(result, indent=2) + "\n")
    return path


if __name__ == "__main__":
    main()
