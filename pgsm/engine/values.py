"""Small helpers for documents: paths into them, values at a path, policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import errors, exact

Json = Any

LONGEST_ID = 500
POLICY_KEYS = ("retry", "timeout", "within", "priority", "ordered", "key", "late")


class PathError(Exception):
    """A path that cannot be followed in a context."""


def child_path(parent: str, key: str, collection: str = "states") -> str:
    """Return the JSON path of ``parent.collection[key]``."""
    prefix = f"{parent}.{collection}" if collection else parent
    return prefix + exact.json_path([key])[1:]


def check_id(what: str, value: Json, path: str) -> None:
    """Raise where a value is no id: a text that an index holds."""
    if not isinstance(value, str) or not value:
        kind = "an empty one" if value == "" else type_name(value)
        raise errors.StepError(f"{what} is a text, not {kind}", path)
    if len(value) > LONGEST_ID:
        message = f"{what} is a text of at most {LONGEST_ID} characters"
        raise errors.StepError(message, path)


def policy(declared: Mapping[str, Json], use: Mapping[str, Json]) -> dict[str, Json]:
    """Return an effect's declared policy with the overrides of one use."""
    merged = {key: declared[key] for key in POLICY_KEYS if key in declared}
    merged.update({key: use[key] for key in POLICY_KEYS if key in use})
    return merged


def set_in(value: Json, path: list[str | int], new: Json) -> Json:
    """Return ``value`` with ``new`` at ``path``; what is on the way is copied.

    A missing or null object on the way is made; a list takes an index that it
    has, or its length to append.
    """
    if not path:
        return new
    key, rest = path[0], path[1:]
    if value is None:
        value = {}
    if isinstance(value, dict):
        copy = dict(value)
        copy[str(key)] = set_in(value.get(str(key)), rest, new)
        return copy
    if isinstance(value, list):
        index = _list_index(value, key, append=True)
        items = list(value)
        if index == len(items):
            items.append(set_in(None, rest, new))
        else:
            items[index] = set_in(items[index], rest, new)
        return items
    raise PathError(f'cannot set "{key}" in {type_name(value)}')


def remove_in(value: Json, path: list[str | int]) -> Json:
    """Return ``value`` without what is at ``path``; a missing path is no change."""
    key, rest = path[0], path[1:]
    if isinstance(value, dict):
        if str(key) not in value:
            return value
        copy = dict(value)
        if rest:
            copy[str(key)] = remove_in(copy[str(key)], rest)
        else:
            del copy[str(key)]
        return copy
    if isinstance(value, list):
        index = _list_index(value, key, append=False)
        items = list(value)
        if rest:
            items[index] = remove_in(items[index], rest)
        else:
            del items[index]
        return items
    return value


def get_in(value: Json, path: list[str | int]) -> tuple[bool, Json]:
    """Return whether there is something at ``path``, and what."""
    for key in path:
        if isinstance(value, dict) and str(key) in value:
            value = value[str(key)]
        elif isinstance(value, list) and isinstance(key, int) and -1 < key < len(value):
            value = value[key]
        else:
            return False, None
    return True, value


def _list_index(items: list[Json], key: str | int, *, append: bool) -> int:
    if isinstance(key, str) and key.isascii() and key.isdigit():
        key = int(key)
    limit = len(items) + (1 if append else 0)
    if isinstance(key, int) and 0 <= key < limit:
        return key
    raise PathError(f'"{key}" is no index of a list of {len(items)}')


def pointer(path: list[str | int]) -> str:
    """Return the JSON Pointer (RFC 6901) of a path."""
    return "".join(
        "/" + str(part).replace("~", "~0").replace("/", "~1") for part in path
    )


def changes(
    touched: Iterable[tuple[str | int, ...]], before: Json, after: Json
) -> dict[str, Json] | None:
    """Return what changed at the touched paths, by JSON Pointer; None if nothing.

    ``{"set": {pointer: value}, "remove": [pointer]}``; a path below another
    touched one is left to that one.
    """
    paths = list(dict.fromkeys(touched))
    if len(paths) > 1:
        paths.sort(key=lambda path: (len(path), str(path)))
    kept: list[tuple[str | int, ...]] = []
    for path in paths:
        if not any(path[: len(other)] == other for other in kept):
            kept.append(path)
    result: dict[str, Json] = {}
    for path in kept:
        had, old = get_in(before, list(path))
        has, new = get_in(after, list(path))
        if has and not (had and same(old, new)):
            result.setdefault("set", {})[pointer(list(path))] = new
        elif had and not has:
            result.setdefault("remove", []).append(pointer(list(path)))
    return result or None


def without(value: Json, paths: Iterable[Sequence[Any]]) -> Json:
    """Return a value without what is at the paths."""
    for path in paths:
        try:
            value = remove_in(value, list(path))
        except PathError:
            continue
    return value


def without_paths(
    changed: Mapping[str, Json], paths: Iterable[Sequence[Any]]
) -> dict[str, Json]:
    """Return changes (see ``changes``) without sensitive paths, which are listed.

    ``{"set", "remove", "redacted": [pointer]}``
    """
    redacted: list[str] = []
    kept = dict(changed.get("set", {}))
    for path in paths:
        hidden = pointer(list(path))
        for place in list(kept):
            if place == hidden or place.startswith(hidden + "/"):
                del kept[place]
                redacted.append(place)
            elif place == "" or hidden.startswith(place + "/"):
                rest = without(kept[place], [path[place.count("/") :]])
                if rest is not kept[place]:
                    kept[place] = rest
                    redacted.append(hidden)
    result = {**changed, "set": kept}
    if not kept:
        del result["set"]
    return {**result, "redacted": redacted} if redacted else result


def same(a: Json, b: Json) -> bool:
    """Whether two JSON values are equal as JSON (true is not 1)."""
    if a is b:
        return True
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def type_name(value: Json) -> str:
    """Return the JSON name of a value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, dict) else "a number"
