"""The expression language: a small, closed, side-effect-free part of Python.

A source is scanned (`expression_tokens`), parsed by Python, checked node by node
against what the language has, and rewritten: keys become subscripts, operators and
functions become calls of `expression_values` and `functions`, names become look-ups
in the scope.  The result is compiled once.  It runs without builtins and nothing in
it reads an attribute of a Python object.
"""

from __future__ import annotations

import ast
from collections.abc import Set
from dataclasses import dataclass, field
from functools import lru_cache

from . import expression_tokens as tokens
from .exact import Value
from .expression_compiler import (
    Compiler,
    Run,
    check_depth,
    function,
    is_variable,
)
from .expression_tokens import ExpressionError
from .expression_values import EvaluationError, Work

__all__ = [
    "EvaluationError",
    "Expression",
    "ExpressionError",
    "compile_expression",
    "is_variable",
]


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression: call it with a scope, a value for each of its names.

    The value may share parts with the scope: neither is to be changed.  Raises
    EvaluationError and nothing else.
    """

    source: str
    path: str
    names: frozenset[str]  # that it reads; "in_state" when it calls that
    paths: frozenset[tuple[str, ...]]  # ("context", "a", "b")
    states: frozenset[str]  # literal arguments of in_state
    allowed: frozenset[str] = field(repr=False, compare=False)
    data_by_name: bool = field(repr=False, compare=False)
    run: Run = field(repr=False, compare=False)
    works: bool = field(repr=False, compare=False)  # whether it needs a budget

    def __call__(self, scope: dict[str, Value]) -> Value:
        try:
            return self.run(scope, Work() if self.works else None)
        except EvaluationError:
            raise
        except Exception as error:
            return self._explain(scope, error)

    def _explain(self, scope: dict[str, Value], error: Exception) -> Value:
        """Evaluate again, with the names of places, to say what was missing."""
        if not isinstance(error, (LookupError, TypeError)):
            raise _unforeseen(error) from None
        try:
            run = _built(self.source, self.allowed, True, self.data_by_name).run
            return run(scope, Work())
        except EvaluationError:
            raise
        except Exception as second:
            raise _unforeseen(second) from None


def _unforeseen(error: Exception) -> EvaluationError:
    if isinstance(error, RecursionError):
        return EvaluationError("a value is nested too deeply")
    if isinstance(error, MemoryError):
        return EvaluationError("the expression uses too much memory")
    return EvaluationError(f"the expression failed: {type(error).__name__}: {error}")


def compile_expression(
    source: str, names: Set[str], path: str = "", data_by_name: bool = False
) -> Expression:
    """The compiled expression; ExpressionError for what is not of the language.

    `names` are those that it may read besides the functions; `path` is its place in
    the document, which an error carries along.  With `data_by_name` every other
    name reads the context, and In() is in_state(), as in SCXML.
    """
    allowed = frozenset(names)
    if not isinstance(source, str):
        raise ExpressionError("an expression is a text", path=path)
    try:
        built = _built(source, allowed, False, data_by_name)
    except ExpressionError as error:
        raise ExpressionError(error.message, error.offset, error.hint, path) from None
    return Expression(
        source=source,
        path=path,
        names=built.names,
        paths=built.paths,
        states=built.states,
        allowed=allowed,
        data_by_name=data_by_name,
        run=built.run,
        works=built.works,
    )


@dataclass(frozen=True, slots=True)
class _Built:
    run: Run
    works: bool
    names: frozenset[str]
    paths: frozenset[tuple[str, ...]]
    states: frozenset[str]


@lru_cache(maxsize=512)
def _built(
    source: str, names: frozenset[str], explain: bool, data_by_name: bool
) -> _Built:
    """What a source compiles to; with `explain`, errors name places at some cost."""
    scanned = tokens.scan(source)
    try:
        tree = _parsed(scanned)
        check_depth(tree, tokens.MAX_DEPTH)
        compiler = Compiler(scanned, names, explain, data_by_name)
        body = compiler.finished(compiler.visit(tree))
        run = function(body, compiler.constants)
    except (RecursionError, MemoryError, OverflowError):
        raise ExpressionError("the expression is nested too deeply") from None
    return _Built(
        run=run,
        works=compiler.works,
        names=frozenset(compiler.read),
        paths=compiler.paths,
        states=frozenset(compiler.states),
    )


def _parsed(scanned: tokens.Tokens) -> ast.expr:
    try:
        return ast.parse(scanned.text, mode="eval").body
    except SyntaxError as error:
        end = len(scanned.text)  # where Python's offset is 0
        offset = scanned.indent + ((error.offset or end + 1) - 1)
        message = f"syntax error: {_lowered(error.msg)}"
        raise ExpressionError(message, offset) from None
    except ValueError as error:
        raise ExpressionError(f"syntax error: {_lowered(str(error))}") from None


def _lowered(message: str) -> str:
    message = message.removeprefix("invalid syntax. ").strip()
    return message[:1].lower() + message[1:]
