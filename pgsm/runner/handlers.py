"""Handlers of effects by name, and how a handler fails on purpose."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from .inputs import Decode, decoder

Function = TypeVar("Function", bound=Callable[..., Any])


class RetryAfter(Exception):
    """Raised by a handler: try again after so many seconds, not after the policy's.

    None leaves the time to the policy.  `code` and `data` are kept with the error.
    """

    def __init__(
        self,
        seconds: float | None = None,
        message: str = "",
        *,
        code: str | None = None,
        data: Any = None,
    ) -> None:
        when = "" if seconds is None else f" after {seconds:g} s"
        super().__init__(message or f"to be tried again{when}")
        self.seconds = seconds
        self.code = code
        self.data = data


class PermanentFailure(Exception):
    """Raised by a handler: trying again is of no use.

    `code` and `data` come to the machine with the error.
    """

    def __init__(
        self, message: str, *, code: str | None = None, data: Any = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


class DuplicateHandlerError(Exception):
    """Two handlers have the same name."""


@dataclass(frozen=True)
class Handler:
    """A function for the effects of one name.

    `concurrency` is how many run at once in this process (None: as many as the runner
    may); `timeout` the seconds an attempt may take where the machine does not say less.
    """

    name: str
    function: Callable[..., Any]
    concurrency: int | None = None
    timeout: float | None = None

    @property
    def is_async(self) -> bool:
        function: Any = self.function
        return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
            type(function).__call__
        )

    @cached_property
    def decode(self) -> Decode | None:
        """What makes the function's input of JSON text; None: it takes any JSON.

        Raises BadHintError where the hint is of no use.
        """
        return decoder(self.function)


class Registry:
    """A set of handlers, one for each name."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}

    def handler(
        self,
        name: str,
        *,
        concurrency: int | None = None,
        timeout: float | None = None,
    ) -> Callable[[Function], Function]:
        """A decorator that registers `function(effect, input)` and leaves it as it is.

        The input is checked against its type hint, if it has one.  What the function
        returns is the effect's output.  Raises TypeError for a generator function.
        """
        if concurrency is not None and concurrency < 1:
            raise ValueError(f"concurrency of {name!r} must be at least 1")

        def register(function: Function) -> Function:
            self._add(Handler(name, function, concurrency, timeout))
            return function

        return register

    def _add(self, handler: Handler) -> None:
        function = handler.function
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(
            function
        ):
            raise TypeError(
                f'the handler of "{handler.name}", {_place(function)}, yields: what a'
                " handler returns is its effect's output"
            )
        other = self._handlers.get(handler.name)
        if other is not None:
            raise DuplicateHandlerError(
                f'effect "{handler.name}" has two handlers:'
                f" {_place(other.function)} and {_place(handler.function)}"
            )
        self._handlers[handler.name] = handler

    def check(self) -> None:
        """Raises BadHintError for the first handler whose hint is of no use."""
        for handler in self._handlers.values():
            _ = handler.decode

    def __getitem__(self, name: str) -> Handler:
        return self._handlers[name]

    def __contains__(self, name: str) -> bool:
        return name in self._handlers

    def __len__(self) -> int:
        return len(self._handlers)

    @property
    def names(self) -> list[str]:
        return sorted(self._handlers)


default_registry = Registry()


def _place(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{getattr(function, '__qualname__', function)}"
