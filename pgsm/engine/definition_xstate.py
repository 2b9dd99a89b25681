"""XState's spellings of events, actions and guards, put into the document's own.

A translation is shallow: what it gives is then read as if it had been written so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .definition_tree import Tree, by_id

_DEFAULT_INVOKE_ID = re.compile(r"(\d+)\.(.+)", re.DOTALL)
_AFTER = re.compile(r"([^.]+)\.(.+)", re.DOTALL)

# Names of actions that implementations may not take, beside the built-in ones.
ALIASES = ("sendTo", "sendParent")


def descriptor(tree: Tree, raw: str) -> str | None:
    """Our name of an event descriptor that starts with "xstate."; None without one."""
    for prefix, ours, translate in _EVENTS:
        if raw.startswith(prefix):
            rest = raw[len(prefix) :]
            found = rest if rest.endswith("*") else translate(tree, rest)
            return None if found is None else ours + found
    return None


def _state_path(tree: Tree, state_id: str) -> str | None:
    node = by_id(tree, state_id)
    return node.path if node else None


def _invoke_id(tree: Tree, actor_id: str) -> str | None:
    match = _DEFAULT_INVOKE_ID.fullmatch(actor_id)
    node = by_id(tree, match[2]) if match else None
    if not match or not node:
        return actor_id
    path = node.path or node.id
    return path if int(match[1]) == 0 else f"{path}/{match[1]}"


def _after(tree: Tree, rest: str) -> str | None:
    match = _AFTER.fullmatch(rest)
    path = _state_path(tree, match[2]) if match else None
    return f"{match[1]}.{path}" if match and path is not None else None


_Translate = Callable[[Tree, str], "str | None"]
_EVENTS: tuple[tuple[str, str, _Translate], ...] = (
    ("xstate.done.state.", "done.state.", _state_path),
    ("xstate.done.actor.", "done.invoke.", _invoke_id),
    ("xstate.error.actor.", "error.invoke.", _invoke_id),
    ("xstate.after.", "after.", _after),
)


def action(raw: dict[str, Any]) -> dict[str, Any]:
    """The action, with XState's type and keys translated where it has them."""
    kind = raw.get("type")
    if not isinstance(kind, str):
        return raw
    if kind.startswith("xstate."):
        kind = kind.removeprefix("xstate.")
        raw = _with_params(raw)
        if kind not in _ACTIONS:
            return raw
    if kind not in _ACTIONS:
        return _event_object(raw) if kind in _WITH_EVENT else raw
    return _ACTIONS[kind]({**raw, "type": kind})


def _with_params(raw: dict[str, Any]) -> dict[str, Any]:
    params = raw.get("params")
    if not isinstance(params, dict):
        return raw
    rest = {key: item for key, item in raw.items() if key != "params"}
    return {**rest, **{key: item for key, item in params.items() if key != "type"}}


def _event_object(raw: dict[str, Any]) -> dict[str, Any]:
    """The action with an event {"type": …, …} taken apart into event and data."""
    event = raw.get("event")
    if not isinstance(event, dict) or "type" not in event or "data" in raw:
        return raw
    data = {key: item for key, item in event.items() if key != "type"}
    taken = {**raw, "event": event["type"]}
    return {**taken, "data": data} if data else taken


def _renamed(raw: dict[str, Any], kind: str, **names: str) -> dict[str, Any]:
    renamed = {names.get(key, key): item for key, item in raw.items()}
    return {**renamed, "type": kind}


def _send_to(raw: dict[str, Any]) -> dict[str, Any]:
    raw = _event_object(_renamed(raw, "send"))
    to = raw.get("to")
    if to == "#_internal":
        rest = {key: item for key, item in raw.items() if key != "to"}
        return {**rest, "type": "raise"}
    if to == "#_parent":
        return {**raw, "to": "parent"}
    if isinstance(to, str) and to != "parent":
        return {**raw, "to": {"child": to}}
    return raw


def _choose(raw: dict[str, Any]) -> dict[str, Any]:
    return _renamed(raw, "choose", conds="branches")


_WITH_EVENT = ("raise", "send", "emit")
_ACTIONS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "assign": lambda raw: _renamed(raw, "assign", assignment="set"),
    "raise": lambda raw: _event_object(_renamed(raw, "raise")),
    "emit": lambda raw: _event_object(_renamed(raw, "emit")),
    "log": lambda raw: _renamed(raw, "log", value="message"),
    "cancel": lambda raw: _renamed(raw, "cancel", sendId="id"),
    "stopChild": lambda raw: _renamed(raw, "stop", actorRef="id", actorId="id"),
    "stop": lambda raw: _renamed(raw, "stop", actorRef="id", actorId="id"),
    "spawnChild": lambda raw: _renamed(raw, "spawn", src="machine"),
    "sendTo": _send_to,
    "sendParent": lambda raw: _send_to({**raw, "to": "parent"}),
    "choose": _choose,
}


def guard(raw: dict[str, Any]) -> Any:
    """The guard, with XState's built-in types translated."""
    kind = raw.get("type")
    if not isinstance(kind, str) or not kind.startswith("xstate."):
        return raw
    kind = kind.removeprefix("xstate.")
    raw = _with_params(raw)
    if kind == "stateIn" and "stateValue" in raw:
        return _state_in(raw["stateValue"])
    guards = raw.get("guards")
    if kind in ("and", "or") and isinstance(guards, list):
        return {kind: guards}
    if kind == "not" and isinstance(guards, list) and len(guards) == 1:
        return {"not": guards[0]}
    return raw


def _state_in(state_value: Any, above: str = "") -> Any:
    """The guard for a state value: a text, or an object of regions."""
    if isinstance(state_value, str):
        return {"in": above + state_value}
    if not isinstance(state_value, dict) or not state_value:
        return {"in": state_value}
    parts = [
        _state_in(item, f"{above}{key}.") if item != {} else {"in": above + key}
        for key, item in state_value.items()
    ]
    return parts[0] if len(parts) == 1 else {"and": parts}


def transition(raw: dict[str, Any]) -> dict[str, Any]:
    """The transition or branch, with XState 4's `cond` as its guard."""
    if "cond" in raw and "guard" not in raw:
        return {"guard" if key == "cond" else key: item for key, item in raw.items()}
    return raw
