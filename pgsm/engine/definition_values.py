"""Values, expressions, context paths and SQL functions of a document."""

from __future__ import annotations

import re
from typing import Any

from . import exact, expressions
from .definition_paths import PathError, parse_path
from .definition_problems import FunctionUse, quote
from .definition_shapes import DROP, At, Check
from .definition_tree import descend, resolve_from_root

_MARKS = ("expr", "sql", "literal")
_LONGEST_SIGNATURE = 1_000  # characters
_IDENTIFIER = r'(?:[A-Za-z_\u0080-\uffff][\w$]*|"(?:[^"]|"")+")'
_SIGNATURE = re.compile(
    rf"\s*(?P<schema>{_IDENTIFIER})\s*\.\s*{_IDENTIFIER}\s*\((?P<types>.*)\)\s*",
    re.DOTALL,
)
_TYPE = re.compile(
    rf"\s*{_IDENTIFIER}(?:\s*\.\s*{_IDENTIFIER})?(?:\s+[A-Za-z]+)*"
    r"(?:\s*\(\s*\d+(?:\s*,\s*-?\d+)?\s*\))?(?:\s+[A-Za-z]+)*(?:\s*\[\s*\d*\s*\])*\s*"
)
_OWN_SCHEMAS = ("pgsm_private", "pgsm_engine")


def value(check: Check, raw: Any, at: At) -> Any:
    """A value: JSON in which `expr`, `sql` and `literal` objects may stand."""
    if isinstance(raw, list):
        for n, item in enumerate(raw):
            value(check, item, at / n)
    elif isinstance(raw, dict):
        marks = [mark for mark in _MARKS if mark in raw]
        if marks:
            _marked(check, raw, at, marks[0])
        else:
            for key, item in raw.items():
                value(check, item, at / key)
    return raw


def loop_value(check: Check, raw: Any, at: At) -> Any:
    """A value which knows the names of the loop that its object starts."""
    return value(check, raw, at.knowing(*at.loop))


def values(check: Check, raw: Any, at: At) -> Any:
    """A list of values."""
    if not isinstance(raw, list):
        return check.wrong_type(at, "an array", raw)
    return value(check, raw, at)


def _marked(check: Check, raw: dict[str, Any], at: At, mark: str) -> None:
    allowed = ("sql", "args") if mark == "sql" else (mark,)
    if extra := [key for key in raw if key not in allowed]:
        check.problem(
            at,
            "ambiguous_value",
            f"an object with {quote(mark)} may not have the key {quote(extra[0])} too",
            'write {"literal": …} around an object that is to be taken as it stands',
        )
    elif mark == "expr":
        expression(check, raw["expr"], at / "expr")
    elif mark == "sql":
        sql_call(check, raw, at, "sql", "value")


def expression(check: Check, raw: Any, at: At) -> Any:
    """The source of an expression that compiles with the names of its place."""
    if not isinstance(raw, str):
        return check.wrong_type(at, "the text of an expression", raw)
    if not check.semantics.strict:
        return raw  # what is wrong with it comes up when it is evaluated
    key = (raw, at.names)
    if key not in check.compiled:
        check.compiled[key] = _expression_problem(check, raw, at.names)
    problem = check.compiled[key]
    if problem is None:
        return raw
    check.problem(at, "bad_expression", *problem)
    return DROP


def _expression_problem(
    check: Check, source: str, names: frozenset[str]
) -> tuple[str, str | None] | None:
    """The message and hint about an expression that does not do; None when it does."""
    try:
        compiled = expressions.compile_expression(source, names)
    except expressions.ExpressionError as error:
        if error.offset is None:
            return error.message, error.hint
        return f"{error.message} (at character {max(error.offset, 0) + 1})", error.hint
    for path in sorted(compiled.states):
        if not descend(check.tree.root, path):
            paths = [node.path for node in check.tree.nodes if node.path]
            named = resolve_from_root(check.tree, path)
            hint = f"did you mean {quote(named.path)}?" if named else None
            hint = hint or check.suggest(path, paths)
            return f"there is no state with the path {quote(path)}", hint
    return None


def context_path(check: Check, raw: Any, at: At) -> Any:
    """A path into the context, its bracketed expressions checked."""
    if not isinstance(raw, str):
        return check.wrong_type(at, "the text of a path", raw)
    if not check.semantics.strict:
        return raw
    try:
        steps = parse_path(raw)
    except PathError as error:
        message = f"{error} (at character {error.offset + 1} of {quote(raw)})"
        check.problem(at, "bad_path", message)
        return DROP
    for step in steps:
        if isinstance(step, tuple):
            expression(check, step[1], at)
    return raw


def plain_path(check: Check, raw: Any, at: At) -> Any:
    """A path of keys only."""
    path = context_path(check, raw, at)
    if path is not DROP and any(isinstance(step, tuple) for step in parse_path(path)):
        check.problem(at, "bad_path", "brackets are not possible in this path")
        return DROP
    return path


def assignments(check: Check, raw: Any, at: At) -> Any:
    """An object of context paths and the values that are set there."""
    if not isinstance(raw, dict):
        return check.wrong_type(at, "an object", raw)
    for path, item in raw.items():
        context_path(check, path, at / path)
        value(check, item, at / path)
    return raw or DROP


def sql_call(check: Check, raw: dict[str, Any], at: At, key: str, kind: str) -> None:
    """Check a function's signature and that as many arguments are given."""
    types = signature(check, raw[key], at / key, kind)
    args = raw.get("args", [])
    if "args" in raw:
        values(check, args, at / "args")
    if types is not None and isinstance(args, list) and len(args) != len(types):
        message = (
            f"the function {quote(raw[key])} has {_count(len(types), 'argument')}, "
            f"{len(args)} given"
        )
        check.problem(at / "args", "bad_arguments", message)


def _count(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def signature(check: Check, raw: Any, at: At, kind: str) -> list[str] | None:
    """The argument types of "schema.function(types)", which is noted as used."""
    if not isinstance(raw, str):
        check.wrong_type(at, "the signature of a function", raw)
        return None
    hint = 'write "schema.function(argument types)"'
    match = _SIGNATURE.fullmatch(raw) if len(raw) <= _LONGEST_SIGNATURE else None
    types = _split(match["types"]) if match else []
    if not match or not all(map(_TYPE.fullmatch, types)):
        message = f"{quote(raw)} is not the signature of a function"
        check.problem(at, "bad_function", message, hint)
        return None
    if _plain(match["schema"]) in _OWN_SCHEMAS:
        message = f"functions of the schema {_plain(match['schema'])} cannot be used"
        check.problem(at, "bad_function", message)
        return None
    use = FunctionUse(exact.json_path(at.path), raw, kind)
    check.functions.append(use)
    return types


def _plain(identifier: str) -> str:
    if identifier.startswith('"'):
        return identifier[1:-1].replace('""', '"')
    return identifier.lower()


def _split(types: str) -> list[str]:
    """The types of a list, split at the commas that are in no brackets or quotes."""
    if not types.strip():
        return []
    parts, depth, quoted = [""], 0, False
    for char in types:
        quoted ^= char == '"'
        depth += 0 if quoted else (char == "(") - (char == ")")
        if char == "," and not depth and not quoted:
            parts.append("")
        else:
            parts[-1] += char
    return parts
