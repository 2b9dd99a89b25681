"""Scenarios recorded from XState v5's own tests pass through both doors.

They pass, too, when their machines have been exported to XState and imported again.

The machine files are XState's, under its MIT licence; they are not part of this
repository.  What the checker of definitions refuses, and XState only warns of, is
left out by the import: see xstate.py.
"""

from __future__ import annotations

import pytest

from pgsm.formats import xstate as language

from . import data, xstate, xstate_postgres

# A ratchet: id → why it does not pass yet.
FAILING: dict[str, str] = {}


class Moved(xstate.Memory):
    """In memory, after an import, an export to XState and an import of that."""

    def start(self, document: xstate.Json) -> xstate.Instance:
        return super().start(_moved(document))

    def place(self, document: xstate.Json, value: xstate.Json) -> xstate.Instance:
        return super().place(_moved(document), value)


def _moved(document: xstate.Json) -> xstate.Json:
    written = language.dump(language.load(document).document)
    return language.load(written).document


@pytest.fixture(params=["python", "postgres", "moved"])
def door(request: pytest.FixtureRequest) -> xstate.Door:
    if request.param == "python":
        return xstate.Memory()
    if request.param == "moved":
        return Moved()
    return xstate_postgres.Postgres(request.getfixturevalue("db"))


@pytest.mark.parametrize(("name", "count"), [("scenarios", 184), ("transitions", 105)])
def test_recorded_scenarios_pass(door: xstate.Door, name: str, count: int) -> None:
    scenarios = data.lines(f"xstate/{name}.jsonl")
    if not scenarios:
        pytest.skip(f"{count} {name} of XState: no {data.directory()}/xstate")
    assert len(scenarios) == count
    failures = {
        scenario["id"]: f"{scenario['test']}: {failure}"
        for scenario in scenarios
        if (failure := xstate.failure(scenario, door))
    }
    unexpected = {key: why for key, why in failures.items() if key not in FAILING}
    assert unexpected == {}
    known = {scenario["id"] for scenario in scenarios}
    assert [key for key in FAILING if key in known - failures.keys()] == []


def test_what_differs_from_a_recording_is_noticed(door: xstate.Door) -> None:
    state = {"after": {"5": "b"}, "entry": "hi"}
    machine = {"initial": "a", "states": {"a": state, "b": {"type": "final"}}}
    first = {"event": None, "value": "a", "status": "active", "actions": ["hi"]}
    timer = {"type": "xstate.after.5.(machine).a"}
    wrong = {"event": timer, "after": {"delay": 5}, "value": "b", "status": "active"}
    scenario = {"machine": machine, "steps": [first, wrong]}
    assert xstate.failure(scenario, door) == "step 1: status is done, not active"
    missing = {"machine": {"initial": "x", "states": {"a": {}}}, "steps": [first]}
    assert "x" in (xstate.failure(missing, door) or "")
    assert xstate.failure({**scenario, "steps": [first]}, door) is None
