"""Starting anew when a file of the handlers has changed, while one develops them."""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

POLL_SECONDS = 0.3
_NOT_OURS = ("stdlib", "platstdlib", "purelib", "platlib")


class Watch:
    """The files of all modules that are imported and not installed."""

    def __init__(self, modules: Sequence[str], more: Iterable[Path] = ()) -> None:
        self._files = {*_imported(), *_named(modules), *more}
        self._before = {path: _changed_at(path) for path in self._files}

    def changed(self) -> Path | None:
        """A file that is another one than when the watch began."""
        for path, before in self._before.items():
            if _changed_at(path) != before:
                return path
        return None

    def wait(self) -> Path:
        while (path := self.changed()) is None:
            time.sleep(POLL_SECONDS)
        return path


def start_anew() -> NoReturn:
    """This command again, in the same process: no module stays half old."""
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", "pgsm", *sys.argv[1:]])


def _imported() -> Iterable[Path]:
    paths = sysconfig.get_paths()
    installed = tuple(paths[kind] + os.sep for kind in _NOT_OURS if kind in paths)
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if file and file.endswith(".py") and not file.startswith(installed):
            yield Path(file)


def _named(modules: Sequence[str]) -> Iterable[Path]:
    """The modules' own files, even where they do not import."""
    for module in modules:
        try:
            spec = importlib.util.find_spec(module)
        except (ImportError, ValueError, SyntaxError):
            continue
        if spec is not None and spec.origin:
            yield Path(spec.origin)


def _changed_at(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None
