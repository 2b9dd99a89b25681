"""Writing a step's result into a world's rows, as write_step does in the database."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pgsm.engine import exact, values

from . import durations
from .errors import Refused
from .outcomes import full_error
from .rows import Effect, LogEntry, Row, Timer
from .store import Store

Json = Any
INCARNATION = "1"  # an id is never given twice in a world
EPOCH = "1"


@dataclass(frozen=True)
class Cause:
    """Why a step is taken: the event, and who sent it when."""

    origin: str
    event: str
    data: Json
    clock: datetime
    actor: Json = None
    facts: dict[str, Json] = field(default_factory=dict)
    event_id: str | None = None


def write_step(store: Store, row: Row, result: Json, cause: Cause) -> Row:
    """The instance at its next revision, with all that the step has asked for.

    The first steps of new children are not taken here.
    """
    new = store.put_row(_moved(row, result, cause))
    end_work(store, new, result)
    _forget_sends(store, new, result.get("cancel", ()))
    _write_timers(store, new, result)
    _write_messages(store, new, result)
    _write_effects(store, new, result)
    for instance_id in result.get("stops", ()):
        _write_stop(store, new, instance_id)
    if result.get("deferred"):
        _keep(store, new, cause)
    if result.get("release"):
        _release(store, new)
    if not new.alive:
        end_instance(store, new)
    return new


def _moved(row: Row, result: Json, cause: Cause) -> Row:
    states = array(result["states"]) if "states" in result else row.states
    secret = result.get("sensitive")
    entry = LogEntry(
        revision=row.revision + 1,
        at=cause.clock,
        origin=cause.origin,
        event=cause.event,
        data=values.without(cause.data, secret) if secret else cause.data,
        facts=values.without(cause.facts, secret) if secret else cause.facts,
        actor=cause.actor,
        source_states=row.states,
        target_states=states,
        transitions=tuple(result.get("transitions", ())),
        changes=result.get("changes"),
        notes=tuple(result.get("notes", ())),
        emitted=tuple(result.get("emitted", ())),
        answers=tuple(result.get("answers", ())),
    )
    status = result.get("status", row.status)
    return replace(
        row,
        revision=row.revision + 1,
        clock=cause.clock,
        states=states,
        value=result.get("value", row.value),
        tags=array(result["tags"]) if "tags" in result else row.tags,
        context=_text(result, "context", row.context),
        history=_text(result, "history", row.history),
        work=_text(result, "work", row.work),
        status=status,
        output=result.get("output", row.output),
        keys={**row.keys, **result.get("keys", {})},
        log=(*row.log, entry),
        finished_at=row.finished_at if status == row.status else cause.clock,
    )


def _text(result: Json, key: str, before: Any) -> Any:
    return exact.dumps(result[key]) if key in result else before


def array(text: str) -> tuple[str, ...]:
    """The items of a Postgres text array, all of which are quoted."""
    if text == "{}":
        return ()
    items = text[2:-2].split('","')
    return tuple(item.replace('\\"', '"').replace("\\\\", "\\") for item in items)


# -- what ends -----------------------------------------------------------------------


def end_work(store: Store, row: Row, result: Json) -> None:
    """End the timers and effects of left states, and what else has ended early."""
    exited = result.get("exited", ())
    rearmed = {(item["state"], item["delay"]) for item in result.get("rearmed", ())}
    for timer in store.timers_of(row.instance_id):
        if timer.kind == "after" and (
            timer.state in exited or (timer.state, timer.delay) in rearmed
        ):
            del store.timers[timer.instance_id, timer.timer_id]
    ended = result.get("cancelled", ())
    for effect in store.effects_of(row.instance_id):
        if effect.kind == "invoke" and (
            effect.state in exited or effect.invoke_id in ended
        ):
            ended_now = cancel(store, effect)
            if ended_now.status == "cancelled" != effect.status and row.alive:
                _tell_cancelled(store, ended_now)


def cancel(store: Store, effect: Effect) -> Effect:
    """A pending effect never runs; a running one's answer will be late."""
    if effect.status in ("pending", "retrying"):
        return store.put_effect(
            replace(effect, status="cancelled", finished_at=store.clock)
        )
    if effect.status == "running":
        return store.put_effect(replace(effect, cancel_requested=True))
    return effect


