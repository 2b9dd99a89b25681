"""The document as a whole: what stands beside its states."""

from __future__ import annotations

from typing import Any

from . import semantics
from .definition_actions import action_implementations
from .definition_delays import delay_implementation
from .definition_effects import effect_implementations
from .definition_events import descriptor
from .definition_guards import guard, guard_implementations
from .definition_shapes import (
    DROP,
    GLOBALS,
    At,
    Check,
    Reader,
    Shape,
    boolean,
    map_of,
    name,
    one_of,
    one_or_many,
    read_object,
    schema,
)
from .definition_states import STATE, data, descriptors, refuse_misplaced_keys
from .definition_values import plain_path, value

KINDS = ("guards", "actions", "delays", "effects")


def _context(check: Check, raw: Any, at: At) -> Any:
    if not isinstance(raw, dict):
        return check.wrong_type(at, "an object", raw)
    if not check.semantics.strict:
        return data(check, raw, at)
    return value(check, raw, at.knowing("input"))


def _key(check: Check, raw: Any, at: At) -> Any:
    return value(check, raw, at.knowing("input"))


def _version(check: Check, raw: Any, at: At) -> Any:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    return name(check, raw, at)


def _event_schemas(check: Check, raw: Any, at: At) -> Any:
    if not isinstance(raw, dict):
        return check.wrong_type(at, "an object", raw)
    result = {}
    for key, item in raw.items():
        event = descriptor(check, key, at / key)
        found = schema(check, item, at / key)
        if event is not DROP and found is not DROP:
            result[event] = found
    return result or DROP


def _section(reader: Reader) -> Reader:
    def read(check: Check, raw: Any, at: At) -> Any:
        if not isinstance(raw, dict):
            return check.wrong_type(at, "an object", raw)
        return reader(check, raw, at) or DROP

    return read


def _implementations(check: Check, raw: Any, at: At) -> Any:
    return read_object(check, raw, at.knowing("params"), IMPLEMENTATIONS) or DROP


IMPLEMENTATIONS = Shape(
    "implementations",
    {
        "guards": _section(guard_implementations),
        "actions": _section(action_implementations),
        "delays": _section(delay_implementation),
        "effects": _section(effect_implementations),
    },
)


def _sensitive(check: Check, raw: Any, at: At) -> Any:
    path = plain_path(check, raw, at)
    if path is not DROP and "*" in path.split("."):
        hint = "name the list or object that holds them all"
        check.problem(at, "bad_path", "this path has no wildcards", hint)
        return DROP
    return path


_BEFORE: dict[str, Reader] = {
    "id": STATE.fields["id"],
    "version": _version,
    "description": STATE.fields["description"],
    "semantics": one_of(*semantics.BY_NAME),
    "binding": one_of("early", "late"),
    "type": STATE.fields["type"],
    "initial": STATE.fields["initial"],
    "context": _context,
    "keys": map_of(_key),
    "unhandled": one_of("ignore", "refuse"),
    "timeZone": name,
    "internalEvents": descriptors,
    "sensitive": one_or_many(_sensitive),
    "publicContext": boolean,
    "indexStates": boolean,
    "allowRead": guard,
    "allowWrite": guard,
    "inputSchema": schema,
    "contextSchema": schema,
    "eventSchemas": _event_schemas,
}
_NOT_OF_THE_ROOT = ("history", "target", "actions", "onDone")
ROOT = Shape(
    "root",
    {
        **_BEFORE,
        **{
            key: reader
            for key, reader in STATE.fields.items()
            if key not in _BEFORE and key not in _NOT_OF_THE_ROOT
        },
        "implementations": _implementations,
    },
)


def read_document(check: Check, raw: dict[str, Any]) -> dict[str, Any]:
    """The document in normal form; whatever is wrong goes to `check`."""
    at = At((), GLOBALS, check.tree.root)
    if check.tree.root.kind in ("final", "history"):
        check.tree.root.kind = "compound" if check.tree.root.children else "atomic"
    result: dict[str, Any] = read_object(
        check, refuse_misplaced_keys(check, raw, at), at, ROOT
    )
    return result


def declarations(raw: dict[str, Any]) -> dict[str, frozenset[str]]:
    """The names that the document's implementations declare, by kind."""
    section = raw.get("implementations")
    section = section if isinstance(section, dict) else {}
    return {
        kind: frozenset(names) if isinstance(names, dict) else frozenset()
        for kind, names in ((kind, section.get(kind)) for kind in KINDS)
    }
