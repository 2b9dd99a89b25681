"""Guards and transitions of definitions in a line, as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..engine import exact
from .tables import safe, text


def condition(guard: Any, named: Mapping[str, Any] | None = None) -> str:
    """A guard in a line; `named` are the document's guards, which are spelled out."""
    return safe(_words(guard, named or {}))


def consequence(transition: Mapping[str, Any]) -> str:
    """Where a transition leads, on which condition, and what is done then."""
    targets, guard = transition.get("targets"), transition.get("guard")
    where = f" → {text(targets)}" if targets else ""
    when = "" if guard is None else f" if {condition(guard)}"
    actions = ", ".join(map(_action, transition.get("actions") or []))
    return where + when + (f" / {actions}" if actions else "")


def _action(action: Any) -> str:
    if isinstance(action, str):
        return safe(action)
    kind = str(action.get("type", ""))
    name = action.get("name") or action.get("event") or action.get("function")
    return safe(f"{kind} {name}" if isinstance(name, str) else kind)


def _words(guard: Any, named: Mapping[str, Any]) -> str:
    if isinstance(guard, str):
        return _name(guard, None, named)
    if not isinstance(guard, dict):
        return exact.dumps(guard)
    match guard:
        case {"expr": str(expression)}:
            return expression
        case {"type": str(name)}:
            return _name(name, guard.get("params"), named)
        case {"and": list(parts)}:
            return " and ".join(_part(part, named) for part in parts)
        case {"or": list(parts)}:
            return " or ".join(_part(part, named) for part in parts)
        case {"not": part}:
            return f"not {_part(part, named)}"
        case {"in": str(path)}:
            return f"in {path}"
        case {"sql": str(function)}:
            arguments = ", ".join(map(_argument, guard.get("args") or []))
            return f"{function.partition('(')[0]}({arguments})"
    return exact.dumps(guard)


def _part(guard: Any, named: Mapping[str, Any]) -> str:
    """A guard within another one."""
    words = _words(guard, named)
    return words if words.isidentifier() else f"({words})"


def _argument(value: Any) -> str:
    if isinstance(value, dict) and set(value) == {"expr"}:
        return str(value["expr"])
    return exact.dumps(value)


def _name(name: str, params: Any, named: Mapping[str, Any]) -> str:
    given = f" {exact.dumps(params)}" if params else ""
    # one level: a named guard may name others, which then stand by their names
    meant = f" ({_words(named[name], {})})" if name in named else ""
    return f"{name}{given}{meant}"
