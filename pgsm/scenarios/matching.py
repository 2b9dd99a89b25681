"""What is expected beside what is found: the differences, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pgsm.engine import exact, values

from ..testing import durations
from .model import Entry, View

Json = Any
OPEN = ("pending", "running", "retrying")


@dataclass(frozen=True)
class Difference:
    """Something that is not as expected; `place` is its key, as "context.eta"."""

    place: str
    expected: str
    found: str


@dataclass(frozen=True)
class Seen:
    """All that an expectation of one instance is about."""

    view: View
    entries: Sequence[Entry]
    clock: datetime
    outcome: str | None = None
    would_take: Callable[[str, Json], bool] | None = None


def differences(expect: Mapping[str, Json], seen: Seen) -> Iterator[Difference]:
    """What is not as expected, but for refusals and other instances."""
    for key, wanted in expect.items():
        check = _CHECKS.get(key)
        if check is not None:
            yield from check(wanted, seen)


def _equal(key: str) -> Callable[[Json, Seen], Iterator[Difference]]:
    def check(wanted: Json, seen: Seen) -> Iterator[Difference]:
        found = getattr(seen.view, key)
        if not values.same(wanted, found):
            yield Difference(key, text(wanted), text(found))

    return check


def _value(wanted: Json, seen: Seen) -> Iterator[Difference]:
    found = seen.view.value
    if not values.same(wanted, found) and wanted != dotted(found):
        shown = dotted(found) if isinstance(wanted, str) else found
        yield Difference("value", text(wanted), text(shown))


def dotted(value: Json) -> Json:
    """The path of the active state where there is one only, else the value."""
    path = []
    while isinstance(value, dict) and len(value) == 1:
        ((key, value),) = value.items()
        path.append(key)
    if isinstance(value, str):
        return ".".join([*path, value])
    for key in reversed(path):
        value = {key: value}
    return value


def _states(wanted: Json, seen: Seen) -> Iterator[Difference]:
    names = [wanted] if isinstance(wanted, str) else wanted
    for name in names:
        if name not in seen.view.states:
            found = ", ".join(seen.view.states) or "no state"
            yield Difference("states", f"{text(name)} is active", found)


def _context(wanted: Json, seen: Seen) -> Iterator[Difference]:
    for place, expected, found in parts(wanted, seen.view.context, "context"):
        yield Difference(place, expected, found)


def _tags(wanted: Json, seen: Seen) -> Iterator[Difference]:
    if sorted(wanted) != sorted(seen.view.tags):
        yield Difference("tags", text(wanted), text(list(seen.view.tags)))


def _outcome(wanted: Json, seen: Seen) -> Iterator[Difference]:
    if wanted != seen.outcome:
        yield Difference("outcome", text(wanted), text(seen.outcome))


def parts(wanted: Json, found: Json, place: str) -> Iterator[tuple[str, str, str]]:
    """Where a value lacks something: of objects the keys that are wanted count."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key, item in wanted.items():
            inner = f"{place}.{key}"
            if key in found:
                yield from parts(item, found[key], inner)
            else:
                yield inner, text(item), "nothing: there is no such key"
    elif (
        isinstance(wanted, list)
        and isinstance(found, list)
        and len(wanted) == len(found)
    ):
        for number, item in enumerate(wanted):
            yield from parts(item, found[number], f"{place}[{number}]")
    elif not values.same(wanted, found):
        yield place, text(wanted), text(found)


def _has(wanted: Json, found: Json) -> bool:
    return not list(parts(wanted, found, ""))


# -- effects and timers ----------------------------------------------------------------

Row = Mapping[str, Json]


def _effects(wanted: Json, seen: Seen) -> Iterator[Difference]:
    rows = list(seen.view.effects)
    past = [
        w
        for w in wanted
        if isinstance(w, dict) and w.get("status") not in (None, *OPEN)
    ]
    now = [w for w in wanted if w not in past]
    waiting = [row for row in rows if row["status"] in OPEN]
    over = [row for row in rows if row["status"] not in OPEN]
    missing, more = _matched(now, waiting, _is_effect)
    missing += _matched(past, over, _is_effect)[0]
    yield from _listed(
        "effects", missing, more, rows if missing else waiting, effect_text
    )


def _is_effect(wanted: Json, row: Row) -> bool:
    if isinstance(wanted, str):
        return wanted in (row["name"], row["invoke"])
    exactly = ("name", "invoke", "key", "attempt", "status")
    if any(wanted[key] != row[key] for key in exactly if key in wanted):
        return False
    return all(
        _has(wanted[key], row[key])
        for key in ("input", "output", "error")
        if key in wanted
    )


def effect_text(row: Row) -> str:
    """An effect in a line."""
    name = row["name"] + (f" ({row['invoke']})" if row["invoke"] else "")
    tried = f", attempt {row['attempt']}" if row["attempt"] else ""
    return f"{name} {text(row['input'])} {row['status']}{tried}"


