"""What a module of effect handlers needs.

    from pgsm import effects

    @effects.handler("email.send", concurrency=10, timeout=30)
    async def send(effect, input):
        await smtp.send(input["to"], message_id=effect.key)
        return {"sent": True}

`pgsm runner app.effects` imports the module and runs its handlers.  A plain function
works too and runs in a thread of its own.
"""

from __future__ import annotations

from .runner.effect import Effect
from .runner.handlers import PermanentFailure, Registry, RetryAfter, default_registry

__all__ = [
    "Effect",
    "PermanentFailure",
    "Registry",
    "RetryAfter",
    "default_registry",
    "handler",
]

handler = default_registry.handler
