"""A host in memory: pgsm.testing's world."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from pgsm.engine import exact

from ..testing import Instance, MissingFunction, NotFound, Unsettled, World, durations
from ..testing.explore_calls import returned
from ..testing.rows import Effect, Timer, Version
from .model import Entry, HostError, View

Json = Any


class MemoryHost:
    """Plays on a world; `defined` is told of each version, for coverage."""

    def __init__(
        self,
        clock: datetime | str | None = None,
        defined: Callable[[Version], None] | None = None,
    ) -> None:
        options = {} if clock is None else {"clock": clock}
        self.world = World(failures="keep", **options)  # type: ignore[arg-type]
        self.defined = defined

    @property
    def clock(self) -> datetime:
        return self.world.clock

    # -- what there is -----------------------------------------------------------------

    def define(self, document: Json, name: str) -> None:
        self.world.define(document, name)
        if self.defined is not None:
            self.defined(self.world._version(name))

    def knows(self, machine: str) -> bool:
        return machine in self.world._store.current

    def functions(self, results: Mapping[str, Json]) -> None:
        for name, result in results.items():
            self.world.function(name, _fake(result))

    # -- what happens ------------------------------------------------------------------

    def start(
        self,
        machine: str,
        given: Json,
        instance_id: str | None,
        actor: Json,
        version: int | None = None,
    ) -> str:
        if version is not None:
            raise HostError('"version" is of a machine in a database: see --dsn')
        with _explained():
            instance = self.world.start(
                machine, given, instance_id=instance_id, auth=actor
            )
        return instance.id

    def send(
        self,
        instance_id: str,
        event: str,
        data: Json,
        actor: Json,
        event_id: str | None,
    ) -> tuple[str | None, Json]:
        with _explained():
            done = self.world[instance_id].send(
                event, data, auth=actor, event_id=event_id
            )
        return done.outcome, done.details

    def post(
        self, instance_id: str, event: str, data: Json, actor: Json, delay: str | None
    ) -> None:
        with _explained():
            self.world[instance_id].post(event, data, auth=actor, delay=delay)

    def complete(self, instance_id: str, effect: str, output: Json) -> None:
        with _explained():
            self.world[instance_id].complete(effect, output)

    def fail(
        self,
        instance_id: str,
        effect: str,
        error: Json,
        permanent: bool,
        after: str | None,
    ) -> None:
        wait = None if after is None else durations.span(after).total_seconds()
        with _explained():
            self.world[instance_id].fail(
                effect, error, permanent=permanent, retry_after=wait
            )

    def settle(self) -> None:
        with _explained():
            self.world.settle()

    def advance_to(self, time: datetime) -> None:
        with _explained():
            self.world.advance_to(time)

    # -- what is then ------------------------------------------------------------------

    def view(self, instance_id: str) -> View:
        instance = self.world[instance_id]
        found = instance.snapshot
        return View(
            instance_id=instance_id,
            machine=found.machine,
            version=found.version,
            status=found.status,
            value=found.value,
            states=found.states,
            context=found.context,
            tags=found.tags,
            output=found.output,
            revision=found.revision,
            effects=[_effect(effect) for effect in instance.effects],
            timers=[_timer(timer) for timer in instance.timers],
        )

    def log(self, instance_id: str, after: int) -> list[Entry]:
        return [
            Entry(
                revision=entry.revision,
                transitions=entry.transitions,
                source_states=entry.source_states,
                target_states=entry.target_states,
                notes=entry.notes,
                emitted=entry.emitted,
            )
            for entry in self.world[instance_id].log
            if entry.revision > after
        ]

    def would_take(self, instance_id: str, event: str, data: Json, actor: Json) -> bool:
        with _explained():
            return self.world[instance_id].can(event, data, auth=actor)

    def find(self, near: str, name: str) -> str:
        if name in self.world:
            return name
        instance = self.world[near]
        try:
            return instance.child(name).id
        except NotFound:
            known = [*_children(instance), *(i.id for i in self.world.instances())]
            listed = ", ".join(dict.fromkeys(known))
            message = f'there is no instance or child "{name}"; there are {listed}'
            raise HostError(message) from None

    def instances(self) -> list[str]:
        """The ids of all instances, oldest first."""
        return [instance.id for instance in self.world.instances()]

    def failures(self) -> list[tuple[str, str, str]]:
        """What was refused behind the scenes: a name for it, code, message."""
        found = []
        for timer in self.world.timers:
            if timer.last_error and timer.status != "undeliverable":
                error = timer.last_error
                name = f"{timer.event} of {timer.instance_id}, {timer.attempts}"
                found.append((name, error["code"], error["message"]))
        for effect in self.world.effects:
            found += refusals(effect.instance_id, effect.effect_id, effect.error)
        return found


def refusals(
    instance_id: str, effect_id: str, error: Json
) -> list[tuple[str, str, str]]:
    """What an effect's error says of a refusal of its event."""
    if not isinstance(error, dict):
        return []
    fact = error if error.get("type") == "refused" else error.get("refused")
    if not isinstance(fact, dict):
        return []
    name = f"the answer of {effect_id} of {instance_id}, {error.get('attempts')}"
    return [(name, str(fact.get("code")), str(fact.get("message")))]


def _children(instance: Instance) -> Iterator[str]:
    for row in instance.world._store.rows.values():
        if row.parent_id == instance.id and row.child_id is not None:
            yield row.child_id


def _fake(result: Json) -> Callable[..., Json]:
    return lambda *_arguments: returned(result)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except MissingFunction as error:
        name = str(error).partition(" (")[0].removeprefix("the machine calls ")
        hint = exact.dumps({name: None})
        raise HostError(
            f'the machine calls {name}: say what it returns, "functions": {hint}'
        ) from None
    except (NotFound, Unsettled, ValueError) as error:
        raise HostError(str(error)) from None


def _effect(effect: Effect) -> dict[str, Json]:
    return {
        "effect_id": effect.effect_id,
        "name": effect.name,
        "invoke": effect.invoke_id,
        "state": effect.state,
        "input": effect.input,
        "status": effect.status,
        "attempt": effect.attempt,
        "key": effect.key,
        "output": effect.output,
        "error": effect.error,
    }


def _timer(timer: Timer) -> dict[str, Json]:
    return {
        "event": timer.event,
        "state": timer.state,
        "delay": timer.delay,
        "send_id": timer.send_id,
        "data": timer.data,
        "status": timer.status,
        "due_at": timer.due_at,
    }
