"""A Python module with the types of machines: what `pgsm types` writes.

Names of states, events, tags, keys and effects as Literals; the context, the input,
data of events, inputs and outputs of effects as TypedDicts, as far as schemas of the
document say what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .engine import definition_tree
from .engine.definition_events import is_reserved
from .types_schema import Module, Numbers, Reader, literal

Json = Any


@dataclass(frozen=True)
class Machine:
    """A machine's name, document in normal form, and version where it has one."""

    name: str
    document: Json
    version: int | None = None


def module_of(machines: Sequence[Machine], numbers: Numbers = "exact") -> str:
    """The text of a module, formatted as ruff does and right for mypy --strict."""
    module = Module(numbers)
    for machine in machines:
        _add(module, machine)
    body = "\n\n\n".join(_blocks(module))
    named = " and ".join(
        f"{literal(m.name)}{f', version {m.version}' if m.version else ''}"
        for m in machines
    )
    title = f'"""Types of the machine{"s" * (len(machines) > 1)} {named}.\n\n'
    title += 'Written by `pgsm types`: do not edit.\n"""\n'
    future = "\nfrom __future__ import annotations\n"
    return f"{title}{future}{_imports(body)}\n{body}\n"


def _blocks(module: Module) -> Iterator[str]:
    """What two empty lines are between: each class, and aliases that follow another."""
    together: list[str] = []
    for text in module.definitions.values():
        if not text.startswith("class "):
            together.append(text)
            continue
        if together:
            yield "\n".join(together)
        together = []
        yield text
    if together:
        yield "\n".join(together)


def _imports(body: str) -> str:
    names = [n for n in ("Any", "Literal", "TypedDict") if _uses(body, n)]
    newer = [n for n in ("Never", "NotRequired") if _uses(body, n)]
    lines = ["import sys\n"] if newer else []
    if _uses(body, "Decimal"):
        lines.append("from decimal import Decimal\n")
    if names:
        lines.append(f"from typing import {', '.join(names)}\n")
    if newer:
        wanted = ", ".join(newer)
        lines.append(
            f"\nif sys.version_info >= (3, 11):\n    from typing import {wanted}\n"
            f"else:\n    from typing_extensions import {wanted}\n"
        )
    return "\n" + "".join(lines) if lines else ""


def _uses(body: str, name: str) -> bool:
    return re.search(rf"(?<![\"'\w]){name}(?![\"'\w])", body) is not None


def _add(module: Module, machine: Machine) -> None:
    document, name = machine.document, machine.name
    tree = definition_tree.scan(document)
    states = [node for node in tree.nodes if node.path and node.kind != "history"]
    implementations = document.get("implementations", {})
    effects = implementations.get("effects", {})
    lists = {
        "state": [node.path for node in states],
        "event": sorted(_events(tree, document)),
        "tag": sorted({tag for node in tree.nodes for tag in node.raw.get("tags", ())}),
        "key": list(document.get("keys", {})),
        "effect": list(effects),
    }
    for word, values in lists.items():
        own = module.name(name, word)
        if values or word in ("state", "event"):
            module.add_literal(own, values)
    for key, word in (("contextSchema", "context"), ("inputSchema", "input")):
        own = module.name(name, word)
        if key in document:
            Reader(module, document[key]).named(document[key], own)
        else:
            module.add_alias(own, "dict[str, Any]")
    schemas = document.get("eventSchemas", {})
    for event in lists["event"]:
        schema = _schema_of(event, schemas)
        if schema is not None:
            Reader(module, schema).named(schema, module.name(name, event, "data"))
    for effect, policy in effects.items():
        for key, word in (("inputSchema", "input"), ("outputSchema", "output")):
            if key in policy:
                own = module.name(name, effect, word)
                Reader(module, policy[key]).named(policy[key], own)


def _events(tree: definition_tree.Tree, document: Json) -> set[str]:
    """The events that may be sent from outside and that a state names."""
    internal = document.get("internalEvents", ())
    named = {event for node in tree.nodes for event in node.raw.get("on", {})}
    named |= set(document.get("eventSchemas", {}))
    named |= {event for node in tree.nodes for event in node.raw.get("defer", ())}
    return {
        event
        for event in named
        if "*" not in event and not is_reserved(event) and event not in internal
    }


def _schema_of(event: str, schemas: Json) -> Json:
    """The schema of its own name, else of the longest wildcard that matches."""
    if event in schemas:
        return schemas[event]
    wildcards = [
        pattern
        for pattern in schemas
        if pattern == "*"
        or (pattern.endswith(".*") and f"{event}.".startswith(pattern[:-1]))
    ]
    return schemas[max(wildcards, key=len)] if wildcards else None
