"""Statecharts that run inside PostgreSQL, next to the data they guard."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import client, errors
    from .client import AsyncClient, Client, LogEntry, Snapshot

__version__ = "0.1.0"
__all__ = [
    "AsyncClient",
    "Client",
    "LogEntry",
    "Snapshot",
    "__version__",
    "client",
    "errors",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: the command line needs none of it."""
    if name in ("client", "errors"):
        return importlib.import_module(f"{__name__}.{name}")
    if name in __all__:
        return getattr(importlib.import_module(f"{__name__}.client"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
