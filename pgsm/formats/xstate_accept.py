"""The last step of an import: the checker's word on the document."""

from __future__ import annotations

import re
from typing import Any

from pgsm.engine import definition, exact

from .common import FormatError, Problem
from .xstate_reading import Path, Reading

# What XState passes over in silence, and the checker does not.
_PASSED_OVER = ("unknown_key", "misplaced_key", "bad_final", "bad_history")
_STEP = re.compile(r'\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]')
_ROUNDS = 20


def accept(reading: Reading, document: dict[str, Any], path: Path) -> dict[str, Any]:
    """The document in normal form, without keys that XState passes over.

    Those are reported as warnings.  Raises FormatError with what else is wrong.
    """
    for _ in range(_ROUNDS):
        checked = definition.check(document)
        if checked.document is not None:
            return checked.document
        removed = [p for p in checked.problems if _remove(document, p)]
        for problem in removed:
            place = exact.json_path(path) + problem.path[1:]
            message = f"left out: {problem.message}"
            reading.warnings.append(Problem(place, "left_out", message, problem.hint))
        if not removed:
            break
    raise FormatError([_placed(problem, path) for problem in checked.problems])


def _placed(problem: Problem, path: Path) -> Problem:
    place = exact.json_path(path) + problem.path[1:]
    return Problem(place, problem.code, problem.message, problem.hint)


def _remove(document: dict[str, Any], problem: Problem) -> bool:
    """Whether the key that a problem is about could be taken out of the document."""
    if problem.code not in _PASSED_OVER:
        return False
    steps = _steps(problem.path)
    place: Any = document
    try:
        for step in steps[:-1]:
            place = place[step]
    except (KeyError, IndexError, TypeError):
        return False  # what is above it has been removed
    if not steps or not isinstance(place, dict) or steps[-1] not in place:
        return False
    del place[steps[-1]]
    return True


def _steps(path: str) -> list[Any]:
    """The steps of a JSON path as the checker writes it."""
    return [
        name or (int(index) if index else exact.loads(quoted))
        for name, index, quoted in _STEP.findall(path)
    ]
