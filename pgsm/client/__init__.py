"""The Python client: `Client`, `AsyncClient`, and what they return and raise.

    import pgsm

    with pgsm.Client("postgresql://localhost/shop") as client:
        client.start("order", "order-42", {"total": 12})
        client.send("order-42", "accept")
        order = client.wait_for("order-42", state="paid", timeout=30)

All that the database refuses is a class of `pgsm.errors`.
"""

from __future__ import annotations

from ..rows import EnabledEvent, LogEntry, Simulation, Snapshot
from .asynchronous import AsyncClient
from .statements import EventToSend
from .synchronous import Client
from .watching import NeverReached, WaitTimeout

__all__ = [
    "AsyncClient",
    "Client",
    "EnabledEvent",
    "EventToSend",
    "LogEntry",
    "NeverReached",
    "Simulation",
    "Snapshot",
    "WaitTimeout",
]
