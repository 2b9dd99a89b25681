"""The names that expressions and built-in actions get in XState JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pgsm.engine import exact
from pgsm.engine.definition_delays import looks_like_delay
from pgsm.engine.definition_tree import Tree, descend

from .common import Problem
from .xstate_reading import Path

_LONGEST_NAME = 60


@dataclass
class Writing:
    """One document: its implementations, the names given so far, what to report."""

    implementations: dict[str, Any]
    warnings: list[Problem] = field(default_factory=list)
    inline: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {"actions": {}, "guards": {}}
    )

    @property
    def delays(self) -> dict[str, Any]:
        """The delays that have a name."""
        found: dict[str, Any] = self.implementations.get("delays", {})
        return found

    def warn(
        self, path: Path, code: str, message: str, hint: str | None = None
    ) -> None:
        """Take a warning down."""
        self.warnings.append(Problem(exact.json_path(path), code, message, hint))

    def actions(self, raw: list[Any], path: Path) -> list[Any]:
        """A block of actions, each by a name."""
        return [self._action(item) for item in raw]

    def _action(self, raw: dict[str, Any]) -> Any:
        if raw["type"] in self.implementations.get("actions", {}):
            return raw if "params" in raw else {"type": raw["type"]}
        return {"type": self._named("actions", _action_name(raw), raw)}

    def guard(self, raw: dict[str, Any]) -> Any:
        """A guard by a name."""
        if "type" in raw:
            return raw if "params" in raw else raw["type"]
        return self._named("guards", _guard_name(raw), raw)

    def _named(self, kind: str, wanted: str, raw: Any) -> str:
        """The name of something inline: the same for what is the same."""
        known, taken = self.inline[kind], self.implementations.get(kind, {})
        short = _shortened(wanted)
        number, name = 1, short
        while name in taken or known.get(name, raw) != raw:
            number += 1
            name = f"{short} ({number})"
        known[name] = raw
        return name


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"


def _action_name(raw: dict[str, Any]) -> str:
    """A readable name: `raise paid`, `set total, eta`, `effect email.send`."""
    kind = raw["type"]
    if kind == "assign":
        paths = [f"set {', '.join(raw['set'])}"] if raw.get("set") else []
        if raw.get("remove"):
            paths.append(f"remove {', '.join(raw['remove'])}")
        return ", ".join(paths)
    for key in ("event", "name", "function", "machine", "id", "delay", "message"):
        if isinstance(raw.get(key), str):
            return f"{kind} {raw[key].partition('(')[0]}"
    return str(kind)


def _guard_name(raw: dict[str, Any]) -> str:
    """A readable name: the expression itself, `in a.b`, `not hasItems`."""
    for key in ("type", "expr"):
        if key in raw:
            return str(raw[key])
    if "sql" in raw:
        return f"sql {raw['sql'].partition('(')[0]}"
    if "in" in raw:
        return f"in {raw['in']}"
    if "not" in raw:
        return f"not {_bracketed(raw['not'])}"
    word = "and" if "and" in raw else "or"
    return f" {word} ".join(map(_bracketed, raw[word])) or f"{word} of nothing"


def _bracketed(raw: dict[str, Any]) -> str:
    name = _guard_name(raw)
    return f"({name})" if " " in name else name


# ----------------------------------------------------------------------------- values


def plain(value: Any) -> Any:
    """A value as mere JSON: what is computed becomes null."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "literal" in value:
        return value["literal"]
    if "expr" in value or "sql" in value:
        return None
    return {key: plain(item) for key, item in value.items()}


_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)")
_CLOCK = re.compile(r"\s*(\d+):(\d\d)(?::(\d+(?:\.\d+)?))?\s*")
_UNITS = {
    1: ("ms", "msec", "msecs", "millisecond", "milliseconds"),
    1000: ("s", "sec", "secs", "second", "seconds"),
    60_000: ("m", "min", "mins", "minute", "minutes"),
    3_600_000: ("h", "hr", "hrs", "hour", "hours"),
}
_LENGTHS = {unit: length for length, units in _UNITS.items() for unit in units}


def milliseconds(text: str) -> Any:
    """The length of a delay in milliseconds; None where the calendar decides it."""
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return _number(Decimal(text))
    if not looks_like_delay(text):
        return None
    if text.startswith("PT"):
        text = text[2:].lower()
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds = (Decimal(part or 0) for part in clock.groups())
        return _number((hours * 60 + minutes) * 60_000 + seconds * 1000)
    total, offset = Decimal(0), 0
    for part in _PART.finditer(text):
        length = _LENGTHS.get(part[2].lower())
        if length is None or part.start() != offset:
            return None
        total += Decimal(part[1]) * length
        offset = part.end()
    return _number(total) if offset and not text[offset:].strip() else None


def _number(value: Decimal) -> Any:
    return int(value) if value == value.to_integral_value() else value


# ----------------------------------------------------------------------------- events

_OURS = (
    ("done.invoke.", "xstate.done.actor."),
    ("error.invoke.", "xstate.error.actor."),
)
_NOT_THERE = ("late.", "error.execution", "error.communication")


def event(tree: Tree, descriptor: str) -> str | None:
    """XState's name of an event descriptor; None when it has no such event."""
    if descriptor.startswith(_NOT_THERE):
        return None
    for ours, theirs in _OURS:
        if descriptor.startswith(ours):
            return theirs + descriptor.removeprefix(ours)
    if descriptor.startswith("done.state."):
        rest = descriptor.removeprefix("done.state.")
        return f"xstate.done.state.{_id(tree, rest)}"
    if descriptor.startswith("after."):
        delay, _, path = descriptor.removeprefix("after.").partition(".")
        return f"xstate.after.{delay}.{_id(tree, path)}"
    return descriptor


def _id(tree: Tree, path: str) -> str:
    if path == "*":
        return path
    found = descend(tree.root, path) if path else tree.root
    return found.id if found else path
