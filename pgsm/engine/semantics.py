"""What XState and SCXML decide differently, by the document's ``semantics``.

This is the one place.  ``docs/explanation/processing-model.md`` gives the reasons.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Semantics:
    """The answers to the questions on which the two differ."""

    name: str
    # descriptors match by token prefix and the document order of transitions
    # decides; else exact ones come first, then the longest wildcard
    token_prefixes: bool
    # each atomic state looks for its own transition of an event; else a parallel
    # state's is taken only when no region has one
    by_atomic_state: bool
    # an eventless transition that changes nothing is not taken again before the
    # next event; else the machine never settles
    rests: bool
    # an error undoes its block of content; else the block ends where it happens
    undo_blocks: bool
    # an error that no transition takes refuses the event; else it is dropped
    refuse_errors: bool
    # what does not compile is refused at definition; else it is an error when
    # it is evaluated
    strict: bool
    # expressions read the data by name, and SCXML's system variables
    data_by_name: bool
    # done.state.<id>; else done.state.<path>
    done_by_id: bool
    # invocations start at the end of the macrostep; else with their state
    invoke_when_settled: bool
    # a child that had ended before its state was left is heard of; else nothing
    # comes from a state's work once it is left
    hears_the_ended: bool
    # a message that is still delayed when its sender ends is dropped; else it is
    # delivered
    drops_delayed: bool


XSTATE = Semantics(
    name="xstate",
    token_prefixes=False,
    by_atomic_state=False,
    rests=True,
    undo_blocks=True,
    refuse_errors=True,
    strict=True,
    data_by_name=False,
    done_by_id=False,
    invoke_when_settled=False,
    hears_the_ended=False,
    drops_delayed=False,
)
SCXML = Semantics(
    name="scxml",
    token_prefixes=True,
    by_atomic_state=True,
    rests=False,
    undo_blocks=False,
    refuse_errors=False,
    strict=False,
    data_by_name=True,
    done_by_id=True,
    invoke_when_settled=True,
    hears_the_ended=True,
    drops_delayed=True,
)
BY_NAME = {each.name: each for each in (XSTATE, SCXML)}


def of(document: object) -> Semantics:
    """The semantics of a document, sound or not; XState's when it names none."""
    name = document.get("semantics") if isinstance(document, dict) else None
    return BY_NAME.get(name, XSTATE) if isinstance(name, str) else XSTATE
