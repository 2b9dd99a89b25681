"""The JSON Schema of what each reader of the definition parser takes.

A reader is a function of `pgsm/engine/definition_*.py`; the readers that a factory has
made tell their parameters by their closures.  A reader without an entry here makes
`scripts/build_schema.py` fail, so that a new kind of value cannot be forgotten.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from pgsm.engine.definition_delays import LONGEST_DELAY
from pgsm.engine.definition_shapes import MAX_NAME, Reader
from pgsm.engine.definition_targets import MAX_TARGETS
from pgsm.engine.definition_tree import STATE_TYPES

Schema = dict[str, Any]

TOKEN = r"[^.*\u0000-\u001f\u007f]+"
EVENT = rf"^{TOKEN}(\.{TOKEN})*$"
DESCRIPTOR = rf"^(\*|{TOKEN}(\.{TOKEN})*(\.\*)?)$"
OBJECT: Schema = {"type": "object"}
TEXT: Schema = {"type": "string"}


def ref(name: str) -> Schema:
    """A reference to a definition of the schema."""
    return {"$ref": f"#/$defs/{name}"}


def many(item: Schema) -> Schema:
    """A list of items, or one of them."""
    return {
        "if": {"type": "array"},
        "then": {"items": item},
        "else": item,
    }


def mapping(item: Schema, keys: Schema | None = None) -> Schema:
    """An object with values of one kind."""
    named = {"propertyNames": keys} if keys else {}
    return {**OBJECT, **named, "additionalProperties": item}


def one_of_types(**by_type: Schema) -> Schema:
    """What a value of each JSON type must be; other types are refused."""
    branches = [
        {"if": {"type": kind}, "then": schema}
        for kind, schema in by_type.items()
        if schema
    ]
    return {"type": list(by_type), **({"allOf": branches} if branches else {})}


NAME: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_NAME,
    "pattern": r"^[^\u0000-\u001f\u007f]+$",
}
# What stands in several places, by its name under `$defs`.
SHARED: dict[str, Schema] = {
    "name": NAME,
    "event": {"type": "string", "pattern": EVENT},
    "descriptor": {"type": "string", "pattern": DESCRIPTOR},
    "targets": one_of_types(
        string={"minLength": 1}, array={"items": TEXT, "maxItems": MAX_TARGETS}
    ),
    "transitions": many(ref("transition")),
    "actions": many(ref("action")),
    "duration": one_of_types(
        string={"pattern": "[0-9]"}, number={"minimum": 0, "maximum": LONGEST_DELAY}
    ),
    "schema": {"type": ["object", "boolean"]},
}
COUNT = one_of_types(object=ref("value"), integer={"minimum": 1})

# By module and name of the reader.
READERS: dict[str, Schema] = {
    "shapes.anything": {},
    "shapes.text": TEXT,
    "shapes.boolean": {"type": "boolean"},
    "shapes.name": ref("name"),
    "shapes.schema": ref("schema"),
    "states._id": ref("name"),
    "states._type": {"enum": list(STATE_TYPES)},
    "states._history": {"enum": [True, "shallow", "deep"]},
    "states.data": mapping(ref("value")),
    "states.initial": one_of_types(
        string={}, array=ref("targets"), object=ref("initial")
    ),
    "states.invocations": many(
        one_of_types(string=ref("name"), object=ref("invoke")),
    ),
    "states.by_event": mapping(ref("transitions"), ref("descriptor")),
    "states.by_delay": mapping(ref("transitions"), {"minLength": 1}),
    "states.by_tokens": {"type": "array", "items": ref("transition-by-tokens")},
    "states.children": mapping(ref("state"), {**NAME, "pattern": r"^[^#.][^.]*$"}),
    "states.transition": ref("transition"),
    "states._concurrency": COUNT,
    "states._until": {"anyOf": [{"const": "any"}, COUNT]},
    "targets.targets": ref("targets"),
    "targets.initial_targets": ref("targets"),
    "targets.history_targets": ref("targets"),
    "events.descriptor": ref("descriptor"),
    "states._tokens": one_of_types(
        string={"minLength": 1},
        array={"minItems": 1, "items": {"type": "string", "minLength": 1}},
    ),
    "states._machine": one_of_types(string=ref("name"), object=ref("value")),
    "events.token_descriptor": {"type": "string", "minLength": 1},
    "events.event_name": one_of_types(
        string=ref("event"), object={"required": ["type"]}
    ),
    "events.sendable_event": one_of_types(string={}, object=ref("value")),
    "values.value": ref("value"),
    "values.loop_value": ref("value"),
    "values.expression": TEXT,
    "values.context_path": TEXT,
    "values.plain_path": TEXT,
    "root._sensitive": TEXT,
    "values.assignments": mapping(ref("value")),
    "guards.guard": ref("guard"),
    "guards._type": ref("name"),
    "guards._guards": {"type": "array", "items": ref("guard")},
    "guards._in_state": TEXT,
    "delays.delay": ref("delay"),
    "delays.duration": ref("duration"),
    "delays.rearmed": TEXT,
    "delays._delay_name": ref("name"),
    "effects.declared_effect": ref("name"),
    "effects._retry": ref("retry"),
    "effects._effect": ref("effect"),
    "actions.action": ref("action"),
    "actions.machine_name": one_of_types(string=ref("name"), object=ref("value")),
    "actions.loop_name": TEXT,
    "actions._loop_actions": ref("actions"),
    "actions._branches": {"type": "array", "minItems": 1, "items": ref("branch")},
    "actions._receiver": {"anyOf": [{"const": "parent"}, ref("to")]},
    "actions.action_implementations": mapping(ref("actions"), ref("name")),
    "guards.guard_implementations": mapping(ref("guard"), ref("name")),
    "delays.delay_implementation": mapping(ref("delay-definition"), ref("name")),
    "root._version": one_of_types(string=ref("name"), integer={}),
    "root._context": {**OBJECT, **ref("value")},
    "root._key": ref("value"),
    "root._event_schemas": mapping(ref("schema"), ref("descriptor")),
    "root._implementations": ref("implementations"),
}
# What is read by the code around it.
BY_KEY: dict[str, Schema] = {
    "type": ref("name"),
    "function": TEXT,
    "sql": TEXT,
    "args": {"type": "array", "items": ref("value")},
}
BY_HAND = ("actions._checked", "guards._sql")


def schema_of(reader: Reader, key: str) -> Schema:
    """The schema of what a reader takes; KeyError for a reader that is not known."""
    module = reader.__module__.rpartition("definition_")[2]
    name = reader.__qualname__
    if f"{module}.{name}" in BY_HAND:
        return BY_KEY[key]
    factory, _, inner = name.partition(".<locals>.")
    if inner:
        return FACTORIES[factory](inspect.getclosurevars(reader).nonlocals, key)
    return READERS[f"{module}.{name}"]


def _one_of(given: Any, key: str) -> Schema:
    return {"enum": list(given["words"])}


def _number(given: Any, key: str) -> Schema:
    bounds = {"minimum": given["least"], "maximum": given["most"]}
    kind = "integer" if given["whole"] else "number"
    return {
        "type": kind,
        **{word: bound for word, bound in bounds.items() if bound is not None},
    }


def _one_or_many(given: Any, key: str) -> Schema:
    return many(schema_of(given["reader"], key))


def _map_of(given: Any, key: str) -> Schema:
    return mapping(schema_of(given["reader"], key), ref("name"))


def _section(given: Any, key: str) -> Schema:
    return schema_of(given["reader"], key)


FACTORIES: dict[str, Callable[[Any, str], Schema]] = {
    "one_of": _one_of,
    "number": _number,
    "one_or_many": _one_or_many,
    "map_of": _map_of,
    "_section": _section,
}
