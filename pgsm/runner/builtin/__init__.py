"""Effects that need no Python of yours: http.request, email.send, sql.notify."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..handlers import Registry
from . import http, mail, notify

HANDLERS: dict[str, Callable[..., Any]] = {
    "http.request": http.request,
    "email.send": mail.send,
    "sql.notify": notify.notify,
}


def register(registry: Registry) -> None:
    """Add the built-in handlers, but none for a name that has one already."""
    for name, function in HANDLERS.items():
        if name not in registry:
            registry.handler(name)(function)
