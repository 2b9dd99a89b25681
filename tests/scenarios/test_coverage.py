"""States, transitions and both outcomes of guards, counted alike on both hosts."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from pgsm.engine import content, step
from pgsm.scenarios.coverage import Coverage
from pgsm.scenarios.playing import play_in_database, play_in_memory
from pgsm.scenarios.reading import read

from . import files

DOOR = """
    id: door
    initial: closed
    context: {n: 0}
    states:
      closed:
        on:
          open: {target: opening, guard: {expr: event.data.key == 7}}
          lock: {target: locked, guard: {expr: in_state("closed")}}
      opening:
        always:
          - {target: broken, guard: {expr: context.n > 3}}
          - {target: open}
      open: {after: {1 minute: closed}}
      locked: {}
      broken: {}
"""
STEPS = """
    machine: door.yaml
    steps:
      - {send: open, data: {key: 7}, expect: {value: open}}
      - {advance: 1 minute, expect: {value: closed}}
      - {send: open, data: {key: 8}, expect: {refused: true}}
"""


@pytest.mark.parametrize("where", ["memory", "database"])
def test_coverage_of_a_scenario(
    where: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    files.write(tmp_path, "door.yaml", DOOR)
    (scenario,) = read(files.write(tmp_path, "door.scenarios.yaml", STEPS))
    with Coverage() as coverage:
        if where == "memory":
            assert play_in_memory(scenario, coverage=coverage).ok
        else:
            with psycopg.connect(request.getfixturevalue("dsn")) as connection:
                files.prepared(connection)
                assert play_in_database(scenario, connection, coverage=coverage).ok
    (door,) = coverage.covered.values()
    assert door.counts() == {
        "states": (3, 5),
        "transitions": (3, 5),
        "guards": (3, 6),
    }
    assert list(door.missing()) == [
        ("state", "locked"),
        ("state", "broken"),
        ("transition", "$.states.closed.on.lock[0]"),
        ("transition", "$.states.opening.always[0]"),
        ("guard", "$.states.closed.on.lock[0] never says yes"),
        ("guard", "$.states.closed.on.lock[0] never says no"),
        ("guard", "$.states.opening.always[0] never says yes"),
    ]
    assert coverage.percent() == 100 * 9 / 16


def test_plans_are_as_they_were_afterwards(tmp_path: Path) -> None:
    """All worlds of a process share them."""
    files.write(tmp_path, "door.yaml", DOOR)
    (scenario,) = read(files.write(tmp_path, "door.scenarios.yaml", STEPS))
    with Coverage() as coverage:
        play_in_memory(scenario, coverage=coverage)
        (checksum,) = coverage.covered
        plan = step.get_plan(checksum, None)
        (watched,) = plan.state_by_path["closed"].descriptors["open"]
        before = watched.guard
    assert isinstance(watched.guard, content.Guard)
    assert watched.guard is not before
    assert play_in_memory(scenario).ok


def test_a_machine_without_transitions_is_covered(tmp_path: Path) -> None:
    text = "machine: {id: m}\nsteps: []\n"
    (scenario,) = read(files.write(tmp_path, "m.scenarios.yaml", text))
    with Coverage() as coverage:
        play_in_memory(scenario, coverage=coverage)
    assert coverage.percent() == 100
