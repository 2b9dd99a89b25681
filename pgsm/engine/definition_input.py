"""A definition document from outside, as exact JSON or with what is wrong about it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from . import exact
from .definition_problems import Path, Problem

MAX_CHARACTERS = 5_000_000


def read_text(text: str) -> tuple[Any, list[Problem]]:
    """The document that a JSON text holds, or the problems with the text."""
    if len(text) > MAX_CHARACTERS:
        message = f"the document has {len(text)} characters"
        hint = f"{MAX_CHARACTERS} are allowed"
        return None, [Problem("$", "too_large", message, hint)]
    try:
        return exact.loads_document(text), []
    except exact.DocumentError as error:
        return None, [Problem(path, "bad_json", what) for path, what in error.problems]


def read_value(value: Any) -> tuple[Any, list[Problem]]:
    """A copy of the value with exact numbers, or the problems with it.

    A float becomes the decimal number that Python prints for it.
    """
    problems: list[Problem] = []
    document = _copy(value, (), problems)
    return document, problems


def _copy(value: Any, path: Path, problems: list[Problem]) -> Any:
    problem = None
    if isinstance(value, dict):
        if len(path) < exact.MAX_DEPTH:
            return {
                _key(key, path, problems): _copy(item, (*path, str(key)), problems)
                for key, item in value.items()
            }
        problem = f"the document is nested more than {exact.MAX_DEPTH} levels deep"
    elif isinstance(value, (list, tuple)):
        if len(path) < exact.MAX_DEPTH:
            return [_copy(v, (*path, n), problems) for n, v in enumerate(value)]
        problem = f"the document is nested more than {exact.MAX_DEPTH} levels deep"
    elif isinstance(value, float):
        value = Decimal(repr(value))
    if problem is None:
        problem = _scalar_problem(value)
    if problem:
        problems.append(Problem(exact.json_path(path), "bad_json", problem))
    return value


def _key(key: Any, path: Path, problems: list[Problem]) -> Any:
    what = _scalar_problem(key) if isinstance(key, str) else "a key must be a text"
    if what:
        place = exact.json_path((*path, str(key)))
        problems.append(Problem(place, "bad_json", what))
    return key


def _scalar_problem(value: Any) -> str | None:
    if value is None or isinstance(value, bool):
        return None
    if not isinstance(value, (str, int, Decimal)):
        return f"a Python {type(value).__name__} is not JSON"
    try:
        exact.dumps(value)
    except (ValueError, TypeError) as error:
        return str(error).removeprefix("$: ")
    return None
