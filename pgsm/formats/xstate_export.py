"""Definitions written as XState JSON that npm's `createMachine` loads.

XState's JSON has no expressions and no built-in actions: they get names, and stand
under the name in the root's "x-pgsm", where `load` finds them again.  What XState has
no place for stands in an "x-pgsm" beside it, and is reported if it changes behaviour.
"""

from __future__ import annotations

from typing import Any

from pgsm.engine import definition, exact
from pgsm.engine.definition_problems import quote
from pgsm.engine.definition_tree import Node, Tree, resolve_below, scan

from .common import Exported, FormatError, Problem
from .pretty import pretty
from .xstate_writing import Writing, event, milliseconds, plain

# Keys of ours that XState does not know, and what a machine loses without them.
_UNKNOWN = {
    "keys": None,
    "unhandled": None,
    "timeZone": None,
    "internalEvents": None,
    "sensitive": None,
    "publicContext": None,
    "indexStates": None,
    "allowRead": None,
    "allowWrite": None,
    "inputSchema": None,
    "contextSchema": None,
    "eventSchemas": None,
    "semantics": None,
    "defer": "XState drops an event that no transition takes; see its `raise`",
}
_AS_IT_IS = ("id", "description", "type", "history", "tags", "meta")
_OF_INVOKE = {
    "each": "XState invokes one actor; spawn one for each element in its code",
    "late": "XState ignores the answer of an actor whose state has been left",
}


def dump(document: Any) -> Exported:
    """The XState 5 JSON of a definition, given as JSON text or as a value.

    Raises FormatError when it has problems, or SCXML's semantics.
    """
    checked = definition.check(document)
    if checked.document is None:
        raise FormatError(checked.problems)
    if checked.document.get("semantics", "xstate") != "xstate":
        message = "XState cannot run a document with the semantics of SCXML"
        hint = "use `pgsm export scxml`"
        raise FormatError([Problem("$.semantics", "semantics", message, hint)])
    normal = checked.document
    writing = Writing(normal.get("implementations", {}))
    tree = scan(normal)
    result = _root(writing, tree, normal)
    return Exported(pretty(result) + "\n", writing.warnings)


def _root(writing: Writing, tree: Tree, normal: dict[str, Any]) -> dict[str, Any]:
    note: dict[str, Any] = {}
    result = _state(writing, tree, tree.root, note)
    if writing.implementations:
        note["implementations"] = writing.implementations
    if inline := {kind: named for kind, named in writing.inline.items() if named}:
        note["inline"] = inline
    result.pop("x-pgsm", None)
    return {**result, "x-pgsm": note}


