"""XState's scenarios give the same results as SCXML documents, or a warning.

Each machine is written as SCXML and imported again; then it is run with SCXML's
semantics, where expressions, precedence and transitions are others.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pgsm.formats import scxml
from tests.conformance import data, xstate

COUNT = 184


class Door(xstate.Memory):
    """Runs the documents that an export and an import make of the given ones."""

    def start(self, document: Any) -> Rooted:
        self.exported = scxml.dump(document)
        moved = scxml.load(self.exported).document
        return Rooted(super().start(moved).instance)  # type: ignore[attr-defined]


class Rooted(xstate.InMemory):
    """An instance, seen without the state that may have been put around all others."""

    @property
    def snapshot(self) -> Any:
        now = self.instance.snapshot
        value = now.value
        if "root" in self.instance.states:
            value = value["root"] if isinstance(value, dict) else {}
        names = ("status", "context", "output", "tags")
        rest = {name: getattr(now, name) for name in names}
        return SimpleNamespace(value=value, **rest)


def _without_end(scenario: Any) -> Any:
    """The scenario without the values of steps at which the machine is done.

    A machine whose root does something is done in another state than XState's.
    """
    steps = [
        {key: item for key, item in step.items() if key != "value"}
        if step.get("status") == "done"
        else step
        for step in scenario["steps"]
    ]
    return {**scenario, "steps": steps}


def test_exported_machines_do_the_same_as_scxml() -> None:
    scenarios = data.lines("xstate/scenarios.jsonl")
    if not scenarios:
        pytest.skip(f"{COUNT} scenarios of XState: no {data.directory()}/xstate")
    assert len(scenarios) == COUNT
    failures = {}
    for scenario in scenarios:
        door = Door()
        failure = xstate.failure(_without_end(scenario), door)
        if failure and not door.exported.warnings:
            failures[scenario["id"]] = failure
    assert failures == {}
