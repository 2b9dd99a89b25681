"""Paths into the context, as assign writes them: `a.b`, `votes[event.source].yes`."""

from __future__ import annotations

Step = str | tuple[str, str]  # a key, or ("expr", source)

_CLOSING = {"(": ")", "[": "]", "{": "}"}


class PathError(ValueError):
    """A text is no path; `offset` is where that shows."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def parse_path(text: str) -> list[Step]:
    """The steps of a path: keys, and ("expr", source) for what stands in brackets.

    A key has no dot and no bracket; one that does is written `['a.b']`.  Raises
    PathError.
    """
    steps: list[Step] = []
    offset = 0
    while offset < len(text) or not steps:
        if text[offset : offset + 1] == "[":
            end = _closing_bracket(text, offset)
            steps.append(("expr", text[offset + 1 : end].strip()))
            offset = end + 1
        else:
            if steps:
                offset += 1  # the dot
            end = _end_of_key(text, offset)
            steps.append(text[offset:end])
            offset = end
        if text[offset : offset + 1] not in ("", ".", "["):
            raise PathError('a "." or "[" is wanted after "]"', offset)
    return steps


def _end_of_key(text: str, start: int) -> int:
    end = start
    while end < len(text) and text[end] not in ".[":
        if text[end] in "]\"'":
            raise PathError(f"a key cannot have the character {text[end]}", end)
        end += 1
    if not text[start:end].strip():
        raise PathError("a key is missing", start)
    return end


def _closing_bracket(text: str, start: int) -> int:
    awaited: list[str] = []
    offset = start
    while offset < len(text):
        char = text[offset]
        if char in "\"'":
            offset = _closing_quote(text, offset)
        elif char in _CLOSING:
            awaited.append(_CLOSING[char])
        elif char in ")]}" and char != awaited.pop():
            raise PathError(f'unexpected "{char}"', offset)
        if not awaited:
            if not text[start + 1 : offset].strip():
                raise PathError("an expression is missing in the brackets", start)
            return offset
        offset += 1
    raise PathError('the "[" is never closed', start)


def _closing_quote(text: str, start: int) -> int:
    offset = start + 1
    while offset < len(text) and text[offset] != text[start]:
        offset += 2 if text[offset] == "\\" else 1
    if offset >= len(text):
        raise PathError("a quoted text is never closed", start)
    return offset
