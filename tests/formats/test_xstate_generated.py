"""Over generated documents: export and import give them back, and nothing raises."""

from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pgsm.engine import definition, exact
from pgsm.formats import files, xstate
from pgsm.formats.common import FormatError
from tests.engine.test_definition_generated import anything, machines

fast = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@given(machines())
@settings(fast, max_examples=30)
def test_what_was_exported_imports_as_the_same_text(machine: Any) -> None:
    again = xstate.load(xstate.dump(machine))
    assert exact.dumps(again.document) == exact.dumps(definition.normalise(machine))
    assert again.warnings == []


@given(machines())
@settings(fast, max_examples=30)
def test_yaml_holds_every_definition(machine: Any) -> None:
    document = definition.normalise(machine)
    again = files.read_yaml(files.to_yaml(document))
    assert exact.dumps(again) == exact.dumps(document)


# What XState's JSON has and ours has not, sound or not, in places where it may be.
THEIRS = st.sampled_from(
    [
        {"@code": "() => 1"},
        {"@code": "", "@name": "and", "guards": [None, "x"]},
        {"@code": "", "@name": "or", "guards": 5},
        {"type": "xstate.assign"},
        {"type": "xstate.sendTo", "event": 1},
        {"type": "xstate.raise", "event": {"a": 1}},
        {"type": "xstate.choose", "conds": [1]},
        {"type": "xstate.choose", "conds": 3},
        {"type": "xstate.spawnChild", "src": {"a": 1}},
        {"type": "xstate.spawnChild", "src": [1]},
        {"type": "xstate.stateIn", "stateValue": 5},
        {"src": {}, "data": 1, "onDone": [{}, {}]},
        {"src": {"states": {"a": {}}}},
        {"src": {"type": "x", "expr": 1}},
        {"delay": 1, "target": "a"},
        {"target": [1, None], "guard": [1]},
        {"cond": {"type": "g", "n": 1}, "in": {"a": "b"}, "internal": 1},
        {"delays": {"1": "a"}},
        {"inline": {"actions": 3, "guards": {"x": 3}}},
        {"actors": {"a": {"states": {}}}, "guards": {"x": None}, "delays": 3},
    ]
)
KEYS = st.sampled_from(
    [
        *("entry", "exit", "always", "on", "after", "invoke", "activities", "onEntry"),
        *("data", "context", "output", "initial", "x-pgsm", "implementations"),
        *("states", "onDone", "delimiter", "parallel", "types", "key", "order", "in"),
        *("target", "guard", "cond", "actions", "src", "input", "id", "type", "tags"),
        *("a", "b", "*", "a*", "", "xstate.after.1.a", "xstate.snapshot.x", "delay"),
    ]
)
theirs = st.recursive(
    THEIRS | st.sampled_from([None, {}, [], 1, True, "a", "xstate.raise"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, theirs, max_size=5) | anything)
@settings(fast, max_examples=300)
def test_no_json_makes_the_import_raise_anything_else(document: Any) -> None:
    with contextlib.suppress(FormatError):
        found = xstate.load(document)
        for machine in found.machines.values():
            assert definition.normalise(machine) == machine
        assert all(w.path.startswith("$") and w.message for w in found.warnings)


@given(st.text() | st.dictionaries(KEYS, theirs, max_size=4).map(files.to_yaml))
@fast
def test_no_text_makes_the_reading_of_yaml_raise_anything_else(text: str) -> None:
    with contextlib.suppress(FormatError):
        exact.dumps(files.read_yaml(text))
