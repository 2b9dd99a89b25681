"""Names of events, and the descriptors that match them."""

from __future__ import annotations

from typing import Any

from . import definition_xstate as xstate
from .definition_problems import quote
from .definition_shapes import DROP, At, Check, is_name
from .definition_values import value

RESERVED_PREFIXES = (
    "done.invoke.",
    "done.item.",
    "error.invoke.",
    "done.state.",
    "after.",
    "late.",
)
RESERVED_NAMES = ("error.execution", "error.communication")
_RESERVED = (*RESERVED_PREFIXES, *(f"{name}." for name in RESERVED_NAMES), "pgsm.")


def is_reserved(event: str) -> bool:
    """Whether only the engine itself may make the event."""
    return f"{event}.".startswith(_RESERVED)


def event_name(check: Check, raw: Any, at: At) -> Any:
    """The name of an event, without a wildcard."""
    if not isinstance(raw, str):
        return check.wrong_type(at, "the name of an event", raw)
    if _has_bad_tokens(check, raw, at):
        return DROP
    if "*" in raw:
        message = f"the event {quote(raw)} has a wildcard; one event is wanted here"
        check.problem(at, "bad_event_name", message)
        return DROP
    return raw


def sendable_event(check: Check, raw: Any, at: At) -> Any:
    """The name of an event that a document may make; SCXML's may compute it."""
    if not check.semantics.strict and isinstance(raw, (str, dict)):
        return value(check, raw, at)
    event = event_name(check, raw, at)
    if event is not DROP and (is_reserved(event) or event.startswith("xstate.")):
        message = f"the event {quote(event)} is reserved for the engine"
        check.problem(at, "reserved_event", message)
        return DROP
    return event


def descriptor(check: Check, raw: Any, at: At) -> Any:
    """What events to take: a name, `a.b.*` or `*`, with XState's names translated."""
    if not isinstance(raw, str):
        return check.wrong_type(at, "an event descriptor", raw)
    if raw == "":
        hint = 'transitions without an event stand in "always"'
        message = "an event descriptor may not be empty"
        check.problem(at, "bad_event_descriptor", message, hint)
        return DROP
    if _has_bad_tokens(check, raw, at):
        return DROP
    if "*" in raw and not _is_wildcard(raw):
        message = f'the wildcard in {quote(raw)} is not the whole or a last ".*"'
        check.problem(at, "bad_event_descriptor", message)
        return DROP
    if not raw.startswith("xstate."):
        return raw
    translated = xstate.descriptor(check.tree, raw)
    if translated is None:
        message = f"the event {quote(raw)} of XState has no counterpart"
        check.problem(at, "bad_event_descriptor", message)
        return DROP
    return translated


def token_descriptor(check: Check, raw: Any, at: At) -> Any:
    """SCXML's descriptor: tokens that an event starts with, `*` for every event."""
    if not isinstance(raw, str):
        return check.wrong_type(at, "an event descriptor", raw)
    stem = raw.removesuffix(".*").removesuffix(".")
    bad = not stem or any(char.isspace() for char in raw) or ".." in raw
    if bad or ("*" in stem and stem != "*") or stem.startswith("."):
        message = f"{quote(raw)} is not an event descriptor"
        check.problem(at, "bad_event_descriptor", message)
        return DROP
    return raw


def _is_wildcard(raw: str) -> bool:
    return raw == "*" or (raw.endswith(".*") and "*" not in raw[:-1])


def _has_bad_tokens(check: Check, raw: str, at: At) -> bool:
    if not is_name(check, raw, at, "bad_event_descriptor"):
        return True
    if raw.startswith(".") or raw.endswith(".") or ".." in raw:
        message = f"the event {quote(raw)} has an empty part"
        check.problem(at, "bad_event_descriptor", message)
        return True
    return False
