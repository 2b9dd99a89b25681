"""What documents with SCXML's semantics have of their own at run time.

The system variables (https://www.w3.org/TR/scxml/#SystemVariables) and the addresses
of the SCXML event processor (https://www.w3.org/TR/scxml/#SCXMLEventProcessor).
"""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import errors, values
from .definition_delays import looks_like_delay

if TYPE_CHECKING:
    from .run import Run

Json = Any

PROCESSOR = "http://www.w3.org/TR/scxml/#SCXMLEventProcessor"
PROCESSORS = (PROCESSOR, "scxml")
INVOCATIONS = (
    "http://www.w3.org/TR/scxml/",
    "http://www.w3.org/TR/scxml",
    "scxml",
)
SESSION = "#_scxml_"
SYSTEM_VARIABLES = frozenset({"_event", "_sessionid", "_name", "_ioprocessors", "_x"})
PLATFORM_EVENTS = ("done.", "error.")


def system_variables(instance: Mapping[str, Json], name: str | None) -> dict[str, Json]:
    """Return the system variables of a session, but for ``_event``."""
    location = {"location": SESSION + instance["id"]}
    return {
        "_event": None,
        "_sessionid": instance["id"],
        "_name": name or instance["machine"],
        "_ioprocessors": dict.fromkeys(PROCESSORS, location),
        "_x": {},
    }


def system_event(
    event: Mapping[str, Json], kind: str, instance: Mapping[str, Json]
) -> dict[str, Json]:
    """Return ``_event``; its fields are null where the event has none.

    ``kind`` is internal or external; events of the engine are platform ones.
    """
    name = event["type"]
    source = event["source"] or {}
    external = kind == "external"
    if not external and name.startswith(PLATFORM_EVENTS):
        kind = "platform"
    sender: str = source.get("instance") or instance["id"]
    origin = SESSION + sender if external else None
    return {
        "name": name,
        "type": kind,
        "sendid": event["id"],
        "origin": origin,
        "origintype": PROCESSOR if external else None,
        "invokeid": source.get("invoke"),
        "data": _data(event),
    }


def _data(event: Mapping[str, Json]) -> Json:
    if event["output"] is not None:
        return event["output"]
    if event["error"] is not None:
        return event["error"]
    return event["data"] if event["data"] != {} else None


def is_datum(name: Json) -> bool:
    """Whether content may declare a variable of this name."""
    return (
        isinstance(name, str)
        and name.isidentifier()
        and not keyword.iskeyword(name)
        and name not in SYSTEM_VARIABLES
    )


def send(
    run: Run,
    event: Json,
    data: Json,
    due: Mapping[str, Json] | None,
    send_id: str | None,
    address: Json,
    path: str,
) -> None:
    """Dispatch an event to an address of the SCXML event processor; None: to itself."""
    if not isinstance(event, str) or not event:
        kind = values.type_name(event)
        raise errors.StepError(
            f"the name of an event is a text, not {kind}", path, send_id=send_id
        )
    due = due or {"in": "0"}
    own = run.scope["instance"]
    if address is None or address == SESSION + own["id"]:
        run.arm(event, data, due, send_id, path)
    elif address == "#_internal":
        run.raise_event(event, data, send_id)
    elif address == "#_parent":
        _send_to(run, own["parent"], event, data, due, send_id, path, address)
    elif isinstance(address, str) and address.startswith(SESSION):
        receiver = address[len(SESSION) :]
        found = receiver if run.is_there(receiver, path) else None
        _send_to(run, found, event, data, due, send_id, path, address)
    elif isinstance(address, str) and address.startswith("#_") and len(address) > 2:
        child = run.child(address[2:])
        instance: str | None = child["instance"] if child else None
        _send_to(run, instance, event, data, due, send_id, path, address)
    else:
        message = f"{address!r} is no address of the SCXML event processor"
        raise errors.StepError(message, path, send_id=send_id)


def _send_to(
    run: Run,
    receiver: str | None,
    event: str,
    data: Json,
    due: Mapping[str, Json],
    send_id: str | None,
    path: str,
    address: str,
) -> None:
    """Send to an instance; where there is none that is an error.communication."""
    if receiver is None:
        message = f"nobody is at {address}"
        error = errors.StepError(message, path, send_id=send_id)
        run.fail(error, "error.communication")
    else:
        run.send(receiver, event, data, due, send_id, path)


def check_processor(processor: Json, path: str, send_id: str | None) -> None:
    """Refuse to send by an event processor that is not here."""
    if processor is not None and processor not in PROCESSORS:
        message = f"the event processor {processor!r} is not supported"
        raise errors.StepError(message, path, send_id=send_id)


def time_text(amount: Json, path: str) -> Json:
    """Return what SCXML has for a delay; one that Postgres would refuse is an error."""
    if not isinstance(amount, str):
        return amount
    text = f"0{amount}" if amount.startswith(".") else amount
    if not looks_like_delay(text):
        raise errors.StepError(f"{amount!r} is no length of time", path)
    return text


def machine_name(source: str) -> str:
    """Return the name of the machine that an invocation's ``src`` means.

    ``file:charts/child.scxml`` means the machine ``child``.
    """
    if source.startswith("file:") or source.endswith(".scxml"):
        name = source.rpartition("/")[2].rpartition(":")[2]
        return name.removesuffix(".scxml")
    return source
