"""Guards: names, expressions, SQL functions, and / or / not, in a state."""

from __future__ import annotations

from typing import Any

from . import definition_xstate as xstate
from .definition_problems import quote
from .definition_shapes import (
    DROP,
    At,
    Check,
    Shape,
    is_name,
    read_object,
)
from .definition_tree import resolve_from_root
from .definition_values import expression, sql_call, value

_FORMS = ("type", "expr", "sql", "and", "or", "not", "in")


def guard(check: Check, raw: Any, at: At) -> Any:
    """A guard in normal form: an object with exactly one of the known forms."""
    if isinstance(raw, str):
        return {"type": raw} if _is_known(check, raw, at) else DROP
    if not isinstance(raw, dict):
        hint = 'write {"expr": "true"}' if isinstance(raw, bool) else None
        return check.wrong_type(at, "a guard", raw, hint)
    raw = xstate.guard(raw)
    forms = [form for form in _FORMS if form in raw]
    if len(forms) != 1:
        found = ", ".join(map(quote, forms)) if forms else "none"
        message = f"a guard has one of {', '.join(_FORMS)}; found are {found}"
        message = message.replace("found are none", "none is found")
        check.problem(at, "bad_guard", message)
        return DROP
    if forms == ["sql"]:
        sql_call(check, raw, at, "sql", "guard")
    return read_object(check, raw, at, SHAPES[forms[0]])


def _is_known(check: Check, raw: str, at: At) -> bool:
    known = check.declared["guards"]
    if check.within and check.within[0] == "guards":
        check.references.setdefault(check.within, []).append((raw, at))
    if raw in known:
        return True
    hint = check.suggest(raw, known)
    if not hint and any(char in raw for char in "=<>()[]!"):
        hint = 'an expression is written {"expr": "…"}'
    check.problem(at, "unresolved_guard", f"there is no guard {quote(raw)}", hint)
    return False


def _type(check: Check, raw: Any, at: At) -> Any:
    if not isinstance(raw, str):
        return check.wrong_type(at, "the name of a guard", raw)
    _is_known(check, raw, at)
    return raw


def _guards(check: Check, raw: Any, at: At) -> Any:
    if not isinstance(raw, list):
        return check.wrong_type(at, "an array of guards", raw)
    found = [guard(check, item, at / n) for n, item in enumerate(raw)]
    return [item for item in found if item is not DROP]


def _in_state(check: Check, raw: Any, at: At) -> Any:
    if not isinstance(raw, str):
        return check.wrong_type(at, "the path or #id of a state", raw)
    if not resolve_from_root(check.tree, raw):
        paths = [node.path for node in check.tree.nodes if node.path]
        ids = [f"#{node.id}" for node in check.tree.nodes if node.explicit_id]
        hint = check.suggest(raw, [*ids, *paths])
        check.problem(at, "bad_target", f"there is no state {quote(raw)}", hint)
    return raw


def _sql(check: Check, raw: Any, at: At) -> Any:
    return raw  # has been checked with its arguments


def guard_implementations(check: Check, raw: dict[str, Any], at: At) -> Any:
    """The guards of implementations, by name."""
    result = {}
    for key, item in raw.items():
        place = at / key
        if is_name(check, key, place) and key.startswith("xstate."):
            check.problem(place, "reserved_name", f"the name {quote(key)} is reserved")
        check.within = ("guards", key)
        result[key] = guard(check, item, place)
    check.within = None
    return {key: item for key, item in result.items() if item is not DROP}


SHAPES = {
    "type": Shape("guard", {"type": _type, "params": value}),
    "expr": Shape("guard", {"expr": expression}),
    "sql": Shape("guard", {"sql": _sql, "args": _sql}),
    "and": Shape("guard", {"and": _guards}),
    "or": Shape("guard", {"or": _guards}),
    "not": Shape("guard", {"not": guard}),
    "in": Shape("guard", {"in": _in_state}),
}
