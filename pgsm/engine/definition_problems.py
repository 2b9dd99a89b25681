"""What is found in a definition document: problems, in the document's own order."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from . import exact

Path = tuple[str | int, ...]

_LONGEST_QUOTE = 100
_MOST_CANDIDATES = 2000


@dataclass(frozen=True)
class Problem:
    """One reason why a document is no definition.

    `path` is a JSON path, `code` a stable word, `message` lower case without a full
    stop, `hint` what to do about it.
    """

    path: str
    code: str
    message: str
    hint: str | None = None


@dataclass(frozen=True)
class FunctionUse:
    """A SQL function that the document names; `kind` is call, guard or value."""

    path: str
    function: str
    kind: str


@dataclass(frozen=True)
class Finding:
    """A problem before the document's order is known."""

    path: Path
    code: str
    message: str
    hint: str | None


def quote(name: str) -> str:
    """The name in double quotes, shortened when it is very long."""
    if len(name) > _LONGEST_QUOTE:
        name = name[: _LONGEST_QUOTE - 1] + "…"
    return exact.quoted(name)


def did_you_mean(name: str, candidates: Iterable[str]) -> str | None:
    """A hint with the candidate nearest to a misspelt name, if one is near."""
    if len(name) > _LONGEST_QUOTE:
        return None
    others = (word for word in candidates if word != name)
    known = [word for word, _ in zip(others, range(_MOST_CANDIDATES), strict=False)]
    folded = {word.lower(): word for word in reversed(known)}
    near = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    return f"did you mean {quote(folded[near[0]])}?" if near else None


def in_document_order(document: Any, findings: list[Finding]) -> list[Problem]:
    """The findings as problems, without repetition, as their places come in the text.

    A finding about an object comes before those about what is in it.
    """
    ranks: dict[int, dict[str, int]] = {}
    ordered = sorted(findings, key=lambda f: _rank(document, f.path, ranks))
    return list(
        dict.fromkeys(
            Problem(exact.json_path(f.path), f.code, f.message, f.hint) for f in ordered
        )
    )


def _rank(document: Any, path: Path, ranks: dict[int, dict[str, int]]) -> list[int]:
    rank = []
    for step in path:
        if isinstance(document, dict) and isinstance(step, str):
            if id(document) not in ranks:
                ranks[id(document)] = {key: n for n, key in enumerate(document)}
            rank.append(ranks[id(document)].get(step, len(document)))
            document = document.get(step)
        elif isinstance(document, list) and isinstance(step, int):
            rank.append(step)
            document = document[step] if step < len(document) else None
        else:
            break
    return rank
