"""Definitions from files: JSON, and YAML 1.2 (in which `on:` is a text)."""

from __future__ import annotations

import re
import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from pgsm.engine import exact
from pgsm.engine.definition_input import MAX_CHARACTERS, read_text
from pgsm.engine.definition_problems import quote

from .common import FormatError, Problem

MAX_NODES = 500_000  # values of a YAML document, those behind aliases counted again

_TAG = "tag:yaml.org,2002:"
_WHOLE = re.compile(r"[-+]?[0-9]+")


def read_definition(path: str | Path) -> Any:
    """The value that a JSON or YAML file holds, "-" being standard input.

    Numbers are int or Decimal; `{"$include": …}` is what it names.  Raises FormatError:
    the file cannot be read, is neither, has a key twice, or includes what is not there.
    """
    from . import include

    return include.read(path).value


def read_file(path: str | Path) -> str:
    """The text of a file, "-" being standard input; raises FormatError."""
    try:
        data = sys.stdin.buffer.read() if str(path) == "-" else Path(path).read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        message = f"the file cannot be read: {error.strerror}"
        raise FormatError([Problem(str(path), "no_file", message)]) from None
    except UnicodeDecodeError as error:
        message = f"the file is not UTF-8 (at byte {error.start + 1})"
        raise FormatError([Problem(str(path), "not_utf8", message)]) from None
    return text


def is_yaml(path: str | Path, text: str) -> bool:
    """Whether a text is to be read as YAML: by the file's name, else by its looks."""
    suffix = Path(path).suffix.lower()
    if suffix in (".yaml", ".yml"):
        return True
    return suffix != ".json" and not text.lstrip().startswith(("{", "["))


# ---------------------------------------------------------------------- YAML, read


def read_yaml(text: str) -> Any:
    """The value of a YAML 1.2 text, numbers exact; raises FormatError.

    Keys are taken as they are written (`1000: late`), dates are texts.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    if len(text) > MAX_CHARACTERS:
        message = f"the document has {len(text)} characters"
        hint = f"{MAX_CHARACTERS} are allowed"
        raise FormatError([Problem("$", "too_large", message, hint)])
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except YAMLError as error:
        raise FormatError([_not_yaml(error)]) from None
    except RecursionError:
        message = "the document is nested too deeply"
        raise FormatError([Problem("$", "bad_yaml", message)]) from None
    reader = _Reader()
    value = reader.value(node, ()) if node is not None else None
    if not reader.problems:
        _, reader.problems = _as_json(value)
    if reader.problems:
        raise FormatError(reader.problems)
    return value


def _as_json(value: Any) -> tuple[Any, list[Problem]]:
    """What JSON has against the value: characters and numbers out of its range."""
    try:
        return read_text(exact.dumps(value))
    except ValueError as error:
        return None, [Problem("$", "bad_yaml", str(error))]


def _not_yaml(error: Exception) -> Problem:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error).partition("\n")[0]
    place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
    return Problem("$", "bad_yaml", f"the text is not YAML: {what}{place}")


class _Reader:
    """Makes values of YAML nodes, and takes down what JSON cannot hold."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.nodes = 0

    def value(self, node: Any, path: tuple[str | int, ...]) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES or len(path) > exact.MAX_DEPTH:
            if not self.problems or self.problems[-1].code != "too_large":
                self._problem(node, (), "too_large", "the document is too large")
            return None
        if node.id == "scalar":
            return self._scalar(node, path)
        if node.tag not in (_TAG + "map", _TAG + "seq"):
            message = f"the tag {node.tag.replace(_TAG, '!!')} has no place in JSON"
            self._problem(node, path, "bad_yaml", message)
            return None
        if node.id == "mapping":
            return self._mapping(node, path)
        return [self.value(item, (*path, n)) for n, item in enumerate(node.value)]

    def _mapping(self, node: Any, path: tuple[str | int, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, item in node.value:
            if key.id != "scalar":
                self._problem(key, path, "bad_yaml", "a key must be a text")
                continue
            place = (*path, key.value)
            if key.value in found:
                message = f"the key {quote(key.value)} stands twice"
                self._problem(key, place, "bad_yaml", message)
            found[key.value] = self.value(item, place)
        return found

    def _scalar(self, node: Any, path: tuple[str | int, ...]) -> Any:
        text, kind = node.value, node.tag.removeprefix(_TAG)
        if kind in ("str", "timestamp") or (kind in ("int", "float") and "_" in text):
            return text
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        try:
            if kind == "int":
                return int(text) if _WHOLE.fullmatch(text) else int(text, 0)
            if kind == "float" and (number := Decimal(text)).is_finite():
                return number
        except (ValueError, InvalidOperation):
            pass
        message = f"{quote(text)} is no number, text, boolean or null of JSON"
        self._problem(node, path, "bad_yaml", message)
        return None

    def _problem(
        self, node: Any, path: tuple[str | int, ...], code: str, message: str
    ) -> None:
        message += f" (line {node.start_mark.line + 1})"
        self.problems.append(Problem(exact.json_path(path), code, message))


# --------------------------------------------------------------------- YAML, written


def to_yaml(value: Any) -> str:
    """The YAML 1.2 text of a JSON value, keys in their order, numbers exact."""
    from io import StringIO

    from ruamel.yaml import YAML
    from ruamel.yaml.representer import RoundTripRepresenter

    class Representer(RoundTripRepresenter):
        pass

    def number(representer: Any, data: Decimal) -> Any:
        return representer.represent_scalar(_TAG + "float", exact.number_text(data))

    def null(representer: Any, data: None) -> Any:
        return representer.represent_scalar(_TAG + "null", "null")

    Representer.add_representer(Decimal, number)
    Representer.add_representer(type(None), null)
    yaml = YAML(pure=True)
    yaml.Representer = Representer
    yaml.width = 88
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    yaml.dump(_unshared(value), out)
    return out.getvalue()


def _unshared(value: Any) -> Any:
    """A copy in which nothing stands twice, so that YAML needs no anchors."""
    if isinstance(value, dict):
        return {key: _unshared(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unshared(item) for item in value]
    return value