def _timers(wanted: Json, seen: Seen) -> Iterator[Difference]:
    def is_timer(one: Json, row: Row) -> bool:
        return _is_timer(one, row, seen.clock)

    def told(row: Row) -> str:
        return timer_text(row, seen.clock)

    rows = list(seen.view.timers)
    missing, more = _matched(list(wanted), rows, is_timer)
    yield from _listed("timers", missing, more, rows, told)


def _is_timer(wanted: Json, row: Row, clock: datetime) -> bool:
    if isinstance(wanted, str):
        return wanted in (row["delay"], row["event"], row["send_id"])
    names = {"delay": "delay", "state": "state", "event": "event", "id": "send_id"}
    names["status"] = "status"
    if any(wanted[key] != row[name] for key, name in names.items() if key in wanted):
        return False
    if "in" in wanted and durations.add(clock, wanted["in"]) != row["due_at"]:
        return False
    if "at" in wanted and durations.read_time(wanted["at"]) != row["due_at"]:
        return False
    return "data" not in wanted or _has(wanted["data"], row["data"])


def timer_text(row: Row, clock: datetime) -> str:
    """A timer in a line."""
    what = (
        f"{row['delay']} of {row['state'] or '(root)'}"
        if row["delay"]
        else row["event"]
    )
    status = "" if row["status"] == "armed" else f" ({row['status']})"
    return f"{what} in {span(row['due_at'] - clock)}{status}"


def span(length: Any) -> str:
    """A length of time, in the units of people."""
    seconds = length.total_seconds()
    found, rest = [], abs(int(seconds))
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count, rest = divmod(rest, size)
        if count:
            found.append(f"{count} {unit}{'s' if count > 1 else ''}")
    fraction = abs(seconds) % 60
    if fraction or not found:
        found.append(f"{fraction:g} second{'' if fraction == 1 else 's'}")
    return ("-" if seconds < 0 else "") + " ".join(found)


def _matched(
    wanted: list[Json], rows: list[Row], fits: Callable[[Json, Row], bool]
) -> tuple[list[Json], list[Row]]:
    """What is wanted and not there, and what is there and not wanted.

    The most particular is matched first, so that it does not lose its row to another.
    """
    left, missing = list(rows), []
    for one in sorted(
        wanted, key=lambda one: -len(one) if isinstance(one, dict) else 0
    ):
        found = next((row for row in left if fits(one, row)), None)
        if found is None:
            missing.append(one)
        else:
            left.remove(found)
    return missing, left


def _listed(
    place: str,
    missing: list[Json],
    more: list[Row],
    rows: list[Row],
    told: Callable[[Row], str],
) -> Iterator[Difference]:
    found = "; ".join(map(told, rows)) or "none"
    for one in missing:
        yield Difference(place, text(one), found)
    if more and not missing:
        extra = "; ".join(map(told, more))
        yield Difference(place, "no others", extra)


# -- what the step said, and what would be taken ---------------------------------------


def _notes(wanted: Json, seen: Seen) -> Iterator[Difference]:
    found = [note for entry in seen.entries for note in entry.notes]
    if not values.same(wanted, found):
        yield Difference("notes", text(wanted), text(found))


def _emitted(wanted: Json, seen: Seen) -> Iterator[Difference]:
    found = [event for entry in seen.entries for event in entry.emitted]
    same = len(wanted) == len(found) and all(
        one == event["event"]
        if isinstance(one, str)
        else _has(one, {"data": {}, **event})
        for one, event in zip(wanted, found, strict=True)
    )
    if not same:
        yield Difference("emitted", text(wanted), text(found))


def _takes(wished: bool) -> Callable[[Json, Seen], Iterator[Difference]]:
    def check(wanted: Json, seen: Seen) -> Iterator[Difference]:
        assert seen.would_take is not None
        for one in wanted:
            event = {"event": one} if isinstance(one, str) else one
            taken = seen.would_take(event["event"], event.get("data"))
            if taken != wished:
                what = ("would not be taken", "would be taken")
                said = " ".join(
                    [
                        event["event"],
                        *map(text, [event["data"]] if "data" in event else []),
                    ]
                )
                yield Difference(
                    "takes" if wished else "refuses",
                    f"{said} {what[wished]}",
                    what[taken],
                )

    return check


_CHECKS: dict[str, Callable[[Json, Seen], Iterator[Difference]]] = {
    "value": _value,
    "states": _states,
    "context": _context,
    "tags": _tags,
    "status": _equal("status"),
    "output": _equal("output"),
    "outcome": _outcome,
    "effects": _effects,
    "timers": _timers,
    "notes": _notes,
    "emitted": _emitted,
    "takes": _takes(True),
    "refuses": _takes(False),
}


def text(value: Json) -> str:
    """A value as it is shown."""
    if value is None:
        return "null"
    return exact.dumps(value)
