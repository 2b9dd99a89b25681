"""Every configuration that a walk reaches is legal, and so is what is said of it."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from pgsm.engine import configuration, exact, plan

from . import door, walking
from .examples import examples
from .machines import machines, walks

Json = Any


@given(machines(), walks)
@examples(40)
def test_every_reached_configuration_is_legal(document: Json, script: Any) -> None:
    machine = door.Machine.of(document)
    found = machine.plan()
    for outcome in walking.walk(machine, script):
        if outcome.after.revision:
            check_states(found, outcome.after)
            check_history(found, outcome.after)


def check_states(found: plan.Plan, now: door.Instance) -> None:
    active = {found.root, *(found.state_by_path[path] for path in now.states)}
    assert configuration.is_legal(active, found.root)
    assert all(state.kind != "history" for state in active)
    positions = [found.state_by_path[path].position for path in now.states]
    assert positions == sorted(set(positions))
    assert paths_of(now.value) == {s.path for s in active if not s.children} - {""}
    assert set(now.tags) == {tag for state in active for tag in state.tags}
    assert len(set(now.tags)) == len(now.tags)


def paths_of(value: Json, above: str = "") -> set[str]:
    """The atomic states that a state value names."""
    if isinstance(value, str):
        return {above + value}
    if not value:
        return {above[:-1]} if above else set()
    return {
        path for key, item in value.items() for path in paths_of(item, f"{above}{key}.")
    }


def check_history(found: plan.Plan, now: door.Instance) -> None:
    """What is kept is legal when the parent is entered by it; so is the default."""
    kept = exact.loads(now.history or "{}")
    for path, names in kept.items():
        history = found.state_by_path[path]
        assert history.kind == "history"
        assert history.parent is not None
        states = [found.state_by_path[name] for name in names]
        assert states == configuration.document_order(set(states)) != []
        for state in states:
            if history.history == "deep":
                assert not state.children
                assert history.parent in state.ancestors
            else:
                assert state.parent is history.parent
    for state in found.states:
        if state.kind == "history":
            value = {
                path: [found.state_by_path[name] for name in names]
                for path, names in kept.items()
            }
            for known in (value, {}):
                entering = configuration.EntrySet(known)
                entering.add_descendant_states_to_enter(state)
                assert is_complete(state.parent, entering.states)


def is_complete(state: plan.State | None, active: set[plan.State]) -> bool:
    """Whether a legal configuration stands below a state."""
    assert state is not None
    regions = [child for child in state.children if child.kind != "history"]
    entered = [child for child in state.children if child in active]
    if state.kind == "compound" and len(entered) != 1:
        return False
    if state.kind == "parallel" and entered != regions:
        return False
    return all(is_complete(child, active) for child in entered)
