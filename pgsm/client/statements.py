"""The calls of pgsm's functions as values: SQL, parameters, and how to read the rows.

Each function here is a method of both clients; `Client` runs what it returns at once,
`AsyncClient` when it is awaited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, Literal, TypedDict, TypeVar

from ..rows import EnabledEvent, LogEntry, Simulation, Snapshot
from ..runner import wire

if TYPE_CHECKING:
    from typing_extensions import LiteralString, NotRequired

Json = Any
Data = Mapping[str, Any] | None
Row = tuple[Any, ...]
Loads = Callable[[str], Json]
Result = TypeVar("Result")
OnUnhandled = Literal["ignore", "refuse"] | None


class EventToSend(TypedDict):
    """An event of `send_many`."""

    instance_id: str
    event: str
    data: NotRequired[Mapping[str, Any]]
    event_id: NotRequired[str]
    expected_revision: NotRequired[int]


@dataclass(frozen=True)
class Statement(Generic[Result]):
    """A query; `read` makes the result of its rows, with what reads JSON texts."""

    query: LiteralString
    parameters: Mapping[str, Any]
    read: Callable[[Sequence[Row], Loads], Result]


# JSON is asked for as text: what a connection makes of jsonb is its owner's business.
_SNAPSHOT: LiteralString = (
    "instance_id, machine, version, status, value::text, states, context::text, tags,"
    " output::text, revision, outcome, details::text"
)
_ENTRY: LiteralString = (
    "instance_id, revision, clock, machine, version, origin, event, data::text,"
    " event_id, facts::text, actor::text, source_states, target_states,"
    " transitions::text, changes::text, notes::text, emitted::text"
)
_COMMANDS: LiteralString = (
    "changes::text, timers::text, effects::text, messages::text, children::text,"
    " emitted::text"
)


# ------------------------------------------------------------------ start and send


def start(
    machine: str,
    instance_id: str | None = None,
    input: Data = None,  # noqa: A002
    *,
    version: int | None = None,
    if_exists: Literal["refuse", "return"] = "refuse",
) -> Statement[Snapshot]:
    """Start an instance and take its first step.

    The id is a random UUID where none is given.
    """
    return _snapshot(
        "pgsm.start_instance(%(machine)s,"
        " coalesce(%(instance_id)s::text, gen_random_uuid()::text), %(input)s::jsonb,"
        " %(version)s::integer, %(if_exists)s)",
        machine=machine,
        instance_id=instance_id,
        input=_json(input),
        version=version,
        if_exists=if_exists,
    )


def send(
    instance_id: str,
    event: str,
    data: Data = None,
    *,
    event_id: str | None = None,
    expected_revision: int | None = None,
    on_unhandled: OnUnhandled = None,
) -> Statement[Snapshot]:
    """Apply an event, run to completion; the snapshot has the outcome.

    A repeated `event_id` gets the first answer again; `expected_revision` refuses an
    instance that has moved on; "refuse" raises where no transition takes the event.
    """
    return _snapshot(
        "pgsm.send_event(%(instance_id)s, %(event)s, %(data)s::jsonb,"
        " %(event_id)s::text, %(expected_revision)s::bigint, %(on_unhandled)s::text)",
        instance_id=instance_id,
        event=event,
        data=_json(data),
        event_id=event_id,
        expected_revision=expected_revision,
        on_unhandled=on_unhandled,
    )


def send_many(
    events: Iterable[EventToSend], *, on_unhandled: OnUnhandled = None
) -> Statement[list[Snapshot]]:
    """Apply up to 10,000 events in one call, all of them or none.

    Several times as fast as a loop.  An instance gets its events in the order given.
    """
    return Statement(
        f"select {_SNAPSHOT} from pgsm.send_events(%(events)s::jsonb,"
        " %(on_unhandled)s::text)",
        {"events": wire.dumps(list(events)), "on_unhandled": on_unhandled},
        _snapshots,
    )


def send_by_key(
    machine: str,
    name: str,
    value: str,
    event: str,
    data: Data = None,
    *,
    event_id: str | None = None,
    expected_revision: int | None = None,
    on_unhandled: OnUnhandled = None,
) -> Statement[Snapshot]:
    """Send to the one instance of a machine that has a value under a key."""
    return _snapshot(
        "pgsm.send_event_by_key(%(machine)s, %(name)s, %(value)s, %(event)s,"
        " %(data)s::jsonb, %(event_id)s::text, %(expected_revision)s::bigint,"
        " %(on_unhandled)s::text)",
        machine=machine,
        name=name,
        value=value,
        event=event,
        data=_json(data),
        event_id=event_id,
        expected_revision=expected_revision,
        on_unhandled=on_unhandled,
    )


def start_or_send(
    machine: str,
    instance_id: str,
    event: str,
    data: Data = None,
    *,
    input: Data = None,  # noqa: A002
    event_id: str | None = None,
    on_unhandled: OnUnhandled = None,
    version: int | None = None,
) -> Statement[Snapshot]:
    """Send to an instance, which is started first where it does not exist."""
    return _snapshot(
        "pgsm.start_or_send(%(machine)s, %(instance_id)s, %(event)s, %(data)s::jsonb,"
        " %(input)s::jsonb, %(event_id)s::text, %(on_unhandled)s::text,"
        " %(version)s::integer)",
        machine=machine,
        instance_id=instance_id,
        event=event,
        data=_json(data),
        input=_json(input),
        event_id=event_id,
        on_unhandled=on_unhandled,
        version=version,
    )


def post(
    instance_id: str,
    event: str,
    data: Data = None,
    *,
    event_id: str | None = None,
    delay: timedelta | str | None = None,
) -> Statement[str]:
    """Queue an event, applied after this transaction or after the delay; its timer id.

    Takes no lock on the instance: for webhooks, and for several instances at once.
    """
    return Statement(
        "select pgsm.post_event(%(instance_id)s, %(event)s, %(data)s::jsonb,"
        " %(event_id)s::text, %(delay)s::interval)",
        {
            "instance_id": instance_id,
            "event": event,
            "data": _json(data),
            "event_id": event_id,
            "delay": delay,
        },
        lambda rows, _: str(rows[0][0]),
    )


# ---------------------------------------------------------------------------- read


def snapshot(instance_id: str) -> Statement[Snapshot]:
    """The instance as it stands."""
    return _snapshot("pgsm.get_instance(%(instance_id)s)", instance_id=instance_id)


def find(machine: str, name: str, value: str) -> Statement[list[Snapshot]]:
    """The instances of a machine that have a value under a key."""
    return Statement(
        f"select {_SNAPSHOT}"
        " from pgsm.find_instances(%(machine)s, %(name)s, %(value)s)",
        {"machine": machine, "name": name, "value": value},
        _snapshots,
    )


def enabled_events(instance_id: str) -> Statement[list[EnabledEvent]]:
    """The events that the active states name, innermost first."""
    return Statement(
        "select event, state, enabled from pgsm.enabled_events(%(instance_id)s)",
        {"instance_id": instance_id},
        lambda rows, _: [EnabledEvent(*row) for row in rows],
    )


def simulate(
    instance_id: str, event: str, data: Data = None, *, version: int | None = None
) -> Statement[Simulation]:
    """What an event would do now, without doing it; by another version where given."""
    return Statement(
        f"select {_SNAPSHOT}, {_COMMANDS}"
        " from pgsm.simulate_event(%(instance_id)s, %(event)s, %(data)s::jsonb,"
        " %(version)s::integer)",
        {
            "instance_id": instance_id,
            "event": event,
            "data": _json(data),
            "version": version,
        },
        _simulation,
    )


def history(
    instance_id: str, *, since: int = 0, limit: int | None = None
) -> Statement[list[LogEntry]]:
    """The steps after a revision, oldest first.

    Empty, too, where there is no such instance: the log outlives what it tells of.
    """
    return Statement(
        f"select {_ENTRY} from pgsm.event_log"
        " where instance_id = %(instance_id)s and revision > %(since)s::bigint"
        " order by revision limit %(limit)s::bigint",
        {"instance_id": instance_id, "since": since, "limit": limit},
        _entries,
    )


def watch_for(instance_id: str, seconds: float) -> Statement[float]:
    """Let steps notify who listens; for how many seconds they will, 0: ask again."""
    return Statement(
        "select pgsm.watch_instance(%(instance_id)s, %(seconds)s::double precision)",
        {"instance_id": instance_id, "seconds": seconds},
        lambda rows, _: float(rows[0][0]),
    )


# ------------------------------------------------------------------------- operate


def pause(instance_id: str) -> Statement[Snapshot]:
    """Hold an instance: events are refused, timers and posts wait."""
    return _snapshot("pgsm.pause_instance(%(instance_id)s)", instance_id=instance_id)


def resume(instance_id: str) -> Statement[Snapshot]:
    """Let a paused instance go on."""
    return _snapshot("pgsm.resume_instance(%(instance_id)s)", instance_id=instance_id)


def stop(instance_id: str, reason: str | None = None) -> Statement[Snapshot]:
    """End an instance where it stands, for good; no exit actions run."""
    return _snapshot(
        "pgsm.stop_instance(%(instance_id)s, %(reason)s::text)",
        instance_id=instance_id,
        reason=reason,
    )


# ------------------------------------------------------------------- reading rows


def _json(data: Data) -> str:
    return "{}" if data is None else wire.dumps(data)


def _snapshot(call: LiteralString, **parameters: Any) -> Statement[Snapshot]:
    return Statement(
        f"select {_SNAPSHOT} from {call}",
        parameters,
        lambda rows, loads: _one(rows[0], loads),
    )


def _one(row: Row, loads: Loads) -> Snapshot:
    return Snapshot(*_values(row, _SNAPSHOT, loads))


def _snapshots(rows: Sequence[Row], loads: Loads) -> list[Snapshot]:
    return [_one(row, loads) for row in rows]


def _simulation(rows: Sequence[Row], loads: Loads) -> Simulation:
    snapshot_width = _SNAPSHOT.count(",") + 1
    changes, *lists = _values(rows[0][snapshot_width:], _COMMANDS, loads)
    return Simulation(
        _one(rows[0][:snapshot_width], loads), changes, *(item or [] for item in lists)
    )


def _entries(rows: Sequence[Row], loads: Loads) -> list[LogEntry]:
    found = []
    for row in rows:
        *head, transitions, changes, notes, emitted = _values(row, _ENTRY, loads)
        head += [transitions or [], changes, notes or [], emitted or []]
        found.append(LogEntry(*head))
    return found


def _values(row: Row, columns: str, loads: Loads) -> list[Any]:
    """The row's values, those of columns that are asked for as text read as JSON."""
    return [
        loads(value) if column.endswith("::text") and value is not None else value
        for column, value in zip(columns.split(","), row, strict=True)
    ]
