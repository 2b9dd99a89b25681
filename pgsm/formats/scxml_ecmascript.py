"""Simple ECMAScript as Python-style expressions: operators and constants, not more.

What has no simple counterpart is left as it is and does not compile, so that an import
warns of it and an evaluation raises error.execution.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""
    (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<word>[A-Za-z_$][\w$]*)
    |(?P<number>[0-9][\w.]*)
    |(?P<operator>===|!==|==|!=|<=|>=|&&|\|\||\+\+|--|[-+*/%]=|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_WORDS = {"true": "True", "false": "False", "null": "None", "undefined": "None"}
_OPERATORS = {"===": "==", "!==": "!=", "&&": " and ", "||": " or "}
_OPENING = {"(": ")", "[": "]", "{": "}"}
_DECLARED = re.compile(r"^(?:var|let|const)\s+")
_COUNTED = re.compile(r"^([\w.$\[\]]+)\s*(\+\+|--)$")


def tokens(source: str) -> list[str]:
    """The tokens of a source, white space included."""
    return [match.group() for match in _TOKEN.finditer(source)]


def expression(source: str) -> str:
    """The expression in Python's words."""
    return _spaced("".join(_translated(tokens(source))))


def statements(source: str) -> str:
    """The assignments of a script as Python's, one a line."""
    parts: list[list[str]] = [[]]
    depth = 0
    for token in tokens(source):
        depth += (token in _OPENING) - (token in _OPENING.values())
        if token == ";" or (token == "\n" and not depth):
            parts.append([])
        else:
            parts[-1].append(token)
    lines = ("".join(part).strip() for part in parts)
    return "\n".join(_assignment(line) for line in lines if line)


def _assignment(line: str) -> str:
    line = _DECLARED.sub("", line)
    if counted := _COUNTED.match(line):
        return f"{counted[1]} {counted[2][0]}= 1"
    return expression(line)


def _translated(found: list[str]) -> list[str]:
    result: list[str] = []
    position = 0
    while position < len(found):
        token = found[position]
        after_dot = bool(result) and result[-1] == "."
        if token == "!":
            end = _end_of_operand(found, position + 1)
            operand = "".join(_translated(found[position + 1 : end])).strip()
            result.append(f"(not {operand})")
            position = end
            continue
        if after_dot and token == "length":
            result[-1:] = []
            start = _start_of_operand(result)
            result[start:] = [f"len({''.join(result[start:])})"]
        else:
            result.append(token if after_dot else _word(token))
        position += 1
    return result


def _word(token: str) -> str:
    return _WORDS.get(token) or _OPERATORS.get(token, token)


def _end_of_operand(found: list[str], start: int) -> int:
    """Where the operand that begins at `start` ends: a path, a call, a group."""
    position = start
    while position < len(found) and (
        found[position].isspace() or found[position] == "!"
    ):
        position += 1
    expect = True
    while position < len(found):
        token = found[position]
        if token in _OPENING and (expect or token != "{"):
            position = _closing(found, position)
            expect = False
        elif token == ".":
            expect = True
        elif expect and not token.isspace():
            expect = False
        else:
            break
        position += 1
    return position


def _closing(found: list[str], start: int) -> int:
    depth = 0
    for position in range(start, len(found)):
        depth += (found[position] in _OPENING) - (found[position] in _OPENING.values())
        if not depth:
            return position
    return len(found) - 1


def _start_of_operand(result: list[str]) -> int:
    """Where the path that ends a list of tokens begins."""
    position, depth = len(result), 0
    while position:
        token = result[position - 1]
        depth += (token in _OPENING.values()) - (token in _OPENING)
        word = token == "." or bool(re.fullmatch(r"[\w$]+", token))
        if depth < 0 or (not depth and not word and token not in _OPENING):
            break
        position -= 1
    return position


def _spaced(text: str) -> str:
    return re.sub(r"  +", " ", text) if "'" not in text and '"' not in text else text
