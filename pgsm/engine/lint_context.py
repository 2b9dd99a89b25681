"""Context that expressions read and that nothing ever sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .definition_paths import parse_path
from .definition_problems import Path
from .lint_actions import Written
from .lint_chart import Chart
from .lint_guards import compiled

Document = Mapping[str, Any]

_NO_VALUES = frozenset(
    {
        *("meta", "literal", "description", "$schema"),
        *("inputSchema", "outputSchema", "contextSchema", "eventSchemas"),
    }
)


def check(chart: Chart, actions: Sequence[Written]) -> None:
    """Report keys of the context that are read and neither declared nor assigned."""
    known = _known(chart, actions)
    if known is None:
        return
    names = frozenset(_loop_names(chart, actions))
    for path, source in _expressions(chart.document, ()):
        found = compiled(source, names)
        for missing in _read(found.paths if found else ()):
            if missing in known or f"'{missing}'" in source or f'"{missing}"' in source:
                continue  # an expression that names the key asks whether it is there
            message = f"nothing sets context.{missing}, which is read here"
            hint = chart.suggest(missing, known)
            hint = hint or 'give it a first value in "context"; null will do'
            chart.warn(path, "undeclared_context", message, hint)


def _known(chart: Chart, actions: Sequence[Written]) -> dict[str, None] | None:
    """The keys that the context may have; None when that cannot be told."""
    if not chart.semantics.strict:
        return None
    known: dict[str, None] = dict.fromkeys(chart.document.get("context", {}))
    if known.keys() & {"expr", "sql", "literal"}:
        return None
    schema = chart.document.get("contextSchema")
    if isinstance(schema, Mapping):
        declared = schema.get("properties", {})
        known.update(dict.fromkeys(declared if isinstance(declared, Mapping) else ()))
    for item in actions:
        paths = []
        if item.kind == "assign":
            paths += item.action.get("set", ())
        if item.kind == "call" and "assign" in item.action:
            paths.append(item.action["assign"])
        for path in paths:
            first = parse_path(path)[0]
            if not isinstance(first, str):
                first = first[1].strip("\"'")
                if not first.isidentifier():
                    return None
            known[first] = None
    return known


def _read(paths: Any) -> Iterator[str]:
    yield from sorted({path[1] for path in paths if path[0] == "context" and path[1:]})


def _loop_names(chart: Chart, actions: Sequence[Written]) -> Iterator[str]:
    loops: list[Document] = [item.action for item in actions if item.kind == "foreach"]
    for node in chart.nodes:
        loops += [each for each in node.raw.get("invoke", ()) if "each" in each]
    for loop in loops:
        yield from (str(loop.get("item", "item")), str(loop.get("index", "index")))


def _expressions(node: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every expression of a document with its place."""
    if isinstance(node, list):
        for number, item in enumerate(node):
            yield from _expressions(item, (*path, number))
    elif isinstance(node, Mapping):
        if isinstance(node.get("expr"), str):
            yield (*path, "expr"), node["expr"]
        for key, item in node.items():
            if key not in _NO_VALUES and not key.startswith("x-"):
                yield from _expressions(item, (*path, key))
