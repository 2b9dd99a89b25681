"""Waiting longer after each failure in a row, up to a limit."""

from __future__ import annotations

import random


class Backoff:
    """`next()` is the seconds to wait: doubling, capped, a little at random."""

    def __init__(self, first: float = 0.25, longest: float = 15.0) -> None:
        self._first = first
        self._longest = longest
        self._current = first

    def next(self) -> float:
        current = self._current
        self._current = min(self._longest, current * 2)
        # so that runners which lost the same server do not come back in step
        return current * random.uniform(0.8, 1.0)

    def reset(self) -> None:
        self._current = self._first
