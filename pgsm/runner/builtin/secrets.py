"""Secrets by reference: a machine names a variable, the runner knows its value.

Who defines machines could otherwise send any variable of the runner, its database
password among them, to a server of their own.  So PGSM_SECRETS lists which may be
named, and optionally for which host: `STRIPE_KEY@api.stripe.com, CRM_TOKEN`.
"""

from __future__ import annotations

import os

import msgspec

from ..handlers import PermanentFailure, RetryAfter

HIDDEN = "***"
SHORTEST = 6  # to be looked for in texts


class Secret(msgspec.Struct, forbid_unknown_fields=True):
    """`{"env": "CRM_TOKEN", "prefix": "Bearer "}`."""

    env: str
    prefix: str = ""


class Secrets:
    """The values that one effect has used, so that they can be hidden in texts."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._used: set[str] = set()

    def value(self, given: str | Secret) -> str:
        """The text itself, or what it refers to.

        Raises PermanentFailure where the variable may not be used, RetryAfter where it
        is not set.
        """
        if isinstance(given, str):
            return given
        if not self._allowed(given.env):
            raise PermanentFailure(
                f'the variable "{given.env}" is not one of PGSM_SECRETS for'
                f" {self._host}",
                code="secret_not_allowed",
            )
        found = os.environ.get(given.env)
        if found is None:
            message = f'the variable "{given.env}" is not set'
            raise RetryAfter(None, message, code="secret_missing")
        self._used.add(found)
        return given.prefix + found

    def hide(self, text: str) -> str:
        for secret in self._used:
            if len(secret) >= SHORTEST:
                text = text.replace(secret, HIDDEN)
        return text

    def _allowed(self, name: str) -> bool:
        entries = os.environ.get("PGSM_SECRETS", "").split(",")
        for entry in entries:
            allowed, _, host = entry.strip().partition("@")
            if allowed == name and host in ("", self._host):
                return True
        return False
