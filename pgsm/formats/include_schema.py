"""The JSON Schema of definitions in files, in which anything may be included."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pgsm

Json = Any
SCHEMA = Path(pgsm.__file__).with_name("machine.schema.json")
_INCLUDE = {"$ref": "#/$defs/include"}
_HERE = {"type": "object", "required": ["$include"]}
_SHAPE = {
    "type": "object",
    "description": "What another file, or this one, has at a JSON pointer.",
    "properties": {
        "$include": {
            "description": 'As "lib/payment.yaml#/states/payment", or a list of such.',
            "type": ["string", "array"],
            "items": {"type": "string"},
            "minItems": 1,
        },
        "with": {
            "type": "object",
            "description": 'Parameters: "${name}" is replaced by the value.',
        },
    },
    "required": ["$include"],
}


def schema() -> dict[str, Json]:
    """The schema of definitions with `$include` wherever an object may be."""
    found: dict[str, Json] = json.loads(SCHEMA.read_text("utf-8"))
    comment = "The schema of what is built, with $include wherever an object may be."
    defs = {name: _open(each) for name, each in found.pop("$defs").items()}
    whole = _open(found)
    return {
        **whole,
        "$id": "urn:pgsm:machine-file.schema.json",
        "$comment": comment,
        "$defs": {**defs, "include": _SHAPE},
    }


def _open(part: Json) -> Json:
    """A part of the schema whose inner parts may be included instead."""
    if isinstance(part, list):
        return [_open(item) for item in part]
    if not isinstance(part, dict):
        return part
    found = {}
    for key, item in part.items():
        if key in ("properties", "patternProperties"):
            found[key] = {name: _either(inner) for name, inner in item.items()}
        elif key in ("items", "additionalProperties") and isinstance(item, dict):
            found[key] = _either(item)
        else:
            found[key] = _open(item)
    return found


def _either(part: Json) -> Json:
    """An include, or else what the part says."""
    if not isinstance(part, dict) or part == {}:
        return part
    inner = _open(part)
    said = {key: inner.pop(key) for key in ("description",) if key in inner}
    return {**said, "if": _HERE, "then": _INCLUDE, "else": inner}
