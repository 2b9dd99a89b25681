"""A smaller case that still differs, found by leaving things out."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from pgsm.engine import definition

from . import compare, ours
from .generator import Case

Json = Any
KEPT = ("implementations", "context", "type", "params")
AT_ONCE = 16


def shrink(case: Case, mends: Sequence[str] = ()) -> compare.Mismatch:
    """The mismatch of a case from which nothing more can be left out."""
    found = mismatches([case], mends)[0]
    assert found is not None
    start = 0
    while True:
        smaller = _smaller(found.case, found.key, start, mends)
        if smaller is None:
            if start == 0:
                return found
            start = 0
        else:
            start, found = smaller


def mismatches(
    cases: Sequence[Case], mends: Sequence[str] = ()
) -> list[compare.Mismatch | None]:
    """Where the two sides of each case differ."""
    theirs = compare.xstate(cases, mends)
    return [
        compare.difference(case, ours.play(case).records, npm)
        for case, npm in zip(cases, theirs, strict=True)
    ]


def _smaller(
    case: Case, key: str, start: int, mends: Sequence[str]
) -> tuple[int, compare.Mismatch] | None:
    """The first smaller case that differs in the same thing, and its place."""
    candidates = enumerate(_candidates(case))
    waiting = list(itertools.islice(candidates, start, start + AT_ONCE))
    while waiting:
        tried = mismatches([candidate for _, candidate in waiting], mends)
        for (place, _), found in zip(waiting, tried, strict=True):
            if found is not None and found.key == key:
                return place, found
        waiting = list(itertools.islice(candidates, AT_ONCE))
    return None


def _candidates(case: Case) -> Iterator[Case]:
    """Cases with one thing less."""
    for index in range(len(case.events)):
        yield replace(case, events=(*case.events[:index], *case.events[index + 1 :]))
    for change in sorted(_changes(case.machine), key=len):  # large things first
        machine = copy.deepcopy(case.machine)
        _leave_out(machine, change)
        if _is_valid(machine):
            yield replace(case, machine=machine)


def _changes(node: Json, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items: Any = ()
    if isinstance(node, dict):
        items = [(key, item) for key, item in node.items() if key not in KEPT]
    elif isinstance(node, list):
        items = list(enumerate(node))
    for key, item in items:
        if key != 0 or len(node) > 1:  # an empty list is not as good as none
            yield (*path, key)
        yield from _changes(item, (*path, key))


def _leave_out(machine: Json, path: tuple[Any, ...]) -> None:
    inner = machine
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]


def _is_valid(machine: Json) -> bool:
    checked = definition.check(machine)
    return not checked.problems
