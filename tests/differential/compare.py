"""Both sides of many cases, and where they differ."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pgsm.engine import exact
from tests import node

from . import differences, ours
from .generator import Case

Json = Any
SCRIPT = Path(__file__).with_name("xstate_side.mjs")


@dataclass(frozen=True)
class Mismatch:
    """The first record in which the two sides differ."""

    case: Case
    number: int
    key: str
    pgsm: Json
    xstate: Json

    def __str__(self) -> str:
        event = "the start" if self.number == 0 else self.case.events[self.number - 1]
        return (
            f"seed {self.case.seed}: after {event} (step {self.number}) {self.key} is\n"
            f"  pgsm    {json.dumps(self.pgsm)}\n  xstate  {json.dumps(self.xstate)}"
        )


def xstate(cases: Iterable[Case], mends: Sequence[str] = ()) -> list[list[Json]]:
    """What npm's xstate does with each case."""
    lines = [json.dumps(differences.MENDS)]
    for case in cases:
        given = {"machine": case.machine, "events": case.events, "mends": list(mends)}
        lines.append(json.dumps(given))
    answers = node.run(SCRIPT.read_text(), "\n".join(lines) + "\n").splitlines()
    return [json.loads(line) for line in answers]


def both(cases: Sequence[Case]) -> tuple[list[ours.Played], list[list[Json]]]:
    """Both sides, the two processes at the same time."""
    with ThreadPoolExecutor(1) as thread:
        theirs = thread.submit(xstate, cases)
        return [ours.play(case) for case in cases], theirs.result()


def difference(
    case: Case, pgsm: Sequence[Json], npm: Sequence[Json]
) -> Mismatch | None:
    """The first difference between the records of the two sides."""
    for number in range(max(len(pgsm), len(npm))):
        if number >= len(pgsm) or number >= len(npm):
            return Mismatch(case, number, "length", pgsm[number:], npm[number:])
        mine, theirs = pgsm[number], npm[number]
        if "error" in mine or "error" in theirs:
            if _given_up(mine) == _given_up(theirs) != "" or _is_long(mine, theirs):
                return None
            return Mismatch(case, number, "error", mine, theirs)
        for key in {**mine, **theirs}:
            one, other = plain(mine.get(key)), plain(theirs.get(key))
            if one != other:
                return Mismatch(case, number, key, one, other)
    return None


def _given_up(record: Json) -> str:
    """Why a side has not gone on with a case, where both may do so."""
    error = str(record.get("error"))
    if error == ours.LOOPS or error.startswith("Infinite loop"):
        return "loop"
    return "crowd" if error == "crowd" else ""


def _is_long(mine: Json, theirs: Json) -> bool:
    """Whether one side settles just before the other comes to its limit."""
    errors = _given_up(mine), _given_up(theirs)
    return "loop" in errors and any(
        len(record.get("trace", ())) > ours.LIMIT // 2 for record in (mine, theirs)
    )


def plain(value: Json) -> Json:
    """The value with the numbers of a JSON reader."""
    return json.loads(exact.dumps(value))
