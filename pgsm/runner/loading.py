"""Importing modules of handlers, with errors that point into the user's own file."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path

from .handlers import Registry, default_registry


class LoadingError(Exception):
    """A module does not import; `place` is the file and line that is to blame."""

    def __init__(self, module: str, cause: BaseException, place: str | None) -> None:
        super().__init__(
            f'module "{module}" does not import: {type(cause).__name__}: {cause}'
        )
        self.place = place


def load_handlers(modules: Iterable[str]) -> Registry:
    """The handlers that the modules register, which are imported as a script would.

    Raises LoadingError for the first that does not import.
    """
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    for module in modules:
        _load(module)
    return default_registry


def _load(module: str) -> None:
    try:
        importlib.import_module(module)
    except (Exception, SystemExit) as problem:
        raise LoadingError(module, problem, _place(problem)) from problem


def _place(problem: BaseException) -> str | None:
    """The innermost file and line of the module's own, outside of the import system."""
    if isinstance(problem, SyntaxError) and problem.filename:
        return f"{problem.filename}, line {problem.lineno}"
    ours = str(Path(__file__).parent)
    frames = [
        frame
        for frame in traceback.extract_tb(problem.__traceback__)
        if not frame.filename.startswith(("<frozen importlib", ours))
        and frame.filename != importlib.__file__
    ]
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else None
