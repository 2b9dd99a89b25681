"""Where XState and SCXML would take different transitions of one document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pgsm.engine import definition_tree as trees
from pgsm.engine import exact
from pgsm.engine.definition_tree import Node

from .scxml_actions import Writer

Json = Any


class Events:
    """The names of events that a document has, from descriptors and actions."""

    def __init__(self, tree: trees.Tree, ids: Mapping[Node, str]) -> None:
        self.names: set[str] = set()
        for node in tree.nodes:
            self.names.update(key.removesuffix(".*") for key in node.raw.get("on", {}))
            if node.children:
                self.names.add(f"done.state.{ids[node]}")
            for invoke in node.raw.get("invoke", []):
                for kind in ("done", "error"):
                    self.names.add(f"{kind}.invoke.{invoke['id']}")
        self.names.update(tree.root.raw.get("eventSchemas", {}))
        self.names.update(_raised(tree.root.raw))

    def is_prefix(self, event: str) -> bool:
        """Whether SCXML's descriptor of the event would take another one, too."""
        if "*" in event:
            return False
        return any(name.startswith(event + ".") for name in self.names)


def _raised(node: Json) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _raised(item)
    elif isinstance(node, dict):
        for key in ("event", "reply"):
            if isinstance(node.get(key), str):
                yield node[key]
        for item in node.values():
            yield from _raised(item)


def warn_of_precedence(tree: trees.Tree, writer: Writer) -> None:
    """Report transitions that both languages would not take alike.

    A transition above the regions is XState's when no region has one, and SCXML's
    in each region that has none.
    """
    for node in tree.nodes:
        _warn_of_rest(tree, node, writer)
    regions = [node for node in tree.nodes if node.kind == "parallel"]
    for parallel in regions:
        for above in (parallel, *parallel.ancestors()):
            for place, event in _awaited(above):
                if any(map(_handles(event), _below(parallel))):
                    path = exact.json_path((*above.steps, *place))
                    message = "SCXML takes this beside those of some regions below"
                    writer.warn(path, "precedence", message)


def _awaited(node: Node) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The events that a state's transitions are for, each with its place."""
    raw = node.raw
    for event in raw.get("on", {}):
        yield ("on", event), event
    for delay in raw.get("after", {}):
        yield ("after", delay), "after.x"
    if "onDone" in raw:
        yield ("onDone",), "done.state.x"
    for number, invoke in enumerate(raw.get("invoke", [])):
        for key, kind in (("onDone", "done"), ("onError", "error")):
            if key in invoke:
                yield ("invoke", number, key), f"{kind}.invoke.x"


def _warn_of_rest(tree: trees.Tree, node: Node, writer: Writer) -> None:
    """Report eventless transitions after which they may be enabled again at once."""
    for number, raw in enumerate(node.raw.get("always", [])):
        found = [trees.resolve(tree, node, each) for each in raw.get("target", [])]
        targets = [target for target in found if target]
        if all(node in (target, *target.ancestors()) for target in targets):
            path = exact.json_path((*node.steps, "always", number))
            message = (
                "SCXML takes this until its guard says no, XState while it matters"
            )
            writer.warn(path, "precedence", message)


def _below(node: Node) -> Iterator[Node]:
    for child in node.children.values():
        yield child
        yield from _below(child)


def _handles(event: str) -> Any:
    def handles(node: Node) -> bool:
        return any(_overlap(event, other) for other in node.raw.get("on", {}))

    return handles


def _overlap(one: str, other: str) -> bool:
    if "*" in (one, other):
        return True
    shorter, longer = sorted(
        (one.removesuffix(".*"), other.removesuffix(".*")), key=len
    )
    return longer == shorter or longer.startswith(shorter + ".")
