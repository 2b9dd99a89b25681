"""Where in the text of a JSON or YAML document the things at a JSON path stand."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pgsm.engine import exact

LARGEST = 2_000_000  # characters; making positions of more takes too long

Step = str | int

_STEP = re.compile(
    r'\.(?P<plain>[^.\[]+)|\[(?P<number>\d+)\]|\[(?P<quoted>"(?:[^"\\]|\\.)*")\]'
)


@dataclass(frozen=True)
class Place:
    """A path as the source has it, with its line and column from 1; 0 when unknown.

    `file` is that of an included part.
    """

    path: str
    line: int = 0
    column: int = 0
    file: str = ""


def steps_of(path: str) -> list[Step]:
    """The steps of a JSON path, as `exact.json_path` writes it."""
    return [
        int(match["number"])
        if match["number"]
        else str(json.loads(match["quoted"]))
        if match["quoted"]
        else match["plain"]
        for match in _STEP.finditer(path)
    ]


class Positions:
    """The places of a text; without any for one that is too large or no YAML."""

    def __init__(self, text: str, is_json: bool = True) -> None:
        self.lines = text.splitlines()
        # JSON is YAML but for its tabs, which are as wide
        self.root = _composed(text.replace("\t", " ") if is_json else text)

    def place(self, path: str) -> Place:
        """The place of a path of the document or of its normal form.

        The normal form has lists and objects where the document may have one thing:
        the deepest place that the document has is the place.
        """
        if self.root is None or not path.startswith("$"):
            return Place(path)
        node, mark, found = self.root, self.root.start_mark, []
        for step in steps_of(path):
            inner, at = _inside(node, step)
            if inner is not None:
                node, mark = inner, at
                found.append(step)
            elif isinstance(step, str) and node.id == "mapping":
                found = steps_of(path)  # the document has another name for it
                break
        return Place(exact.json_path(found), mark.line + 1, mark.column + 1)

    def text(self, place: Place) -> str:
        """The line of a place."""
        return self.line(place.line)

    def line(self, number: int) -> str:
        """A line of the text, from 1."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


def _composed(text: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    if len(text) > LARGEST:
        return None
    try:
        return YAML(typ="safe", pure=True).compose(text)
    except (YAMLError, RecursionError):
        return None


def _inside(node: Any, step: Step) -> tuple[Any, Any]:
    """What is in a node at a step, and where that begins."""
    if isinstance(step, int):
        items: Sequence[Any] = node.value if node.id == "sequence" else ()
        if step < len(items):
            return items[step], items[step].start_mark
    elif node.id == "mapping":
        for key, value in node.value:
            if key.value == step:
                return value, key.start_mark
    return None, None
