"""Machines do the same as SCXML documents, or the export warns.

Each is written as SCXML and imported again; then it is run with SCXML's semantics,
where expressions, precedence and transitions are others.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from pgsm.formats import scxml
from tests.conformance import data, xstate
from tests.differential import generator, ours

COUNT = 184
SEEDS = range(80)
# These say that other processors do less, or what a machine's end looks like.
HARMLESS = {"pgsm_only", "delay", "no_event", "wrapped"}


def matters(exported: scxml.Exported) -> bool:
    """Whether the export has warned of a machine that will behave differently."""
    return not {warning.code for warning in exported.warnings} <= HARMLESS


def unwrapped(value: Any) -> Any:
    """A value without the state that may have been put around all others."""
    if value == "root":
        return {}
    if isinstance(value, dict) and list(value) == ["root"]:
        return value["root"]
    return value


# -------------------------------------------------------------------- XState's own


class Door(xstate.Memory):
    """Runs the documents that an export and an import make of the given ones."""

    def start(self, document: Any) -> Rooted:
        self.exported = scxml.dump(document)
        moved = scxml.load(self.exported).document
        return Rooted(super().start(moved).instance)  # type: ignore[attr-defined]


class Rooted(xstate.InMemory):
    @property
    def snapshot(self) -> Any:
        now = self.instance.snapshot
        names = ("status", "context", "output", "tags")
        rest = {name: getattr(now, name) for name in names}
        return SimpleNamespace(value=unwrapped(now.value), **rest)


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


def test_exported_scenarios_of_xstate_pass_as_scxml() -> None:
    scenarios = data.lines("xstate/scenarios.jsonl")
    if not scenarios:
        pytest.skip(f"{COUNT} scenarios of XState: no {data.directory()}/xstate")
    assert len(scenarios) == COUNT
    failures = {}
    for scenario in scenarios:
        door = Door()
        failure = xstate.failure(_without_end(scenario), door)
        if failure and not matters(door.exported):
            failures[scenario["id"]] = failure
    assert failures == {}


# ------------------------------------------------------------------ random machines


def _case(seed: int) -> generator.Case:
    """A case whose machine declares its events and does not look at their names.

    At the start there is no event in SCXML; after a delay it has another name.
    """
    case = generator.case(seed)
    actions, guards = (
        generator.IMPLEMENTATIONS[kind] for kind in ("actions", "guards")
    )
    trace = [{"expr": "params.name"}, {"expr": "context.n"}]
    implementations = {
        **generator.IMPLEMENTATIONS,
        "actions": {
            **actions,
            "trace": {"type": "log", "message": trace},
            "add": {"type": "inc", "params": {"expr": "params"}},
            "keep": [],
        },
        "guards": {**guards, "isEvent": {"expr": "false"}},
    }
    return replace(
        case,
        machine={
            **case.machine,
            "implementations": implementations,
            "eventSchemas": dict.fromkeys(generator.EVENTS, True),
        },
    )


def _difference(case: generator.Case, moved: generator.Case) -> Any:
    """The first records that are not equal, up to the end of the machine."""
    records = zip(ours.play(case).records, ours.play(moved).records, strict=False)
    for native, other in records:
        if native.get("status") == "done" or ("error" in native and "error" in other):
            return None
        if "value" in other:
            other["value"] = unwrapped(other["value"])
        if native != other:
            return native, other
    return None


def test_exported_random_machines_do_the_same_as_scxml() -> None:
    different = {}
    same = 0
    for seed in SEEDS:
        case = _case(seed)
        exported = scxml.dump(case.machine)
        if matters(exported):
            continue
        same += 1
        moved = replace(case, machine=scxml.load(exported).document)
        if difference := _difference(case, moved):
            different[seed] = difference
    assert different == {}
    assert same > len(SEEDS) / 10
