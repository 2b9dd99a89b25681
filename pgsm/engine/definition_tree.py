"""The states of a document as a tree, and how targets find their states in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MAX_STATES = 5_000
MAX_NESTING = 50
ROOT_ID = "(machine)"  # XState's, for a document without an id
STATE_TYPES = ("atomic", "compound", "parallel", "final", "history")


@dataclass(eq=False)
class Node:
    """A state: its path from below the root ("" for the root), kind and family."""

    path: str
    key: str
    parent: Node | None
    kind: str
    steps: tuple[str, ...]  # where it stands in the document
    raw: Any
    id: str = ""
    explicit_id: bool = False
    children: dict[str, Node] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        """How many states are above this one."""
        return len(self.steps) // 2

    def ancestors(self) -> Iterator[Node]:
        """Its parent first, the root last."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent


@dataclass
class Tree:
    """All states, in document order, and by id."""

    root: Node
    nodes: list[Node] = field(default_factory=list)
    by_id: dict[str, list[Node]] = field(default_factory=dict)


def scan(document: dict[str, Any]) -> Tree:
    """The tree of whatever states the document has, sound or not."""
    tree = Tree(_node(document, "", None, ()))
    waiting = [tree.root]
    while waiting:
        node = waiting.pop()
        tree.nodes.append(node)
        _identify(tree, node)
        if node.depth < MAX_NESTING:
            for key, raw in _states(node.raw).items():
                steps = (*node.steps, "states", key)
                node.children[key] = _node(raw, key, node, steps)
            waiting.extend(reversed(node.children.values()))
    return tree


def _node(raw: Any, key: str, parent: Node | None, steps: tuple[str, ...]) -> Node:
    path = f"{parent.path}.{key}" if parent and parent.path else key
    return Node(path, key, parent, _kind(raw), steps, raw)


def _states(raw: Any) -> dict[str, Any]:
    states = raw.get("states") if isinstance(raw, dict) else None
    return states if isinstance(states, dict) else {}


def _kind(raw: Any) -> str:
    if not isinstance(raw, dict):
        return "atomic"
    kind = raw.get("type")
    if kind in ("parallel", "final", "history"):
        return str(kind)
    if kind is None and raw.get("history"):
        return "history"
    return "compound" if _states(raw) else "atomic"


def _identify(tree: Tree, node: Node) -> None:
    own = node.raw.get("id") if isinstance(node.raw, dict) else None
    node.explicit_id = isinstance(own, str) and own != ""
    if node.explicit_id:
        node.id = str(own)
    else:
        node.id = f"{tree.root.id}.{node.path}" if node.path else ROOT_ID
    tree.by_id.setdefault(node.id, []).append(node)


def descend(node: Node, path: str) -> Node | None:
    """The state at a dotted path below a state."""
    found: Node | None = node
    for key in path.split("."):
        found = found.children.get(key) if found else None
    return found


def by_id(tree: Tree, text: str) -> Node | None:
    """The state of "id" or "id.path" (without its #), the shortest id first."""
    parts = text.split(".")
    for length in range(1, len(parts) + 1):
        for node in tree.by_id.get(".".join(parts[:length]), [])[:1]:
            rest = parts[length:]
            found = descend(node, ".".join(rest)) if rest else node
            if found:
                return found
    return None


def resolve(tree: Tree, source: Node, text: str) -> Node | None:
    """The state that a transition of `source` means by a target."""
    if text.startswith("#"):
        return by_id(tree, text[1:])
    if text.startswith("."):
        return descend(source, text[1:])
    return descend(source.parent, text) if source.parent else None


def resolve_below(tree: Tree, node: Node, text: str) -> Node | None:
    """The state inside of `node` that an initial or history target means."""
    if not text.startswith("#"):
        return descend(node, text)
    found = by_id(tree, text[1:])
    return found if found and node in found.ancestors() else None


def resolve_from_root(tree: Tree, text: str) -> Node | None:
    """The state of "#id", "#id.path" or a path from below the root."""
    return by_id(tree, text[1:]) if text.startswith("#") else descend(tree.root, text)


def conflict(nodes: list[Node]) -> str | None:
    """Why the states cannot all be entered at once; None when they can."""
    places = [node.parent if node.kind == "history" else node for node in nodes]
    for n, one in enumerate(places):
        for m in range(n):
            other = places[m]
            if one is None or other is None:
                continue
            if reason := _pair_conflict(other, one):
                return reason
    return None


def _pair_conflict(one: Node, other: Node) -> str | None:
    above = [other, *other.ancestors()]
    if one in above or other in one.ancestors():
        return "one of the targets is inside of another, or the same"
    shared = next(node for node in one.ancestors() if node in above)
    if shared.kind == "parallel":
        return None
    where = f'of "{shared.path}"' if shared.path else "of the root"
    return f"the targets are in different children {where}, which is not parallel"


def can_be_active_together(one: Node, other: Node) -> bool:
    """Whether one configuration can hold both states."""
    above = [other, *other.ancestors()]
    if one in above or other in one.ancestors():
        return True
    return next(n for n in one.ancestors() if n in above).kind == "parallel"
