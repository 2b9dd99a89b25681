"""Invocations of XState, read as ours: actors become effects or machines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .xstate_reading import (
    Path,
    Reading,
    as_object,
    is_function,
    is_machine,
    unused_name,
)

_LEFT_OUT = {
    "onSnapshot": "effects and machines answer when they end: onDone, onError",
    "systemId": "instances are found by their id and by keys",
    "autoForward": 'send the events on: {"type": "send", "to": {"child": "…"}, …}',
    "forward": 'send the events on: {"type": "send", "to": {"child": "…"}, …}',
}
_SILENTLY = ("type", "toJSON", "x-pgsm", "_src")

Transitions = Callable[[Reading, Any, Path], Any]


def invocations(
    reading: Reading, raw: Any, path: Path, transitions: Transitions
) -> Any:
    """The invocations of a state; `transitions` reads those of their ends."""
    if not isinstance(raw, list):
        return _invocation(reading, raw, path, transitions)
    return [
        _invocation(reading, item, (*path, n), transitions)
        for n, item in enumerate(raw)
    ]


def activities(reading: Reading, raw: Any, path: Path) -> list[Any]:
    """XState 4's activities: work for as long as the state lasts, as an effect is."""
    found = []
    for n, item in enumerate(raw if isinstance(raw, list) else [raw]):
        name = item.get("type") if isinstance(item, dict) else item
        if not isinstance(name, str) or is_function(item):
            hint = 'write {"invoke": {"src": "name of an effect"}}'
            reading.lost((*path, n), "the activity", item, hint)
        else:
            found.append({"src": reading.use("effects", name, path)})
    return found


def _invocation(
    reading: Reading, raw: Any, path: Path, transitions: Transitions
) -> Any:
    if isinstance(raw, str):
        raw = {"src": raw}
    if not isinstance(raw, dict):
        return raw
    if "states" in raw and "src" not in raw:  # XState 4: the machine itself
        raw = {"src": raw}
    found: dict[str, Any] = {}
    if isinstance(raw.get("id"), str):
        found["id"] = raw["id"]
    own = as_object(raw.get("x-pgsm"))
    if not ("machine" in own or "src" in own):
        found.update(_source(reading, raw, path))
    for key, item in raw.items():
        found.update(_other(reading, key, item, (*path, key), transitions))
    found.update(own)
    if isinstance(found.get("src"), str):
        reading.effect_ids.add(str(found.get("id")))
        reading.use("effects", found["src"], path)
    return found


def _other(
    reading: Reading, key: str, raw: Any, path: Path, transitions: Transitions
) -> dict[str, Any]:
    """What a key beside the source is in our document."""
    if key in _LEFT_OUT and raw:
        message = f'the key "{key}" has no counterpart'
        reading.warn(path, "left_out", message, _LEFT_OUT[key])
    if key in _LEFT_OUT or key in ("id", "src", *_SILENTLY):
        return {}
    if key in ("input", "data"):
        return reading.key("input", raw, path, "the input")
    if key in ("onDone", "onError"):
        return {key: transitions(reading, raw, path)}
    return {key: raw}


def _source(reading: Reading, raw: dict[str, Any], path: Path) -> dict[str, Any]:
    """The effect or the machine that is invoked, under "src" or "machine"."""
    source = raw.get("src")
    if isinstance(source, str):
        if is_machine(reading.actors.get(source)):
            return {"machine": source}
        return {"src": source}
    if is_machine(source):
        name = unused_name(_name(raw, source, path), _others(reading, source))
        reading.actors[name] = source
        return {"machine": name}
    if isinstance(source, dict) and isinstance(source.get("type"), str):  # XState 4
        rest = {key: item for key, item in source.items() if key != "type"}
        found = {"src": source["type"]}
        if rest:
            found["input"] = reading.value(rest, (*path, "src"), "the input")
        return found
    name = unused_name(_name(raw, None, path), reading.used["effects"])
    hint = (
        f'it is the effect "{name}" now; give it a better name, and write a handler:'
        f" @effect({name!r})"
    )
    reading.lost((*path, "src"), "the actor", source, hint)
    return {"src": reading.use("effects", name, path)}


def _others(reading: Reading, source: Any) -> list[str]:
    return [name for name, logic in reading.actors.items() if logic != source]


def _name(raw: dict[str, Any], machine: Any, path: Path) -> str:
    """A name for what has none: the machine's id, the invocation's, the state's."""
    for found in (machine and machine.get("id"), raw.get("id")):
        if isinstance(found, str) and found:
            return found
    keys = [str(step) for n, step in enumerate(path) if n and path[n - 1] == "states"]
    return ".".join(keys) or "work"
