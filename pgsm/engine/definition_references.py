"""What must hold of a document as a whole: no recursion by names, ids unique."""

from __future__ import annotations

from collections.abc import Iterator

from .definition_problems import quote
from .definition_shapes import At, Check
from .definition_tree import Node, can_be_active_together

_Name = tuple[str, str]  # (guards or actions, name)


def refuse_recursion(check: Check) -> None:
    """Report named guards and actions that use themselves, once for each circle."""
    done: set[_Name] = set()
    for start in check.references:
        if start not in done:
            _walk(check, start, done)


def _walk(check: Check, start: _Name, done: set[_Name]) -> None:
    """Search depth first; a reference to a name that is still open closes a circle."""
    stack = [start]
    uses: dict[_Name, Iterator[tuple[str, At]]] = {}
    while stack:
        current = stack[-1]
        if current not in uses:
            uses[current] = iter(check.references.get(current, []))
        for used, at in uses[current]:
            name = (current[0], used)
            if name in uses and name not in done:
                _report(check, at, [n for _, n in stack[stack.index(name) :]])
            elif name not in done:
                stack.append(name)
                break
        else:
            done.add(current)
            stack.pop()


def _report(check: Check, at: At, circle: list[str]) -> None:
    kind = "guard" if at.path[1:2] == ("guards",) else "action"
    through = " by way of ".join(map(quote, reversed(circle[1:])))
    message = f"the {kind} {quote(circle[0])} uses itself"
    message += f" by way of {through}" if through else ""
    check.problem(at, f"recursive_{kind}", message)


def refuse_equal_invoke_ids(check: Check) -> None:
    """Report invocations with the same id in states that can be active together."""
    seen: dict[str, list[Node]] = {}
    for invoke_id, node, at in check.invokes:
        others = seen.setdefault(invoke_id, [])
        other = next((n for n in others if can_be_active_together(n, node)), None)
        if other is not None:
            where = f"the state {quote(other.path)}" if other.path else "the root"
            message = f"the id {quote(invoke_id)} is also that of an invocation of "
            hint = 'give one of them another "id"'
            check.problem(at, "duplicate_id", message + where, hint)
        elif len(others) < 100:
            others.append(node)
