"""A world's rows as a whole: undone, copied, written as JSON and read again."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

from pgsm.engine import exact

from .rows import Effect, LogEntry, Row, Timer, Version

Json = Any
Key = tuple[str, str]
FORMAT = 1


class Store:
    """The rows of a world, its clock, and what fake functions keep in `data`."""

    def __init__(self, clock: datetime) -> None:
        self.clock = clock
        self.order = 0  # counts what waits, so that equal times have an order
        self.versions: dict[tuple[str, int], Version] = {}
        self.current: dict[str, int] = {}
        self.rows: dict[str, Row] = {}
        self.timers: dict[Key, Timer] = {}
        self.effects: dict[Key, Effect] = {}
        self.data: dict[str, Any] = {}

    def next_order(self) -> int:
        self.order += 1
        return self.order

    def put_row(self, row: Row) -> Row:
        self.rows[row.instance_id] = row
        return row

    def put_timer(self, timer: Timer) -> None:
        self.timers[timer.instance_id, timer.timer_id] = timer

    def put_effect(self, effect: Effect) -> Effect:
        self.effects[effect.instance_id, effect.effect_id] = effect
        return effect

    def timers_of(self, instance_id: str) -> list[Timer]:
        """What waits for an instance, in the order in which it falls due."""
        found = [t for t in self.timers.values() if t.instance_id == instance_id]
        return sorted(found, key=lambda timer: (timer.due_at, timer.order))

    def effects_of(self, instance_id: str) -> list[Effect]:
        """An instance's effects, oldest first."""
        return [e for e in self.effects.values() if e.instance_id == instance_id]

    def copy(self) -> Store:
        """The same rows, apart from these."""
        other = Store(self.clock)
        other.restore(self)
        return other

    def restore(self, other: Store) -> None:
        """Become what the other is."""
        self.clock, self.order = other.clock, other.order
        self.versions, self.current = dict(other.versions), dict(other.current)
        self.rows, self.timers = dict(other.rows), dict(other.timers)
        self.effects = dict(other.effects)
        self.data = copy.deepcopy(other.data) if other.data else {}

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """A block that happens as a whole, or not at all where it raises."""
        before = self.copy()
        try:
            yield
        except BaseException:
            self.restore(before)
            raise


def dumps(store: Store) -> str:
    """The rows as JSON text."""
    return exact.dumps(
        {
            "format": FORMAT,
            "clock": store.clock.isoformat(),
            "order": store.order,
            "versions": _encoded(store.versions),
            "current": store.current,
            "rows": _encoded(store.rows),
            "timers": _encoded(store.timers),
            "effects": _encoded(store.effects),
            "data": plain(store.data),
        }
    )


def loads(text: str) -> Store:
    """The rows that `dumps` wrote; ValueError for what is none of its texts."""
    saved = exact.loads(text)
    if not isinstance(saved, dict) or saved.get("format") != FORMAT:
        raise ValueError(f"this is no dump of a world (format {FORMAT})")
    store = Store(datetime.fromisoformat(saved["clock"]))
    store.order = saved["order"]
    store.current = saved["current"]
    store.data = saved["data"]
    for item in saved["versions"]:
        version = _decoded(Version, item)
        store.versions[version.machine, version.version] = version
    for item in saved["rows"]:
        log = tuple(_decoded(LogEntry, entry) for entry in item.pop("log"))
        store.put_row(_decoded(Row, {**item, "log": log}))
    for item in saved["timers"]:
        store.put_timer(_decoded(Timer, item))
    for item in saved["effects"]:
        store.put_effect(_decoded(Effect, item))
    return store


def plain(value: Any) -> Json:
    """A Python value as the JSON value that it is meant to be.

    A float becomes the decimal number that it prints as, a tuple a list, a date or a
    time its ISO 8601 text.  ValueError for NaN and infinity.
    """
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is no number of JSON")
        return exact.loads(repr(value))
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value


def _encoded(rows: dict[Any, Any]) -> list[Json]:
    return [_encoded_row(row) for row in rows.values()]


def _encoded_row(row: Any) -> Json:
    found: dict[str, Json] = {}
    for field in fields(row):
        value = getattr(row, field.name)
        if field.name == "log":
            value = [_encoded_row(entry) for entry in value]
        found[field.name] = plain(value)
    return found


_Row = TypeVar("_Row")


def _decoded(kind: type[_Row], item: dict[str, Json]) -> _Row:
    given: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]
        value = item[field.name]
        annotation = str(field.type)
        if annotation.startswith("datetime") and value is not None:
            value = datetime.fromisoformat(value)
        elif annotation.startswith("tuple"):
            value = tuple(value)
        given[field.name] = value
    return kind(**given)
