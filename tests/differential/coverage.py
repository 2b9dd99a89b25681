"""What a run of random cases has exercised, so that the generator cannot rot."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from . import ours
from .generator import Case

Json = Any
_PART = re.compile(r'\.([^.\[]+)|\["([^"]+)"\]|\[(\d+)\]')

# the least share of steps that take a transition with the feature, in per mille
TAKEN = {
    "a transition": 200,
    "on": 100,
    "always": 30,
    "after": 20,
    "onDone": 5,
    "*": 15,
    "partial wildcard": 20,
    "guard": 100,
    "a later candidate": 30,
    "reenter": 20,
    "several targets": 10,
    "history": 20,
    "no target": 30,
    "#id": 50,
    ".child": 30,
    "sibling": 30,
    "two at once": 10,
    "a raised event": 15,
    "a delayed event": 20,
}
# the least share of machines that have the feature, in per mille
WRITTEN = {
    "parallel": 200,
    "final": 200,
    "shallow": 50,
    "deep": 100,
    "history with a target": 80,
    "history without a target": 80,
    "forbidden": 50,
    "initial with actions": 150,
    "tags": 300,
    "output": 100,
    "cancel": 300,
    "choose": 300,
    "assign": 500,
    "and": 300,
    "or": 300,
    "not": 300,
    "in": 300,
    "done": 50,
}


def counted(
    cases: Sequence[Case], played: Sequence[ours.Played]
) -> tuple[dict[str, float], dict[str, float]]:
    """The share of steps and of machines with each feature, in per mille."""
    taken: Counter[str] = Counter()
    written: Counter[str] = Counter()
    steps = 0
    for case, ran in zip(cases, played, strict=True):
        written.update(set(_written(case.machine)))
        if ran.records[-1].get("status") == "done":
            written["done"] += 1
        for record, paths in zip(ran.records, ran.taken, strict=False):
            steps += 1
            taken.update(set(_taken(case.machine, record, paths)))
    return (
        {key: 1000 * taken[key] / steps for key in TAKEN},
        {key: 1000 * written[key] / len(cases) for key in WRITTEN},
    )


def _taken(machine: Json, record: Json, paths: list[str]) -> Iterator[str]:
    events = [note[1] for note in record["trace"]]
    if any(event in ("R", "S") for event in events):
        yield "a raised event"
    if any(event.startswith("after.") for event in events):
        yield "a delayed event"
    if paths:
        yield "a transition"
    kinds = [part for path in paths for part in _parts(path) if part == "always"]
    if len(paths) - len(kinds) > 1:
        yield "two at once"
    for path in paths:
        yield from _transition(machine, _parts(path))


def _parts(path: str) -> list[str]:
    return [next(filter(None, found)) for found in _PART.findall(path)]


def _transition(machine: Json, parts: list[str]) -> Iterator[str]:
    node: Json = machine
    for part in parts[:-1]:
        node = node[part]
        if part in ("always", "after", "onDone", "on"):
            yield part
    if parts[-2] == "*":
        yield "*"
    elif parts[-2].endswith(".*"):
        yield "partial wildcard"
    index = int(parts[-1])
    if index:
        yield "a later candidate"
    transition = node[index] if isinstance(node, list) else node
    if isinstance(transition, str):
        transition = {"target": transition}
    yield from (key for key in ("guard", "reenter") if key in transition)
    yield from _targets(machine, transition.get("target"))


def _targets(machine: Json, targets: Json) -> Iterator[str]:
    if targets is None:
        yield "no target"
        return
    several = targets if isinstance(targets, list) else [targets]
    if len(several) > 1:
        yield "several targets"
    keys = {key for key, _ in _histories(machine)}
    for target in several:
        yield {"#": "#id", ".": ".child"}.get(target[0], "sibling")
        if re.split(r"[.#]", target)[-1] in keys:
            yield "history"


def _histories(node: Json) -> Iterable[tuple[str, Json]]:
    """History states by their key, and by their id."""
    for key, child in node.get("states", {}).items():
        if child.get("type") == "history":
            yield key, child
            if "id" in child:
                yield child["id"], child
        yield from _histories(child)


def _written(node: Json) -> Iterator[str]:
    """The features in a document."""
    if isinstance(node, list):
        for item in node:
            yield from _written(item)
    if not isinstance(node, dict):
        return
    kind = node.get("type")
    if kind in ("parallel", "final", "cancel", "choose"):
        yield kind
    if kind in ("inc", "add", "keep"):
        yield "assign"
    if kind == "history":
        yield node["history"]
        yield f"history {'with' if 'target' in node else 'without'} a target"
    yield from (
        key for key in ("tags", "output", "and", "or", "not", "in") if key in node
    )
    if isinstance(node.get("initial"), dict):
        yield "initial with actions"
    for key, item in node.items():
        if key in ("on", "after") and {} in item.values():
            yield "forbidden"
        if key != "implementations":
            yield from _written(item)
