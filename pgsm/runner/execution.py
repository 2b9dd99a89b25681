"""Running one handler: in the event loop or in a thread, within its time."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from . import log, tracing, wire
from .claims import Claim, Done, Failed, Outcome
from .effect import Effect
from .handlers import Handler, PermanentFailure, RetryAfter
from .inputs import InvalidInputError

# How long a cancelled handler may take to end before its failure is told.
CANCEL_SECONDS = 2.0


@dataclass(eq=False)
class Held:
    """An effect that this runner has leased and has not yet answered for."""

    claim: Claim
    effect: Effect
    handler: Handler
    work: asyncio.Future[Any] | None = None
    dropped: bool = False  # lease lost or given back: no answer is to be sent
    answered: bool = False  # the outcome is being recorded
    busy: int = field(default=0)  # how often the instance was locked by others
    trace: str | None = None  # the traceparent of what follows from it

    def __post_init__(self) -> None:
        self.trace = self.claim.trace

    def cancel(self) -> None:
        """Ask the handler to stop; an async one is cancelled where it waits."""
        self.ask_to_stop()
        if self.handler.is_async and self.work is not None:
            self.work.cancel()

    def ask_to_stop(self) -> None:
        self.effect._cancelled = True


async def run(held: Held, answer: Callable[[Held, Outcome], None]) -> None:
    """Run the handler and `answer` once.

    Returns when the handler has really ended: a thread that overran its time still
    takes a place.
    """
    try:
        value = _input(held)
    except InvalidInputError as problem:
        # it was written with its effect: it would be the same again
        message = f"not an input of this handler: {problem}"
        answer(held, Failed("invalid_input", message, permanent=True))
        return
    with tracing.span(held.claim) as span:
        held.trace = held.effect.trace = span.traceparent
        work = held.work = _start(held.handler, held.effect, value)
    work.add_done_callback(span.end)
    seconds = held.claim.seconds_allowed(held.handler.timeout)
    await asyncio.wait({work}, timeout=seconds)
    if not work.done():
        held.cancel()
        await asyncio.wait({work}, timeout=CANCEL_SECONDS)
        answer(held, Failed("timeout", f"not done within {seconds:g} s"))
        await asyncio.wait({work})
        _retrieve(work)
    else:
        answer(held, _outcome(held, work))


def _input(held: Held) -> Any:
    decode = held.handler.decode
    return decode(held.claim.input_text) if decode else held.claim.input


class Raised(Exception):
    """What a handler raised that a future does not take, or the loop would end by."""

    def __init__(self, original: BaseException) -> None:
        super().__init__(type(original).__name__)
        self.original = original


def _start(handler: Handler, effect: Effect, value: Any) -> asyncio.Future[Any]:
    if handler.is_async:
        return asyncio.ensure_future(_awaited(handler, effect, value))
    return _in_thread(lambda: handler.function(effect, value), handler.name)


async def _awaited(handler: Handler, effect: Effect, value: Any) -> Any:
    try:
        return await handler.function(effect, value)
    except asyncio.CancelledError:
        raise
    except BaseException as raised:
        raise _settable(raised) from None


def _in_thread(function: Callable[[], Any], name: str) -> asyncio.Future[Any]:
    """The future result of a call in a daemon thread.

    Not an executor's: those are joined when the process ends, and a handler that
    hangs must not keep a runner alive that was told to stop.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()
    context = contextvars.copy_context()

    def settle(setter: Callable[[Any], None], value: Any) -> None:
        if not future.done():
            setter(value)

    def target() -> None:
        setter: Callable[[Any], None] = future.set_result
        try:
            value = context.run(function)
        except BaseException as raised:
            # a future refuses StopIteration, and a SystemExit would end no one
            setter, value = future.set_exception, _settable(raised)
        # the loop is closed where the runner stopped without waiting for us
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, setter, value)

    threading.Thread(target=target, name=f"effect {name}", daemon=True).start()
    return future


def _settable(raised: BaseException) -> BaseException:
    if isinstance(raised, Exception) and not isinstance(raised, StopIteration):
        return raised
    return Raised(raised)


def _retrieve(work: asyncio.Future[Any]) -> None:
    """Take the exception of a handler that nobody waits for, so that none is logged."""
    if not work.cancelled():
        work.exception()


def _outcome(held: Held, work: asyncio.Future[Any]) -> Outcome:
    if work.cancelled():
        return Failed("cancelled", "the handler was cancelled")
    raised = work.exception()
    if raised is not None:
        return _failure(held, raised)
    result = work.result()
    if inspect.iscoroutine(result):
        result.close()  # else it would say that it was never awaited
    try:
        return Done(wire.dumps(result))
    except Exception as problem:  # a model's own code may raise anything
        # The work is done; doing it again would return the same thing.
        message = f"the handler's result is not JSON: {_text(problem)}"
        return Failed("invalid_output", message, permanent=True)


def _wait(raised: RetryAfter) -> timedelta | None:
    if raised.seconds is None:
        return None
    return timedelta(seconds=max(0.0, raised.seconds))


def _text(raised: BaseException) -> str:
    try:
        return str(raised)
    except Exception:
        return f"a {type(raised).__name__} that has no text"


def _failure(held: Held, raised: BaseException) -> Failed:
    if isinstance(raised, Raised):
        raised = raised.original
    name = type(raised).__name__
    if isinstance(raised, PermanentFailure):
        return Failed(name, _text(raised), raised.code, raised.data, permanent=True)
    if isinstance(raised, RetryAfter):
        return Failed(
            name, _text(raised), raised.code, raised.data, retry_after=_wait(raised)
        )
    log.error("handler_raised", exc_info=raised, **held.claim.log_fields())
    return Failed(name, _text(raised))
