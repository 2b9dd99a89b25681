"""Objects of a document: which keys they have, in which order, read by what.

A reader takes (check, raw value, place) and gives the value in normal form, or DROP
to leave its key out.  It reports what is wrong to `check` and never raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from . import exact
from .definition_problems import Finding, FunctionUse, Path, did_you_mean, quote
from .definition_tree import Node, Tree
from .semantics import XSTATE, Semantics

MAX_NAME = 200  # characters
MAX_HINTS = 100  # a search is slow in a document with thousands of names

# What the language has and this release does not run: feature → message.  A feature
# is "<shape>.<key>" ("root.defer", "invoke.each") or "action.<type>".  It is refused,
# so that nothing is accepted in silence.
NOT_YET: dict[str, str] = dict.fromkeys(
    (
        "root.publicContext",
        "root.indexStates",
        "root.allowRead",
        "root.allowWrite",
    ),
    "this is not supported yet",
)

GLOBALS = frozenset(("context", "event", "instance", "now", "auth"))

# Keys that people bring along from elsewhere, and what to do about them.
_ELSEWHERE = {
    "cond": 'use "guard"',
    "internal": 'use "reenter"; transitions to a child are internal by default',
    "data": 'use "output"',
    "types": "types are for TypeScript only; leave them out",
    "tsTypes": "types are for TypeScript only; leave them out",
    "activities": 'use "invoke"',
    "onSnapshot": "effects and child machines answer with onDone and onError",
    "guards": 'guards stand in "implementations"',
    "actors": 'effects are declared in "implementations"."effects"',
    "delays": 'delays stand in "implementations"',
}


class Drop:
    """The type of DROP."""


DROP = Drop()


@dataclass(frozen=True)
class At:
    """A place: its path, the names that expressions know there, the state around it.

    `loop` holds the names that a loop adds to some of the keys of its object.
    """

    path: Path
    names: frozenset[str]
    node: Node
    loop: frozenset[str] = frozenset()

    def __truediv__(self, step: str | int) -> At:
        return At((*self.path, step), self.names, self.node, self.loop)

    def knowing(self, *names: str) -> At:
        """The same place with more names."""
        return replace(self, names=self.names.union(names))


@dataclass
class Check:
    """One document's examination: what it declares, and what has been found so far."""

    tree: Tree
    declared: Mapping[str, frozenset[str]]  # guards, actions, delays, effects
    semantics: Semantics = XSTATE
    after_keys: frozenset[str] = frozenset()
    findings: list[Finding] = field(default_factory=list)
    functions: list[FunctionUse] = field(default_factory=list)
    intervals: list[tuple[str, str]] = field(default_factory=list)
    schemas: list[tuple[str, Any]] = field(default_factory=list)
    effects: dict[str, None] = field(default_factory=dict)  # used, in order
    within: tuple[str, str] | None = None  # the implementation being read
    references: dict[tuple[str, str], list[tuple[str, At]]] = field(
        default_factory=dict
    )
    invokes: list[tuple[str, Node, At]] = field(default_factory=list)
    compiled: dict[tuple[str, frozenset[str]], tuple[str, str | None] | None] = field(
        default_factory=dict
    )

    hints: int = 0  # searched for so far

    def problem(self, at: At, code: str, message: str, hint: str | None = None) -> None:
        """Take a problem down."""
        self.findings.append(Finding(at.path, code, message, hint))

    def suggest(self, name: str, candidates: Iterable[str]) -> str | None:
        """A hint "did you mean …", for the first MAX_HINTS names only."""
        self.hints += 1
        return did_you_mean(name, candidates) if self.hints <= MAX_HINTS else None

    def wrong_type(self, at: At, wanted: str, raw: Any, hint: str | None = None) -> Any:
        """Take down that something else was wanted here; gives DROP."""
        message = f"{wanted} is wanted here, not {type_name(raw)}"
        self.problem(at, "wrong_type", message, hint)
        return DROP

    def scxml_only(self, at: At, key: str) -> None:
        """Take down that a key belongs to documents with SCXML's semantics."""
        message = f"the key {quote(key)} needs the semantics of SCXML"
        hint = 'write "semantics": "scxml" at the root, or leave the key out'
        self.problem(at, "misplaced_key", message, hint)

    def feature(self, name: str, at: At) -> None:
        """Take down that a feature is not run yet, if so."""
        if name in NOT_YET:
            self.problem(at, "not_supported_yet", NOT_YET[name])


Reader = Callable[[Check, Any, At], Any]


@dataclass(frozen=True)
class Shape:
    """An object's keys in canonical order with their readers, and the required ones."""

    kind: str
    fields: Mapping[str, Reader]
    required: tuple[str, ...] = ()


def type_name(raw: Any) -> str:
    """How a message calls the type of a JSON value."""
    if raw is None:
        return "null"
    if isinstance(raw, bool):
        return "a boolean"
    if isinstance(raw, (int, Decimal)):
        return "a number"
    if isinstance(raw, str):
        return "a text"
    return "an array" if isinstance(raw, list) else "an object"


def is_extension(key: str) -> bool:
    """Whether the key is kept as it is: `$schema` or `x-…`."""
    return key == "$schema" or key.startswith("x-")