def _tell_cancelled(store: Store, effect: Effect) -> None:
    """Whoever asked for late answers gets one for what will never be answered."""
    if effect.policy.get("late") != "deliver":
        return
    why = {"type": "cancelled", "message": "cancelled before it was done"}
    facts = {
        "error": full_error({**why, "data": effect.error}, True, effect.attempt),
        "source": effect_source(effect),
    }
    store.put_timer(
        Timer(
            instance_id=effect.instance_id,
            timer_id=f"late/{effect.effect_id}",
            kind="message",
            event=f"late.{effect.invoke_id}",
            data={},
            facts=facts,
            due_at=store.clock,
            armed_at=store.clock,
            order=store.next_order(),
        )
    )


def effect_source(effect: Effect) -> dict[str, Json]:
    """Where an answer comes from, as `event.source` tells."""
    source = {
        "effect": effect.effect_id,
        "invoke": effect.invoke_id,
        "state": effect.state,
        "name": effect.name,
        "item": effect.item,
    }
    return {key: value for key, value in source.items() if value is not None}


def _forget_sends(store: Store, row: Row, send_ids: Any) -> None:
    for key, timer in list(store.timers.items()):
        own = timer.kind == "send" and timer.instance_id == row.instance_id
        sent = timer.kind == "message" and timer.sender == row.instance_id
        if timer.send_id in send_ids and (own or sent):
            del store.timers[key]


NEVER_TAKEN = {
    "code": "SM110",
    "message": "the instance ended before it took the event",
}


def end_instance(store: Store, row: Row) -> None:
    """Nothing of its own can reach an ended instance.

    What others have sent stays: it is found undeliverable.  What it has sent itself
    does, too, but for delayed messages of SCXML documents, which carry a state.
    """
    for key, timer in list(store.timers.items()):
        mine = timer.kind == "message" and timer.sender == row.instance_id
        if mine and timer.state is not None and timer.due_at > row.clock:
            del store.timers[key]
    for timer in store.timers_of(row.instance_id):
        key = timer.instance_id, timer.timer_id
        if timer.kind in ("after", "send"):
            del store.timers[key]
        elif timer.status == "deferred":
            store.timers[key] = replace(
                timer, status="undeliverable", last_error=dict(NEVER_TAKEN)
            )
    for effect in store.effects_of(row.instance_id):
        if effect.kind == "invoke":
            cancel(store, effect)


# -- what begins -----------------------------------------------------------------------


def due_at(clock: datetime, due: Json, zone: str, start: str | None = None) -> datetime:
    """When something falls due that was asked for at `clock`; never before that."""
    try:
        if "at" in due:
            return max(durations.read_time(due["at"], zone), clock)
        begin = durations.read_time(start) if start else clock
        return max(durations.add(begin, due["in"], zone), clock)
    except ValueError:
        message = f'"{due.get("in", due.get("at"))}" is no delay'
        hint = 'use milliseconds, an interval such as "10 minutes", or {"at": a time}'
        raise Refused("SM201", message, hint=hint) from None


def _write_timers(store: Store, row: Row, result: Json) -> None:
    zone = result.get("zone", "UTC")
    for ordinal, item in enumerate(result.get("timers", ()), 1):
        store.put_timer(
            Timer(
                instance_id=row.instance_id,
                timer_id=f"{row.revision}/{ordinal}",
                kind=item["kind"],
                event=item["event"],
                data=item.get("data", {}),
                facts={"id": item["send_id"]} if item.get("send_id") else {},
                due_at=due_at(row.clock, item["due"], zone, item.get("from")),
                armed_at=row.clock,
                order=store.next_order(),
                state=item.get("state"),
                delay=item.get("delay"),
                send_id=item.get("send_id"),
            )
        )


