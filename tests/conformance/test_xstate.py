"""Scenarios recorded from XState v5's own tests pass in the interpreter.

The machine files are XState's, under its MIT licence; they are not part of this
repository.  What the checker of definitions refuses, and XState only warns of, is
left out by the import: see xstate.py.
"""

from __future__ import annotations

import pytest

from . import data, xstate

# A ratchet: id → why it does not pass yet.
FAILING: dict[str, str] = {}


@pytest.mark.parametrize(("name", "count"), [("scenarios", 184), ("transitions", 105)])
def test_recorded_scenarios_pass(name: str, count: int) -> None:
    scenarios = data.lines(f"xstate/{name}.jsonl")
    if not scenarios:
        pytest.skip(f"{count} {name} of XState: no {data.directory()}/xstate")
    assert len(scenarios) == count
    failures = {
        scenario["id"]: f"{scenario['test']}: {failure}"
        for scenario in scenarios
        if (failure := xstate.failure(scenario))
    }
    unexpected = {key: why for key, why in failures.items() if key not in FAILING}
    assert unexpected == {}
    known = {scenario["id"] for scenario in scenarios}
    assert [key for key in FAILING if key in known - failures.keys()] == []
