"""What the reading of one XState document knows and has found so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pgsm.engine import exact
from pgsm.engine.definition_problems import quote

from .common import Problem

Path = tuple[str | int, ...]

# A function as `JSON.stringify` wrote it with the replacer of the how-to page (and as
# XState 6 does), and as XState 4's `machineToJSON` did.
_CODE = ("@code", "$function")
_LONGEST_CODE = 80
_MARKS = ("expr", "sql", "literal")  # objects with these are no plain values

NEVER: dict[str, Any] = {"expr": "false"}  # stands for a guard that is not known
NO_TIMER: dict[str, Any] = {"at": None}  # for such a delay


@dataclass
class Reading:
    """One machine: what it names, what its functions were, what is to be reported.

    `ours` is set when pgsm itself has written the text: then values may hold
    expressions, and `inline` has the actions and guards that were given names.
    """

    ours: bool = False
    version_4: bool = False
    inline: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {"actions": {}, "guards": {}}
    )
    warnings: list[Problem] = field(default_factory=list)
    machines: dict[str, dict[str, Any]] = field(default_factory=dict)
    actors: dict[str, Any] = field(default_factory=dict)
    negated: set[str] = field(default_factory=set)  # guards
    receivers: dict[str, Path] = field(default_factory=dict)  # children that get events
    effect_ids: set[str] = field(default_factory=set)
    used: dict[str, dict[str, Path]] = field(
        default_factory=lambda: {
            "actions": {},
            "guards": {},
            "delays": {},
            "effects": {},
        }
    )

    def warn(
        self, path: Path, code: str, message: str, hint: str | None = None
    ) -> None:
        """Take a warning down."""
        self.warnings.append(Problem(exact.json_path(path), code, message, hint))

    def lost(self, path: Path, what: str, raw: Any, hint: str) -> None:
        """Take down that a function could not be carried, and what to write for it."""
        self.warn(path, "function", f"{what} is a function{source(raw)}", hint)

    def use(self, kind: str, name: str, path: Path) -> str:
        """Note that an implementation is used; gives its name."""
        self.used[kind].setdefault(name, path)
        return name

    def key(self, key: str, raw: Any, path: Path, what: str) -> dict[str, Any]:
        """The key with its value; nothing, and a report, when that is a function."""
        found = self.value(raw, path, what)
        return {} if is_function(raw) else {key: found}

    def value(self, raw: Any, path: Path, what: str) -> Any:
        """A value in our language; functions in it become null and are reported."""
        if is_function(raw):
            hint = 'write {"expr": "…"}, for example {"expr": "context.total + 1"}'
            self.lost(path, what, raw, hint)
            return None
        if isinstance(raw, list):
            return [self.value(v, (*path, n), what) for n, v in enumerate(raw)]
        if not isinstance(raw, dict):
            return raw
        found = {k: self.value(v, (*path, k), what) for k, v in raw.items()}
        if not self.ours and any(mark in found for mark in _MARKS):
            return {"literal": found}
        return found


def is_function(raw: Any) -> bool:
    """Whether a value stands for a function that has no other description."""
    return isinstance(raw, dict) and any(mark in raw for mark in _CODE)


def is_machine(raw: Any) -> bool:
    """Whether an actor is a machine, as far as JSON can tell."""
    if not isinstance(raw, dict):
        return False
    return isinstance(raw.get("states"), dict) and not is_function(raw)


def source(raw: Any) -> str:
    """The source text of a function for a message, where it is known."""
    if not is_function(raw):
        return ""
    text = " ".join(str(next(raw[mark] for mark in _CODE if mark in raw)).split())
    if len(text) > _LONGEST_CODE:
        text = text[: _LONGEST_CODE - 1] + "…"
    return f": {text}"


def without_code(raw: dict[str, Any]) -> dict[str, Any]:
    """The object without what describes XState's own functions in it."""
    ours = ("@name", "@lang", "resolve", "retryResolve", "execute", "check", *_CODE)
    return {key: item for key, item in raw.items() if key not in ours}


def as_list(raw: Any) -> list[Any]:
    """The list, or a list of the one thing that stands for it."""
    return raw if isinstance(raw, list) else [raw]


def as_object(raw: Any) -> dict[str, Any]:
    """The object, or an empty one for what is none."""
    return raw if isinstance(raw, dict) else {}


def add(found: dict[str, Any], key: str, raw: Any) -> None:
    """Put a value under a key, behind what stands there already.

    What was written without a list stays so, for problems to have the same path.
    """
    found[key] = [*as_list(found[key]), *as_list(raw)] if key in found else raw


def unused_name(wanted: str, taken: Iterable[str]) -> str:
    """The name, with a number behind it where it is taken."""
    names = set(taken)
    number, found = 1, wanted
    while found in names:
        number += 1
        found = f"{wanted} {number}"
    return found


def example(kind: str, name: str) -> str:
    """What to write as the implementation of a name, by an example."""
    bodies = {
        "actions": '[{"type": "assign", "set": {"count": {"expr": '
        '"context.count + 1"}}}] or [{"type": "effect", "name": "…"}]',
        "guards": '{"expr": "context.count > 0"}',
        "delays": '"10 minutes" or {"expr": "context.patience"}',
    }
    return f'write "implementations"."{kind}".{quote(name)}: {bodies[kind]}'
