"""States of XState, read as ours: transitions, delays, XState 4's spellings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pgsm.engine import definition_tree, definition_xstate
from pgsm.engine.definition_delays import looks_like_delay
from pgsm.engine.definition_problems import quote

from . import xstate_actions
from .xstate_invoke import activities, invocations
from .xstate_reading import Path, Reading, add, as_list, as_object, is_function

# What only TypeScript, tools or XState's own output of a machine have.
_LEFT_OUT = frozenset(
    (
        *("types", "schema", "schemas", "tsTypes"),
        *("predictableActionArguments", "preserveActionOrder", "strict"),
        *("key", "order", "transitions", "x-pgsm"),
    )
)
_OF_TRANSITIONS = frozenset(("source", "event", "eventType", "delay", "x-pgsm"))


def transitions(reading: Reading, raw: Any, path: Path) -> Any:
    """The transitions of one event, in order."""
    if not isinstance(raw, list):
        return _transition(reading, raw, path)
    found = []
    for n, item in enumerate(raw):
        read = _transition(reading, item, (*path, n))
        open_to_all = isinstance(read, dict) and "guard" not in read
        if open_to_all and n < len(raw) - 1 and not reading.ours:
            read = {**read, "guard": xstate_actions.never(reading, (*path, n))}
        found.append(read)
    return found


def _transition(reading: Reading, raw: Any, path: Path) -> Any:
    if reading.version_4 and isinstance(raw, str):
        raw = {"target": raw}
    if not isinstance(raw, dict):
        return raw
    if is_function(raw):
        hint = 'write {"target": "…", "guard": …, "actions": […]}'
        reading.lost(path, "the transition", raw, hint)
        return {}
    found: dict[str, Any] = {}
    for key, item in raw.items():
        place = (*path, key)
        if key in ("guard", "cond"):
            guard = xstate_actions.guard(reading, item, place)
            found["guard"] = _both(guard, found.get("guard"))
        elif key == "in":
            found["guard"] = _both(found.get("guard"), _in(item))
        elif key == "actions":
            found["actions"] = xstate_actions.actions(reading, item, place)
        elif key == "internal":
            found.setdefault("reenter", not item)
        elif key == "target" and item is None:
            continue
        elif key not in _OF_TRANSITIONS:
            found[key] = item
    return found


def _both(one: Any, other: Any) -> Any:
    return {"and": [one, other]} if one and other else one or other


def _in(raw: Any) -> Any:
    return definition_xstate.guard({"type": "xstate.stateIn", "stateValue": raw})


# -------------------------------------------------------------------------- by event


def _on(reading: Reading, raw: Any, path: Path, found: dict[str, Any]) -> None:
    """Transitions by event; XState 4 writes `always` as the event "" """
    if not isinstance(raw, dict):
        found["on"] = raw
        return
    on: dict[str, Any] = {}
    for event, item in raw.items():
        place = (*path, event)
        if event == "":
            found["always"] = transitions(reading, item, place)
        elif _matches_nothing(event):
            message = f"XState takes no event by {quote(event)}"
            hint = 'a wildcard is "*" alone, or ".*" at the end'
            reading.warn(place, "left_out", message, hint)
        elif event.startswith("xstate.after.") and _delay_of(item) is not None:
            _after(reading, {str(_delay_of(item)): item}, place, found)
        elif event.startswith("xstate.snapshot."):
            message = "what a child is in does not come as an event"
            hint = 'let it send: {"type": "send", "to": "parent", "event": "…"}'
            reading.warn(place, "left_out", message, hint)
        else:
            on[event] = transitions(reading, item, place)
    if on or not raw:
        found["on"] = on


def _matches_nothing(event: str) -> bool:
    if "*" not in event or event == "*":
        return False
    return event.count("*") > 1 or not event.endswith(".*")


def _delay_of(raw: Any) -> Any:
    """The delay that XState's own output of a machine keeps beside its event."""
    first = raw[0] if isinstance(raw, list) and raw else raw
    return first.get("delay") if isinstance(first, dict) else None


# -------------------------------------------------------------------------- by delay


