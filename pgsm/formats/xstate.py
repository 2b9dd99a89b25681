"""XState: its JSON read as definitions, and definitions written for it.

`load` takes what `JSON.stringify(machine.config)` and Stately's export give, of XState
5 and 4; better still, what the replacer of docs/how-to/move-from-xstate.md gives, in
which functions have left their source.  Nothing is invented: a name without an
implementation gets one that does nothing (an action), is false (a guard) or never
comes (a delay), and is reported.
"""

from __future__ import annotations

from typing import Any

from pgsm.engine import exact
from pgsm.engine.definition_delays import looks_like_delay
from pgsm.engine.definition_input import read_text, read_value
from pgsm.engine.definition_problems import quote
from pgsm.engine.definition_shapes import type_name

from . import xstate_actions
from .common import Exported, FormatError, Imported, Problem
from .xstate_accept import accept
from .xstate_export import dump
from .xstate_reading import (
    NEVER,
    NO_TIMER,
    Path,
    Reading,
    as_object,
    example,
    is_function,
    is_machine,
    source,
)
from .xstate_states import is_version_4, reenter_as_version_4, state

__all__ = ["Exported", "FormatError", "Imported", "dump", "load"]

NEEDED = "needs_implementation"
_SECTIONS = ("guards", "actions", "delays", "effects")


def load(document: Any, name: str | None = None) -> Imported:
    """The machines of XState JSON, given as its text or as a value, in normal form.

    The main one is called `name`, else by its id.  Raises FormatError when the result
    is no definition.
    """
    raw, problems = _value(document)
    if problems:
        raise FormatError(problems)
    found = _id(raw)
    name = name or (found if found != "(machine)" else None) or "machine"
    reading = Reading()
    reading.machines[name] = {}
    reading.machines[name] = _machine(reading, raw, ())
    _load_actors(reading)
    return Imported(reading.machines, reading.warnings)


def keeps_functions(document: Any) -> bool:
    """Whether all functions of a machine have left a trace in its JSON."""
    if isinstance(document, dict):
        if "x-pgsm" in document or is_function(document):
            return True
        document = list(document.values())
    return isinstance(document, list) and any(map(keeps_functions, document))


def _value(document: Any) -> tuple[Any, list[Problem]]:
    read = read_text if isinstance(document, str) else read_value
    raw, problems = read(document)
    if not problems and not isinstance(raw, dict):
        message = f"a machine is an object, not {type_name(raw)}"
        problems = [Problem("$", "wrong_type", message)]
    within = (
        [] if problems or "states" in raw else [k for k in raw if is_machine(raw[k])]
    )
    if within:
        message = f'this is no machine, but has one under the key "{within[0]}"'
        problems = [Problem("$", "no_machine", message, "take what stands there alone")]
    return raw, problems


def _id(raw: dict[str, Any]) -> str | None:
    found = raw.get("id", raw.get("key"))
    return found if isinstance(found, str) and found else None


def _load_actors(reading: Reading) -> None:
    """Read the machines that are actors of the one before, and theirs."""
    seen: set[str] = set()
    while waiting := [name for name in reading.actors if name not in seen]:
        for name in waiting:
            seen.add(name)
            raw = reading.actors[name]
            if name not in reading.machines and is_machine(raw):
                place = ("actors", name)
                reading.machines[name] = _machine(reading, raw, place)


