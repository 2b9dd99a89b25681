"""Scenarios recorded from XState's own tests, run in a simulation.

An action without an implementation is given one that notes its name, so that the
order of the executed actions can be compared.
"""

from __future__ import annotations

from typing import Any

from pgsm import testing
from pgsm.engine import definition_tree, definition_xstate

Json = Any
ENGINE_S_OWN = ("xstate.after.", "xstate.done.", "xstate.error.")


def document(scenario: Json) -> Json:
    """The definition of a scenario's machine."""
    machine = _spelled(scenario["machine"])
    machine.pop("types", None)  # means something to TypeScript only
    given = _spelled(scenario.get("implementations", {}))
    actions = {
        name: {"type": "log", "message": name}
        for name in _names(machine, "actions", "entry", "exit")
    }
    guards = {name: {"expr": "false"} for name in _names(machine, "guard")}
    implementations = {
        "actions": {**actions, **given.get("actions", {})},
        "guards": {**guards, **given.get("guards", {})},
    }
    return {**machine, "implementations": implementations}


def _spelled(node: Json) -> Json:
    """XState's functions, recorded as {"$action": …}, by their serialised names."""
    if isinstance(node, list):
        return [_spelled(item) for item in node]
    if not isinstance(node, dict):
        return node
    spelled = {
        key: _spelled(item) for key, item in node.items() if not _is_no_wildcard(key)
    }
    if "$action" in spelled:
        spelled["type"] = spelled.pop("$action")
    if "$guard" in spelled:
        spelled["type"] = "xstate." + spelled.pop("$guard")
    return spelled


def _is_no_wildcard(key: str) -> bool:
    """`event*` matches nothing in XState, which warns; here the checker refuses it."""
    return "*" in key and key != "*" and not key.endswith(".*")


def _names(node: Json, *keys: str) -> dict[str, None]:
    """The names that stand under the keys, but for XState's own."""
    found: dict[str, None] = {}
    if isinstance(node, list):
        for item in node:
            found |= _names(item, *keys)
    elif isinstance(node, dict):
        for key, item in node.items():
            for used in item if isinstance(item, list) else [item]:
                name = used.get("type") if isinstance(used, dict) else used
                if key in keys and isinstance(name, str) and name[:7] != "xstate.":
                    found[name] = None
            found |= _names(item, *keys)
    return found


def failure(scenario: Json) -> str | None:
    """What differs from the recording, None when nothing does."""
    try:
        simulated = _begin(scenario)
        for number, step in enumerate(scenario["steps"]):
            before = len(simulated.notes) if number else 0
            if step["event"] is not None:
                _take(simulated, step)
            problem = _difference(simulated, step, simulated.notes[before:])
            if problem:
                return f"step {number}: {problem}"
    except testing.DefinitionError as error:
        return f"refused: {error}"
    except testing.Refused as error:
        return str(error)
    return None


def _begin(scenario: Json) -> testing.Instance:
    world = testing.World()
    machine = world.define(document(scenario), "m")
    simulated = world.start(machine)
    if "from" in scenario:
        value = scenario["from"]["value"]
        return world.place(machine, value, simulated.context)
    return simulated


def _take(simulated: testing.Instance, step: Json) -> None:
    event = dict(step["event"])
    name = event.pop("type")
    if "after" in step:
        simulated.world.advance(f"{step['after']['delay']} ms")
    elif name.startswith(ENGINE_S_OWN):
        tree = definition_tree.scan(simulated.world.definition("m"))
        simulated.deliver(definition_xstate.descriptor(tree, name) or name)
    else:
        simulated.send(name, event)


def _difference(simulated: testing.Instance, step: Json, notes: Json) -> str | None:
    found = {
        "value": simulated.value,
        "status": simulated.status,
        "context": simulated.context,
        "output": simulated.output,
        "tags": sorted(simulated.tags),
        "actions": notes,
    }
    for key, item in found.items():
        expected = sorted(step[key]) if key == "tags" and key in step else step.get(key)
        if key in step and item != expected:
            return f"{key} is {item}, not {expected}"
    return None
