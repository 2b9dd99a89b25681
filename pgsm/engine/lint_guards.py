"""What is known of a guard before anything runs: whether it can say yes, and no."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from . import expressions
from .definition_tree import Node, Tree, can_be_active_together, resolve_from_root

Document = Mapping[str, Any]

# every name that an expression may have anywhere; loops add their own
NAMES = frozenset(
    {"context", "event", "instance", "now", "auth", "params", "item", "index", "input"}
)


def compiled(source: Any, names: frozenset[str]) -> expressions.Expression | None:
    """The expression; None for what does not compile with these names."""
    if not isinstance(source, str):
        return None
    try:
        return expressions.compile_expression(source, NAMES | names)
    except expressions.ExpressionError:
        return None


class Guards:
    """The named guards of a document, and answers about guards."""

    def __init__(self, named: Document, tree: Tree) -> None:
        self.named = named
        self.tree = tree

    def constant(self, guard: Document | None, source: Node | None) -> bool | None:
        """What a guard always says, None when it depends; no guard says yes.

        `source` is a state that is active whenever the guard is asked.
        """
        if guard is None:
            return True
        if "type" in guard:
            return self.constant(self.named.get(guard["type"], {"sql": ""}), source)
        if "not" in guard:
            found = self.constant(guard["not"], source)
            return None if found is None else not found
        for key, decisive in (("and", False), ("or", True)):
            if key in guard:
                verdicts = [self.constant(item, source) for item in guard[key]]
                if decisive in verdicts:
                    return decisive
                return None if None in verdicts else not decisive
        if "in" in guard:
            return self._in_state(guard["in"], source)
        return _constant_expression(guard.get("expr"))

    def _in_state(self, text: str, source: Node | None) -> bool | None:
        state = resolve_from_root(self.tree, text)
        if source is None or state is None:
            return None
        if state is source or state in source.ancestors():
            return True
        return None if can_be_active_together(state, source) else False

    def parts(self, guard: Document | None) -> Iterator[Document]:
        """The guard and all that it is made of, named ones included."""
        waiting = [guard]
        while waiting:
            current = waiting.pop()
            if current is None:
                continue
            yield current
            if "type" in current:
                waiting.append(self.named.get(current["type"]))
            waiting.append(current.get("not"))
            waiting.extend(current.get("and", ()))
            waiting.extend(current.get("or", ()))

    def is_steady(self, guard: Document | None) -> bool:
        """Whether it says the same again while the context stays as it is."""
        for part in self.parts(guard):
            if "sql" in part or "in" in part:
                return False
            if "expr" in part:
                found = compiled(part["expr"], frozenset())
                if found is None or "in_state" in found.names:
                    return False
            if "params" in part:
                return False
        return True


def _constant_expression(source: Any) -> bool | None:
    found = compiled(source, frozenset())
    if found is None or found.names:
        return None
    try:
        return bool(found({}))
    except expressions.EvaluationError:
        return None
