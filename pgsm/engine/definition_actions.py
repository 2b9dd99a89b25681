"""Actions: the built-in types with their keys, named ones, and blocks of them."""

from __future__ import annotations

import keyword
from typing import Any

from . import definition_xstate as xstate
from .definition_delays import delay, rearmed
from .definition_effects import OVERRIDES, declared_effect
from .definition_events import event_name, sendable_event
from .definition_guards import guard
from .definition_problems import quote
from .definition_shapes import (
    DROP,
    GLOBALS,
    At,
    Check,
    Reader,
    Shape,
    is_name,
    name,
    one_or_many,
    read_object,
)
from .definition_values import (
    assignments,
    context_path,
    sql_call,
    value,
)
from .functions import FUNCTIONS

_TAKEN_NAMES = GLOBALS | {"input", "params", "true", "false", "null", "in_state"}
_TAKEN_NAMES |= frozenset(FUNCTIONS)


def action(check: Check, raw: Any, at: At) -> Any:
    """An action in normal form: an object with a type."""
    if isinstance(raw, str):
        raw = {"type": raw}
    if not isinstance(raw, dict):
        return check.wrong_type(at, "an action", raw)
    raw = xstate.action(raw)
    if "type" not in raw:
        check.problem(at, "missing_key", 'the key "type" is missing')
        return DROP
    kind = raw["type"]
    if not isinstance(kind, str):
        return check.wrong_type(at / "type", "the name of an action", kind)
    if kind == BLOCK.kind and not check.semantics.undo_blocks:
        return read_object(check, raw, at, BLOCK)
    if kind not in BUILT_IN:
        known = _is_known(check, kind, at)
        return read_object(check, raw, at, NAMED) if known else DROP
    check.feature(f"action.{kind}", at)
    return _built_in(check, raw, at, BUILT_IN[kind])


def _is_known(check: Check, kind: str, at: At) -> bool:
    known = check.declared["actions"]
    if check.within and check.within[0] == "actions":
        check.references.setdefault(check.within, []).append((kind, at))
    if kind in known:
        return True
    hint = check.suggest(kind, [*known, *BUILT_IN])
    hint = hint or 'declare it in "implementations"."actions"'
    check.problem(at, "unresolved_action", f"there is no action {quote(kind)}", hint)
    return False


def _built_in(check: Check, raw: dict[str, Any], at: At, shape: Shape) -> Any:
    kind = shape.kind
    if kind == "call" and "function" in raw:
        sql_call(check, raw, at, "function", "call")
    if kind == "assign" and not (raw.get("set") or raw.get("remove")):
        check.problem(at, "missing_key", 'the key "set" or "remove" is missing')
    if kind == "foreach":
        at = At(at.path, at.names, at.node, loop_names(raw))
    if kind == "send":
        _refuse_address_parts(check, raw, at)
    return read_object(check, raw, at, shape)


def _refuse_address_parts(check: Check, raw: dict[str, Any], at: At) -> None:
    """What only SCXML's send has; there its receiver may be absent."""
    if not check.semantics.strict:
        return
    if "to" not in raw:
        check.problem(at, "missing_key", 'the key "to" is missing')
    for key in ("processor", "idLocation"):
        if key in raw:
            check.scxml_only(at / key, key)


def loop_names(raw: dict[str, Any]) -> frozenset[str]:
    """The names that a loop gives to its expressions."""
    found = (raw.get("item", "item"), raw.get("index", "index"))
    return frozenset(name for name in found if isinstance(name, str))


def loop_name(check: Check, raw: Any, at: At) -> Any:
    """A name which a loop may give to its element."""
    if not isinstance(raw, str):
        return check.wrong_type(at, "a name", raw)
    if not check.semantics.strict:
        return raw
    plain = raw.isascii() and raw.isidentifier() and not raw.startswith("_")
    if not plain or len(raw) > 50 or keyword.iskeyword(raw):
        check.problem(at, "bad_name", f"{quote(raw)} cannot be a name in expressions")
    elif raw in _TAKEN_NAMES:
        check.problem(at, "reserved_name", f"the name {quote(raw)} is taken")
    return raw


def _loop_actions(check: Check, raw: Any, at: At) -> Any:
    return _block(check, raw, at.knowing(*at.loop))


