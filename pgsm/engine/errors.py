"""What can go wrong in a step: errors of the user's document, and refusals."""

from __future__ import annotations

from typing import Any

# The SQLSTATEs that the interpreter itself returns; pgsm.errors has them all.
EVENT_FAILED = "SM102"
NEVER_SETTLES = "SM103"
BAD_EVENT = "SM104"
BAD_RESULT = "SM105"
BAD_INPUT = "SM114"
BAD_DELAY = "SM201"


class StepError(Exception):
    """An error in a guard, value or action; undoes its block."""

    def __init__(
        self,
        message: str,
        path: str,
        code: str | None = None,
        send_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.code = code
        self.send_id = send_id


class Refusal(Exception):
    """The whole event is refused: nothing has changed.

    Returned to the shell as data, which raises it with its SQLSTATE.
    """

    def __init__(self, code: str, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.facts = facts

    def as_json(self) -> dict[str, Any]:
        """``{"code", "message", "detail", "hint"}``."""
        return {"code": self.code, "message": self.message, **self.facts}


class Question(Exception):
    """The step needs an answer of the database before it can go on."""

    def __init__(self, **question: Any) -> None:
        super().__init__(question["kind"])
        self.question = question
