"""JSON Schemas as Python annotations, with the TypedDicts that they need.

What a schema says beyond types (ranges, patterns, conditions) is no business of a type
checker; what has no type in Python is Any.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

Json = Any
Numbers = Literal["exact", "float"]
WIDEST = 88
_LONGEST = 32  # a name that a schema's own names are made of
_LONG = 50  # an annotation that is longer gets a name
_SCALARS = {"string": "str", "integer": "int", "boolean": "bool", "null": "None"}
_WORDS = re.compile(r"[A-Za-z0-9]+")


class Module:
    """The definitions of a module of types, in the order in which they are needed."""

    def __init__(self, numbers: Numbers = "exact") -> None:
        self.number = "int | Decimal" if numbers == "exact" else "float"
        self.definitions: dict[str, str] = {}
        self._taken: set[str] = set()

    def name(self, *parts: str) -> str:
        """A name in CamelCase that is free, and taken from then on."""
        wanted = camel(*parts)
        name, number = wanted, 2
        while name in self._taken:
            name, number = f"{wanted}{number}", number + 1
        self._taken.add(name)
        return name

    def add_literal(self, name: str, values: list[Json]) -> None:
        """`name` is one of the values; no value at all is `Never`."""
        items = [literal(value) for value in dict.fromkeys(values)]
        self.definitions[name] = _assigned(name, "Literal", items)

    def add_alias(self, name: str, annotation: str) -> None:
        """`name` is another name of an annotation."""
        self.definitions[name] = _wrapped(f"{name} = ", annotation, "")

    def add_fields(self, name: str, fields: Mapping[str, str]) -> None:
        """`name` is a TypedDict: annotations by key, NotRequired where that is so."""
        if all(key.isidentifier() and not keyword.iskeyword(key) for key in fields):
            rows = [_wrapped(f"    {key}: ", a, "    ") for key, a in fields.items()]
            body = "\n".join(rows) or "    pass"
            self.definitions[name] = f"class {name}(TypedDict):\n{body}"
            return
        rows = [
            _wrapped(f"        {literal(key)}: ", a, " " * 8, after=",") + "\n"
            for key, a in fields.items()
        ]
        self.definitions[name] = (
            f"{name} = TypedDict(\n    {literal(name)},\n"
            f"    {{\n{''.join(rows)}    }},\n)"
        )


class Reader:
    """Reads the schemas of one document into a module."""

    def __init__(self, module: Module, root: Json) -> None:
        self.module = module
        self.root = root
        self._open: list[str] = []

    def named(self, schema: Json, name: str) -> None:
        """Give what a schema describes this name, which is taken already."""
        schema = self._resolved(schema)
        if isinstance(schema, dict) and _is_closed_object(schema):
            self.module.add_fields(name, self._fields(schema, name))
        else:
            self.module.add_alias(name, self.annotation(schema, name))

    def annotation(self, schema: Json, name: str) -> str:
        """The annotation of a schema; `name` begins the names of what it needs."""
        reference = schema.get("$ref") if isinstance(schema, dict) else None
        if reference in self._open:
            return "Any"  # of itself: aliases cannot be recursive everywhere
        if isinstance(reference, str):
            self._open.append(reference)
        try:
            found = self._annotation(self._resolved(schema), name)
        finally:
            if isinstance(reference, str):
                self._open.pop()
        if len(found) > _LONG and not found.isidentifier():
            alias = self.module.name(name[:_LONGEST], "value")
            self.module.add_alias(alias, found)
            return alias
        return found

    def _annotation(self, schema: Json, name: str) -> str:
        if not isinstance(schema, dict):
            return "Any"
        if "const" in schema:
            return self._literal([schema["const"]], name)
        if "enum" in schema:
            return self._literal(schema["enum"], name)
        for several in ("anyOf", "oneOf"):
            if several in schema:
                return _union([self.annotation(one, name) for one in schema[several]])
        kinds = schema.get("type", "object" if _properties(schema) else None)
        if not isinstance(kinds, list):
            kinds = [kinds]
        return _union([self._of_kind(kind, schema, name) for kind in kinds])

    def _of_kind(self, kind: Json, schema: dict[str, Json], name: str) -> str:
        if kind in _SCALARS:
            return _SCALARS[kind]
        if kind == "number":
            return self.module.number
        if kind == "array":
            items = schema.get("items", True) if "prefixItems" not in schema else True
            return f"list[{self.annotation(items, camel(name, 'item'))}]"
        if kind == "object":
            if _is_closed_object(schema):
                own = self.module.name(name[:_LONGEST])
                self.module.add_fields(own, self._fields(schema, own))
                return own
            more = schema.get("additionalProperties", True)
            return f"dict[str, {self.annotation(more, camel(name, 'value'))}]"
        return "Any"

    def _fields(self, schema: dict[str, Json], name: str) -> dict[str, str]:
        required = schema.get("required", ())
        fields = {}
        for key, inner in _properties(schema).items():
            found = self.annotation(inner, camel(name, key))
            fields[key] = found if key in required else f"NotRequired[{found}]"
        return fields

    def _literal(self, values: list[Json], name: str) -> str:
        plain = (str, bool, int, type(None))
        if not all(isinstance(value, plain) for value in values):
            numbers = all(isinstance(value, (int, Decimal)) for value in values)
            return self.module.number if numbers else "Any"
        written = ", ".join(literal(value) for value in values)
        if len(written) + len("Literal[]") <= _LONG:
            return f"Literal[{written}]"
        alias = self.module.name(name[:_LONGEST], "value")
        self.module.add_literal(alias, values)
        return alias

    def _resolved(self, schema: Json) -> Json:
        """The schema that a reference within its document means, or what it is."""
        for _ in range(20):
            reference = schema.get("$ref") if isinstance(schema, dict) else None
            if not isinstance(reference, str):
                return schema
            schema = self._at(reference)
        return True

    def _at(self, reference: str) -> Json:
        if not reference.startswith("#"):
            return True
        found = self.root
        for step in reference[1:].split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            found = found.get(key, True) if isinstance(found, dict) else True
        return found


def _is_closed_object(schema: dict[str, Json]) -> bool:
    """An object whose keys are known: more of them would be no use to a checker."""
    kinds = schema.get("type", "object")
    several = any(word in schema for word in ("anyOf", "oneOf", "enum", "const"))
    return kinds == "object" and bool(_properties(schema)) and not several


def _properties(schema: dict[str, Json]) -> dict[str, Json]:
    """Those that are described, and those that are only required."""
    described: dict[str, Json] = schema.get("properties", {})
    return {**described, **dict.fromkeys(schema.get("required", ()), True), **described}


def _union(annotations: list[str]) -> str:
    parts: dict[str, None] = {}
    for annotation in annotations:
        if annotation == "Any":
            return "Any"
        parts.update(dict.fromkeys(_parts(annotation)))
    return " | ".join(parts) or "Any"


def _parts(annotation: str) -> list[str]:
    """The members of a union; what is in brackets is one."""
    parts, depth = [""], 0
    for piece in re.split(r"( \| |\[|\])", annotation):
        depth += (piece == "[") - (piece == "]")
        if piece == " | " and depth == 0:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _wrapped(before: str, annotation: str, indent: str, after: str = "") -> str:
    """A line with an annotation, broken where it is too long."""
    line = before + annotation + after
    if _width(line) <= WIDEST:
        return line
    parts = _parts(annotation)
    if len(parts) > 1:
        inner = f"{indent}    {annotation}\n"
        if _width(inner) > WIDEST + 1:
            rows = "".join(f"{indent}    | {part}\n" for part in parts[1:])
            inner = f"{indent}    {parts[0]}\n{rows}"
        return f"{before}(\n{inner}{indent}){after}"
    generic, bracket, inner = annotation.partition("[")
    if not bracket:
        return line
    return f"{before}{generic}[\n{indent}    {inner[:-1]}\n{indent}]{after}"


def _assigned(name: str, generic: str, items: list[str]) -> str:
    if not items:
        return f"{name} = Never"
    line = f"{name} = {generic}[{', '.join(items)}]"
    if _width(line) <= WIDEST:
        return line
    rows = "".join(f"    {item},\n" for item in items)
    return f"{name} = {generic}[\n{rows}]"


def _width(text: str) -> int:
    """Columns that a text takes, as formatters count them."""
    return sum(
        2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
        if not unicodedata.combining(char)
    )


def camel(*parts: str) -> str:
    """The parts as one name: "order", "restaurant.accept" is OrderRestaurantAccept."""
    words = [word for part in parts for word in _WORDS.findall(part)]
    name = "".join(word[0].upper() + word[1:] for word in words)
    return name if name[:1].isalpha() else f"Machine{name}"


def literal(value: Json) -> str:
    """A value as it is written in a formatted module."""
    if not isinstance(value, str):
        return repr(value)
    written = repr(value)
    quote, body = written[0], written[1:-1]
    if quote == '"':
        return written
    # double quotes, unless that takes more backslashes
    if value.count('"') > value.count("'"):
        return written
    body = body.replace("\\'", "'").replace('"', '\\"')
    return f'"{body}"'
