"""Assertions that say what was there instead, for instances in memory or PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from .rows import Effect, Timer
from .store import plain

Json = Any


class Seen(Protocol):
    """What is looked at: an instance of a `World` or a `Database`."""

    id: str

    @property
    def states(self) -> list[str]: ...
    @property
    def context(self) -> Json: ...
    @property
    def status(self) -> str: ...
    @property
    def effects(self) -> list[Effect]: ...
    @property
    def timers(self) -> list[Timer]: ...
    @property
    def emitted(self) -> list[Json]: ...


def assert_state(instance: Seen, *states: str, status: str | None = None) -> None:
    """All these states are active, and the status is this one."""
    __tracebackhide__ = True
    found = instance.states
    missing = [state for state in states if state not in found]
    if missing:
        _fail(instance, f"is not in {_listed(missing)} but in {_listed(found)}")
    if status is not None and instance.status != status:
        _fail(instance, f"is {instance.status}, not {status}")


def assert_context(instance: Seen, **expected: Json) -> None:
    """The context has these values; what else it has does not matter."""
    __tracebackhide__ = True
    found = instance.context
    for key, value in expected.items():
        if key not in found:
            _fail(instance, f"has no {key} in its context: {_listed(found)}")
        if found[key] != plain(value):
            _fail(instance, f"has {key} = {found[key]!r}, not {value!r}")


def assert_effects(
    instance: Seen, *expected: str | tuple[str, Json], status: str | None = None
) -> None:
    """The effects are these, in this order: names, or names with their inputs.

    Of the open ones where no status is given: pending, retrying and running.
    """
    __tracebackhide__ = True
    found = [
        effect
        for effect in instance.effects
        if (effect.open if status is None else effect.status == status)
    ]
    names = [one if isinstance(one, str) else one[0] for one in expected]
    if [effect.name for effect in found] != names:
        kind = status or "open"
        shown = _listed([effect.name for effect in found])
        _fail(instance, f"has {kind} effects {shown}, not {_listed(names)}")
    for effect, one in zip(found, expected, strict=True):
        if not isinstance(one, str) and effect.input != plain(one[1]):
            _fail(instance, f"has {effect.name} with {effect.input!r}, not {one[1]!r}")


def assert_timers(instance: Seen, *events: str) -> None:
    """What waits for the instance are these events, in the order of falling due."""
    __tracebackhide__ = True
    found = [timer.event for timer in instance.timers]
    if found != list(events):
        _fail(instance, f"has timers {_listed(found)}, not {_listed(events)}")


def assert_emitted(instance: Seen, *events: str | tuple[str, Json]) -> None:
    """The instance has emitted these events, oldest first, with these data."""
    __tracebackhide__ = True
    found = instance.emitted
    names = [one if isinstance(one, str) else one[0] for one in events]
    if [one["event"] for one in found] != names:
        shown = _listed([one["event"] for one in found])
        _fail(instance, f"has emitted {shown}, not {_listed(names)}")
    for emitted, one in zip(found, events, strict=True):
        if not isinstance(one, str) and emitted["data"] != plain(one[1]):
            message = f"{emitted['event']} with {emitted['data']!r}, not {one[1]!r}"
            _fail(instance, f"has emitted {message}")


def _fail(instance: Seen, what: str) -> None:
    __tracebackhide__ = True
    raise AssertionError(f"{instance.id} {what}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
