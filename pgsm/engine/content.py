"""Executable content and guards, compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .run import Run


class Block:
    """Executable content that succeeds or is undone as a whole."""

    __slots__ = ("actions", "path")

    def __init__(self, actions: tuple[Callable[[Run], None], ...], path: str) -> None:
        self.actions = actions
        self.path = path


class Guard:
    """A condition with the text that a refused event reports."""

    __slots__ = ("label", "test")

    def __init__(self, test: Callable[[Run], bool], label: str) -> None:
        self.test = test
        self.label = label
