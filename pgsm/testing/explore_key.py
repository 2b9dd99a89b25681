"""When two moments of a world are the same for all that can happen next.

The same are: the configurations, contexts, histories and running work of all instances,
what waits for them and how long, and the effects that are still to be answered.  Not
looked at are the log, revisions and ids; times count from the clock.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from pgsm.engine import exact

from . import explore_moves as moves
from .durations import read_time
from .rows import Effect, Row, Timer
from .store import Store, plain

Json = Any


class Keys:
    """Makes keys of a world's moments; `ignore` are paths of the context."""

    def __init__(
        self,
        root: str,
        ignore: Sequence[str] = (),
        key: Callable[[Json], Json] | None = None,
        handled: frozenset[str] = frozenset(),
    ) -> None:
        self.root = root
        self.key = key
        self.handled = handled
        self.ignore = tuple(
            tuple(path.removeprefix("context.").split(".")) for path in ignore
        )
        self._text = functools.lru_cache(maxsize=50_000)(self._context_text)

    def of(self, store: Store) -> bytes:
        """The key of the moment."""
        return self._digest(store, self._context)

    def whole(self, store: Store) -> bytes:
        """The same, with all of the context."""
        if not self.ignore and self.key is None:
            return self.of(store)
        return self._digest(store, lambda row: _sorted(row.context))

    def _digest(self, store: Store, context: Callable[[Row], str]) -> bytes:
        names = moves.names(store, self.root)
        parts = [
            f"{names[row.instance_id]}\t{row.machine}\t{row.version}\t{row.status}\t"
            f"{row.states}\t{context(row)}\t{row.history}\t{_work(row, store.clock)}"
            for row in store.rows.values()
            if row.instance_id in names
        ]
        parts.extend(self._timers(store, names))
        parts.extend(self._effects(store, names))
        if store.data:
            parts.append(_sorted(exact.dumps(plain(store.data))))
        text = _relative("\n".join(parts), store.clock)
        for instance_id in sorted(names, key=len, reverse=True):
            if names[instance_id]:
                text = text.replace(instance_id, f"<{names[instance_id]}>")
        return hashlib.blake2b(text.encode(), digest_size=16).digest()

    def _context(self, row: Row) -> str:
        if row.instance_id != self.root:
            return _sorted(row.context)
        return self._text(row.context)

    def _context_text(self, text: str) -> str:
        context = exact.loads(text)
        if self.key is not None:
            return _sorted(exact.dumps(plain(self.key(context))))
        for path in self.ignore:
            _drop(context, path)
        return _sorted(exact.dumps(context))

    def _timers(self, store: Store, names: dict[str, str]) -> Iterator[str]:
        found = [t for t in store.timers.values() if t.status not in _DEAD]
        found.sort(key=lambda timer: (timer.due_at, timer.order))
        for timer in found:
            yield _timer_text(timer, names, store.clock)

    def _effects(self, store: Store, names: dict[str, str]) -> Iterator[str]:
        found = [
            _effect_text(effect, names, store.clock, effect.name in self.handled)
            for effect in store.effects.values()
            if effect.open and matters(effect)
        ]
        yield from sorted(found)


_DEAD = ("failed", "undeliverable")


def matters(effect: Effect) -> bool:
    """Whether an answer to the effect can change anything."""
    if effect.kind == "action":
        return effect.reply is not None
    return not effect.cancel_requested or effect.policy.get("late") == "deliver"


def _timer_text(timer: Timer, names: dict[str, str], clock: datetime) -> str:
    source = timer.facts.get("source") or {}
    facts = {k: v for k, v in timer.facts.items() if k not in ("source", "id")}
    facts["from"] = {k: v for k, v in source.items() if k not in ("effect", "instance")}
    due: Any = (timer.due_at - clock).total_seconds()
    if timer.status == "deferred":
        due = "deferred"
    who = names.get(timer.instance_id, timer.instance_id)
    sender = names.get(timer.sender or "", "")
    return (
        f"{who}\t{timer.kind}\t{timer.status}\t{timer.event}\t{timer.data}\t{facts}"
        f"\t{due}\t{timer.state}\t{timer.delay}\t{timer.send_id}\t{sender}"
    )


def _effect_text(
    effect: Effect, names: dict[str, str], clock: datetime, handled: bool
) -> str:
    who = names.get(effect.instance_id, effect.instance_id)
    text = f"{who}\t{effect.kind}\t{effect.name}\t{effect.invoke_id}\t{effect.item}"
    if effect.policy.get("late") == "deliver":
        text += f"\t{effect.status == 'running'}\t{effect.cancel_requested}"
    if effect.deadline_at is not None and effect.status != "running":
        text += f"\t{(effect.deadline_at - clock).total_seconds()}"
    if handled:
        text += f"\t{effect.attempt}\t{(effect.due_at - clock).total_seconds()}"
    return text


def _work(row: Row, clock: datetime) -> str:
    if row.work is None:
        return ""
    work = exact.loads(row.work)
    work.pop("sent", None)
    return _sorted(exact.dumps(work))


@functools.lru_cache(maxsize=50_000)
def _sorted(text: str) -> str:
    """A JSON text with keys in order."""
    if text == "{}":
        return text
    return exact.dumps(_in_order(exact.loads(text)))


def _in_order(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _in_order(value[key]) for key in sorted(value)}
    return [_in_order(item) for item in value] if isinstance(value, list) else value


def _relative(text: str, clock: datetime) -> str:
    """The text with points in time as seconds from the clock."""

    def seconds(match: re.Match[str]) -> str:
        return f'"{(read_time(match.group(1)) - clock).total_seconds():+}s"'

    return moves.CLOCK.sub(seconds, text) if "Z" in text else text


def _drop(value: Json, path: tuple[str, ...]) -> None:
    for step in path[:-1]:
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, dict):
        value.pop(path[-1], None)
