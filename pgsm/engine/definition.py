"""Definition documents: what is wrong with one, and its normal form.

`check` finds all problems at once.  A document without problems has a normal form,
which is itself a definition and whose normal form it is.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from . import exact, semantics
from .definition_input import read_text, read_value
from .definition_paths import PathError, parse_path
from .definition_problems import FunctionUse, Problem, in_document_order
from .definition_references import refuse_equal_invoke_ids, refuse_recursion
from .definition_root import declarations, read_document
from .definition_shapes import GLOBALS, NOT_YET, At, Check, type_name
from .definition_tree import MAX_STATES, Tree, scan

__all__ = [
    "NOT_YET",
    "Checked",
    "DefinitionError",
    "FunctionUse",
    "PathError",
    "Problem",
    "check",
    "normalise",
    "parse_path",
]


class DefinitionError(ValueError):
    """A document has problems."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{p.path}: {p.message}" for p in problems))
        self.problems = problems


@dataclass(frozen=True)
class Checked:
    """What `check` found.

    `document` (the normal form) and `checksum` (sha256 of its text, key order being
    part of it) are None when there are problems.  `functions` and `intervals`, as
    (JSON path, text), are for Postgres to check, and `schemas` for a validator of JSON
    Schemas; `effects` are the names used.
    """

    problems: list[Problem]
    document: dict[str, Any] | None
    functions: list[FunctionUse]
    effects: list[str]
    intervals: list[tuple[str, str]]
    checksum: str | None
    schemas: list[tuple[str, Any]] = field(default_factory=list)


def check(document: Any) -> Checked:
    """All that is wrong with a document, given as JSON text or as a value."""
    if isinstance(document, str):
        raw, problems = read_text(document)
    else:
        raw, problems = read_value(document)
    if not problems and not isinstance(raw, dict):
        message = f"a definition is an object, not {type_name(raw)}"
        problems = [Problem("$", "wrong_type", message)]
    if problems:
        return Checked(problems, None, [], [], [], None)
    return _check_object(raw)


def _check_object(raw: dict[str, Any]) -> Checked:
    tree = scan(raw)
    found = Check(tree, declarations(raw), semantics.of(raw), _after_keys(tree))
    if len(tree.nodes) - 1 > MAX_STATES:
        at = At(("states",), GLOBALS, tree.root)
        message = f"the document has {len(tree.nodes) - 1} states"
        hint = f"{MAX_STATES} are allowed"
        found.problem(at, "too_many_states", message, hint)
    normal: dict[str, Any] | None = read_document(found, raw)
    refuse_recursion(found)
    refuse_equal_invoke_ids(found)
    problems = in_document_order(raw, found.findings)
    checksum = None
    if problems:
        normal = None
    else:
        checksum = hashlib.sha256(exact.dumps(normal).encode()).hexdigest()
    return Checked(
        problems,
        normal,
        found.functions,
        list(found.effects),
        found.intervals,
        checksum,
        found.schemas,
    )


def _after_keys(tree: Tree) -> frozenset[str]:
    """Every delay that stands as a key of `after`."""
    keys: set[str] = set()
    for node in tree.nodes:
        after = node.raw.get("after") if isinstance(node.raw, dict) else None
        keys.update(after if isinstance(after, dict) else ())
    return frozenset(keys)


def normalise(document: Any) -> dict[str, Any]:
    """The normal form of a document, given as JSON text or as a value.

    Raises DefinitionError with all problems.
    """
    checked = check(document)
    if checked.document is None:
        raise DefinitionError(checked.problems)
    return checked.document
