"""Reads the text of an expression before Python's parser sees it.

Refuses what the language does not have, with a message of our own, and makes names
after a dot safe for the parser: `event.data.from` is a key, not a Python word.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

MAX_LENGTH = 10_000  # characters of an expression
MAX_DEPTH = 60  # levels of nesting
MAX_NUMBER = 1_000  # characters of one


class ExpressionError(ValueError):
    """A text is no expression of the language.

    `offset` counts characters from 0 in the source, where the place is known.
    """

    def __init__(
        self,
        message: str,
        offset: int | None = None,
        hint: str | None = None,
        path: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.hint = hint
        self.path = path


@dataclass(frozen=True)
class Tokens:
    """A text that is ready to be parsed, and the names in it as they were written.

    Positions are those of Python's syntax tree: bytes of `text` in UTF-8.
    """

    original: str
    text: str
    indent: int  # characters that were dropped at the beginning
    keys: dict[int, str] = field(default_factory=dict)  # by the end of the token
    names: dict[int, str] = field(default_factory=dict)  # by the start of the token

    def offset(self, position: int) -> int:
        """The character of the source at a byte of the text."""
        return self.indent + len(self.text.encode()[:position].decode())

    def source(self, node: ast.expr) -> str:
        """A node of the tree as written."""
        end = self.offset(node.end_col_offset or node.col_offset)
        return self.original[self.offset(node.col_offset) : end]


_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<triple>\"{3}|'{3})
  | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | (?P<number>(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9_]+)?)
  | (?P<name>[^\W\d]\w*)
  | (?P<refused>===|!==|:=|->|=>|\+=|-=|&&|\|\||<<|>>|\?\?|\?\.|\.\.\.|<>|\+\+)
  | (?P<operator>\*\*|//|==|!=|<=|>=|[-+*/%<>()\[\]{},:.])
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)

_HINTS = {
    "===": "== compares values of any type",
    "!==": "!= compares values of any type",
    "=": "== compares; nothing is assigned, and arguments have no names",
    ":=": "an expression changes nothing",
    "+=": "an expression changes nothing",
    "-=": "an expression changes nothing",
    "&&": "write: and",
    "&": "write: and",
    "||": "write: or",
    "|": "write: or",
    "!": "write: not",
    "??": "write: coalesce(a, b)",
    "?.": 'write: get(object, "key")',
    "?": "write: a if condition else b",
    "<>": "write: !=",
    "^": "write: **",
    ";": "an expression is one value",
    "#": "an expression has no comments",
    "`": "texts stand in double or single quotes",
}
_WORDS = frozenset({"and", "or", "not", "in", "is", "if", "else", "for"})
_CONSTANTS = frozenset({"True", "False", "None"})
_ESCAPE = re.compile(
    r"\\(?:[\\'\"nrtbf]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})"
)


def scan(source: str) -> Tokens:
    """The tokens of a source; ExpressionError for what is not of the language."""
    if len(source) > MAX_LENGTH:
        raise ExpressionError(f"the expression has more than {MAX_LENGTH} characters")
    if not source.strip():
        raise ExpressionError("the expression is empty")
    if any("\ud800" <= char <= "\udfff" for char in source):
        raise ExpressionError("half of a surrogate pair is not a character")
    indent = len(source) - len(source.lstrip())
    found = list(_TOKEN.finditer(source, indent))
    _check_brackets(found)
    result = Tokens(source, "", indent)
    pieces: list[str] = []
    position = 0
    for token, after_dot in _after_dots(found):
        piece = _rewritten(token, source, after_dot)
        start, position = position, position + len(piece.encode())
        if token.lastgroup == "name" and after_dot:
            result.keys[position] = token.group()
        elif token.lastgroup == "name":
            result.names[start] = token.group()
        pieces.append(piece)
    return replace(result, text="".join(pieces).rstrip())


def _check_brackets(tokens: list[re.Match[str]]) -> None:
    depth = 0
    for token in tokens:
        if token.lastgroup == "operator":
            depth += (token.group() in "([{") - (token.group() in ")]}")
        if depth > MAX_DEPTH:
            message = f"the expression is nested more than {MAX_DEPTH} levels deep"
            raise ExpressionError(message, token.start())


def _after_dots(tokens: list[re.Match[str]]) -> Iterator[tuple[re.Match[str], bool]]:
    """Each token, and whether the one before it, but for space, is a dot."""
    previous = ""
    for token in tokens:
        yield token, previous == "."
        if token.lastgroup != "space":
            previous = token.group()


def _rewritten(token: re.Match[str], source: str, after_dot: bool) -> str:
    """The token as Python's parser may see it; as many characters as before."""
    text, start = token.group(), token.start()
    following = source[token.end() : token.end() + 1]
    if token.lastgroup == "space":
        return " " * len(text)  # a new line has no meaning
    if token.lastgroup == "name":
        if after_dot and keyword.iskeyword(text):
            return "k" * len(text)
        _check_word(text, start, following, after_dot)
    elif token.lastgroup == "number":
        _check_number(text, start, following)
    elif token.lastgroup == "text":
        _check_escapes(text, start)
    elif token.lastgroup != "operator":
        _refuse(text, start)
    return text


def _check_word(text: str, start: int, following: str, after_dot: bool) -> None:
    if following in ("'", '"') and not after_dot and text not in _WORDS:
        message = f"a text cannot have the prefix {text}"
        hint = "join texts with +" if text.lower() in ("f", "fr", "rf") else None
        raise ExpressionError(message, start, hint)
    if text.startswith("__"):
        hint = None
        if after_dot:
            hint = f'["{text}"] reads a key with that name'
        raise ExpressionError(f'names cannot begin with "__": "{text}"', start, hint)
    if not after_dot and keyword.iskeyword(text) and text not in _WORDS | _CONSTANTS:
        raise ExpressionError(f'"{text}" is not part of the language', start)


def _check_number(text: str, start: int, following: str) -> None:
    if following == "_" or following.isalnum():
        message = f'"{text}{following}" is neither a number nor a name'
        raise ExpressionError(message, start)
    if len(text) > MAX_NUMBER:
        raise ExpressionError(f"a number has more than {MAX_NUMBER} characters", start)


def _check_escapes(text: str, start: int) -> None:
    position = text.find("\\")
    while position >= 0:
        escape = _ESCAPE.match(text, position)
        if not escape:
            message = f"a text has no escape {text[position : position + 2]}"
            hint = "a backslash is written twice"
            raise ExpressionError(message, start + position, hint)
        position = text.find("\\", escape.end())


def _refuse(text: str, start: int) -> None:
    if text in ('"', "'"):
        raise ExpressionError("a text is not closed", start)
    if len(text) == 3 and text[0] in "\"'":
        hint = "\\n stands for a new line"
        raise ExpressionError("a text has no triple quotes", start, hint)
    shown = text if text.isprintable() else ascii(text)[1:-1]
    message = f"{shown} is not part of the language"
    raise ExpressionError(message, start, _HINTS.get(text))