def _state(
    writing: Writing, tree: Tree, node: Node, note: dict[str, Any]
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    path = node.steps
    for key, raw in node.raw.items():
        if key in _AS_IT_IS:
            result[key] = raw
        elif key in ("entry", "exit"):
            result[key] = writing.actions(raw, (*path, key))
        elif key in ("always", "onDone"):
            result[key] = _transitions(writing, raw, (*path, key))
        elif key in _WRITERS:
            _WRITERS[key](writing, tree, node, result, note)
        elif key == "implementations":
            continue
        elif key == "$schema" or key.startswith("x-"):
            result[key] = raw
        else:
            note[key] = raw
            if hint := _UNKNOWN.get(key):
                message = f'XState has nothing like "{key}"'
                writing.warn((*path, key), "no_counterpart", message, hint)
    if note:
        result["x-pgsm"] = note
    return result


def _transitions(
    writing: Writing, raw: list[Any], path: tuple[str | int, ...]
) -> list[Any]:
    return [_transition(writing, item, (*path, n)) for n, item in enumerate(raw)]


def _transition(
    writing: Writing, raw: dict[str, Any], path: tuple[str | int, ...]
) -> dict[str, Any]:
    result = dict(raw)
    if "target" in raw:
        result["target"] = _one_or_many(raw["target"])
    if "guard" in raw:
        result["guard"] = writing.guard(raw["guard"])
    if "actions" in raw:
        result["actions"] = writing.actions(raw["actions"], (*path, "actions"))
    return result


def _one_or_many(texts: list[str]) -> Any:
    return texts[0] if len(texts) == 1 else texts


_Found = dict[str, Any]


def _initial(
    writing: Writing, tree: Tree, node: Node, result: _Found, note: _Found
) -> None:
    """XState begins at one child; where more is meant, the note has it."""
    raw = node.raw["initial"]
    target = raw["target"][0]
    if len(raw["target"]) > 1 or target not in node.children:
        note["initial"] = raw
        message = "XState begins at a child of the state, not deeper, and at one only"
        writing.warn((*node.steps, "initial"), "no_counterpart", message)
        target = _child_above(tree, node, target)
    rest = {key: item for key, item in raw.items() if key != "target"}
    if "actions" in rest:
        place = (*node.steps, "initial", "actions")
        rest["actions"] = writing.actions(rest["actions"], place)
    result["initial"] = {"target": target, **rest} if rest else target


def _child_above(tree: Tree, node: Node, target: str) -> str:
    """The child of a state in which a deep initial target is."""
    found = resolve_below(tree, node, target)
    assert found is not None  # the checker has found it, too
    while found.parent is not None and found.parent is not node:
        found = found.parent
    return found.key


def _on(writing: Writing, tree: Tree, node: Node, result: _Found, note: _Found) -> None:
    path = (*node.steps, "on")
    result["on"] = {}
    for key, raw in node.raw["on"].items():
        name = event(tree, key)
        if name is None:
            message = f"XState has no event like {quote(key)}"
            writing.warn((*path, key), "no_counterpart", message)
        found = _transitions(writing, raw, (*path, key))
        result["on"].setdefault(name or key, []).extend(found)


def _after(
    writing: Writing, tree: Tree, node: Node, result: _Found, note: _Found
) -> None:
    """Delays as milliseconds, where they are a fixed length; texts go to the note."""
    path = (*node.steps, "after")
    after = result["after"] = {}
    for key, raw in node.raw["after"].items():
        length = milliseconds(key) if key not in writing.delays else None
        text = key if length is None else exact.dumps(length)
        if length is None and key not in writing.delays:
            message = f"XState takes {quote(key)} for the name of a delay"
            hint = f"give it one: setup({{delays: {{{quote(key)}: …}}}})"
            writing.warn((*path, key), "delay", message, hint)
        if text != key:
            note.setdefault("delays", {}).setdefault(text, key)
        found = _transitions(writing, raw, (*path, key))
        after.setdefault(text, []).extend(found)


def _invoke(
    writing: Writing, tree: Tree, node: Node, result: _Found, note: _Found
) -> None:
    path = (*node.steps, "invoke")
    result["invoke"] = [
        _invocation(writing, raw, (*path, n))
        for n, raw in enumerate(node.raw["invoke"])
    ]


def _invocation(
    writing: Writing, raw: dict[str, Any], path: tuple[str | int, ...]
) -> dict[str, Any]:
    source = raw.get("src", raw.get("machine"))
    own: dict[str, Any] = {}
    if isinstance(source, str):
        result: dict[str, Any] = {"src": source, "id": raw["id"]}
    else:
        result = {"src": raw["id"], "id": raw["id"]}
    for key, item in raw.items():
        if key in ("onDone", "onError"):
            result[key] = _transitions(writing, item, (*path, key))
        elif key == "input":
            result[key] = plain(item)
            if result[key] != item:
                own[key] = item
                message = "the input has expressions, which JSON of XState cannot have"
                writing.warn((*path, key), "expression", message, _CODE)
        elif key in ("description", "meta") or key.startswith("x-"):
            result[key] = item
        elif key not in ("src", "id"):
            own[key] = item
            if hint := _OF_INVOKE.get(key):
                message = f'XState has nothing like "{key}"'
                writing.warn((*path, key), "no_counterpart", message, hint)
    return {**result, "x-pgsm": own} if own else result


_CODE = "write the function in its code; x-pgsm has the expressions"


def _context(
    writing: Writing, tree: Tree, node: Node, result: _Found, note: _Found
) -> None:
    raw = node.raw["context"]
    result["context"] = plain(raw)
    computed = {key: item for key, item in raw.items() if plain(item) != item}
    if computed:
        note["context"] = raw
        message = f"computed values are null: {', '.join(map(quote, computed))}"
        writing.warn(("context",), "expression", message, _CODE)


def _output(
    writing: Writing, tree: Tree, node: Node, result: _Found, note: _Found
) -> None:
    raw = node.raw["output"]
    result["output"] = plain(raw)
    if result["output"] != raw:
        note["output"] = raw
        message = "the output has expressions, which JSON of XState cannot have"
        writing.warn((*node.steps, "output"), "expression", message, _CODE)


def _target(
    writing: Writing, tree: Tree, node: Node, result: _Found, note: _Found
) -> None:
    result["target"] = _one_or_many(node.raw["target"])


def _version(
    writing: Writing, tree: Tree, node: Node, result: _Found, note: _Found
) -> None:
    result["version"] = str(node.raw["version"])
    if result["version"] != node.raw["version"]:
        note["version"] = node.raw["version"]


def _states(
    writing: Writing, tree: Tree, node: Node, result: _Found, note: _Found
) -> None:
    result["states"] = {
        key: _state(writing, tree, child, {}) for key, child in node.children.items()
    }
    numbers = [key for key in node.children if key.isdecimal()]
    if numbers and len(node.children) > 1:
        message = f"JavaScript puts {quote(numbers[0])} before other keys"
        hint = "the order of states is that of regions; begin names with a letter"
        writing.warn((*node.steps, "states"), "order", message, hint)


_WRITERS = {
    "initial": _initial,
    "on": _on,
    "after": _after,
    "invoke": _invoke,
    "context": _context,
    "output": _output,
    "target": _target,
    "version": _version,
    "states": _states,
}