def _branch(check: Check, raw: Any, at: At) -> Any:
    if isinstance(raw, dict):
        raw = xstate.transition(raw)
    return read_object(check, raw, at, BRANCH)


def _branches(check: Check, raw: Any, at: At) -> Any:
    if not isinstance(raw, list):
        return check.wrong_type(at, "an array of branches", raw)
    if not raw:
        check.problem(at, "bad_value", "at least one branch is wanted here")
    return [_branch(check, item, at / n) for n, item in enumerate(raw)]


def _receiver(check: Check, raw: Any, at: At) -> Any:
    if raw == "parent":
        check.feature("to.parent", at)
        return raw
    if isinstance(raw, str):
        keys = "instance, child, children"
        message = f'a receiver is "parent", or has one of the keys {keys}'
        check.problem(at, "bad_value", message)
        return DROP
    result = read_object(check, raw, at, RECEIVER)
    if result is DROP:
        return DROP
    if sum(key in raw for key in RECEIVER.fields) != 1:
        message = "a receiver has one of the keys instance, child, children"
        check.problem(at, "bad_value", message)
    if "address" in raw and check.semantics.strict:
        check.scxml_only(at / "address", "address")
    return result


def machine_name(check: Check, raw: Any, at: At) -> Any:
    """The name of a machine, or a value that gives it."""
    return value(check, raw, at) if isinstance(raw, dict) else name(check, raw, at)


def _checked(check: Check, raw: Any, at: At) -> Any:
    return raw  # by `sql_call`, or by `action`


_paths = one_or_many(context_path)
actions = one_or_many(action)
_block = one_or_many(action, keep_empty=True)

NAMED = Shape("action", {"type": _checked, "params": value})
BRANCH = Shape("branch", {"guard": guard, "actions": actions})
RECEIVER = Shape(
    "to", {"instance": value, "child": value, "children": value, "address": value}
)


def _shape(kind: str, required: tuple[str, ...], **fields: Reader) -> Shape:
    return Shape(kind, {"type": _checked, **fields}, required)


# One of SCXML's blocks of content, where an entry or exit has several.
BLOCK = _shape("block", ("actions",), actions=_block)

# Each built-in action: its required keys, then all of its keys.
BUILT_IN = {
    shape.kind: shape
    for shape in (
        _shape("assign", (), set=assignments, remove=_paths),
        _shape(
            "raise", ("event",), event=sendable_event, data=value, delay=delay, id=value
        ),
        _shape(
            "send",
            ("event",),
            to=_receiver,
            event=sendable_event,
            data=value,
            delay=delay,
            id=value,
            idLocation=context_path,
            processor=value,
        ),
        _shape("cancel", ("id",), id=value),
        _shape("rearm", ("delay",), delay=rearmed),
        _shape(
            "effect",
            ("name",),
            name=declared_effect,
            input=value,
            reply=sendable_event,
            **OVERRIDES,
        ),
        _shape(
            "call", ("function",), function=_checked, args=_checked, assign=context_path
        ),
        _shape("emit", ("event",), event=event_name, data=value),
        _shape("log", ("message",), message=value),
        _shape("spawn", ("machine", "id"), machine=machine_name, id=value, input=value),
        _shape("stop", ("id",), id=value),
        _shape("choose", ("branches",), branches=_branches),
        Shape(
            "foreach",
            {
                "type": _checked,
                "in": value,
                "item": loop_name,
                "index": loop_name,
                "actions": _loop_actions,
            },
            ("in", "actions"),
        ),
    )
}


def action_implementations(check: Check, raw: dict[str, Any], at: At) -> Any:
    """The actions of implementations, by name; a name may stand for nothing (`[]`)."""
    result = {}
    for key, item in raw.items():
        place = at / key
        if is_name(check, key, place) and _is_taken(key):
            message = f"{quote(key)} is a built-in action and cannot be a name"
            check.problem(place, "reserved_name", message)
        check.within = ("actions", key)
        result[key] = _block(check, item, place)
    check.within = None
    return result


def _is_taken(key: str) -> bool:
    return key in BUILT_IN or key in xstate.ALIASES or key.startswith("xstate.")
