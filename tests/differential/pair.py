"""One machine on both sides, for tests that are written out."""

from __future__ import annotations

from typing import Any

from . import compare, ours
from .generator import Case
from .implementations import IMPLEMENTATIONS

Json = Any


def both(machine: Json, *events: Any, mend: str = "") -> tuple[Json, Json]:
    """The last record of each side; a text is an event, a number a time to pass.

    With the mend, XState does in all steps what pgsm does.
    """
    made: Json = {
        "id": "m",
        "context": {"n": {"a": 0, "b": 0}, "kept": None},
        **machine,
        "implementations": IMPLEMENTATIONS,
    }
    given = tuple(
        {"type": event} if isinstance(event, str) else {"advance": event}
        for event in events
    )
    case = Case(0, made, given)
    pgsm = ours.play(case).records
    if mend:
        mended = compare.xstate([case], [mend])[0]
        assert compare.difference(case, pgsm, mended) is None
    return compare.plain(pgsm[-1]), compare.xstate([case])[0][-1]


def trace(name: str) -> Json:
    return {"type": "trace", "params": {"name": name}}


def names(record: Json) -> list[str]:
    """The names that the actions of the last step have noted."""
    return [note[0] for note in record["trace"]]