def read_object(check: Check, raw: Any, at: At, shape: Shape) -> Any:
    """The object in normal form, its keys in the shape's order; DROP if it is none."""
    if not isinstance(raw, dict):
        return check.wrong_type(at, "an object", raw)
    refuse_keys(check, raw, at, shape)
    result = {key: raw[key] for key in raw if key == "$schema"}
    for key, reader in shape.fields.items():
        if key in raw:
            value = reader(check, raw[key], at / key)
            if value is not DROP:
                result[key] = value
    result.update((key, raw[key]) for key in raw if key.startswith("x-"))
    return result


def refuse_keys(check: Check, raw: dict[str, Any], at: At, shape: Shape) -> None:
    """Report the keys that the shape does not know, lacks, or that are not run yet."""
    for key in shape.required:
        if key not in raw:
            check.problem(at, "missing_key", f"the key {quote(key)} is missing")
    for key in raw:
        if key in shape.fields:
            check.feature(f"{shape.kind}.{key}", at / key)
        elif not is_extension(key):
            hint = _ELSEWHERE.get(key) or check.suggest(key, shape.fields)
            message = f"unknown key {quote(key)}"
            check.problem(at / key, "unknown_key", message, hint)


# ------------------------------------------------------------- readers of scalars


def anything(check: Check, raw: Any, at: At) -> Any:
    """Any JSON, as it stands."""
    return raw


def text(check: Check, raw: Any, at: At) -> Any:
    """A text of any length."""
    return raw if isinstance(raw, str) else check.wrong_type(at, "a text", raw)


def boolean(check: Check, raw: Any, at: At) -> Any:
    """True or false."""
    return raw if isinstance(raw, bool) else check.wrong_type(at, "a boolean", raw)


def name(check: Check, raw: Any, at: At) -> Any:
    """A non-empty text of at most MAX_NAME characters, without control characters."""
    if not isinstance(raw, str):
        return check.wrong_type(at, "a text", raw)
    return raw if is_name(check, raw, at) else DROP


def is_name(check: Check, raw: str, at: At, code: str = "bad_name") -> bool:
    """Whether the text can be a name; if not, that is reported."""
    if not raw:
        check.problem(at, code, "a name may not be empty")
    elif len(raw) > MAX_NAME:
        message = f"the name is {len(raw)} characters long, {MAX_NAME} are allowed"
        check.problem(at, "name_too_long", message)
    elif any(ord(char) < 32 or ord(char) == 127 for char in raw):
        message = f"the name {quote(raw)} has a control character"
        check.problem(at, code, message)
    else:
        return True
    return False


def number(least: int, whole: bool = False, most: int | None = None) -> Reader:
    """A reader of numbers from `least` to `most`."""
    what = "a whole number" if whole else "a number"

    def read(check: Check, raw: Any, at: At) -> Any:
        if isinstance(raw, bool) or not isinstance(raw, (int, Decimal)):
            return check.wrong_type(at, what, raw)
        if whole and raw != int(raw):
            check.problem(at, "bad_value", f"{what} is wanted here")
        elif raw < least:
            check.problem(at, "bad_value", f"the number may not be less than {least}")
        elif most is not None and raw > most:
            check.problem(at, "bad_value", f"the number may not be more than {most}")
        else:
            return int(raw) if whole else raw
        return DROP

    return read


def one_of(*words: str) -> Reader:
    """A reader of one of a few words."""
    listed = ", ".join(map(quote, words))

    def read(check: Check, raw: Any, at: At) -> Any:
        if not isinstance(raw, str):
            return check.wrong_type(at, f"one of {listed}", raw)
        if raw not in words:
            message = f"{quote(raw)} is none of {listed}"
            check.problem(at, "bad_value", message, check.suggest(raw, words))
            return DROP
        return raw

    return read


# ---------------------------------------------------------- readers of collections


def one_or_many(reader: Reader, keep_empty: bool = False) -> Reader:
    """A reader of a list; one element may stand for the list of it."""

    def read(check: Check, raw: Any, at: At) -> Any:
        if isinstance(raw, list):
            values = [reader(check, item, at / n) for n, item in enumerate(raw)]
        else:
            values = [reader(check, raw, at)]
        values = [value for value in values if value is not DROP]
        return values if values or keep_empty else DROP

    return read


def map_of(reader: Reader, keep_empty: bool = False) -> Reader:
    """A reader of an object with names as keys."""

    def read(check: Check, raw: Any, at: At) -> Any:
        if not isinstance(raw, dict):
            return check.wrong_type(at, "an object", raw)
        result = {}
        for key, item in raw.items():
            is_name(check, key, at / key)
            value = reader(check, item, at / key)
            if value is not DROP:
                result[key] = value
        return result if result or keep_empty else DROP

    return read


def schema(check: Check, raw: Any, at: At) -> Any:
    """A JSON Schema: an object or a boolean, as it stands."""
    if isinstance(raw, (dict, bool)):
        check.schemas.append((exact.json_path(at.path), raw))
        return raw
    return check.wrong_type(at, "a JSON Schema", raw)
