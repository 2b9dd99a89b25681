"""What passes between runner and database: claimed effects and how they ended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from . import wire

LONGEST_MESSAGE = 10_000


@dataclass(frozen=True)
class Claim:
    """A row of `pgsm.claim_effects`; times are the database's clock.

    `input_text` is the input's JSON text, whose numbers are exact.
    """

    instance_id: str
    effect_id: str
    name: str
    kind: str
    state: str | None
    invoke_id: str | None
    machine: str
    version: int
    tenant: str | None
    key: str
    input_text: str
    progress: Any
    attempt: int
    attempts: int
    lease_token: UUID
    claimed_at: datetime
    lease_until: datetime
    deadline_at: datetime | None
    timeout: timedelta | None
    due_at: datetime
    trace: str | None

    @cached_property
    def input(self) -> Any:
        return json.loads(self.input_text)

    def lease(self) -> dict[str, Any]:
        """What proves the claim, for the functions that take leases."""
        return {
            "instance_id": self.instance_id,
            "effect_id": self.effect_id,
            "lease_token": str(self.lease_token),
        }

    def log_fields(self) -> dict[str, Any]:
        return {
            "instance": self.instance_id,
            "effect": self.effect_id,
            "name": self.name,
            "attempt": self.attempt,
        }

    def seconds_allowed(self, handler_timeout: float | None) -> float | None:
        """How long this attempt may take: the least of timeouts and deadline."""
        limits = [handler_timeout] if handler_timeout is not None else []
        if self.timeout is not None:
            limits.append(self.timeout.total_seconds())
        if self.deadline_at is not None:
            limits.append((self.deadline_at - self.claimed_at).total_seconds())
        return min(limits, default=None)


@dataclass(frozen=True)
class Done:
    """A handler has returned; `output` is its result as JSON text."""

    output: str


@dataclass(frozen=True)
class Completion:
    """What is told of an effect that is done; `trace` goes on to what follows."""

    claim: Claim
    output: str
    trace: str | None = None

    def text(self) -> str:
        """As JSON, in which the output is as it was written."""
        fields: dict[str, Any] = self.claim.lease()
        if self.trace is not None:
            fields["trace"] = self.trace
        return f'{json.dumps(fields)[:-1]}, "output": {self.output}}}'


@dataclass(frozen=True)
class Failed:
    """A handler has raised, or its time was over."""

    type: str
    message: str
    code: str | None = None
    data: Any = None
    permanent: bool = False
    retry_after: timedelta | None = None

    def error(self) -> str:
        """The error as JSON text, with `data` left out where it is not JSON."""
        error = {"type": self.type, "message": _storable(self.message)}
        if self.code is not None:
            error["code"] = _storable(str(self.code))
        try:
            return wire.dumps({**error, "data": self.data})
        except Exception:
            # an error that cannot be told would be an effect without an end
            return wire.dumps(error)


def _storable(text: str) -> str:
    """What a jsonb string can hold of it; file names have halves of characters."""
    text = text[:LONGEST_MESSAGE].replace("\0", "�")
    return text.encode("utf-8", "replace").decode()


Outcome = Done | Failed
