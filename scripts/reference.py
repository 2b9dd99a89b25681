"""The tables of keys in docs/reference/definition.md, for the schema and the tests.

A comment `<!-- keys: state -->` names the table after it; a row is

    | `key` | what it holds | what it means |
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "definition.md"
NOT_YET = "*Not yet.* "

_TABLE = re.compile(r"^<!-- keys: ([\w-]+) -->\n+((?:\|.*\n)+)", re.M)
_CELLS = re.compile(r"(?<!\\)\|")
_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")


def tables(page: str | None = None) -> dict[str, dict[str, str]]:
    """What the page says of each key, by the name of its table."""
    text = PAGE.read_text("utf-8") if page is None else page
    found: dict[str, dict[str, str]] = {}
    for name, rows in _TABLE.findall(text):
        if name in found:
            raise ValueError(f"two tables are called {name}")
        found[name] = dict(_row(row) for row in rows.splitlines()[2:])
    return found


def _row(row: str) -> tuple[str, str]:
    cells = [cell.strip() for cell in _CELLS.split(row.strip())[1:-1]]
    if len(cells) != 3:
        raise ValueError(f"a row has three cells: {row}")
    key, _, meaning = cells
    return key.strip("`"), meaning.replace(r"\|", "|")


def plain(meaning: str) -> str:
    """A meaning without the marks of links and emphasis, as editors show it."""
    return _LINK.sub(r"\1", meaning).replace("*", "")
