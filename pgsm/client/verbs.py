"""One definition of each verb for both clients: descriptors around statements."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload

from .statements import Statement

if TYPE_CHECKING:
    from .asynchronous import AsyncClient
    from .synchronous import Client

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Verb(Generic[Given, Result]):
    """A method of `Client` that runs the statement which a function builds."""

    def __init__(self, build: Callable[Given, Statement[Result]]) -> None:
        self.build = build
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, client: None, owner: Any) -> Verb[Given, Result]: ...
    @overload
    def __get__(self, client: Client, owner: Any) -> Callable[Given, Result]: ...
    def __get__(self, client: Client | None, owner: Any) -> Any:
        if client is None:
            return self

        @functools.wraps(self.build)
        def call(*args: Given.args, **kwargs: Given.kwargs) -> Result:
            return client.run(self.build(*args, **kwargs))

        return call


class AsyncVerb(Generic[Given, Result]):
    """The same of `AsyncClient`."""

    def __init__(self, build: Callable[Given, Statement[Result]]) -> None:
        self.build = build
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, client: None, owner: Any) -> AsyncVerb[Given, Result]: ...
    @overload
    def __get__(
        self, client: AsyncClient, owner: Any
    ) -> Callable[Given, Coroutine[Any, Any, Result]]: ...
    def __get__(self, client: AsyncClient | None, owner: Any) -> Any:
        if client is None:
            return self

        @functools.wraps(self.build)
        async def call(*args: Given.args, **kwargs: Given.kwargs) -> Result:
            return await client.run(self.build(*args, **kwargs))

        return call
