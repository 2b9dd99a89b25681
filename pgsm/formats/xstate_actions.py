"""Actions and guards of XState, read as ours.

What XState writes as functions of its own (`assign`, `raise`, `and`, …) is translated
as far as there are data in them.  A name stays a name.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from pgsm.engine import definition_xstate, exact
from pgsm.engine.definition_actions import BUILT_IN
from pgsm.engine.definition_problems import quote

from .xstate_reading import (
    NEVER,
    Path,
    Reading,
    as_list,
    is_function,
    is_machine,
    without_code,
)

_INLINE_ACTION = (
    'write an action here, for example {"type": "assign", "set": {"count": {"expr":'
    ' "context.count + 1"}}} or {"type": "effect", "name": "…"}'
)
_PARTS = {  # of XState's own actions, where a part is a function
    "raise": '{"type": "raise", "event": "paid", "data": {"expr": "…"}}',
    "send": '{"type": "send", "to": {"child": "id"}, "event": "paid", "data": …}',
    "emit": '{"type": "emit", "event": "paid", "data": {"expr": "…"}}',
    "cancel": '{"type": "cancel", "id": {"expr": "context.reminder"}}',
    "log": '{"type": "log", "message": {"expr": "context.total"}}',
    "spawn": '{"type": "spawn", "machine": "name", "id": {"expr": "…"}}',
    "stop": '{"type": "stop", "id": {"expr": "context.child"}}',
}
_INLINE_GUARD = 'write a guard here, for example {"expr": "context.count > 0"}'


def actions(reading: Reading, raw: Any, path: Path) -> Any:
    """A block of actions; those that are functions are left out and reported."""
    if not isinstance(raw, list):
        alone = _action(reading, raw, path)
        return alone[0] if alone else []
    found: list[Any] = []
    for n, item in enumerate(raw):
        found.extend(_action(reading, item, (*path, n)))
    return found


def _action(reading: Reading, raw: Any, path: Path) -> list[Any]:
    if _is_nameless(raw):
        reading.lost(path, "the action", raw, _INLINE_ACTION)
        return []
    if isinstance(raw, str):
        raw = {"type": raw}
    if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
        return [raw]  # for the checker to refuse
    kind = raw["type"]
    if kind in reading.inline["actions"]:
        return [copy.deepcopy(reading.inline["actions"][kind])]
    if kind.startswith("xstate."):
        return _built_in(reading, without_code(raw), path)
    if kind in BUILT_IN and set(raw) - {"type", "params"}:
        return [raw]  # ours already
    return [_named(reading, raw, path)]


def _is_nameless(raw: Any) -> bool:
    """Whether nothing is left of an action but that there was one."""
    if isinstance(raw, dict):
        return not raw.get("type", not is_function(raw) and raw)
    return raw is None or raw == ""


def _named(reading: Reading, raw: dict[str, Any], path: Path) -> dict[str, Any]:
    kind = action_name(raw["type"])
    if kind != raw["type"]:
        message = f"{quote(raw['type'])} is a built-in action here"
        reading.warn(path, "renamed", message, f"it is called {quote(kind)} now")
    result = {"type": reading.use("actions", kind, path)}
    return {**result, **_params(reading, raw, path)}


def action_name(name: str) -> str:
    """The name of an action in our document, where built-in names are taken."""
    taken = name in BUILT_IN or name in definition_xstate.ALIASES
    return f"{name}Action" if taken else name


def _params(reading: Reading, raw: dict[str, Any], path: Path) -> dict[str, Any]:
    """XState 5's params, with the free keys that XState 4's objects could have."""
    rest = {k: v for k, v in without_code(raw).items() if k not in ("type", "params")}
    params = raw.get("params", rest or None)
    if params is None:
        return {}
    return reading.key("params", params, (*path, "params"), "the value of params")


# -------------------------------------------------------------- XState's own actions


def _built_in(reading: Reading, raw: dict[str, Any], path: Path) -> list[Any]:
    kind = raw["type"].removeprefix("xstate.")
    params = raw.get("params")
    if isinstance(params, dict):
        raw = {**params, **{k: v for k, v in raw.items() if k != "params"}}
    translate = _BUILT_IN.get(kind)
    if translate is None:
        message = f"the action {quote(raw['type'])} is a function that chooses actions"
        hint = 'write {"type": "choose", "branches": [{"guard": …, "actions": […]}]}'
        reading.warn(path, "function", message, hint)
        return []
    return translate(reading, raw, path)


def _assign(reading: Reading, raw: dict[str, Any], path: Path) -> list[Any]:
    assignment = raw.get("assignment")
    if not isinstance(assignment, dict) or not assignment or is_function(assignment):
        reading.lost(path, "the assignment", assignment, _INLINE_ACTION)
        return []
    found = {}
    for key, item in assignment.items():
        place = (*path, "assignment", key)
        if is_function(item):
            hint = (
                f'write {{"type": "assign", "set": {{{quote(key)}: {{"expr": "…"}}}}}}'
            )
            reading.lost(place, f"what {quote(key)} is set to", item, hint)
        else:
            found[_context_path(key)] = reading.value(item, place, "a value")
    return [{"type": "assign", "set": found}] if found else []


def _context_path(key: str) -> str:
    """A key of the context as a path: keys of XState may have dots."""
    plain = key.strip() and not any(char in key for char in ".[]\"'")
    return key if plain else f"[{exact.quoted(key)}]"


def _sending(kind: str) -> Callable[[Reading, dict[str, Any], Path], list[Any]]:
    def translate(reading: Reading, raw: dict[str, Any], path: Path) -> list[Any]:
        keys = ("event", "to", "delay", "id", "sendId")
        if not _is_known(reading, raw, path, kind, keys, "event"):
            return []
        sent = _event(reading, raw["event"], path)
        result = {"type": kind, **sent, **_delay_and_id(reading, raw, path)}
        return [result] if kind != "send" else _to(reading, result, raw, path)

    return translate


def _event(reading: Reading, event: Any, path: Path) -> dict[str, Any]:
    if not isinstance(event, dict):
        return {"event": event}
    rest = {key: item for key, item in event.items() if key != "type"}
    found: dict[str, Any] = {"event": event.get("type")}
    if rest:
        found["data"] = reading.value(rest, (*path, "event"), "the event's data")
    return found


def _delay_and_id(reading: Reading, raw: dict[str, Any], path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    delay = raw.get("delay")
    if delay is not None:
        found["delay"] = delay
        if isinstance(delay, str):
            reading.use("delays", delay, (*path, "delay"))
    name = raw.get("id", raw.get("sendId"))
    if name is not None:
        found["id"] = name
    return found


def _to(
    reading: Reading, result: dict[str, Any], raw: dict[str, Any], path: Path
) -> list[Any]:
    to = raw.get("to")
    if to is None or to == "#_internal":
        if to is None and "delay" not in result:
            message = "an event that a machine sends to itself is taken before others"
            hint = "XState 4's `send` queues it behind those that wait already"
            reading.warn(path, "order", message, hint)
        return [{**result, "type": "raise"}]
    if to == "#_parent":
        return [{**result, "to": "parent"}]
    if isinstance(to, str):
        to = to.removeprefix("#_")
        reading.receivers.setdefault(to, path)
        return [{**result, "to": {"child": to}}]
    return [{**result, "to": to}]


def _is_known(
    reading: Reading,
    raw: dict[str, Any],
    path: Path,
    kind: str,
    keys: tuple[str, ...],
    needed: str | None = None,
) -> bool:
    """Whether none of the keys is a function, and the needed one is there.

    An action of which a part is not known is left out as a whole, and reported.
    """
    missing = [key for key in keys if is_function(raw.get(key))]
    if needed and raw.get(needed) is None:
        missing.append(needed)
    for key in missing:
        place = (*path, key)
        hint = f"write {_PARTS[kind]}"
        reading.lost(place, f"the key {quote(key)}", raw.get(key), hint)
    return not missing


def _cancel(reading: Reading, raw: dict[str, Any], path: Path) -> list[Any]:
    if not _is_known(reading, raw, path, "cancel", ("sendId",), "sendId"):
        return []
    return [{"type": "cancel", "id": raw["sendId"]}]


def _log(reading: Reading, raw: dict[str, Any], path: Path) -> list[Any]:
    if not _is_known(reading, raw, path, "log", ("value", "expr")):
        return []
    message = raw.get("value", raw.get("expr", raw.get("label")))
    return [{"type": "log", "message": reading.value(message, path, "the message")}]


def _spawn(reading: Reading, raw: dict[str, Any], path: Path) -> list[Any]:
    if not _is_known(reading, raw, path, "spawn", ("src", "id"), "src"):
        return []
    name = raw["src"]
    if isinstance(name, dict):
        name = str(name.get("id") or raw.get("id") or "child")
        reading.actors.setdefault(name, raw["src"])
    if "id" not in raw and isinstance(name, str):
        message = f"the child has no id; it is called {quote(name)}"
        reading.warn(path, "id", message, "a second one needs an id of its own")
    if isinstance(name, str) and not is_machine(reading.actors.get(name)):
        message = f"there must be a machine {quote(name)}"
        hint = 'import it, too; for a promise write {"type": "effect", "name": "…"}'
        reading.warn(path, "machine", message, hint)
    found = {"type": "spawn", "machine": name, "id": raw.get("id", name)}
    if "input" in raw:
        found |= reading.key("input", raw["input"], (*path, "input"), "the input")
    return [found]


def _stop(reading: Reading, raw: dict[str, Any], path: Path) -> list[Any]:
    if not _is_known(reading, raw, path, "stop", ("actorRef",), "actorRef"):
        return []
    return [{"type": "stop", "id": raw["actorRef"]}]


def _choose(reading: Reading, raw: dict[str, Any], path: Path) -> list[Any]:
    branches = []
    for n, item in enumerate(as_list(raw.get("conds", raw.get("branches", [])))):
        place = (*path, "conds", n)
        branch: dict[str, Any] = {}
        if not isinstance(item, dict):
            branches.append(item)
            continue
        if condition := item.get("guard", item.get("cond")):
            branch["guard"] = guard(reading, condition, place)
        branch["actions"] = actions(reading, item.get("actions", []), place)
        branches.append(branch)
    return [{"type": "choose", "branches": branches}] if branches else []


_BUILT_IN: dict[str, Callable[[Reading, dict[str, Any], Path], list[Any]]] = {
    "assign": _assign,
    "raise": _sending("raise"),
    "send": _sending("send"),
    "sendTo": _sending("send"),
    "emit": _sending("emit"),
    "cancel": _cancel,
    "log": _log,
    "spawnChild": _spawn,
    "stopChild": _stop,
    "stop": _stop,
    "choose": _choose,
}

# ------------------------------------------------------------------------------ guards


def guard(reading: Reading, raw: Any, path: Path) -> Any:
    """A guard; one that is a function becomes false, and is reported."""
    if isinstance(raw, str):
        raw = {"type": raw}
    if raw is None or raw == {}:
        reading.lost(path, "the guard", raw, _INLINE_GUARD)
        return dict(NEVER)
    if not isinstance(raw, dict):
        return raw
    if isinstance(raw.get("type"), str):
        return _typed_guard(reading, raw, path)
    return _combined(reading, raw, path)


def _typed_guard(reading: Reading, raw: dict[str, Any], path: Path) -> Any:
    kind = raw["type"]
    if kind in reading.inline["guards"]:
        return copy.deepcopy(reading.inline["guards"][kind])
    if kind.startswith("xstate."):
        return _combined(reading, definition_xstate.guard(raw), path)
    reading.use("guards", kind, path)
    return {"type": kind, **_params(reading, raw, path)}


def _combined(reading: Reading, raw: dict[str, Any], path: Path) -> Any:
    """What and, or, not, stateIn made, or one of our own guards."""
    kind = raw.get("@name")
    if is_function(raw) and "stateValue" in raw:
        raw = {"type": "xstate.stateIn", "stateValue": raw["stateValue"]}
        return definition_xstate.guard(raw)
    if is_function(raw) and kind in ("and", "or", "not") and raw.get("guards"):
        inner = raw["guards"]
        raw = {kind: inner[0] if kind == "not" else inner}
    elif is_function(raw):
        reading.lost(path, "the guard", raw, _INLINE_GUARD)
        return dict(NEVER)
    for form in ("and", "or"):
        if isinstance(raw.get(form), list):
            parts = enumerate(raw[form])
            return {form: [guard(reading, g, (*path, form, n)) for n, g in parts]}
    if "not" in raw:
        return {"not": _negated(reading, raw["not"], (*path, "not"))}
    return raw


def _negated(reading: Reading, raw: Any, path: Path) -> Any:
    before = set(reading.used["guards"])
    found = guard(reading, raw, path)
    name = found.get("type") if isinstance(found, dict) else None
    reading.negated |= {name} if name else set(reading.used["guards"]) - before
    # What is not known must not become true.
    return {"not": dict(NEVER)} if found == NEVER and raw != NEVER else found


def never(reading: Reading, path: Path) -> dict[str, Any]:
    """The guard for a place where one was a function and has left no trace."""
    message = "a guard is missing here, for there are further transitions after it"
    reading.warn(path, "function", f"{message}; it was a function", _INLINE_GUARD)
    return dict(NEVER)
