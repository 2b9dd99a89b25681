"""Expressions of native documents in the words of SCXML's."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Callable, Mapping
from typing import Any

from pgsm.engine import definition_tree as trees
from pgsm.engine.definition import parse_path

from .scxml_ecmascript import tokens

Json = Any
Warn = Callable[[str, str, str, "str | None"], None]

_WORDS = {"true": "True", "false": "False", "null": "None"}
_EVENT = {
    "type": "_event.name",
    "data": "_event.data",
    "output": "_event.data",
    "error": "_event.data",
    "id": "_event.sendid",
}
_INSTANCE = {"id": "_sessionid", "machine": "_name"}
# Content that runs without an event when the machine starts, or may.
_AT_START = re.compile(r"\.(entry|initial|always|implementations)\b")
_NOTHING = ("now", "auth")


class Dialect:
    """Translates the expressions of one document; what has no counterpart stays."""

    def __init__(self, tree: trees.Tree, ids: Mapping[trees.Node, str], warn: Warn):
        self.tree = tree
        self.ids = ids
        self.warn = warn
        self.uses_input = False
        self.no_event = False

    def expression(
        self, source: str, path: str, params: Mapping[str, str] | None = None
    ) -> str:
        """The expression; `params` are those of a named part, by name, "" for all."""
        found = tokens(source)
        result: list[str] = []
        position = 0
        while position < len(found):
            token = found[position]
            if result and result[-1] == "." and not token.isspace():
                result.append(token)
                position += 1
                continue
            taken, text = self._word(found, position, path, params)
            result.append(text)
            position += taken
        return "".join(result).strip()

    def _word(
        self,
        found: list[str],
        position: int,
        path: str,
        params: Mapping[str, str] | None,
    ) -> tuple[int, str]:
        """How many tokens are translated, and their translation."""
        token = found[position]
        key = found[position + 2] if found[position + 1 : position + 2] == ["."] else ""
        if token in _WORDS:
            return 1, _WORDS[token]
        if token == "context":
            return (3, key) if self._is_datum(key, path) else (1, token)
        if token == "params" and params:
            return (3, params[key]) if key and key in params else (1, params[""])
        for name, words, rest in (
            ("event", _EVENT, "_event"),
            ("instance", _INSTANCE, "_sessionid"),
        ):
            if token == name:
                self._look_at_start(name, path)
                if key in words:
                    return 3, words[key]
                if key or name == "instance":
                    self._warn(path, f"{name}.{key}" if key else name)
                return 1, rest
        if token == "in_state":
            return self._in_state(found, position)
        if token == "input":
            self.uses_input = True
        if token in _NOTHING or token == "params":
            self._warn(path, token)
        return 1, token

    def _look_at_start(self, name: str, path: str) -> None:
        """Warn, once, of content that may read an event when there is none yet."""
        if name == "event" and not self.no_event and _AT_START.search(path):
            self.no_event = True
            message = "there is no _event at the start: reading it is an error there"
            self.warn(path, "no_event", message, None)

    def _is_datum(self, key: str, path: str) -> bool:
        if key.isidentifier() and not keyword.iskeyword(key):
            return True
        self._warn(path, f"context.{key}" if key else "context")
        return False

    def _warn(self, path: str, what: str) -> None:
        message = f"SCXML's expressions have nothing like {what}"
        self.warn(path, "expression", message, None)

    def _in_state(self, found: list[str], position: int) -> tuple[int, str]:
        """In() with the id of the state that a path names."""
        literal = next(
            (
                number
                for number in range(position + 1, min(position + 5, len(found)))
                if found[number][0] in "'\""
            ),
            None,
        )
        if literal is None:
            return 1, "In"
        node = trees.descend(self.tree.root, ast.literal_eval(found[literal]))
        if node is None:
            return 1, "In"
        before = "".join(found[position + 1 : literal])
        return literal + 1 - position, f"In{before}{self.ids[node]!r}"

    def value(
        self, value: Json, path: str, params: Mapping[str, str] | None = None
    ) -> Json:
        """A value with its expressions translated."""
        if isinstance(value, list):
            return [self.value(item, path, params) for item in value]
        if not isinstance(value, dict) or "literal" in value:
            return value
        if "expr" in value:
            return {**value, "expr": self.expression(value["expr"], path, params)}
        return {key: self.value(item, path, params) for key, item in value.items()}

    def location(
        self, text: str, path: str, params: Mapping[str, str] | None = None
    ) -> str:
        """A path with the expressions in its brackets translated."""
        result = ""
        for step in parse_path(text):
            if isinstance(step, str):
                result += f".{step}" if result else step
            else:
                result += f"[{self.expression(step[1], path, params)}]"
        return result


class SameDialect(Dialect):
    """For documents that have SCXML's expressions already."""

    def expression(
        self, source: str, path: str, params: Mapping[str, str] | None = None
    ) -> str:
        return source

    def location(
        self, text: str, path: str, params: Mapping[str, str] | None = None
    ) -> str:
        return text
