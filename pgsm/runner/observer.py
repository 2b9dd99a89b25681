"""What happens in a runner, told to its metrics and to its health."""

from __future__ import annotations

import asyncio

from .health import Health
from .metrics import Metrics

BEAT_SECONDS = 1.0


class Observer(Metrics):
    """The metrics and the health of one runner."""

    def __init__(self) -> None:
        super().__init__()
        self.health = Health()

    def running(self, places: int) -> None:
        self.places(places)
        self.health.phase("running")

    def stopping(self) -> None:
        self.health.phase("stopping")

    def fine(self) -> None:
        """The database has answered."""
        self.health.database(None)

    def trouble(self, call: str, problem: Exception | None = None) -> None:
        super().trouble(call)
        self.health.database(str(problem).strip())

    async def beat(self) -> None:
        """Show until cancelled that the event loop turns."""
        while True:
            self.health.beat()
            await asyncio.sleep(BEAT_SECONDS)
