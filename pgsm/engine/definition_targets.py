"""Targets: of transitions, of initial, of history states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from . import definition_tree as tree
from .definition_problems import quote
from .definition_shapes import DROP, MAX_HINTS, At, Check

MAX_TARGETS = 100

_Resolve = Callable[[str], "tree.Node | None"]


def targets(check: Check, raw: Any, at: At) -> Any:
    """The targets of a transition of the state at hand, as a list."""

    def find(text: str) -> tree.Node | None:
        return tree.resolve(check.tree, at.node, text)

    return _targets(check, raw, at, "bad_target", find, _spellings(at.node))


def initial_targets(check: Check, raw: Any, at: At) -> Any:
    """The targets of the initial transition: states inside of the one at hand."""

    def find(text: str) -> tree.Node | None:
        found = tree.resolve_below(check.tree, at.node, text)
        if found and _leads_nowhere(at.node, found):
            message = f"the history state {quote(text)} has no default target"
            check.problem(at, "bad_initial", message)
        return found

    return _targets(check, raw, at, "bad_initial", find, at.node.children)


def history_targets(check: Check, raw: Any, at: At) -> Any:
    """The default targets of a history state: states inside of its parent."""
    parent = at.node.parent or at.node

    def find(text: str) -> tree.Node | None:
        found = tree.resolve_below(check.tree, parent, text)
        if found and found.kind == "history":
            message = "the default target may not be a history state itself"
            check.problem(at, "bad_history", message)
        return found

    return _targets(check, raw, at, "bad_history", find, parent.children)


def _targets(
    check: Check, raw: Any, at: At, code: str, find: _Resolve, candidates: Any
) -> Any:
    texts = raw if isinstance(raw, list) else [raw]
    places = [at / n for n in range(len(texts))] if isinstance(raw, list) else [at]
    nodes = []
    for text, place in zip(texts, places, strict=True):
        if not isinstance(text, str):
            check.wrong_type(place, "a target", text)
        elif found := find(text):
            nodes.append(found)
        else:
            hint = _hint(check, text, list(candidates))
            check.problem(place, code, f"there is no state {quote(text)} here", hint)
    if len(texts) > MAX_TARGETS:
        check.problem(at, code, f"more than {MAX_TARGETS} targets are not possible")
    elif reason := tree.conflict(nodes):
        check.problem(at, code, reason)
    elif not texts and code != "bad_target":
        check.problem(at, code, "at least one target is wanted here")
    return texts or DROP


def _leads_nowhere(node: tree.Node, target: tree.Node) -> bool:
    """Whether entering `node` by its own history state would begin again at `node`."""
    if target.kind != "history" or target.parent is not node:
        return False
    return not (isinstance(target.raw, dict) and target.raw.get("target"))


def _spellings(node: tree.Node) -> Iterator[str]:
    if node.parent:
        yield from node.parent.children
    yield from (f".{key}" for key in node.children)


def _hint(check: Check, text: str, near: list[str]) -> str | None:
    """What may have been meant: a spelling that is possible here, or a state's #id."""
    if check.hints > MAX_HINTS:
        return None
    check.hints += 1
    bare = text.lstrip("#.")
    for spelling in (bare, f".{bare}"):
        if spelling in near and spelling != text:
            return f"did you mean {quote(spelling)}?"
    key = bare.rpartition(".")[2]
    same = [node for node in check.tree.nodes if node.key == key and node.parent]
    if len(same) == 1 and key not in near:
        return f"did you mean {quote('#' + same[0].id)}?"
    ids = [f"#{node.id}" for node in check.tree.nodes if node.explicit_id]
    return check.suggest(text, [*near, *ids])