def _write_messages(store: Store, row: Row, result: Json) -> None:
    zone = result.get("zone", "UTC")
    for ordinal, item in enumerate(result.get("messages", ()), 1):
        facts = {"source": message_source(row, item["to"])}
        if item.get("send_id") is not None:
            facts["id"] = item["send_id"]
        store.put_timer(
            Timer(
                instance_id=item["to"],
                timer_id=f"{row.instance_id}/{INCARNATION}/{row.revision}/{ordinal}",
                kind="message",
                event=item["event"],
                data=item.get("data", {}),
                facts=facts,
                due_at=due_at(row.clock, item["due"], zone),
                armed_at=row.clock,
                order=store.next_order(),
                send_id=item.get("send_id"),
                state=item.get("state"),
                sender=row.instance_id,
            )
        )


def message_source(row: Row, receiver: str | None) -> dict[str, Json]:
    """Where a message comes from; a parent is told which of its children it is."""
    source = {"instance": row.instance_id}
    if receiver is not None and receiver == row.parent_id and row.child_id is not None:
        source["invoke"] = row.child_id
    return source


def write_stops(store: Store, row: Row) -> None:
    """Stop the children of an instance that an operator ends."""
    work = {} if row.work is None else exact.loads(row.work)
    for child in work.get("children", {}).values():
        _write_stop(store, row, child["instance"])


def write_message(
    store: Store, sender: Row, receiver: str, event: str, facts: dict[str, Json]
) -> None:
    """A message of the host's own about an instance: that it is done, or has failed."""
    store.put_timer(
        Timer(
            instance_id=receiver,
            timer_id=f"{sender.instance_id}/{INCARNATION}/{sender.revision}/{event}",
            kind="message",
            event=event,
            data={},
            facts={**facts, "source": message_source(sender, receiver)},
            due_at=store.clock,
            armed_at=store.clock,
            order=store.next_order(),
            sender=sender.instance_id,
        )
    )


def _write_stop(store: Store, row: Row, instance_id: str) -> None:
    store.put_timer(
        Timer(
            instance_id=instance_id,
            timer_id=f"{row.instance_id}/{INCARNATION}/{row.revision}/pgsm.stop",
            kind="stop",
            event="pgsm.stop",
            data={},
            due_at=row.clock,
            armed_at=row.clock,
            order=store.next_order(),
            sender=row.instance_id,
        )
    )


def _write_effects(store: Store, row: Row, result: Json) -> None:
    for ordinal, item in enumerate(result.get("effects", ()), 1):
        policy = item.get("policy") or {}
        within = policy.get("within")
        key = item.get("key")
        if key is None:
            parts = (row.instance_id, INCARNATION, EPOCH, str(row.revision), ordinal)
            key = "/".join(map(str, parts))
        store.put_effect(
            Effect(
                instance_id=row.instance_id,
                effect_id=f"{row.revision}/{ordinal}",
                machine=row.machine,
                name=item["name"],
                kind=item["kind"],
                input=item.get("input", {}),
                key=key if isinstance(key, str) else exact.dumps(key),
                policy=policy,
                created_at=row.clock,
                due_at=row.clock,
                order=store.next_order(),
                deadline_at=None if within is None else later(row.clock, within),
                state=item.get("state"),
                invoke_id=item.get("invoke_id"),
                item=item.get("item"),
                reply=item.get("reply"),
            )
        )


def later(clock: datetime, length: Json) -> datetime:
    """The time after a policy's length of time: a text, or milliseconds."""
    text = str(length)
    return durations.add(clock, f"{text} ms" if text.isdigit() else text)


# -- deferred events -----------------------------------------------------------------


def _keep(store: Store, row: Row, cause: Cause) -> None:
    store.put_timer(
        Timer(
            instance_id=row.instance_id,
            timer_id=f"deferred/{row.revision}",
            kind="deferred",
            event=cause.event,
            data=cause.data,
            facts=cause.facts,
            due_at=row.clock,
            armed_at=row.clock,
            order=store.next_order(),
            actor=cause.actor,
            status="deferred",
        )
    )


def _release(store: Store, row: Row) -> None:
    for timer in store.timers_of(row.instance_id):
        if timer.status == "deferred":
            store.put_timer(replace(timer, status="armed", due_at=row.clock))
