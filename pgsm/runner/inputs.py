"""A handler's input, checked against the type hint of its second parameter."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec

Decode = Callable[[str], Any]


class BadHintError(Exception):
    """A handler's input has a type hint that cannot be checked."""


class InvalidInputError(Exception):
    """An effect's input is not what its handler takes."""


def decoder(function: Callable[..., Any]) -> Decode | None:
    """A function from JSON text to the hinted type; None where any JSON is right.

    Raises BadHintError.
    """
    hint = _hint(function)
    if hint in (Any, object):
        return None
    try:
        decode = msgspec.json.Decoder(hint, dec_hook=_other).decode
    except TypeError as problem:
        raise BadHintError(f"{_name(function)}: {problem}") from problem

    def decode_input(text: str) -> Any:
        try:
            return decode(text)
        except msgspec.ValidationError as problem:
            raise InvalidInputError(str(problem)) from problem
        except Exception as problem:  # of a type's own code
            message = f"{type(problem).__name__}: {problem}"
            raise InvalidInputError(message) from problem

    return decode_input


def _hint(function: Callable[..., Any]) -> Any:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:
        return Any  # a built-in function
    if len(parameters) < 2 or parameters[1].annotation is inspect.Parameter.empty:
        return Any
    names = getattr(inspect.unwrap(function), "__globals__", {})
    # only this one: others may be known to type checkers alone
    hinted = SimpleNamespace(__annotations__={"input": parameters[1].annotation})
    try:
        return typing.get_type_hints(hinted, names, include_extras=True)["input"]
    except Exception as problem:
        message = f"{_name(function)}: the hint of its input: {problem}"
        raise BadHintError(message) from problem


def _other(wanted: type, value: Any) -> Any:
    if hasattr(wanted, "model_validate"):
        # raises a ValueError, which has a path of its own
        return wanted.model_validate(value)
    raise TypeError(f"{wanted} cannot be made of JSON")


def _name(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{getattr(function, '__qualname__', function)}"