def _after(reading: Reading, raw: Any, path: Path, found: dict[str, Any]) -> None:
    if isinstance(raw, list):  # XState 4
        raw = _by_delay(reading, raw, path)
    if not isinstance(raw, dict):
        found["after"] = raw
        return
    after = found.setdefault("after", {})
    for key, item in raw.items():
        place = (*path, key)
        add(after, key, transitions(reading, item, place))
        if not looks_like_delay(key):
            reading.use("delays", key, place)
        elif not (reading.ours or key.replace(".", "", 1).isdigit()):
            message = f"the delay {quote(key)} is read as a length of time"
            reading.warn(place, "delay", message, "XState takes it for a name")


def _by_delay(reading: Reading, raw: list[Any], path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for n, item in enumerate(raw):
        delay = item.get("delay") if isinstance(item, dict) else None
        if delay is None or is_function(delay):
            hint = 'write "after": {"10 minutes": …} or {"name of a delay": …}'
            reading.lost((*path, n), "the delay", delay, hint)
        else:
            found.setdefault(str(delay), []).append(item)
    return found


# ------------------------------------------------------------------------- a state


def state(reading: Reading, raw: Any, path: Path) -> Any:
    """A state and all that is in it."""
    if not isinstance(raw, dict):
        return raw
    found: dict[str, Any] = {}
    own = as_object(raw.get("x-pgsm"))
    if texts := as_object(own.get("delays")):
        after = as_object(raw.get("after"))
        after = {str(texts.get(key, key)): item for key, item in after.items()}
        raw = {**raw, "after": after}
    for key, item in raw.items():
        if key in _READERS:
            _READERS[key](reading, item, (*path, key), found)
        elif key not in _LEFT_OUT:
            found[key] = item
    if "order" in raw and "key" in raw:
        _undo_definition(found)
    found.update({k: v for k, v in own.items() if k not in _OF_THE_NOTE})
    return found


_OF_THE_NOTE = ("delays", "inline", "implementations")


def _undo_definition(found: dict[str, Any]) -> None:
    """Take away what `JSON.stringify(machine)` shows that no document has."""
    if found.get("history") is False:
        del found["history"]
    initial = found.get("initial")
    if isinstance(initial, dict):
        initial = {k: v for k, v in initial.items() if k in ("target", "actions")}
        found["initial"] = initial
        if not initial.get("target"):
            del found["initial"]


def _states(reading: Reading, raw: Any, path: Path, found: dict[str, Any]) -> None:
    if isinstance(raw, dict):
        raw = {key: state(reading, item, (*path, key)) for key, item in raw.items()}
    found["states"] = raw


def _initial(reading: Reading, raw: Any, path: Path, found: dict[str, Any]) -> None:
    if isinstance(raw, dict) and "actions" in raw:
        place = (*path, "actions")
        raw = {**raw, "actions": xstate_actions.actions(reading, raw["actions"], place)}
    found["initial"] = raw


def _block(key: str) -> Callable[[Reading, Any, Path, dict[str, Any]], None]:
    def read(reading: Reading, raw: Any, path: Path, found: dict[str, Any]) -> None:
        definition = isinstance(raw, list) and all(
            item in ({"type": "xstate.raise"}, {"type": "xstate.cancel"})
            for item in raw
        )  # of `after`, as JSON.stringify(machine) shows them
        block = [] if definition else xstate_actions.actions(reading, raw, path)
        add(found, key, block)

    return read


def _always(key: str) -> Callable[[Reading, Any, Path, dict[str, Any]], None]:
    def read(reading: Reading, raw: Any, path: Path, found: dict[str, Any]) -> None:
        found[key] = transitions(reading, raw, path)

    return read


def _value(key: str, what: str) -> Callable[[Reading, Any, Path, dict[str, Any]], None]:
    def read(reading: Reading, raw: Any, path: Path, found: dict[str, Any]) -> None:
        found.update(reading.key(key, raw, path, what))

    return read


def _invoke(reading: Reading, raw: Any, path: Path, found: dict[str, Any]) -> None:
    add(found, "invoke", invocations(reading, raw, path, transitions))


def _activities(reading: Reading, raw: Any, path: Path, found: dict[str, Any]) -> None:
    add(found, "invoke", activities(reading, raw, path))


def _parallel(reading: Reading, raw: Any, path: Path, found: dict[str, Any]) -> None:
    if raw is True:
        found["type"] = "parallel"


def _delimiter(reading: Reading, raw: Any, path: Path, found: dict[str, Any]) -> None:
    if raw != ".":
        message = f"targets are written with dots here, not with {quote(str(raw))}"
        reading.warn(path, "left_out", message, 'write "a.b" for what is in it')


def _route(reading: Reading, raw: Any, path: Path, found: dict[str, Any]) -> None:
    message = "XState takes its event xstate.route to this state from anywhere"
    hint = 'write a transition at the root: "on": {"go.there": "#id of the state"}'
    reading.warn(path, "left_out", message, hint)


def _context(reading: Reading, raw: Any, path: Path, found: dict[str, Any]) -> None:
    if is_function(raw):
        hint = 'write "context": {"total": {"expr": "input.total"}, "count": 0}'
        reading.lost(path, "the context", raw, hint)
        raw = {}
    found["context"] = (
        {
            key: reading.value(item, (*path, key), f"the value of {quote(key)}")
            for key, item in raw.items()
        }
        if isinstance(raw, dict)
        else raw
    )


_READERS: dict[str, Callable[[Reading, Any, Path, dict[str, Any]], None]] = {
    "on": _on,
    "after": _after,
    "always": _always("always"),
    "onDone": _always("onDone"),
    "entry": _block("entry"),
    "exit": _block("exit"),
    "onEntry": _block("entry"),
    "onExit": _block("exit"),
    "invoke": _invoke,
    "activities": _activities,
    "states": _states,
    "initial": _initial,
    "output": _value("output", "the output"),
    "data": _value("output", "the output"),
    "parallel": _parallel,
    "delimiter": _delimiter,
    "route": _route,
    "context": _context,
}

# --------------------------------------------------------------------- XState 4

_OF_4 = frozenset(
    (
        *("cond", "internal", "in", "onEntry", "onExit", "activities", "parallel"),
        *("tsTypes", "schema", "predictableActionArguments", "preserveActionOrder"),
        *("delimiter", "strict"),
    )
)


def is_version_4(raw: Any) -> bool:
    """Whether a document has keys that only XState 4 knew."""
    if isinstance(raw, list):
        return any(map(is_version_4, raw))
    if not isinstance(raw, dict):
        return False
    if _OF_4.intersection(raw) or ("data" in raw and raw.get("type") == "final"):
        return True
    return any(
        is_version_4(item)
        for key, item in raw.items()
        if key not in ("meta", "context", "params", "input", "output")
    )


def reenter_as_version_4(document: dict[str, Any]) -> None:
    """Let transitions leave their state where XState 4 did and XState 5 does not."""
    tree = definition_tree.scan(document)
    for node in tree.nodes:
        if isinstance(node.raw, dict):
            for transition in _all_transitions(node.raw):
                _reenter(tree, node, transition)


def _all_transitions(raw: dict[str, Any]) -> list[Any]:
    lists = [raw.get("always"), raw.get("onDone")]
    for key in ("on", "after"):
        lists.extend(raw[key].values() if isinstance(raw.get(key), dict) else ())
    for invoke in as_list(raw.get("invoke", [])):
        if isinstance(invoke, dict):
            lists += [invoke.get("onDone"), invoke.get("onError")]
    return [item for found in lists if found for item in as_list(found)]


def _reenter(
    tree: definition_tree.Tree, node: definition_tree.Node, transition: Any
) -> None:
    raw = transition if isinstance(transition, dict) else {"target": transition}
    if "reenter" in raw or "target" not in raw:
        return
    texts = raw["target"] if isinstance(raw["target"], list) else [raw["target"]]
    if any(isinstance(text, str) and text.startswith(".") for text in texts):
        return
    for text in texts:
        text = text if isinstance(text, str) and text else "#"
        found = definition_tree.resolve(tree, node, text)
        if found and node in (found, *found.ancestors()):
            if isinstance(transition, dict):
                transition["reenter"] = True
            return
