"""What a world raises, and what fake functions and handlers raise."""

from __future__ import annotations

from typing import Any

from pgsm.runner.handlers import PermanentFailure, RetryAfter

__all__ = [
    "FunctionError",
    "MissingFunction",
    "NotFound",
    "PermanentFailure",
    "Refused",
    "RetryAfter",
    "Unsettled",
]


class Refused(Exception):
    """A call is refused as the database refuses it; nothing has changed.

    `sqlstate` is the code of pgsm.errors (SM101, …); `detail` and `hint` are what psql
    would print under the message.
    """

    def __init__(
        self, sqlstate: str, message: str, detail: str = "", hint: str = ""
    ) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate
        self.message = message
        self.detail = detail
        self.hint = hint

    def __str__(self) -> str:
        return "\n".join(
            [f"{self.sqlstate}: {self.message}"]
            + ([f"DETAIL: {self.detail}"] if self.detail else [])
            + ([f"HINT: {self.hint}"] if self.hint else [])
        )


class FunctionError(Exception):
    """Raised by a fake SQL function: what `raise exception` is in the real one.

    The machine sees it as error.execution, with `code` as the SQLSTATE.  Any other
    exception of a fake is a fault of the test, undoes the call and comes out of it.
    """

    def __init__(self, message: str, code: str = "P0001") -> None:
        super().__init__(message)
        self.code = code


class MissingFunction(LookupError):
    """A machine calls a SQL function of which the world has no fake."""


class NotFound(LookupError):
    """There is no such effect that is open; the message lists those there are."""


class Unsettled(Exception):
    """Instances kept each other busy: one moment had more steps than `World.limit`."""


def as_error(raised: Any) -> dict[str, Any]:
    """A failure's error as a runner reports it: type, message, code, data."""
    if isinstance(raised, type) and issubclass(raised, BaseException):
        raised = raised()
    if isinstance(raised, (PermanentFailure, RetryAfter)):
        return {
            "type": type(raised).__name__,
            "message": str(raised),
            "code": raised.code,
            "data": raised.data,
        }
    if isinstance(raised, BaseException):
        return {"type": type(raised).__name__, "message": str(raised)}
    if isinstance(raised, dict):
        return raised
    return {"message": raised} if isinstance(raised, str) else {"data": raised}
