"""Moves: what can happen to a world next, and letting it happen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pgsm.engine import exact

from .errors import NotFound
from .instance import Instance
from .rows import Effect, Row
from .store import Store, plain
from .writing import Cause

if TYPE_CHECKING:
    from .world import World

Json = Any
Taken = tuple[str, Json]  # an outcome and its details
ANSWER = "explore.answer"  # to a child machine that is not defined
KINDS = ("start", "event", "complete", "fail", "claim", "child", "time", "wait")


@dataclass(frozen=True)
class Move:
    """One thing that happens: an event, an answer, time.

    ``kind``  event, complete, fail, claim (an attempt begins), child (a child machine
              that is not defined ends), time (to the next timer), wait, start
    ``name``  the event, the effect's invoke id or name, the length of time
    ``data``  the event's data, the output, the error, the input
    ``to``    the child it happens to, by the ids of its line; "" for the instance
    ``calls`` what SQL functions return meanwhile: (function, arguments, result)
    """

    kind: str
    name: str = ""
    data: Json = None
    to: str = ""
    item: int | None = None
    late: bool = False
    auth: Json = None
    calls: tuple[tuple[str, Json, Json], ...] = field(default=(), compare=False)

    def as_json(self) -> dict[str, Json]:
        """The move for `Move.of`."""
        found: dict[str, Json] = {self.kind: self.name}
        if self.data not in (None, {}):
            found["data"] = self.data
        for key in ("to", "item", "late", "auth"):
            value = getattr(self, key)
            if value not in ("", None, False):
                found[key] = value
        if self.calls:
            found["calls"] = [list(call) for call in self.calls]
        return found

    @classmethod
    def of(cls, found: Mapping[str, Json]) -> Move:
        """The move that `as_json` gave."""
        kind = next(key for key in KINDS if key in found)
        rest = {k: v for k, v in found.items() if k not in (kind, "calls")}
        calls = tuple((f, a, r) for f, a, r in found.get("calls", ()))
        return cls(kind, found[kind], calls=calls, **rest)

    def __str__(self) -> str:
        text = self._text()
        if self.auth is not None:
            text += f" by {_short(self.auth)}"
        if self.calls:
            text += f" ({', '.join(map(_call, self.calls))})"
        return f"{self.to}: {text}" if self.to else text

    def _text(self) -> str:
        name = self.name if self.item is None else f"{self.name}[{self.item}]"
        data = "" if self.data in (None, {}) else f" {_short(self.data)}"
        if self.late:
            name += " (late)"
        return {
            "start": f"start{data}",
            "event": f"{name}{data}",
            "complete": f"{name} answers{data}",
            "fail": f"{name} fails{data}",
            "claim": f"{name} begins",
            "child": f"{name} ends{data}",
            "time": f"after {name}",
            "wait": f"wait {name}",
        }[self.kind]


def _call(call: tuple[str, Json, Json]) -> str:
    name, _arguments, result = call
    return f"{name.split('(')[0].strip()} = {_short(result)}"


def _short(value: Json) -> str:
    text = exact.dumps(value)
    return text if len(text) <= 60 else text[:57] + "…"


# -- the family ------------------------------------------------------------------------


def names(store: Store, root: str) -> dict[str, str]:
    """Instances that matter by id: "" for the root, its children by their ids."""
    found: dict[str, str] = {}
    for row in store.rows.values():
        if row.instance_id == root:
            found[root] = ""
        elif row.alive:
            found[row.instance_id] = _name(store, row, root)
    return found


def _name(store: Store, row: Row, root: str) -> str:
    steps: list[str] = []
    while row.instance_id != root and row.parent_id in store.rows:
        steps.insert(0, str(row.child_id))
        row = store.rows[row.parent_id]
    if row.instance_id != root:
        steps.insert(0, row.instance_id)
    return "/".join(steps)


def find(store: Store, root: str, name: str) -> str:
    """The id of the instance that is known by a name; NotFound."""
    for instance_id, known in reversed(names(store, root).items()):
        if known == name:
            return instance_id
    raise NotFound(f'there is no child "{name}" now')


# -- letting it happen -----------------------------------------------------------------


def make(instance: Instance, move: Move) -> Taken | None:
    """Let a move happen to an instance, and what follows at once; an event's outcome.

    Raises what `Instance` and `World` raise.
    """
    world = instance.world
    if move.kind == "time":
        world.advance_to_next()
        return None
    if move.kind == "wait":
        world.advance(move.name)
        return None
    target = world[find(world._store, instance.id, move.to)]
    sent = _make(target, move)
    world.settle()
    return sent


def _make(target: Instance, move: Move) -> Taken | None:
    if move.kind == "event":
        return _send(target, move)
    if move.kind == "child":
        target.send(ANSWER, {"output": move.data})
        return None
    effect = _effect(target, move)
    if move.kind == "claim":
        target.claim(effect)
    elif move.kind == "complete":
        target.complete(effect, move.data)
    else:
        target.fail(effect, move.data)
    return None


def _send(target: Instance, move: Move) -> Taken:
    """What `Instance.send` does, without the snapshot and the copies for undoing it."""
    world, row = target.world, target._row
    actor = world.auth if move.auth is None else plain(move.auth)
    data = {} if move.data is None else plain(move.data)
    cause = Cause("event", move.name, data, world.clock, actor)
    _new, outcome, details = world._host.take(row, cause)
    return outcome, details


def _effect(target: Instance, move: Move) -> Effect:
    for effect in target.effects:
        if effect.open and (label(effect), effect.item, effect.cancel_requested) == (
            move.name,
            move.item,
            move.late,
        ):
            return effect
    raise NotFound(f'instance "{target.id}" has no open effect "{move.name}" now')


def label(effect: Effect) -> str:
    """What samples and paths call an effect: its invoke id, else its name."""
    return effect.invoke_id or effect.name


def next_time(world: World) -> datetime | None:
    """When something falls due next; None when nothing ever does."""
    task = world._agenda.next()
    return None if task is None else max(task[1], world.clock)


_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def length(span: timedelta) -> str:
    """A length of time in words: "1 day 2 hours"."""
    seconds = span.total_seconds()
    parts = []
    for unit, size in _UNITS:
        count = seconds // size if unit != "second" else round(seconds, 6)
        if count:
            parts.append(f"{count:g} {unit}{'' if count == 1 else 's'}")
            seconds -= count * size
    return " ".join(parts) or "0 seconds"


CLOCK = re.compile(r'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)"')
