"""What may happen next in a world, by samples."""

from __future__ import annotations

from collections.abc import Iterator

from . import durations
from . import explore_moves as moves
from .explore_key import matters
from .explore_machines import Machine
from .explore_moves import Move
from .explore_setup import Setup
from .rows import Effect, Row


class Possible:
    """Lists the moves of a setup's world as it stands."""

    def __init__(self, setup: Setup, late: bool) -> None:
        self.setup = setup
        self.late = late
        self.samples = setup.samples
        self._machines: dict[tuple[str, int], Machine] = {}

    def machine(self, row: Row) -> Machine:
        """An instance's machine version."""
        key = row.machine, row.version
        if key not in self._machines:
            version = self.setup.world._store.versions[key]
            self._machines[key] = Machine(version)
        return self._machines[key]

    def moves(self) -> Iterator[Move]:
        """Events, answers, then time; for the instance first, then for children."""
        world = self.setup.world
        store = world._store
        for instance_id, name in moves.names(store, self.setup.root).items():
            row = store.rows[instance_id]
            if row.status != "active":
                continue
            if row.machine in self.setup.stubs:
                yield from self._ends(row, name)
                continue
            yield from self._events(row, name)
            for effect in store.effects_of(instance_id):
                yield from self._answers(effect, name)
        due = moves.next_time(world)
        if due is not None:
            for wait in self.samples.waits:
                if durations.add(world.clock, wait) < due:
                    yield Move("wait", wait)
            yield Move("time", moves.length(due - world.clock))

    def _events(self, row: Row, name: str) -> Iterator[Move]:
        """Sample events that a state names; not those that are deferred already."""
        machine = self.machine(row)
        timers = self.setup.world._store.timers_of(row.instance_id)
        waiting = [(t.event, t.data) for t in timers if t.status == "deferred"]
        for event, samples in self.samples.events.items():
            if machine.takes(row.states, event):
                for data in samples:
                    for auth in self.samples.auth or [None]:
                        if (event, data) not in waiting:
                            yield Move("event", event, data, name, auth=auth)

    def _ends(self, row: Row, name: str) -> Iterator[Move]:
        for output in self.samples.children.get(row.machine) or [{}]:
            yield Move("child", row.machine, output, name)

    def _answers(self, effect: Effect, name: str) -> Iterator[Move]:
        if not effect.open or not matters(effect):
            return
        label, item, late = moves.label(effect), effect.item, effect.cancel_requested
        answers = self.setup.given.answers(effect)
        if answers is None:
            if effect.name in self.setup.world._work.handlers:
                return
            answers = self.setup.derived.answers(effect)
        if answers is None:
            answers = [{"output": {}}]
        if self._may_begin(effect):
            yield Move("claim", label, None, name, item)
        for answer in answers:
            kind = "fail" if "error" in answer else "complete"
            data = answer.get("error", answer.get("output"))
            yield Move(kind, label, data, name, item, late)

    def _may_begin(self, effect: Effect) -> bool:
        """Whether it matters that an attempt runs: its answer may be late."""
        waits = effect.status != "running" and effect.kind == "invoke"
        return self.late and waits and effect.policy.get("late") == "deliver"
