"""Guards, actions, delays and invocations of a document, as short texts for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from . import exact

Json = Any

LONGEST = 40  # characters of one name, guard or action
MOST_ACTIONS = 3  # of a transition, or of an entry


def clean(text: str) -> str:
    """The text on one line, without characters that no font shows."""
    shown = (char if char.isprintable() else " " for char in text)
    return " ".join("".join(shown).split())


def shorten(text: str, longest: int = LONGEST) -> str:
    """The text on one line, its end cut off where it is too long."""
    text = clean(text)
    if len(text) <= longest:
        return text
    cut = text[:longest].rpartition(" ")[0]
    # at a space, unless that loses too much
    return (cut if len(cut) > longest * 2 // 3 else text[: longest - 1]).rstrip() + "…"


def value(raw: Json) -> str:
    """An expression, an SQL call or a constant."""
    if isinstance(raw, Mapping):
        if raw.keys() == {"expr"}:
            return str(raw["expr"])
        if "sql" in raw:
            return _function(raw["sql"])
    return raw if isinstance(raw, str) else exact.dumps(raw)


def _function(signature: str) -> str:
    return signature.partition("(")[0].strip() + "(…)"


def _joined(word: str) -> Callable[[Json], str]:
    def text(items: Iterable[Json]) -> str:
        return f" {word} ".join(_inner(item) for item in items)

    return text


def _place(path: str) -> str:
    """The end of a path: enough to know the state by."""
    parts = path.removeprefix("#").split(".")
    return ("…" if len(parts) > 2 else "") + ".".join(parts[-2:])


def _inner(raw: Json) -> str:
    text = guard(raw)
    return f"({text})" if "and" in raw or "or" in raw else text


_GUARDS: dict[str, Callable[[Json], str]] = {
    "expr": str,
    "sql": _function,
    "and": _joined("and"),
    "or": _joined("or"),
    "not": lambda raw: f"not {_inner(raw)}",
    "in": lambda raw: f"in {_place(raw)}",
}


def guard(raw: Mapping[str, Json]) -> str:
    """What a guard asks, in full."""
    if "type" in raw:
        return _named(raw)
    return next(text(raw[form]) for form, text in _GUARDS.items() if form in raw)


def actions(raw: Iterable[Mapping[str, Json]]) -> str:
    """What actions do, the first few of them."""
    found = [shorten(_action(action)) for action in raw]
    if len(found) > MOST_ACTIONS:
        rest = len(found) - MOST_ACTIONS + 1
        found = [*found[: MOST_ACTIONS - 1], f"{rest} more"]
    return ", ".join(found)


def _assign(raw: Mapping[str, Json]) -> str:
    parts = []
    if raw.get("set"):
        parts.append("set " + ", ".join(raw["set"]))
    if raw.get("remove"):
        parts.append("remove " + ", ".join(raw["remove"]))
    return " and ".join(parts)


def _choose(raw: Mapping[str, Json]) -> str:
    guards = (shorten(guard(b["guard"])) for b in raw["branches"] if "guard" in b)
    return f"if {next(guards, 'true')} …"


def _send(raw: Mapping[str, Json]) -> str:
    to = raw.get("to")
    if isinstance(to, Mapping):
        to = value(next(iter(to.values()), ""))
    return f"send {value(raw['event'])}" + (f" to {to}" if to else "")


_ACTIONS: dict[str, Callable[[Mapping[str, Json]], str]] = {
    "assign": _assign,
    "raise": lambda raw: f"raise {value(raw['event'])}",
    "send": _send,
    "cancel": lambda raw: f"cancel {value(raw['id'])}",
    "rearm": lambda raw: f"rearm {value(raw['delay'])}",
    "effect": lambda raw: f"effect {raw['name']}",
    "call": lambda raw: f"call {_function(raw['function'])}",
    "emit": lambda raw: f"emit {value(raw['event'])}",
    "log": lambda raw: "log",
    "spawn": lambda raw: f"spawn {value(raw['machine'])}",
    "stop": lambda raw: f"stop {value(raw['id'])}",
    "choose": _choose,
    "foreach": lambda raw: f"for each of {value(raw['in'])}: {actions(raw['actions'])}",
    "block": lambda raw: actions(raw["actions"]),
}


def _action(raw: Mapping[str, Json]) -> str:
    kind = str(raw["type"])
    return _ACTIONS[kind](raw) if kind in _ACTIONS else _named(raw)


def _named(raw: Mapping[str, Json]) -> str:
    """A guard or an action of implementations, with what it is given if short."""
    params = raw.get("params")
    if isinstance(params, Mapping) and len(params) == 1:
        (params,) = params.values()
    if isinstance(params, str) and len(params) <= LONGEST // 2:
        return f"{raw['type']}({params})"
    return str(raw["type"])


def delay(key: str) -> str:
    """When a transition of `after` is due."""
    return f"after {_seconds(int(key))}" if key.isdecimal() else f"after {key}"


def _seconds(milliseconds: int) -> str:
    for size, unit in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min")):
        if milliseconds >= size and milliseconds % size == 0:
            return f"{milliseconds // size} {unit}"
    if milliseconds and milliseconds % 1000 == 0:
        return f"{milliseconds // 1000} s"
    return f"{milliseconds} ms"


def invoked(raw: Mapping[str, Json]) -> str:
    """The name of the effect, or of the machine, that an invocation runs."""
    return value(raw["src"]) if "src" in raw else value(raw["machine"])


def invocation(raw: Mapping[str, Json]) -> str:
    """What an invocation runs, and for each of what."""
    text = f"{'' if 'src' in raw else 'machine '}{shorten(invoked(raw))}"
    if "each" in raw:
        each = shorten(value(raw["each"]))
        text += f", for each {raw.get('item', 'item')} of {each}"
    return text
