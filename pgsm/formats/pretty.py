"""JSON for people: exact numbers, two spaces, short things on one line."""

from __future__ import annotations

from typing import Any

from pgsm.engine import exact

WIDTH = 88


def pretty(value: Any, indent: int = 0, used: int = 0) -> str:
    """The JSON text of a value; `used` characters stand on its line already.

    Raises ValueError for what is not JSON, as exact.dumps does.
    """
    short = _line(value)
    if len(short) + indent + used < WIDTH or not (value and _is_container(value)):
        return short
    inner = indent + 2
    if isinstance(value, dict):
        parts = []
        for key, item in value.items():
            name = f"{exact.dumps(key)}: "
            parts.append(name + pretty(item, inner, len(name) + 1))
        return _block("{", parts, "}", indent)
    return _block("[", [pretty(item, inner, 1) for item in value], "]", indent)


def _is_container(value: Any) -> bool:
    return isinstance(value, (dict, list))


def _block(opening: str, parts: list[str], closing: str, indent: int) -> str:
    before = "\n" + " " * (indent + 2)
    return opening + before + f",{before}".join(parts) + "\n" + " " * indent + closing


def _line(value: Any) -> str:
    if isinstance(value, dict):
        items = (f"{exact.dumps(key)}: {_line(item)}" for key, item in value.items())
        return "{" + ", ".join(items) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_line, value)) + "]"
    return exact.dumps(value)
