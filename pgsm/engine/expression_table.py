"""The table of functions of the expression language, and what their arguments are.

Each is pure and bounded, and takes the budget of work as its first argument.  The
first line of its docstring is its line in the reference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from . import exact
from .exact import Value
from .expression_values import EvaluationError, Work, kind

MANY = 255  # arguments


@dataclass(frozen=True)
class Function:
    """A function of the language: `call(work, *arguments)`."""

    name: str
    signature: str
    least: int  # arguments
    most: int
    call: Callable[..., Value]

    @property
    def summary(self) -> str:
        """Its line in the reference."""
        return (self.call.__doc__ or "").splitlines()[0]


FUNCTIONS: dict[str, Function] = {}
_Call = TypeVar("_Call", bound=Callable[..., Any])


def function(signature: str) -> Callable[[_Call], _Call]:
    """Put a function into the table, with the arity that its signature tells."""
    name, _, rest = signature.rstrip(")").partition("(")
    parameters = [p.strip() for p in rest.split(",")]
    required = [p for p in parameters if p != "…" and "=" not in p]
    most = MANY if "…" in parameters else len(parameters)

    def register(call: _Call) -> _Call:
        FUNCTIONS[name] = Function(name, signature, len(required), most, call)
        return call

    return register


def refusal(name: str, wants: str, value: Value) -> EvaluationError:
    return EvaluationError(f"{name} takes {wants}, not {kind(value)}")


def list_of(name: str, value: Value, work: Work) -> list[Value]:
    if type(value) is not list:
        raise refusal(name, "a list", value)
    work.spend(len(value))
    return value


def object_of(name: str, value: Value, work: Work) -> dict[str, Value]:
    if type(value) is not dict:
        raise refusal(name, "an object", value)
    work.spend(len(value))
    return value


def text_of(name: str, value: Value, work: Work) -> str:
    if type(value) is not str:
        raise refusal(name, "a text", value)
    work.spend(len(value) >> 4)
    return value


def number_of(name: str, value: Value, work: Work) -> Any:
    if type(value) is int:
        return value
    if type(value) is not Decimal:
        raise refusal(name, "a number", value)
    work.spend(exact.digits(value) >> 2)
    return value
