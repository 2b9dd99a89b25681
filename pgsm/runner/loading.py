"""Importing modules of handlers, with errors that point into the user's own file."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from .handlers import Registry, default_registry

BUILTIN = "pgsm.runner.builtin"
FRAMES = 4


class LoadingError(Exception):
    """A module does not import; `places` are lines of it, the one to blame first."""

    def __init__(self, module: str, cause: BaseException, places: list[str]) -> None:
        super().__init__(
            f'module "{module}" does not import: {type(cause).__name__}: {cause}'
        )
        self.places = places


def load_handlers(modules: Sequence[str]) -> Registry:
    """The handlers that the modules register, which are imported as a script would.

    Built-in ones come last, and take no name that a module has a handler for.

    Raises LoadingError for the first that does not import, BadHintError for a handler
    whose input's type hint cannot be checked.
    """
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    for module in modules:
        _load(module)
    if BUILTIN in modules:
        # imported where it is asked for: it brings an HTTP client along
        importlib.import_module(BUILTIN).register(default_registry)
    default_registry.check()
    return default_registry


def _load(module: str) -> None:
    try:
        importlib.import_module(module)
    except (Exception, SystemExit) as problem:
        raise LoadingError(module, problem, _places(problem)) from problem


def _places(problem: BaseException) -> list[str]:
    """The innermost files and lines outside of the import system and of pgsm."""
    ours = str(Path(__file__).parent)
    places = [
        f"{frame.filename}, line {frame.lineno}"
        for frame in traceback.extract_tb(problem.__traceback__)
        if not frame.filename.startswith(("<frozen importlib", ours))
        and frame.filename != importlib.__file__
    ]
    if isinstance(problem, SyntaxError) and problem.filename:
        places.append(f"{problem.filename}, line {problem.lineno}")
    return places[: -FRAMES - 1 : -1]
