"""The scenarios of the examples pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgsm.scenarios.playing import play_in_memory
from pgsm.scenarios.reading import read

from . import files

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SCENARIOS = [
    scenario
    for place in sorted(EXAMPLES.rglob("*.scenarios.yaml"))
    for scenario in read(str(place))
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario_of_an_example_passes(scenario: object) -> None:
    assert files.told(play_in_memory(scenario)) == []  # type: ignore[arg-type]
