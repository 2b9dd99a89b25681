"""Small machines that many of these tests use."""

from __future__ import annotations

from typing import Any

Json = Any


def expr(source: str) -> Json:
    return {"expr": source}


def assign(**values: Json) -> Json:
    return {"type": "assign", "set": values}


def note(source: str) -> Json:
    return {"type": "log", "message": expr(source)}


def send(instance: Json, event: str, **more: Json) -> Json:
    return {"type": "send", "to": {"instance": instance}, "event": event, **more}


def machine(states: Json, initial: str | None = None, **more: Json) -> Json:
    return {"initial": initial or next(iter(states)), "states": states, **more}


def working(src: str = "work", **policy: Json) -> Json:
    """One invocation of an effect, from `on` to `done` or `failed`; `leave` leaves."""
    invoke = {
        "id": "job",
        "src": src,
        "onDone": {
            "target": "done",
            "actions": assign(output=expr("event.output")),
        },
        "onError": {
            "target": "failed",
            "actions": assign(error=expr("event.error")),
        },
    }
    return machine(
        {
            "on": {"invoke": invoke, "on": {"leave": "left"}},
            "done": {},
            "failed": {},
            "left": {},
        },
        context={"output": None, "error": None},
        implementations={"effects": {src: policy}},
    )


def listener(**more: Json) -> Json:
    """It keeps whatever it is sent in its notes."""
    return machine({"on": {"on": {"*": {"actions": note("event.type")}}}}, **more)
