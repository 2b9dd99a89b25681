"""How fake handlers answer: at once, after some time, or another way each attempt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from . import durations
from .errors import PermanentFailure, RetryAfter, as_error
from .rows import Effect
from .store import plain

Json = Any


@dataclass(frozen=True)
class Takes:
    """An answer that takes time; until then the effect is running.

        world.effect("payment.charge", Takes("20 seconds", {"ok": True}))

    The outcome is an output, or an exception.  Where the policy's timeout is shorter,
    the attempt fails with the type timeout.
    """

    length: str
    outcome: Any = None


def by_attempt(*outcomes: Any) -> Callable[[Effect], Any]:
    """A handler that answers its first attempt with the first outcome, and so on.

        world.effect("payment.charge", by_attempt(OSError("down"), {"ok": True}))

    The last outcome stands for all later attempts.
    """

    def handle(effect: Effect) -> Any:
        return answer(outcomes[min(effect.attempt, len(outcomes)) - 1], effect)

    return handle


def answer(outcome: Any, effect: Effect) -> Any:
    """What a handler gives back: a function is called, an exception raised."""
    if isinstance(outcome, BaseException) or (
        isinstance(outcome, type) and issubclass(outcome, BaseException)
    ):
        raise outcome
    return outcome(effect) if callable(outcome) else outcome


def run(handler: Any, effect: Effect) -> dict[str, Json]:
    """How an attempt ends, in JSON.

    ``{"after": length, "output": …}``, or with ``error``, ``permanent`` and
    ``retry_after`` (seconds or null) in place of the output.  A failed assertion is
    the test's, and is let through.
    """
    length, outcome = "0", handler
    try:
        found = answer(outcome, effect)
        if isinstance(found, Takes):
            length = found.length
            found = answer(found.outcome, effect)
        return {"after": length, "output": plain(found)}
    except AssertionError:
        raise
    except Exception as raised:
        after = raised.seconds if isinstance(raised, RetryAfter) else None
        return {
            "after": length,
            "error": plain(as_error(raised)),
            "permanent": isinstance(raised, PermanentFailure),
            "retry_after": plain(after),
        }


def full_error(error: Json, permanent: bool, attempts: int) -> dict[str, Json]:
    """An error with all that error.invoke.<id> promises."""
    return {
        "type": "error",
        "message": "",
        "code": None,
        "data": None,
        **plain(as_error(error)),
        "permanent": permanent,
        "attempts": attempts,
    }


def retry_delay(policy: Any, attempt: int) -> timedelta:
    """How long an effect waits after a failed attempt: retry_delay without jitter.

    backoff times factor for each attempt before, at most max; by default 2 seconds, 3,
    15 minutes.
    """
    retry = policy.get("retry", {})
    first = durations.span(retry.get("backoff", "2 seconds"))
    longest = durations.span(retry.get("max", "15 minutes"))
    factor = min(Decimal(retry.get("factor", 3)), Decimal(100))
    times = factor ** min(attempt - 1, 100)
    seconds = min(Decimal(str(first.total_seconds())) * times, _seconds(longest))
    return timedelta(microseconds=int(seconds * 1_000_000))


def _seconds(length: timedelta) -> Decimal:
    return Decimal(str(length.total_seconds()))
