"""Guesses at data by what expressions read of it, and by JSON Schemas."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from pgsm.engine import exact

Json = Any
Path = tuple[str, ...]
Values = dict[Path, list[Json]]

MOST_SAMPLES = 8  # of one event or effect
ANYTHING = 1
OTHER = "other"

_NAME = r"[A-Za-z_]\w*"
_LITERAL = r"""'[^'\\]*'|"[^"\\]*"|-?\d+(?:\.\d+)?\b|true\b|false\b|null\b"""
_READ = r"(?:event\.(?:data|output|error)|input|context|auth)"
PATH = re.compile(rf"(?<![\w.]){_READ}((?:\.{_NAME})+)")
_COMPARED = re.compile(
    rf"(?<![\w.])({_READ}(?:\.{_NAME})+)\s*(==|!=|<=|>=|<|>)\s*({_LITERAL})"
)
_TURNED = re.compile(
    rf"({_LITERAL})\s*(==|!=|<=|>=|<|>)\s*({_READ}(?:\.{_NAME})+)(?![\w.(])"
)
_IN = re.compile(rf"(?<![\w.])({_READ}(?:\.{_NAME})+)\s+(?:not\s+)?in\s+\[([^\]]*)\]")
# as a condition; a guard that is nothing else is written "if … else" by _expressions
_CONDITION = re.compile(rf"\bif\s+(?:not\s+)?({_READ}(?:\.{_NAME})+)\s+else\b")
_LISTED = re.compile(rf"(?:\blen\(|\bin\s+)({_READ}(?:\.{_NAME})+)")
_PLACE = rf"{_READ}(?:\.{_NAME})+"
_WITH_ANOTHER = re.compile(
    rf"(?<![\w.])({_PLACE})\s*(?:==|!=|not\s+in\b|in\b)\s*({_PLACE})"
)
_LOOP = re.compile(rf"\bfor\s+({_NAME})\s+in\s+({_READ}(?:\.{_NAME})+)")
_TURN = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


def steps(text: str) -> Path:
    return tuple(text.strip(".").split("."))


def values(
    sources: Iterable[str], prefix: str, more: Values, others: bool = True
) -> Values:
    """What expressions read below a prefix, with values that make a difference."""
    found: Values = {path: list(values) for path, values in more.items()}
    start = prefix + "."

    def add(place: str, values: Iterable[Json], first: bool = False) -> None:
        if place.startswith(start):
            known = found.setdefault(steps(place[len(start) :]), [])
            more = [value for value in values if not _has(known, value)]
            known[0 if first else len(known) :] = [*more, *(known if first else ())]

    for source in sources:
        for match in PATH.finditer(source):
            add(match.group(0), ())
        for name, place in _LOOP.findall(source):
            item = _item(source, name)
            if item is not ANYTHING:
                add(place, [[item]], first=True)
        for place, found_values in _told(source, others):
            add(place, found_values)
    return found


def _told(source: str, others: bool) -> Iterator[tuple[str, list[Json]]]:
    """Paths of an expression with values that make a difference to it."""
    for place in _LISTED.findall(source):
        yield place, [[ANYTHING], []]
    for place, operator, literal in _COMPARED.findall(source):
        yield place, _around(operator, _literal(literal))
    for literal, operator, place in _TURNED.findall(source):
        yield place, _around(_TURN.get(operator, operator), _literal(literal))
    for places in _WITH_ANOTHER.findall(source) if others else ():
        for place in places:
            yield place, [ANYTHING, OTHER]
    for place, literals in _IN.findall(source):
        yield place, [*map(_literal, re.findall(_LITERAL, literals)), OTHER]
    for place in _CONDITION.findall(source):
        yield place, [True, False]


def _item(source: str, name: str) -> Json:
    """An item of a list, with the keys that an expression reads of it."""
    found: dict[str, Json] = {}
    for match in re.finditer(rf"(?<![\w.]){name}((?:\.{_NAME})+)", source):
        _put(found, steps(match.group(1)), ANYTHING)
    return found or ANYTHING


def _has(values: list[Json], value: Json) -> bool:
    return any(type(v) is type(value) and v == value for v in values)


def _literal(text: str) -> Json:
    if text[0] in "'\"":
        return text[1:-1]
    return exact.loads(text)


def _around(operator: str, value: Json) -> list[Json]:
    """Values on both sides of a comparison, the one for which it is true first."""
    if isinstance(value, bool):
        return [value, not value]
    if not isinstance(value, (int, Decimal)):
        found = [value, None if value is not None else ANYTHING]
        found[1] = OTHER if isinstance(value, str) else found[1]
        return found[::-1] if operator == "!=" else found
    below, above = value - 1, value + 1
    return {
        "==": [value, above],
        "!=": [above, value],
        "<": [below, value],
        "<=": [value, above],
        ">": [above, value],
        ">=": [value, below],
    }[operator]


def objects(values: Values, schema: Json) -> Iterator[Json]:
    """Objects with these values: all first ones, then another one at a time."""
    if isinstance(schema, dict) and isinstance(schema.get("examples"), list):
        yield from schema["examples"][:MOST_SAMPLES]
        return
    base = minimal(schema) if isinstance(schema, dict) else {}
    if not isinstance(base, dict):
        yield base
        return
    for path, found in values.items():
        if not _is_there(base, path):
            _put(base, path, found[0] if found else ANYTHING)
    others = [(p, v) for p, found in values.items() for v in found[1:]]
    yield base
    for path, value in itertools.islice(others, MOST_SAMPLES - 1):
        other = exact.loads(exact.dumps(base))
        _put(other, path, value)
        yield other


def _is_there(value: Json, path: Path) -> bool:
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return False
        value = value[step]
    return True


def _put(value: dict[str, Json], path: Path, item: Json) -> None:
    for step in path[:-1]:
        if not isinstance(value.get(step), dict):
            value[step] = {}
        value = value[step]
    if not isinstance(value.get(path[-1]), dict):
        value[path[-1]] = item


def minimal(schema: Json) -> Json:
    """A small value of a JSON Schema: what it says itself, else the least of its type.

    It is a guess where the schema is more than types, constants and limits.
    """
    if not isinstance(schema, dict):
        return {}
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return minimal({**schema, **schema[key][0], key: None})
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        properties = schema.get("properties", {})
        return {k: minimal(properties.get(k)) for k in schema.get("required", ())}
    if kind == "array":
        item = schema.get("items")
        return [minimal(item) for _ in range(int(schema.get("minItems", 0)))]
    return _smallest(kind, schema)


def _smallest(kind: str, schema: Mapping[str, Json]) -> Json:
    if kind == "string":
        return "a" * max(int(schema.get("minLength", 1)), 1)
    if kind in ("integer", "number"):
        above = schema.get("exclusiveMinimum")
        least = schema.get("minimum", ANYTHING if above is None else above + 1)
        return min(least, schema["maximum"]) if "maximum" in schema else least
    return {"boolean": True}.get(kind)
