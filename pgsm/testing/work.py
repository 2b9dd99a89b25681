"""Effects of a world: attempts, answers, failures, and the events of these."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from . import outcomes
from .errors import Refused
from .host import SYSTEM, Host
from .rows import Effect, Timer
from .writing import Cause, effect_source, later

Json = Any


class Work:
    """The outbox of a world."""

    def __init__(self, host: Host, keep_failures: bool) -> None:
        self.host = host
        self.store = host.store
        self.keep_failures = keep_failures
        self.handlers: dict[str, Any] = {}

    # -- attempts --------------------------------------------------------------------

    def claim(self, effect: Effect) -> Effect:
        """The effect with an attempt begun."""
        return self.store.put_effect(
            replace(effect, status="running", attempt=effect.attempt + 1, ends=None)
        )

    def attempt(self, effect: Effect) -> None:
        """Let the fake handler try."""
        running = self.claim(effect)
        ends = outcomes.run(self.handlers[effect.name], running)
        now = self.store.clock
        finish = later(now, ends.pop("after"))
        limit = self._limit(running)
        if limit is not None and limit < finish:
            seconds = (limit - now).total_seconds()
            error = {"type": "timeout", "message": f"not done within {seconds:g} s"}
            ends, finish = {"error": error}, limit
        # the handler may have moved its own instance
        running = self.current(running)
        if finish > now:
            self.store.put_effect(replace(running, ends=ends, due_at=finish))
        else:
            self.finish(running, ends)

    def _limit(self, effect: Effect) -> datetime | None:
        """When an attempt that begins now has taken too long."""
        timeout = effect.policy.get("timeout")
        limits = [effect.deadline_at]
        if timeout is not None:
            limits.append(later(self.store.clock, timeout))
        return min((limit for limit in limits if limit is not None), default=None)

    def finish(self, effect: Effect, ends: Json) -> None:
        """An attempt is over."""
        effect = replace(effect, ends=None)
        if "error" not in ends:
            self.succeed(effect, ends["output"])
            return
        seconds = ends.get("retry_after")
        wait = None if seconds is None else timedelta(seconds=float(seconds))
        self.fail(effect, ends["error"], bool(ends.get("permanent")), wait)

    def current(self, effect: Effect) -> Effect:
        return self.store.effects[effect.instance_id, effect.effect_id]

    # -- answers ---------------------------------------------------------------------

    def succeed(self, effect: Effect, output: Json) -> None:
        """Keep an output and deliver its event."""
        late = self._is_late(effect)
        ended = self.store.put_effect(
            replace(
                effect,
                status="late" if late else "succeeded",
                output=output,
                error=None,
                finished_at=self.store.clock,
            )
        )
        if late:
            self._deliver_late(ended, "output", output)
        else:
            self.deliver_output(ended)

    def deliver_output(self, effect: Effect) -> None:
        """Send a succeeded effect's event: done.invoke.<id>, or an action's reply."""
        event = effect.reply
        if effect.kind == "invoke":
            event = f"done.invoke.{effect.invoke_id}"
        if event is None:
            return
        try:
            self._deliver(effect, event, {"output": effect.output})
        except Refused as refusal:
            if not self.keep_failures:
                raise
            error = {
                "type": "refused",
                "message": refusal.message,
                "code": refusal.sqlstate,
                "detail": refusal.detail,
                "attempts": effect.attempt,
            }
            self.store.put_effect(replace(effect, status="failed", error=error))

    def _deliver_late(self, effect: Effect, what: str, answer: Json) -> None:
        """Tell of an answer that nobody waits for, where the policy asks for that.

        Once it has been taken the effect is over; else it stays late, to be seen.
        """
        if effect.kind != "invoke" or effect.policy.get("late") != "deliver":
            return
        try:
            told = self._deliver(effect, f"late.{effect.invoke_id}", {what: answer})
        except Refused as refusal:
            if not self.keep_failures:
                raise
            fact = {"message": refusal.message, "code": refusal.sqlstate}
            error = {**(effect.error or {}), "refused": fact}
            self.store.put_effect(replace(effect, status="late", error=error))
            return
        status = "late"
        if told in ("taken", "held", "deferred"):
            status = "succeeded" if what == "output" else "cancelled"
        self.store.put_effect(replace(self.current(effect), status=status))

    # -- failures --------------------------------------------------------------------

    def fail(
        self, effect: Effect, error: Json, permanent: bool, wait: timedelta | None
    ) -> None:
        """An attempt has failed: try again later, or end in failure."""
        now = self.store.clock
        error = outcomes.full_error(error, permanent, effect.attempt)
        if wait is None:
            wait = outcomes.retry_delay(effect.policy, max(effect.attempt, 1))
        due = now + max(wait, timedelta())
        if self._is_late(effect):
            ended = replace(effect, status="cancelled", error=error, finished_at=now)
            self._deliver_late(self.store.put_effect(ended), "error", error)
        elif (
            permanent
            or effect.attempt >= effect.attempts
            or (effect.deadline_at is not None and due >= effect.deadline_at)
        ):
            self._end(effect, error)
        else:
            self.store.put_effect(
                replace(effect, status="retrying", error=error, due_at=due)
            )

    def retry(self, effect: Effect) -> None:
        """Begin anew; or deliver an output again that the machine had refused."""
        now, within = self.store.clock, effect.policy.get("within")
        if effect.output is not None and (effect.error or {}).get("type") == "refused":
            again = replace(effect, status="succeeded", error=None)
            self.deliver_output(self.store.put_effect(again))
            return
        failed = effect.status == "failed"
        self.store.put_effect(
            replace(
                effect,
                status="pending" if failed else effect.status,
                attempt=0 if failed else effect.attempt,
                due_at=now,
                deadline_at=None if within is None else later(now, within),
                finished_at=None,
            )
        )

    def expire(self, effect: Effect) -> None:
        """The deadline of all attempts is over before the next one."""
        error = {"type": "deadline", "message": "not done before its deadline"}
        self.fail(effect, error, True, None)

    def _end(self, effect: Effect, error: dict[str, Json]) -> None:
        ended = self.store.put_effect(
            replace(effect, status="failed", error=error, finished_at=self.store.clock)
        )
        if effect.kind != "invoke":
            return
        event = f"error.invoke.{effect.invoke_id}"
        try:
            if self._deliver(ended, event, {"error": error}) == "taken":
                error = {**error, "handled": True}
        except Refused as refusal:
            if not self.keep_failures:
                raise
            fact = {"message": refusal.message, "code": refusal.sqlstate}
            error = {**error, "refused": fact}
        self.store.put_effect(replace(self.current(ended), error=error))

    def _is_late(self, effect: Effect) -> bool:
        row = self.store.rows.get(effect.instance_id)
        gone = row is None or not row.alive
        return effect.cancel_requested or (effect.kind == "invoke" and gone)

    # -- events ----------------------------------------------------------------------

    def _deliver(self, effect: Effect, event: str, facts: dict[str, Json]) -> str:
        """The outcome of an effect's event; dropped where its instance has ended."""
        facts["source"] = effect_source(effect)
        row = self.store.rows.get(effect.instance_id)
        if row is None or not row.alive:
            return "dropped"
        if row.status == "paused":
            self._hold(effect, event, facts)
            return "held"
        cause = Cause("effect", event, {}, self.store.clock, SYSTEM, facts)
        with self.store.atomic():
            _row, outcome, _details = self.host.take(row, cause)
        return outcome

    def _hold(self, effect: Effect, event: str, facts: dict[str, Json]) -> None:
        """A paused instance gets the event when it is resumed."""
        self.store.put_timer(
            Timer(
                instance_id=effect.instance_id,
                timer_id=f"effect/{effect.effect_id}/{effect.attempt}",
                kind="message",
                event=event,
                data={},
                facts=facts,
                due_at=self.store.clock,
                armed_at=self.store.clock,
                order=self.store.next_order(),
            )
        )
