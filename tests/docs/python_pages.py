"""Python blocks of a page, run in order, and what they print.

A ```text block right after a Python block is what that one prints.  A block with a
title is a file; blocks of the same title are one file.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .pages import HOW_TO, blocks


def texts(page: str, language: str) -> list[str]:
    """The blocks of a language that are no files."""
    return [b for kind, title, b in blocks(page) if kind == language and not title]


def write_files(page: str, directory: Path) -> list[str]:
    """Write the blocks that are files; their names."""
    files: dict[str, list[str]] = {}
    for _, title, text in blocks(page):
        if title is not None:
            files.setdefault(title, []).append(text)
    for name, parts in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n\n".join(parts), "utf-8")
    return list(files)


def python_runs(page: str) -> Iterator[tuple[str, str]]:
    """The Python blocks that are no files, each with what it is said to print."""
    found = list(blocks(page))
    for (kind, title, text), after in zip(found, [*found[1:], None], strict=True):
        if kind == "python" and title is None:
            yield text, after[2] if after is not None and after[0] == "text" else ""


def run_python(page: str, names: dict[str, Any]) -> None:
    """Run all Python blocks of a page in one namespace and compare what they print."""
    whole = (HOW_TO / page).read_text("utf-8")
    for text, printed in python_runs(page):
        line = whole.count("\n", 0, whole.index(text))
        out = io.StringIO()
        # the lines of errors are those of the page
        code = compile("\n" * line + text, str(HOW_TO / page), "exec")
        with contextlib.redirect_stdout(out):
            exec(code, names)
        assert out.getvalue() == printed, f"{page}:{line + 1}"
