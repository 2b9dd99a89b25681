"""What a host has armed and started is what the active states want, no more, no less.

The machines note when a state is entered and left, and when a delayed event is armed
and cancelled.  From the notes follows what must be armed; from the commands, what is.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given

from pgsm.engine import plan

from . import door, walking
from .examples import examples
from .machines import DELAYS, machines, walks

Json = Any
Key = tuple[str, ...]


@dataclass
class Wanted:
    """What must be armed and running, by the notes so far."""

    found: plan.Plan
    timers: Counter[Key] = field(default_factory=Counter)
    work: Counter[Key] = field(default_factory=Counter)

    def take(self, outcome: door.Outcome, cause: Key | None) -> None:
        """Read the notes of a step; ``cause`` is the timer or work that it ends."""
        if cause is not None and not outcome.refused:
            held = self.work if cause[0] == "invoke" else self.timers
            held[cause] -= 1
        for note in outcome.result.get("notes", ()):
            ((kind, name),) = note.items()
            getattr(self, kind)(name)
        if outcome.after.status == "done":
            self.timers.clear()
            assert not +self.work

    def enter(self, path: str) -> None:
        state = self.found.state_by_path[path]
        for delay in state.delays:
            if delay.key in DELAYS:  # the others have no time, or fail
                self.timers["after", path, delay.key] += 1
        for invocation in state.invocations:
            self.work["invoke", path, invocation.invoke_id] += 1

    def exit(self, path: str) -> None:
        for held in (self.timers, self.work):
            for key in list(held):
                if key[0] != "send" and key[1] == path:
                    del held[key]

    def arm(self, send_id: str) -> None:
        self.timers["send", send_id] += 1

    def cancel(self, send_id: str) -> None:
        del self.timers["send", send_id]


def timer_key(timer: door.Timer) -> Key:
    row = timer.row
    if timer.kind == "send":
        return ("send", row["send_id"])
    return ("after", row["state"], row["delay"])


def work_key(effect: door.Effect) -> Key:
    return ("invoke", effect.row["state"], effect.row["invoke_id"])


def cause_of(outcome: door.Outcome, last: door.Instance) -> Key | None:
    """The timer or the work that the host has taken away before the step."""
    for timer in last.timers:
        if timer not in outcome.before.timers:
            return timer_key(timer)
    for before, now in zip(last.effects, outcome.before.effects, strict=True):
        if before != now:
            return work_key(before)
    return None


@given(machines(), walks)
@examples(120)
def test_timers_and_invocations_are_those_of_the_active_states(
    document: Json, script: Any
) -> None:
    machine = door.Machine.of(document)
    wanted = Wanted(machine.plan())
    last = door.Instance()
    for outcome in walking.walk(machine, script):
        wanted.take(outcome, cause_of(outcome, last))
        last = outcome.after
        pending = [e for e in last.effects if e.status == "pending"]
        running = [e for e in pending if e.row["kind"] == "invoke"]
        assert Counter(map(timer_key, last.timers)) == +wanted.timers
        assert Counter(map(work_key, running)) == +wanted.work
        check_rows(outcome, wanted.found)


def check_rows(outcome: door.Outcome, found: plan.Plan) -> None:
    """New rows belong to states that are active, and say all that a host needs."""
    active = {"", *outcome.after.states}
    for row in outcome.result.get("timers", ()):
        assert row["due"].keys() <= {"in", "at"}
        if row["kind"] == "after":
            assert row["state"] in active
            assert row["event"] == f"after.{row['delay']}.{row['state']}"
    for row in outcome.result.get("effects", ()):
        if row["kind"] == "invoke":
            assert row["state"] in active
            assert row["input"]["state"] == row["state"]
            assert found.invocations[row["state"], row["invoke_id"]].src == row["name"]
    for path in outcome.result.get("exited", ()):
        state = found.state_by_path[path]
        assert state.delays or state.invocations
        assert path in {"", *outcome.before.states}


@given(machines(errors=False), walks)
@examples(40)
def test_without_errors_nothing_is_refused_and_each_event_is_answered(
    document: Json, script: Any
) -> None:
    for outcome in walking.walk(door.Machine.of(document), script):
        assert not outcome.refused
        if outcome.moved:
            assert outcome.result["transitions"] or outcome.call.operation == "start"
        else:
            assert outcome.result["outcome"] in ("no_transition", "guarded")
