"""One import: the machines found so far, what is wrong, and other files' texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from pgsm.engine import exact

from .common import Problem
from .scxml_xml import Element

Resolver = Callable[[str], str]


def beside(path: Path) -> Resolver:
    """A resolver of files in the directory of `path` and below."""
    directory = path.resolve().parent

    def resolve(source: str) -> str:
        parts = urlsplit(source)
        if parts.scheme not in ("", "file") or parts.netloc not in ("", "localhost"):
            raise ValueError("only files can be read")
        found = (directory / unquote(parts.path)).resolve()
        if not found.is_relative_to(directory):
            raise ValueError("the file is outside of the document's directory")
        return found.read_text(encoding="utf-8")

    return resolve


def stem(source: str) -> str:
    """The name of the machine that a file's address means."""
    return unquote(PurePosixPath(urlsplit(source).path).stem) or source


def plain_source(source: str) -> str:
    """The address of a file without what may as well be left out."""
    return source.strip().removeprefix("file:").removeprefix("./")


@dataclass
class Session:
    """What the files of one import share."""

    resolver: Resolver | None
    machines: dict[str, dict[str, Any]] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)  # machine → where from
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    foreign: set[str] = field(default_factory=set)  # namespaces warned of

    def free_name(self, wanted: str) -> str:
        """The wanted name of a machine, with a number when it is taken."""
        name, number = wanted, 1
        while name in self.machines:
            number += 1
            name = f"{wanted}.{number}"
        return name


@dataclass(frozen=True)
class File:
    """One file of an import, for what is said about it."""

    session: Session
    label: str = ""  # before "line 12"

    def place(self, element: Element) -> str:
        return f"{self.label}line {element.line}"

    def problem(
        self, element: Element, code: str, message: str, hint: str | None = None
    ) -> None:
        """Take down why the document cannot be imported."""
        found = Problem(self.place(element), code, message, hint)
        self.session.problems.append(found)

    def warn(
        self, element: Element, code: str, message: str, hint: str | None = None
    ) -> None:
        """Take down what is left out, or not what it may seem."""
        found = Problem(self.place(element), code, message, hint)
        if found not in self.session.warnings:
            self.session.warnings.append(found)

    def json(self, element: Element, text: str) -> Any:
        """The JSON that our own export has written; None, and a problem, for none."""
        try:
            return exact.loads(text)
        except ValueError as error:
            self.problem(element, "bad_json", f"no JSON: {error}")
            return None

    def read(self, element: Element, source: str) -> str | None:
        """The text of another file; None, and a problem, when there is none."""
        if self.session.resolver is None:
            message = f'there is nothing to read "{source}" with'
            hint = "give the document by its path, or a resolver"
            self.problem(element, "unresolved_src", message, hint)
            return None
        try:
            return self.session.resolver(source)
        except (OSError, LookupError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            message = f'"{source}" cannot be read: {reason}'
            self.problem(element, "unresolved_src", message)
            return None
