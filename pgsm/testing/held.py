"""What a test holds of an instance, in memory or in PostgreSQL, looks like this."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from pgsm.rows import Snapshot

from .errors import NotFound
from .rows import Effect

Json = Any
Which = Effect | str


class Held(ABC):
    """An instance: it has no state of its own, what it shows is what there is now."""

    id: str

    @property
    @abstractmethod
    def snapshot(self) -> Snapshot:
        """All of it, as `get_instance` gives it; values that do not change later."""

    @property
    @abstractmethod
    def log(self) -> Sequence[Any]:
        """Its steps, the first being its start."""

    @property
    @abstractmethod
    def effects(self) -> list[Effect]:
        """Its effects, oldest first, whatever became of them."""

    def __repr__(self) -> str:
        now = self.snapshot
        return f"<Instance {self.id!r} of {now.machine}: {now.status}, {now.value}>"

    @property
    def machine(self) -> str:
        return self.snapshot.machine

    @property
    def version(self) -> int:
        return self.snapshot.version

    @property
    def value(self) -> Json:
        """The configuration in XState's shape: "idle", {"a": "b", "c": "d"}."""
        return self.snapshot.value

    @property
    def states(self) -> list[str]:
        """The paths of the active states, in document order."""
        return self.snapshot.states

    @property
    def context(self) -> Json:
        """A copy of the context; numbers are int or Decimal."""
        return self.snapshot.context

    @property
    def tags(self) -> list[str]:
        return self.snapshot.tags

    @property
    def status(self) -> str:
        """active, paused, done, stopped; failed: a child whose start was refused."""
        return self.snapshot.status

    @property
    def output(self) -> Json:
        return self.snapshot.output

    @property
    def revision(self) -> int:
        return self.snapshot.revision

    def matches(self, state: str) -> bool:
        """Whether the state of this path is active."""
        return state in self.states

    @property
    def notes(self) -> list[Json]:
        """The messages of its log actions, oldest first."""
        return [note for entry in self.log for note in entry.notes]

    @property
    def emitted(self) -> list[Json]:
        """Its emitted events, ``{"event", "data"}``, oldest first."""
        return [event for entry in self.log for event in entry.emitted]

    def effect(self, which: Which) -> Effect:
        """The oldest open effect of that name or invoke id; or that of an effect id."""
        name = which.effect_id if isinstance(which, Effect) else which
        found = self.effects
        for effect in found:
            if effect.effect_id == name:
                return effect
        for effect in found:
            if effect.open and name in (effect.name, effect.invoke_id):
                return effect
        known = ", ".join(f"{e.name} ({e.effect_id}) {e.status}" for e in found)
        raise NotFound(
            f'instance "{self.id}" has no open effect "{name}"; its effects:'
            f" {known or 'none'}"
        )
