"""What importers and exporters give back: documents or text, and what they report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pgsm.engine.definition import Problem

__all__ = ["Exported", "FormatError", "Imported", "Problem"]


class FormatError(ValueError):
    """A text cannot be imported, or a document not exported; `problems` are all of it.

    The path of a problem is a JSON path, or a place in the text that was read.
    """

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{p.path}: {p.message}" for p in problems))
        self.problems = problems


@dataclass(frozen=True)
class Imported:
    """Definition documents by the names of their machines, the main one first.

    `warnings` say what was left out or may behave differently.
    """

    machines: dict[str, dict[str, Any]]
    warnings: list[Problem] = field(default_factory=list)

    @property
    def document(self) -> dict[str, Any]:
        """The main machine's document."""
        return next(iter(self.machines.values()))


class Exported(str):
    """The text of a document in another language.

    `warnings` say what that language cannot carry, by JSON path of the document.
    """

    __slots__ = ("warnings",)
    warnings: list[Problem]

    def __new__(cls, text: str, warnings: list[Problem]) -> Exported:
        exported = super().__new__(cls, text)
        exported.warnings = warnings
        return exported
