"""Values, expressions, locations and scripts of SCXML's Python-style datamodel."""

from __future__ import annotations

import ast
import re
import textwrap
from typing import Any

from pgsm.engine import exact
from pgsm.engine.definition import PathError, parse_path

from . import scxml_ecmascript as ecmascript
from .scxml_xml import is_writable

Json = Any

UNPARSED = "_script"  # what a statement that is no assignment seems to assign to

_MARKS = ("expr", "sql", "literal")
_IN = re.compile(r"\bIn\(\s*([^\s'\"()]+)\s*\)")
_CSS_TIME = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:s|ms)")


def expression(source: str, datamodel: str = "python") -> dict[str, str]:
    """The value that an expression gives."""
    if datamodel == "null":
        source = _IN.sub(r"In('\1')", source)
    if datamodel == "ecmascript":
        source = ecmascript.expression(source)
    return {"expr": source}


def is_location(text: str) -> bool:
    """Whether the text is a path into the data: `Var1`, `a.b`, `a[0]`."""
    try:
        steps = parse_path(text)
    except PathError:
        return False
    plain = [step for step in steps if isinstance(step, str)]
    return steps[0] is plain[0] if plain else False


def _is_sound(text: str) -> bool:
    if not is_location(text):
        return False
    steps = parse_path(text)
    return all(step.isidentifier() for step in steps if isinstance(step, str))


def is_assignable(path: str, value: Json) -> bool:
    """Whether a line of a script can assign the value."""
    if path == UNPARSED:
        return isinstance(value, dict) and set(value) == {"expr"}
    return _is_sound(path) and not (isinstance(value, dict) and "sql" in value)


def location(text: str) -> dict[str, str]:
    """The value at a location; what is none never compiles, so that it is an error."""
    text = text.strip()
    return {"expr": text if _is_sound(text) else f"location: {text}"}


def content(text: str) -> Json:
    """The value of inline content: JSON, a Python literal, else text.

    A text has its white space normalised.  Content without anything is null.
    """
    text = text.strip()
    if not text:
        return None
    try:
        return literal(exact.loads(text))
    except ValueError:
        pass
    return {"expr": text} if _is_python(text) else " ".join(text.split())


def literal(value: Json) -> Json:
    """A value that stands for this JSON as it is."""
    return {"literal": value} if _has_marks(value) else value


def _has_marks(value: Json) -> bool:
    if isinstance(value, dict):
        marked = any(mark in value for mark in _MARKS)
        return marked or any(map(_has_marks, value.values()))
    return isinstance(value, list) and any(map(_has_marks, value))


def _is_python(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return False
    return True


def content_text(value: Json) -> str | None:
    """Inline content that stands for the value; None when only `expr` can say it."""
    if isinstance(value, dict) and set(value) == {"literal"}:
        value = value["literal"]
    elif _has_marks(value):
        return None
    plain = isinstance(value, str) and value and is_writable(value)
    if plain and content(value) == value:
        return str(value)
    return exact.dumps(value)


def delay(text: str) -> Json:
    """A delay written out: 1s, 500ms; anything else is an error when it is reached."""
    text = text.strip()
    if not _CSS_TIME.fullmatch(text):
        return {"expr": repr(text)}
    number, unit = re.fullmatch(r"([\d.]+)(\w+)", text).groups()  # type: ignore[union-attr]
    whole, point, part = number.partition(".")
    return f"{whole or '0'}{point if part else ''}{part}{unit}"


# ---------------------------------------------------------------------- scripts


def script(source: str, datamodel: str = "python") -> list[dict[str, Any]]:
    """The assignments of a script, as actions.

    What is no assignment becomes one that fails when it is reached.
    """
    source = textwrap.dedent(source).strip()
    if datamodel == "ecmascript":
        source = ecmascript.statements(source)
    if not source:
        return []
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [assign(UNPARSED, {"expr": source})]
    return [action for node in tree.body for action in _statement(source, node)]


def assign(path: str, value: Json) -> dict[str, Any]:
    """The action that assigns."""
    return {"type": "assign", "set": {path: value}}


def _statement(source: str, node: ast.stmt) -> list[dict[str, Any]]:
    def text(part: ast.AST) -> str:
        return ast.get_source_segment(source, part) or ""

    if isinstance(node, ast.Pass):
        return []
    if isinstance(node, ast.Assign) and all(map(_is_path, node.targets)):
        return [assign(text(each), {"expr": text(node.value)}) for each in node.targets]
    if isinstance(node, ast.AnnAssign) and node.value and _is_path(node.target):
        return [assign(text(node.target), {"expr": text(node.value)})]
    operator = (
        _OPERATORS.get(type(node.op)) if isinstance(node, ast.AugAssign) else None
    )
    if isinstance(node, ast.AugAssign) and operator and _is_path(node.target):
        changed = text(node.value)
        if not isinstance(node.value, (ast.Constant, ast.Name, ast.Attribute)):
            changed = f"({changed})"
        target = text(node.target)
        return [assign(target, {"expr": f"{target} {operator} {changed}"})]
    return [assign(UNPARSED, {"expr": text(node)})]


def _is_path(node: ast.expr) -> bool:
    if isinstance(node, ast.Subscript):
        return not isinstance(node.slice, ast.Slice) and _is_path(node.value)
    if isinstance(node, ast.Attribute):
        return _is_path(node.value)
    return isinstance(node, ast.Name)


_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}
