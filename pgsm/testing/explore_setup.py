"""What an exploration begins with: a world, the machines in it, and samples."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pgsm.engine import exact

from . import explore_derive as derive
from .documents import Source, takes
from .explore_calls import returned
from .explore_moves import ANSWER
from .explore_samples import Samples, SamplesError, read
from .instance import Instance
from .questions import signature
from .world import World

Json = Any
MOST_STEPS_AT_ONCE = 1_000


class Setup:
    """A world of its own, with samples of what comes from outside.

    ``root``    the id of the instance that is explored
    ``begun``   whether it is there already
    ``stubs``   child machines that are not defined: they only end
    ``given``, ``derived``  samples; the derived are those that nobody gave
    """

    def __init__(
        self,
        source: Source | Instance,
        given: Samples,
        machines: Sequence[Source],
        suggest: bool,
    ) -> None:
        self.given = given
        self.begun = isinstance(source, Instance)
        if isinstance(source, Instance):
            self.world = _copy(source.world)
            self.machine, self.root = source.machine, source.id
        else:
            self.world = _copy(World())
            self.machine = self.root = self.world.define(source)
        for child in machines:
            self.world.define(child)
        documents = self._documents()
        _check_names(given, documents)
        self.stubs = self._define_stubs(documents)
        self.derived = Samples()
        if suggest:
            self.derived = self._still_open(_derived(documents))
        for name in given.effects:
            self.world.no_effect(name)

    @property
    def samples(self) -> Samples:
        """All samples: the given ones first."""
        return self.given.merged(self.derived)

    def _documents(self) -> dict[str, dict[str, Json]]:
        """The machine's definition and those of its children, as far as they are."""
        current = self.world._store.current
        version = self.world[self.root].version if self.begun else None
        found = {self.machine: self.world.definition(self.machine, version)}
        waiting = [self.machine]
        while waiting:
            for name in derive.machines(found[waiting.pop()]):
                if name in current and name not in found:
                    found[name] = self.world.definition(name)
                    waiting.append(name)
        return found

    def _define_stubs(self, documents: Mapping[str, Json]) -> set[str]:
        named = [name for d in documents.values() for name in derive.machines(d)]
        missing = {*named, *self.given.children} - self.world._store.current.keys()
        for name in sorted(missing):
            self.world.define(_stub(name), name)
        return missing

    def _still_open(self, derived: Samples) -> Samples:
        """The samples that neither others nor the world's own fakes make needless."""
        fakes, handlers = self.world._fakes, self.world._work.handlers
        derived = derived.without(self.given)
        functions = {
            name: values
            for name, values in derived.functions.items()
            if signature(name) not in fakes and name.split("(")[0].strip() not in fakes
        }
        return replace(
            derived,
            inputs=[] if self.begun else derived.inputs,
            functions=functions,
            effects={k: v for k, v in derived.effects.items() if k not in handlers},
            children={k: v for k, v in derived.children.items() if k in self.stubs},
        )


def explored_world(
    source: Source, samples: Json = None, *, machines: Sequence[Source] = ()
) -> World:
    """A world in which paths of an exploration can be gone.

    SQL functions return the first of their samples, child machines without a
    definition wait to be ended, and effects wait for their answers.
    """
    setup = Setup(source, read(samples), machines, suggest=True)
    world = World()
    world._store.restore(setup.world._store)
    for name, values in setup.samples.functions.items():
        if values:
            world.function(name, _first(values))
    return world


def _first(values: Sequence[Json]) -> Any:
    return lambda *_arguments: returned(values[0])


def _check_names(given: Samples, documents: Mapping[str, Json]) -> None:
    """Refuse samples of what no machine has: nothing would happen."""
    effects, texts = set(), [exact.dumps(document) for document in documents.values()]
    for document in documents.values():
        effects.update(document.get("implementations", {}).get("effects", {}))
        effects.update(part["id"] for part in derive.invocations(document))
    for event in given.events:
        if not any(takes(text, event) for text in texts):
            raise SamplesError(
                f'no transition takes the event "{event}" of the samples'
            )
    for name in given.effects:
        if name not in effects:
            close = difflib.get_close_matches(name, effects, 1)
            hint = f': did you mean "{close[0]}"?' if close else ""
            raise SamplesError(f'there is no effect "{name}" as in the samples{hint}')


def _copy(source: World) -> World:
    """The same world, which keeps what it refuses."""
    world = World(
        source.clock, auth=source.auth, failures="keep", limit=MOST_STEPS_AT_ONCE
    )
    world._store.restore(source._store)
    world._fakes.update(source._fakes)
    world._work.handlers.update(source._work.handlers)
    return world


def _derived(documents: Mapping[str, Json]) -> Samples:
    """What the definitions suggest; the family's own events are not sent to it."""
    made = {event for d in documents.values() for event in derive.made(d)}
    (first, *others) = documents.values()
    found = derive.derive(first)
    for document in others:
        more = derive.derive(document)
        for event, data in more.events.items():
            known = found.events.setdefault(event, [])
            known.extend(item for item in data if item not in known)
        found = found.merged(replace(more, inputs=[]))
    found.events = {k: v for k, v in found.events.items() if k not in made}
    return found


def _stub(name: str) -> dict[str, Json]:
    return {
        "id": name,
        "initial": "running",
        "context": {"output": None},
        "states": {
            "running": {
                "on": {
                    ANSWER: {
                        "target": "ended",
                        "actions": {
                            "type": "assign",
                            "set": {"output": {"expr": "event.data.output"}},
                        },
                    }
                }
            },
            "ended": {"type": "final"},
        },
        "output": {"expr": "context.output"},
    }
