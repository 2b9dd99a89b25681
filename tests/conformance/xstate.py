"""Scenarios recorded from XState's own tests, run through a door to the interpreter.

An action without an implementation is given one that notes its name, so that the
order of the executed actions can be compared.

XState's tests begin some machines in the middle, and send some events by hand that
are the engine's own (`xstate.done.…`, `xstate.after.…`).  Neither is possible from
outside: a door has `place` and `deliver` for it, which go beneath the public API.
"""

from __future__ import annotations

from typing import Any, Protocol

import psycopg

from pgsm import testing
from pgsm.engine import definition_tree, definition_xstate
from pgsm.formats.common import FormatError

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


class Instance(Protocol):
    """One instance, through a door."""

    @property
    def snapshot(self) -> Any: ...
    @property
    def notes(self) -> list[Json]: ...
    def send(self, event: str, data: Json) -> object: ...
    def deliver(self, event: str) -> object: ...
    def wait(self, milliseconds: Json) -> object: ...


class Door(Protocol):
    """Where machines are defined and run."""

    def start(self, document: Json) -> Instance: ...
    def place(self, document: Json, value: Json) -> Instance: ...


class Memory:
    """The door of the in-memory host."""

    def start(self, document: Json) -> Instance:
        world = testing.World()
        return InMemory(world.start(world.define(document, "m")))

    def place(self, document: Json, value: Json) -> Instance:
        world = testing.World()
        machine = world.define(document, "m")
        return InMemory(world.place(machine, value, world.start(machine).context))


class InMemory:
    """An instance in the in-memory host."""

    def __init__(self, instance: testing.Instance) -> None:
        self.instance = instance

    @property
    def snapshot(self) -> Any:
        return self.instance.snapshot

    @property
    def notes(self) -> list[Json]:
        return self.instance.notes

    def send(self, event: str, data: Json) -> object:
        return self.instance.send(event, data)

    def deliver(self, event: str) -> object:
        return self.instance.deliver(event)

    def wait(self, milliseconds: Json) -> object:
        return self.instance.world.advance(f"{milliseconds} ms")


def failure(scenario: Json, door: Door) -> str | None:
    """What differs from the recording, None when nothing does."""
    machine = document(scenario)
    try:
        if "from" in scenario:
            instance = door.place(machine, scenario["from"]["value"])
        else:
            instance = door.start(machine)
        for number, step in enumerate(scenario["steps"]):
            before = len(instance.notes) if number else 0
            if step["event"] is not None:
                _take(instance, machine, step)
            problem = _difference(instance, step, instance.notes[before:])
            if problem:
                return f"step {number}: {problem}"
    except (testing.DefinitionError, FormatError) as error:
        return f"refused: {error}"
    except (testing.Refused, psycopg.Error) as error:
        return str(error)
    return None


def _take(instance: Instance, machine: Json, step: Json) -> None:
    event = dict(step["event"])
    name = event.pop("type")
    if "after" in step:
        instance.wait(step["after"]["delay"])
    elif name.startswith(ENGINE_S_OWN):
        tree = definition_tree.scan(machine)
        instance.deliver(definition_xstate.descriptor(tree, name) or name)
    else:
        instance.send(name, event)


def _difference(instance: Instance, step: Json, notes: Json) -> str | None:
    now = instance.snapshot
    found = {
        "value": now.value,
        "status": now.status,
        "context": now.context,
        "output": now.output,
        "tags": sorted(now.tags),
        "actions": notes,
    }
    for key, item in found.items():
        expected = sorted(step[key]) if key == "tags" and key in step else step.get(key)
        if key in step and item != expected:
            return f"{key} is {item}, not {expected}"
    return None
