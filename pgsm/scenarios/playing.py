"""Playing the scenarios of files, each on a host of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..testing import durations
from .coverage import Coverage
from .memory import MemoryHost
from .model import Scenario
from .running import Failure, Result, run

if TYPE_CHECKING:
    import psycopg

    from .database import DatabaseHost

Json = Any


def play_in_memory(
    scenario: Scenario, machine: str | None = None, coverage: Coverage | None = None
) -> Result:
    """Play a scenario in a world of its own."""
    bad = _bad_clock(scenario)
    if bad is not None:
        return bad
    host = MemoryHost(scenario.clock, None if coverage is None else coverage.watch)
    result = run(host, scenario, machine)
    if coverage is not None:
        for instance_id in host.instances():
            view = host.view(instance_id)
            version = host.world._version(view.machine, view.version)
            coverage.add(version, host.log(instance_id, 0))
    return result


def play_in_database(
    scenario: Scenario,
    connection: psycopg.Connection[dict[str, Any]],
    machine: str | None = None,
    coverage: Coverage | None = None,
) -> Result:
    """Play a scenario in a transaction of the connection, and roll it back."""
    from .database import DatabaseHost

    bad = _bad_clock(scenario)
    if bad is not None:
        return bad
    with _rolled_back(connection):
        host = DatabaseHost(connection, scenario.clock)
        result = run(host, scenario, machine)
        if coverage is not None:
            _cover(host, coverage)
    return result


def _cover(host: DatabaseHost, coverage: Coverage) -> None:
    ids = host.instances()
    host.recorded.replay(ids, coverage.watch)
    for instance_id, version in host.recorded.versions(ids):
        coverage.add(version, host.log(instance_id, 0))


@contextmanager
def _rolled_back(connection: psycopg.Connection[Any]) -> Iterator[None]:
    try:
        yield
    finally:
        if not connection.closed:
            connection.rollback()


def _bad_clock(scenario: Scenario) -> Result | None:
    if scenario.clock is None:
        return None
    try:
        durations.read_time(scenario.clock)
    except ValueError as error:
        return Result(scenario, [Failure(scenario.line, f"clock: {error}")])
    return None
