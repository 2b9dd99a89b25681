"""Scenarios recorded from XState's own tests, run in a simulation.

An action without an implementation is given one that notes its name, so that the
order of the executed actions can be compared.
"""

from __future__ import annotations

from typing import Any

from pgsm.engine import definition, definition_tree, definition_xstate, exact
from tests.charts import simulation

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
            before = len(simulated.now.log) if number else 0
            if step["event"] is not None:
                _take(simulated, step)
            problem = _difference(simulated, step, simulated.now.log[before:])
            if problem:
                return f"step {number}: {problem}"
    except definition.DefinitionError as error:
        return f"refused: {error}"
    except simulation.Refused as error:
        return f"{error.sqlstate}: {error}"
    return None


def _begin(scenario: Json) -> simulation.Simulation:
    simulated = simulation.Simulation(document(scenario))
    simulated.start()
    if "from" in scenario:
        value = scenario["from"]["value"]
        simulated.now = simulation.Instance(
            states=tuple(_paths(value)), value=value, context=simulated.now.context
        )
    return simulated


def _paths(value: Json, above: str = "") -> list[str]:
    """The active states of a value in XState's shape."""
    if isinstance(value, str):
        return [above + value]
    found = []
    for key, inner in value.items():
        path = above + key
        found += [path, *_paths(inner, path + ".")]
    return found


def _take(simulated: simulation.Simulation, step: Json) -> None:
    event = dict(step["event"])
    name = event.pop("type")
    if "after" in step:
        simulated.advance(f"{step['after']['delay']} ms")
    elif name.startswith(ENGINE_S_OWN):
        tree = definition_tree.scan(exact.loads(simulated.document))
        simulated.send(definition_xstate.descriptor(tree, name) or name, origin="timer")
    else:
        simulated.send(name, event)


def _difference(simulated: simulation.Simulation, step: Json, log: Any) -> str | None:
    now = simulated.now
    found = {
        "value": now.value,
        "status": now.status,
        "context": exact.loads(now.context),
        "output": now.output,
        "tags": sorted(now.tags),
        "actions": [name for result in log for name in result.get("notes", ())],
    }
    for key, item in found.items():
        expected = sorted(step[key]) if key == "tags" and key in step else step.get(key)
        if key in step and item != expected:
            return f"{key} is {item}, not {expected}"
    return None
