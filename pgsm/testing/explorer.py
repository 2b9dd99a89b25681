"""`explore`: everything that can happen to a machine, within bounds."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from . import explore_moves as moves
from . import explore_samples
from .documents import Source
from .errors import NotFound, Refused, Unsettled
from .explore_calls import MOST_SCRIPTS, Calls
from .explore_key import Keys
from .explore_moves import Move, Taken
from .explore_paths import Check, Edge, Situation
from .explore_possible import Possible
from .explore_result import Exploration
from .explore_samples import Samples
from .explore_setup import Setup
from .instance import Instance
from .rows import Effect, Row
from .store import Store

Json = Any
Progress = Callable[[Exploration, int], None]
ANSWERS = ("complete", "fail")


@dataclass(frozen=True)
class Bounds:
    """When to end early."""

    states: int | None = 10_000
    depth: int | None = None
    events: int | None = None


def explore(
    source: Source | Instance,
    samples: Samples | dict[str, Json] | str | Path | None = None,
    *,
    machines: Sequence[Source] = (),
    derive: bool = True,
    max_states: int | None = 10_000,
    max_depth: int | None = None,
    max_events: int | None = None,
    key: Callable[[Json], Json] | None = None,
    late: bool = True,
    check: Check | None = None,
    progress: Progress | None = None,
    **more: Json,
) -> Exploration:
    """Everything that can happen to a machine, with the shortest way to each thing.

        found = explore("order.json", input={"total": 12}, events={"ready": {"in": 5}})
        assert found.ok, found.table()
        print(found.to("paid"))

    The source is a document, a file, or an Instance, which is explored from where it
    stands, in a copy of its world.  Samples are what comes from outside (`Samples`): an
    object, a file, or arguments of the same names; with `derive` the definition's own
    suggestions stand in where none are given.  `machines` are the definitions of
    children; a child without one just ends.

    What happens: sample events, answers and failures of effects, time passing to the
    next timer, and the same for children.  Two situations are one when configurations,
    contexts, timers and open effects are: the samples' `ignore` leaves paths of the
    context out, `key` is a function of the context and gives what matters of it.
    `late` lets effects that deliver late answers be left while they run.  `check` is
    called with the instance in every situation; its AssertionErrors are the result's
    `violations`.

    It ends after `max_states` situations, `max_depth` moves in a row or `max_events`
    moves in all, and says so in `stopped`.
    """
    given = explore_samples.read(more).merged(explore_samples.read(samples))
    setup = Setup(source, given, machines, derive)
    handled = frozenset(setup.world._work.handlers)
    search = Search(
        setup,
        Possible(setup, late),
        Keys(setup.root, given.ignore, key, handled),
        Bounds(max_states, max_depth, max_events),
        check,
        progress,
    )
    began = time.perf_counter()
    search.run()
    search.found.seconds = time.perf_counter() - began
    return search.found


class Search:
    """One exploration, nearest situations first."""

    def __init__(
        self,
        setup: Setup,
        possible: Possible,
        keys: Keys,
        bounds: Bounds,
        check: Check | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.setup, self.possible, self.keys, self.bounds = (
            setup,
            possible,
            keys,
            bounds,
        )
        self.check, self.progress = check, progress
        self.world, self.root = setup.world, setup.root
        self.store = self.world._store
        self.instance = Instance(self.world, self.root)
        self.calls = Calls(setup.samples.functions)
        self.calls.install(self.world)
        self.found = Exploration(
            setup.machine, setup.samples, setup.derived, begun=setup.begun
        )
        self._queue: deque[tuple[Situation, Store]] = deque()
        self._known: dict[bytes, Situation] = {}
        self._whole = b""

    def run(self) -> None:
        """Look at one situation after the other until there are no more."""
        found, deep = self.found, 0
        self._start()
        while self._queue and not self._is_over():
            here, store = self._queue.popleft()
            if self.bounds.depth is not None and here.depth >= self.bounds.depth:
                deep += 1
                continue
            self._look(here, store)
            if self.progress is not None:
                self.progress(found, len(self._queue))
        if deep and not found.stopped:
            found.stopped = f"paths had {self.bounds.depth} moves"
        if self.calls.cut:
            found.notes.append(
                f"SQL functions may answer in more than {MOST_SCRIPTS} ways in one"
                " move; not all were tried"
            )
        if found.stopped:
            found.notes.extend(_many_values(found))

    def _is_over(self) -> bool:
        bounds, found = self.bounds, self.found
        if bounds.states is not None and len(found.situations) >= bounds.states:
            found.stopped = f"{bounds.states} situations were found"
        elif bounds.events is not None and found.tried >= bounds.events:
            found.stopped = f"{bounds.events} moves were tried"
        return found.stopped is not None

    def _start(self) -> None:
        empty = self.store.copy()
        if self.setup.begun:
            self._follow(None, Move("start"), empty, self._settle)
            return
        for given in self.setup.samples.inputs or [{}]:
            begin = lambda given=given: self._begin(given)  # noqa: E731
            self._follow(None, Move("start", self.setup.machine, given), empty, begin)

    def _begin(self, given: Json) -> None:
        self.world.start(self.setup.machine, given, instance_id=self.root)
        self._settle()

    def _settle(self) -> None:
        self.world.settle()

    def _look(self, here: Situation, store: Store) -> None:
        """Try all that can happen in a situation."""
        here.seen = True
        if here.status != "active":
            return
        self.store.restore(store)
        self._whole = self.keys.whole(store)
        for move in list(self.possible.moves()):
            act = lambda move=move: moves.make(self.instance, move)  # noqa: E731
            self._follow(here, move, store, act)

    def _follow(
        self,
        here: Situation | None,
        move: Move,
        store: Store,
        act: Callable[[], Taken | None],
    ) -> None:
        """Let a move happen, in every way that SQL functions may answer."""
        source = None if here is None else here.index
        for _ in self.calls.scripts():
            self.store.restore(store)
            self.found.tried += 1
            sent, refusals = None, []
            try:
                sent = act()
            except (Refused, Unsettled, NotFound) as refusal:
                refusals = [_refusal(refusal)]
            made = move
            if self.calls.made:
                made = replace(move, calls=tuple(self.calls.made))
            came = not refusals
            if came:
                refusals = self._kept()
                came = not (refusals and move.kind in ANSWERS)
            for code, message in refusals:
                self.found.raised.append((source, made, code, message))
            if came:
                self._arrive(here, made, sent)
            else:
                self._edge(here, Edge(made, source, None, "refused"))

    def _arrive(self, here: Situation | None, made: Move, sent: Taken | None) -> None:
        """Note where a move has led."""
        taken = self._transitions()
        self._put_back(here, made)
        key = self.keys.of(self.store)
        there = self._known.get(key)
        new = there is None
        if there is None:
            there = self._known[key] = self._situation(here)
        if here is not None and here.stays:
            timed = made.kind == "time" and bool(taken)
            moved = there is not here or self.keys.whole(self.store) != self._whole
            here.stays = not (timed or moved)
        source = None if here is None else here.index
        outcome, details = sent or (None, {})
        by = tuple(details.get("refused_by", ()))
        self._edge(here, Edge(made, source, there.index, outcome, taken, by))
        if new:
            self._queue.append((there, self.store.copy()))
            self._check(there)

    def _edge(self, here: Situation | None, edge: Edge) -> None:
        (self.found.starts if here is None else here.edges).append(edge)

    def _check(self, there: Situation) -> None:
        if self.check is None:
            return
        try:
            self.check(self.instance)
        except AssertionError as error:
            message = str(error).partition("\n")[0] or "an assertion failed"
            self.found.broken.append((there.index, message))

    # -- what a move left --------------------------------------------------------------

    def _transitions(self) -> tuple[tuple[str, str], ...]:
        """The transitions that were taken; the logs are empty afterwards."""
        taken: dict[tuple[str, str], None] = {}
        for row in list(self.store.rows.values()):
            if row.log:
                if row.machine not in self.setup.stubs:
                    name = self._name(row)
                    for entry in row.log:
                        taken.update(
                            {(name, place): None for place in entry.transitions}
                        )
                self.store.put_row(replace(row, log=()))
        return tuple(taken)

    def _name(self, row: Row) -> str:
        """What the machine of an instance is called in the result."""
        name = row.machine
        own = self.store.rows[self.root]
        if name != own.machine and self.store.current.get(name) != row.version:
            name = f"{name} version {row.version}"
        if name not in self.found.machines:
            self.found.machines[name] = self.possible.machine(row)
        return name

    def _kept(self) -> list[tuple[str, str]]:
        """Refusals of messages, timers and answers; what was refused stays out."""
        found = []
        for timer in list(self.store.timers.values()):
            if timer.last_error and timer.status == "armed":
                self.store.put_timer(replace(timer, status="failed"))
                error = timer.last_error
                found.append((error["code"], error["message"]))
        for effect in self.store.effects.values():
            if not effect.open and effect.error:
                error = effect.error.get("refused")
                if effect.error.get("type") == "refused":
                    error = effect.error
                if error:
                    found.append((error["code"], error["message"]))
        return found

    def _put_back(self, here: Situation | None, made: Move) -> None:
        """Forget effects that are over; those that failed unheard are retried later."""
        for key, effect in list(self.store.effects.items()):
            if effect.open:
                continue
            if _is_incident(effect):
                label = moves.label(effect)
                why = f"{made}, and no transition takes that"
                source = 0 if here is None else here.index
                self.found.failed.setdefault(label, (source, made, why))
                again = replace(effect, status="pending", attempt=0, deadline_at=None)
                self.store.put_effect(replace(again, error=None, finished_at=None))
            else:
                del self.store.effects[key]

    def _situation(self, here: Situation | None) -> Situation:
        store, found = self.store, self.found
        row = store.rows[self.root]
        names = moves.names(store, self.root)
        children = {}
        for instance_id, name in names.items():
            member = store.rows[instance_id]
            if member.machine not in self.setup.stubs:
                machine = self._name(member)
                found.active.update((machine, state) for state in member.states)
            if name:
                children[name] = member.value
        there = Situation(
            index=len(found.situations),
            value=row.value,
            states=row.states,
            status=row.status,
            context_text=row.context,
            children=children,
            waiting=tuple(_waiting(store)),
            depth=0 if here is None else here.depth + 1,
            before=None if here is None else here.index,
        )
        found.situations.append(there)
        return there


def _is_incident(effect: Effect) -> bool:
    error = effect.error or {}
    unheard = not error.get("handled") and not error.get("refused")
    return effect.status == "failed" and unheard and error.get("type") != "refused"


def _refusal(error: Exception) -> tuple[str, str]:
    if isinstance(error, Refused):
        detail = f" ({error.detail})" if error.detail else ""
        return error.sqlstate, error.message + detail
    return type(error).__name__, str(error)


def _waiting(store: Store) -> list[str]:
    found = [
        f"{timer.event} in {moves.length(timer.due_at - store.clock)}"
        for timer in store.timers.values()
        if timer.status == "armed"
    ]
    return found + [moves.label(e) for e in store.effects.values() if e.open]


def _many_values(found: Exploration) -> list[str]:
    """What of the context has so many values that the search did not end."""
    values: dict[str, set[str]] = {}
    for situation in found.situations:
        for key, value in situation.context.items():
            values.setdefault(key, set()).add(str(value))
    most = max(len(found.situations) // 20, 20)
    return [
        f'context.{key} has {len(seen)} values: does it matter? ignore "{key}" if not'
        for key, seen in values.items()
        if len(seen) >= most
    ]