def _machine(above: Reading, raw: dict[str, Any], path: Path) -> dict[str, Any]:
    if "order" in raw and "key" in raw:
        message = "JSON.stringify(machine) leaves out context, always and history"
        hint = "use JSON.stringify(machine.config)"
        above.warn(path, "left_out", message, hint)
    note = as_object(raw.get("x-pgsm"))
    inline = as_object(note.get("inline"))
    reading = Reading(
        ours="x-pgsm" in raw,
        version_4=is_version_4(raw),
        inline={kind: as_object(inline.get(kind)) for kind in ("actions", "guards")},
        warnings=above.warnings,
        machines=above.machines,
        actors=above.actors,
    )
    given = as_object(raw.get("implementations"))
    reading.actors.update(as_object(given.get("actors")))
    document = state(
        reading, {k: v for k, v in raw.items() if k != "implementations"}, path
    )
    found = _implementations(reading, given, (*path, "implementations"))
    for kind, named in as_object(note.get("implementations")).items():
        found.setdefault(kind, {}).update(as_object(named))
    _declare(reading, found, path)
    for name, place in reading.receivers.items():
        if name in reading.effect_ids:
            message = f"the effect {quote(name)} takes no events"
            hint = "make it a machine, or give it all that it needs as its input"
            reading.warn(place, "receiver", message, hint)
    if any(found.values()):
        document["implementations"] = {k: v for k, v in found.items() if v}
    if reading.version_4:
        reenter_as_version_4(document)
    return accept(reading, document, path)


def _implementations(
    reading: Reading, given: dict[str, Any], path: Path
) -> dict[str, dict[str, Any]]:
    """What `machine.implementations` has that is data; the rest is left out."""
    found: dict[str, dict[str, Any]] = {kind: {} for kind in _SECTIONS}
    for kind, read in (("actions", _action), ("guards", _guard), ("delays", _delay)):
        for name, raw in as_object(given.get(kind)).items():
            found[kind].update(read(reading, name, raw, (*path, kind, name)))
    found["effects"].update(as_object(given.get("effects")))
    return found


def _action(reading: Reading, name: str, raw: Any, path: Path) -> dict[str, Any]:
    name = xstate_actions.action_name(name)
    if _is_lost(raw):
        _needed(reading, path, "actions", name, raw)
        return {name: []}
    return {name: xstate_actions.actions(reading, raw, path)}


def _guard(reading: Reading, name: str, raw: Any, path: Path) -> dict[str, Any]:
    if _is_lost(raw) and not (raw and ("guards" in raw or "stateValue" in raw)):
        _needed(reading, path, "guards", name, raw)
        return {name: dict(NEVER)}
    return {name: xstate_actions.guard(reading, raw, path)}


def _delay(reading: Reading, name: str, raw: Any, path: Path) -> dict[str, Any]:
    if _is_lost(raw):
        _needed(reading, path, "delays", name, raw)
        return {name: dict(NO_TIMER)}
    return {name: raw}


def _is_lost(raw: Any) -> bool:
    return raw is None or (is_function(raw) and "type" not in raw)


_UNTIL_THEN = {
    "actions": "it does nothing until then",
    "guards": "it is false until then",
    "delays": "its timer never comes until then",
}
_SINGULAR = {"actions": "action", "guards": "guard", "delays": "delay"}


def _needed(reading: Reading, path: Path, kind: str, name: str, raw: Any) -> None:
    message = f"the {_SINGULAR[kind]} {quote(name)} has no implementation"
    if is_function(raw):
        message = f"the {_SINGULAR[kind]} {quote(name)} is a function{source(raw)}"
    negated = kind == "guards" and name in reading.negated
    until = _UNTIL_THEN[kind] + (", and true where it is negated" if negated else "")
    reading.warn(path, NEEDED, f"{message}; {until}", example(kind, name))


def _declare(reading: Reading, found: dict[str, dict[str, Any]], path: Path) -> None:
    """Give the names that are used and not implemented something that is harmless."""
    harmless: dict[str, Any] = {"actions": [], "guards": NEVER, "delays": NO_TIMER}
    for kind, nothing in harmless.items():
        for name, place in reading.used[kind].items():
            if name not in found[kind] and not _is_delay(kind, name):
                _needed(reading, place, kind, name, None)
                found[kind][name] = exact.loads(exact.dumps(nothing))
    for name in reading.used["effects"]:
        found["effects"].setdefault(name, {})


def _is_delay(kind: str, name: str) -> bool:
    return kind == "delays" and looks_like_delay(name)
