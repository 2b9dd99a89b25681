"""The clock that tests set: `pgsm.testing.clock`."""

from __future__ import annotations

from pgsm.testing.clock import advance, set_clock

__all__ = ["advance", "set_clock"]
