"""What a host has armed and started is what the active states want, no more, no less.

The machines note when a state is entered and left, and when a delayed event is armed
and cancelled.  From the notes follows what must be armed; from the commands, what is.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given

from pgsm.engine import exact, plan

from . import door, walking
from .examples import examples
from .machines import DELAYS, machines, walks

Json = Any
Key = tuple[Any, ...]


@dataclass
class Items:
    """A list of work, as its invocation in the document wants it."""

    invoke: Json
    following: int = 0
    running: set[int] = field(default_factory=set)
    outputs: int = 0
    errors: int = 0

    def fill(self) -> bool:
        """Start what may be started; whether there is something left to wait for."""
        count = len(self.invoke["each"])
        until = self.invoke.get("until")
        enough = until is not None and self.outputs >= (1 if until == "any" else until)
        failed = self.errors and not self.invoke.get("collect", False)
        if enough or failed or self.outputs + self.errors == count:
            return False
        most = self.invoke.get("concurrency", count)
        while self.following < count and len(self.running) < most:
            self.running.add(self.following)
            self.following += 1
        return True

    def end(self, item: int, event: str) -> bool:
        self.running.remove(item)
        if event.startswith("done."):
            self.outputs += 1
        else:
            self.errors += 1
        return self.fill()


@dataclass
class Wanted:
    """What must be armed and running, by the notes so far."""

    found: plan.Plan
    invocations: dict[str, list[Json]]
    active: set[str] = field(default_factory=set)
    timers: Counter[Key] = field(default_factory=Counter)
    single: set[Key] = field(default_factory=set)
    lists: dict[Key, Items] = field(default_factory=dict)

    def take(self, outcome: door.Outcome, cause: Key | None) -> None:
        """Read the notes of a step; ``cause`` is the timer or work that it ends."""
        if cause is not None and not outcome.refused:
            self.ended(cause, outcome)
        for note in outcome.result.get("notes", ()):
            ((kind, name),) = note.items()
            getattr(self, kind)(name)
        if outcome.after.status == "done":
            self.timers.clear()
            assert not self.work() - {key for key in self.single if key[0] == "spawn"}
            self.single.clear()

    def ended(self, cause: Key, outcome: door.Outcome) -> None:
        if cause[0] in ("after", "send"):
            self.timers[cause] -= 1
        elif cause[-1] is None:
            self.single.remove(cause)
        else:
            name, event = cause[:-1], outcome.call.arguments[6]
            if not self.lists[name].end(cause[-1], str(event)):
                del self.lists[name]

    def work(self) -> set[Key]:
        items = (
            (*name, item) for name, each in self.lists.items() for item in each.running
        )
        return {*self.single, *items}

    # -- notes ----------------------------------------------------------------------

    def enter(self, path: str) -> None:
        self.active.add(path)
        for delay in self.found.state_by_path[path].delays:
            if delay.key in DELAYS:  # the others have no time, or fail
                self.timers["after", path, delay.key] = 1
        for invoke in self.invocations[path]:
            name = ("invoke", path, invoke["id"])
            if "each" not in invoke:
                self.single.add((*name, None))
            elif (items := Items(invoke)).fill():
                self.lists[name] = items

    def exit(self, path: str) -> None:
        self.active.discard(path)
        for key in [key for key in self.timers if key[:2] == ("after", path)]:
            del self.timers[key]
        self.single = {key for key in self.single if key[:2] != ("invoke", path)}
        for name in [name for name in self.lists if name[1] == path]:
            del self.lists[name]

    def arm(self, send_id: str) -> None:
        self.timers["send", send_id] += 1

    def cancel(self, send_id: str) -> None:
        del self.timers["send", send_id]

    def rearm(self, delay: str) -> None:
        for path in self.active:
            if any(own.key == delay for own in self.found.state_by_path[path].delays):
                self.timers["after", path, delay] = 1

    def spawn(self, child_id: str) -> None:
        self.single.add(("spawn", "", child_id, None))

    def stop(self, child_id: str) -> None:
        self.single.discard(("spawn", "", child_id, None))


def timer_key(timer: door.Timer) -> Key:
    row = timer.row
    if timer.kind == "send":
        return ("send", row["send_id"])
    return ("after", row["state"], row["delay"])


def work_key(work: door.Effect | door.Child) -> Key:
    row = work.row
    if isinstance(work, door.Effect):
        return ("invoke", row["state"], row["invoke_id"], row.get("item"))
    name, bracket, item = row["id"].partition("[")
    number = int(item[:-1]) if bracket else None
    return (row["kind"], row.get("state", ""), name, number)


def cause_of(outcome: door.Outcome, last: door.Instance) -> Key | None:
    """The timer or the work that the host has taken away before the step."""
    for timer in last.timers:
        if timer not in outcome.before.timers:
            return timer_key(timer)
    for child in last.children:
        if child not in outcome.before.children:
            return work_key(child)
    for before, now in zip(last.effects, outcome.before.effects, strict=True):
        if before != now:
            return work_key(before)
    return None


def invocations(document: Json, path: str = "") -> dict[str, list[Json]]:
    """The invocations of each state of a document."""
    found = {path: document.get("invoke", [])}
    for key, state in document.get("states", {}).items():
        found |= invocations(state, f"{path}.{key}" if path else key)
    return found


@given(machines(), walks)
@examples(60)
def test_timers_and_invocations_are_those_of_the_active_states(
    document: Json, script: Any
) -> None:
    machine = door.Machine.of(document)
    wanted = Wanted(machine.plan(), invocations(document))
    last = door.Instance()
    for outcome in walking.walk(machine, script):
        wanted.take(outcome, cause_of(outcome, last))
        last = outcome.after
        pending = [e for e in last.effects if e.status == "pending"]
        running = [e for e in pending if e.row["kind"] == "invoke"]
        assert Counter(map(timer_key, last.timers)) == +wanted.timers
        work = [*map(work_key, running), *map(work_key, last.children)]
        assert len(work) == len(set(work))
        assert set(work) == wanted.work()
        check_known(last)
        check_rows(outcome, wanted.found)


def check_known(now: door.Instance) -> None:
    """What the interpreter keeps of its children is what the host keeps."""
    known = exact.loads(now.work or "{}")
    children = {name: c["instance"] for name, c in known.get("children", {}).items()}
    assert children == {c.row["id"]: c.row["instance"] for c in now.children}
    for name, each in known.get("each", {}).items():
        assert each["state"] in {"", *now.states}, name


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
@examples(25)
def test_without_errors_nothing_is_refused_and_each_event_is_answered(
    document: Json, script: Any
) -> None:
    for outcome in walking.walk(door.Machine.of(document), script):
        assert not outcome.refused
        if not outcome.moved:
            assert outcome.result["outcome"] in ("no_transition", "guarded")


def test_a_delay_that_its_own_entry_arms_again_is_armed_once() -> None:
    document = {
        "id": "m",
        "entry": {"type": "rearm", "delay": "soon"},
        "after": {"soon": {}},
        "implementations": {"delays": {"soon": 10}},
    }
    assert len(door.start(door.Machine.of(document)).after.timers) == 1
