"""Parts that many charts of these tests are made of."""

from __future__ import annotations

from typing import Any

Json = Any


def expr(source: str) -> Json:
    return {"expr": source}


def note(text: str) -> Json:
    """An action that appends a text to `context.trace`."""
    return {"type": "assign", "set": {"trace": expr(f"context.trace + ['{text}']")}}


def note_event() -> Json:
    return {"type": "assign", "set": {"trace": expr("context.trace + [event.type]")}}


def traced(name: str, **more: Json) -> Json:
    """A state that notes its entry and exit."""
    return {"entry": note(f"+{name}"), "exit": note(f"-{name}"), **more}


def raise_(event: str, **more: Json) -> Json:
    return {"type": "raise", "event": event, **more}


def assign(**values: Json) -> Json:
    return {"type": "assign", "set": values}


def call(function: str, *arguments: Json, **more: Json) -> Json:
    return {"type": "call", "function": function, "args": list(arguments), **more}
