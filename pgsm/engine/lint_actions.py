"""The actions of a document: where they are written, what they may do when they run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .definition_problems import Path
from .definition_tree import Node
from .lint_chart import Chart, Rule

Document = Mapping[str, Any]
Actions = Sequence[Document]

# Actions that leave the context and the queue of internal events as they are.
_HARMLESS = frozenset(("raise", "send", "cancel", "effect", "emit", "log", "rearm"))


@dataclass(frozen=True)
class Written:
    """An action where it is written; `within` is the name of its implementation.

    `node` is the state that it stands in, `sure` tells that it is in no branch or loop.
    """

    path: Path
    action: Document
    within: str | None
    node: Node | None
    sure: bool = True

    @property
    def kind(self) -> str:
        """Its type: a built-in one, or the name of an implementation."""
        found: str = self.action["type"]
        return found


def blocks(chart: Chart) -> Iterator[tuple[Path, Actions, Node | None]]:
    """Every block of actions of the states, with its place."""
    for node in chart.tree.nodes:
        raw, here = node.raw, node.steps
        for key in ("entry", "exit", "actions"):
            if key in raw:
                yield (*here, key), raw[key], node
        if "actions" in raw.get("initial", {}):
            yield (*here, "initial", "actions"), raw["initial"]["actions"], node
        for number, invoke in enumerate(raw.get("invoke", ())):
            if "finalize" in invoke:
                yield (*here, "invoke", number, "finalize"), invoke["finalize"], node
    for rule in chart.all_rules:
        yield (*rule.path, "actions"), rule.actions, rule.node


def written(chart: Chart) -> Iterator[Written]:
    """Every action of the document, those in branches and loops included."""
    for path, block, node in blocks(chart):
        yield from _inside(path, block, None, node, True)
    for key, block in chart.implementations.get("actions", {}).items():
        path = ("implementations", "actions", key)
        yield from _inside(path, block, key, None, True)


def _inside(
    path: Path, block: Actions, within: str | None, node: Node | None, sure: bool
) -> Iterator[Written]:
    for number, action in enumerate(block):
        here = (*path, number)
        yield Written(here, action, within, node, sure)
        for place, inner in inner_blocks(action):
            yield from _inside((*here, *place), inner, within, node, False)


def inner_blocks(action: Document) -> Iterator[tuple[Path, Actions]]:
    """The blocks within a built-in action, by their place in it."""
    if action["type"] in ("foreach", "block"):
        yield ("actions",), action.get("actions", ())
    elif action["type"] == "choose":
        for number, branch in enumerate(action.get("branches", ())):
            yield ("branches", number, "actions"), branch.get("actions", ())


def expanded(chart: Chart, block: Actions, sure: bool = True) -> Iterator[Written]:
    """The built-in actions that a block runs, with those that its names stand for."""
    named = chart.implementations.get("actions", {})
    for action in block:
        if action["type"] in named:
            yield from expanded(chart, named[action["type"]], sure)
            continue
        yield Written((), action, None, None, sure)
        for _, inner in inner_blocks(action):
            yield from expanded(chart, inner, False)


def content(chart: Chart, rule: Rule, entered: Sequence[Node]) -> list[Written]:
    """The built-in actions that a rule runs when it enters these states.

    The exit content of what it may leave is included, as not sure.
    """
    found = list(expanded(chart, rule.actions))
    for node in entered:
        found += expanded(chart, node.raw.get("entry", ()))
        found += expanded(chart, node.raw.get("initial", {}).get("actions", ()), False)
    for node in chart.with_exit if rule.targets else ():
        if chart.leaves(rule, node):
            found += expanded(chart, node.raw["exit"], False)
    return found


def changes_something(actions: Sequence[Written]) -> bool:
    """Whether actions may change what guards read: the context, or the database."""
    return any(
        item.kind not in (*_HARMLESS, "choose") or "idLocation" in item.action
        for item in actions
    )


def raised(item: Written) -> str | None:
    """The event that an action raises at once; None for others."""
    if item.kind != "raise" or "delay" in item.action:
        return None
    event = item.action["event"]
    return event if isinstance(event, str) else None
