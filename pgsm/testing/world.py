"""A world: machines and their instances in memory, on a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from pgsm.engine import definition_tree, exact

from . import documents, durations
from .agenda import Agenda
from .errors import Refused
from .host import Host
from .instance import Instance
from .questions import Door, signature
from .rows import Effect, Row, Timer, Version
from .store import Store, dumps, loads, plain
from .work import Work

Json = Any
NOON = datetime(2030, 1, 1, 12, tzinfo=timezone.utc)
AUTH = {"role": "test"}


class World:
    """Machines, their instances, and a clock.

        world = World()
        world.define("machines/order.json")
        world.function("shop.mark_accepted(text)", lambda order: None)
        world.effect("email.send", {"sent": True})
        order = world.start("order", {"total": 12})
        order.send("accept")
        world.advance("10 minutes")

    `clock` is where time begins (noon of 2030-01-01, UTC).  `auth` is who sends events
    when a call does not say.  With `eager` the world settles after each call: messages
    are delivered and fake handlers run at once.  `failures` says what becomes of a
    timer, message or answer whose step is refused: "raise" raises Refused out of
    `advance` and leaves it as it was, "keep" keeps it with its error and tries again,
    as the database does.  `limit` is how many steps one moment may have.
    """

    def __init__(
        self,
        clock: datetime | str = NOON,
        *,
        auth: Json = None,
        eager: bool = False,
        failures: str = "raise",
        limit: int = 10_000,
    ) -> None:
        if failures not in ("raise", "keep"):
            raise ValueError(f'failures is "raise" or "keep", not {failures!r}')
        start = durations.read_time(clock) if isinstance(clock, str) else clock
        if start.tzinfo is None:
            start = start.replace(tzinfo=timezone.utc)
        self.auth = AUTH if auth is None else plain(auth)
        self.eager = eager
        self.failures = failures
        self._store = Store(start.astimezone(timezone.utc))
        self._fakes: dict[str, Callable[..., Any]] = {}
        self._door = Door(self._store, self._fakes)
        self._host = Host(self._store, self._door)
        self._work = Work(self._host, failures == "keep")
        self._agenda = Agenda(self._host, self._work, limit)
        self._busy = False

    # -- what there is ---------------------------------------------------------------

    def define(
        self,
        source: documents.Source,
        name: str | None = None,
        *,
        version: int | None = None,
        make_current: bool = True,
    ) -> str:
        """Define a machine, or its next version; its name.

        The source is a document, its JSON text, or a path of a .json or .yaml file.
        The name is the document's id or the file's name where none is given.  Raises
        DefinitionError with all that is wrong.
        """
        suggested, document = documents.read(source)
        machine = name or suggested or "machine"
        defined = documents.define(machine, 0, document)
        numbers = {
            v.version: v.checksum
            for v in self._store.versions.values()
            if v.machine == machine
        }
        for number, checksum in numbers.items():
            if checksum == defined.checksum and version in (None, number):
                version = number
        if version is None:
            version = max(numbers, default=0) + 1
        elif numbers.get(version, defined.checksum) != defined.checksum:
            raise Refused(
                "SM004", f'version {version} of machine "{machine}" is another document'
            )
        key = machine, version
        self._store.versions[key] = replace(defined, version=version)
        if make_current:
            self._store.current[machine] = version
        return machine

    def definition(self, machine: str, version: int | None = None) -> dict[str, Json]:
        """A machine's document in normal form."""
        document: dict[str, Json] = exact.loads(
            self._version(machine, version).document
        )
        return document

    def _version(self, machine: str, version: int | None = None) -> Version:
        return self._host.version(machine, version)

    def function(self, name: str, fake: Any) -> None:
        """Give a SQL function that machines call a fake: a callable, or its result.

            world.function("shop.in_stock(text)", lambda sku: sku == "apple")
            world.function("shop.next_number", 42)

        Without argument types it stands for all functions of the name.  It is given the
        arguments as JSON values; FunctionError is what `raise exception` is in SQL.
        What it keeps in `world.data` is undone with the step that is refused.
        """
        self._fakes[signature(name)] = fake if callable(fake) else lambda *_: fake

    def effect(self, name: str, handler: Any = None) -> None:
        """Give an effect a fake handler: a function of an Effect, or an outcome.

            world.effect("email.send", {"sent": True})
            world.effect("card.charge", PermanentFailure("declined", code="card"))
            world.effect("card.charge", Takes("20 seconds", {"ok": True}))
            world.effect("card.charge", lambda effect: {"paid": effect.input["sum"]})

        It runs when the world settles or advances; an exception is a failed attempt,
        which is tried again by the effect's policy.  Effects without a handler wait for
        `complete` or `fail`.
        """
        self._work.handlers[name] = handler

    def no_effect(self, name: str) -> None:
        """Take an effect's fake handler away: from now on it waits."""
        self._work.handlers.pop(name, None)

    @property
    def data(self) -> dict[str, Any]:
        """What fakes keep: part of the world, so undone and dumped with it."""
        return self._store.data

    # -- instances -------------------------------------------------------------------

    def start(
        self,
        machine: str,
        input: Json = None,  # noqa: A002
        *,
        instance_id: str | None = None,
        version: int | None = None,
        auth: Json = None,
    ) -> Instance:
        """Start an instance and take its first step.

        The id is "<machine>-<number>" where none is given.  Raises Refused where
        `start_instance` raises; nothing has been started then.
        """
        given = {} if input is None else plain(input)
        if not isinstance(given, dict):
            raise Refused("SM114", "the input is a JSON object")
        found = self._version(machine, version)
        instance_id = self._free_id(machine) if instance_id is None else instance_id
        if not instance_id or len(instance_id) > 500 or not instance_id.isprintable():
            message = "an instance id is a text of 1 to 500 printable characters"
            raise Refused("SM113", message)
        if instance_id in self._store.rows:
            message = f'instance "{instance_id}" exists already'
            raise Refused("SM109", message)
        actor = self.auth if auth is None else plain(auth)
        with self._atomic():
            clock = self.clock
            row = Row(instance_id, machine, found.version, clock, clock)
            self._host.begin(row, found, given, actor)
        return Instance(self, instance_id)

    def _free_id(self, machine: str) -> str:
        number = 1
        while f"{machine}-{number}" in self._store.rows:
            number += 1
        return f"{machine}-{number}"

    def place(
        self,
        machine: str,
        value: Json,
        context: Json = None,
        *,
        instance_id: str | None = None,
        version: int | None = None,
        history: dict[str, list[str]] | None = None,
    ) -> Instance:
        """Put an instance where a test begins: no content runs, nothing is armed.

            world.place("order", {"fulfilling": {"kitchen": "cooking"}}, {"total": 12})

        The value is in XState's shape, or a list of the paths of all active states.
        """
        found = self._version(machine, version)
        paths = value if isinstance(value, list) else list(_paths(value))
        tree = definition_tree.scan(exact.loads(found.document))
        for path in paths:
            if all(node.path != path for node in tree.nodes):
                raise ValueError(f'machine "{machine}" has no state "{path}"')
        instance_id = self._free_id(machine) if instance_id is None else instance_id
        self._store.put_row(
            Row(
                instance_id=instance_id,
                machine=machine,
                version=found.version,
                clock=self.clock,
                started_at=self.clock,
                states=tuple(paths),
                value=plain(value),
                context=exact.dumps(plain(context) or {}),
                history=None if history is None else exact.dumps(history),
            )
        )
        return Instance(self, instance_id)

    def __getitem__(self, instance_id: str) -> Instance:
        """The instance of that id; Refused (SM100) where there is none."""
        self._host.row(instance_id)
        return Instance(self, instance_id)

    def __contains__(self, instance_id: object) -> bool:
        return instance_id in self._store.rows

    def instances(self, machine: str | None = None) -> list[Instance]:
        """All instances, or those of a machine, oldest first."""
        return [
            Instance(self, row.instance_id)
            for row in self._store.rows.values()
            if machine in (None, row.machine)
        ]

    def find(self, machine: str, key: str, value: str) -> list[Instance]:
        """The instances of a machine that have this value of a key."""
        return [i for i in self.instances(machine) if i.keys.get(key) == value]

    @property
    def timers(self) -> list[Timer]:
        """What waits for all instances, in the order in which it falls due."""
        found = self._store.timers.values()
        return sorted(found, key=lambda timer: (timer.due_at, timer.order))

    @property
    def effects(self) -> list[Effect]:
        """The effects of all instances, oldest first."""
        return list(self._store.effects.values())

    # -- time ------------------------------------------------------------------------

    @property
    def clock(self) -> datetime:
        return self._store.clock

    def settle(self) -> int:
        """Do all that is due now, and what follows from it at once; how much it was.

        Messages are delivered, due timers fire, fake handlers run.
        """
        return self._run(self.clock)

    def advance(self, length: str | timedelta) -> int:
        """Move the clock, doing what falls due on the way, each at its time.

            world.advance("10 minutes")

        Returns how many timers, messages and attempts there were.
        """
        if isinstance(length, timedelta):
            return self.advance_to(self.clock + length)
        return self.advance_to(durations.add(self.clock, length))

    def advance_to(self, time: datetime | str) -> int:
        """The same, to a point in time; ValueError when it is past."""
        until = durations.read_time(time) if isinstance(time, str) else time
        if self._busy:
            raise RuntimeError("a fake cannot move the clock of its world")
        if until < self.clock:
            raise ValueError(f"it is {self.clock.isoformat()} already")
        done = self._run(until)
        self._store.clock = until
        return done

    def advance_to_next(self) -> datetime | None:
        """Go to the next time at which something is due, and do all that is due then.

        None, and nothing happens, when nothing is ever due.
        """
        task = self._agenda.next()
        if task is None:
            return None
        time = max(task[1], self.clock)
        self.advance_to(time)
        return time

    def _run(self, until: datetime) -> int:
        if self._busy:
            return 0  # a fake calls back into its world
        self._busy = True
        try:
            return self._agenda.run(until)
        finally:
            self._busy = False

    # -- a whole ---------------------------------------------------------------------

    def copy(self) -> World:
        """A world that stands where this one stands, and goes its own way.

        Fakes and handlers are the same functions.
        """
        other = World(
            self.clock,
            auth=self.auth,
            eager=self.eager,
            failures=self.failures,
            limit=self._agenda.limit,
        )
        other._store.restore(self._store)
        other._fakes.update(self._fakes)
        other._work.handlers.update(self._work.handlers)
        return other

    def dump(self) -> str:
        """All of it as JSON text, but for fakes and handlers."""
        return dumps(self._store)

    @classmethod
    def load(cls, text: str, **options: Any) -> World:
        """The world of a dump; give it fakes and handlers again.

        `options` are those of the constructor.
        """
        store = loads(text)
        world = cls(store.clock, **options)
        world._store.restore(store)
        return world

    @contextmanager
    def _atomic(self) -> Iterator[None]:
        with self._store.atomic():
            yield
        self._after()

    def _after(self) -> None:
        if self.eager:
            self.settle()

    @contextmanager
    def _undone(self) -> Iterator[None]:
        before, eager = self._store.copy(), self.eager
        self.eager = False
        try:
            yield
        finally:
            self.eager = eager
            self._store.restore(before)


def _paths(value: Json, above: str = "") -> Iterator[str]:
    """The active states of a value in XState's shape, in its order."""
    if isinstance(value, str):
        yield above + value
        return
    for key, inner in value.items():
        yield above + key
        yield from _paths(inner, f"{above}{key}.")
