"""Rows as people read them, and as scripts do.

On a terminal tables are laid out by rich.  In a pipe they are columns with two spaces
between, a line a row, nothing cut off; with --json each row is a line of JSON.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import click
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from ..engine import exact
from ..formats.pretty import pretty
from .common import console

Columns = Sequence[tuple[str, str | Callable[[Mapping[str, Any]], Any]]]


# -- for scripts -----------------------------------------------------------------------


def plain(value: Any) -> Any:
    """A value of the database as JSON has it: times in ISO 8601, spans in seconds."""
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        seconds = exact.loads(str(value.total_seconds()))
        return int(seconds) if seconds == int(seconds) else seconds
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def print_line(value: Any) -> None:
    """Print one value as a line of JSON."""
    click.echo(exact.dumps(plain(value)))


def print_value(value: Any) -> None:
    """Print one value as JSON of several lines."""
    click.echo(pretty(plain(value)))


# -- for people ------------------------------------------------------------------------


def text(value: Any) -> str:
    """What a cell shows; nothing of it moves the cursor or colours the terminal."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S %Z}"
    if isinstance(value, datetime.timedelta):
        return span(value)
    if isinstance(value, Mapping):
        return safe(exact.dumps(value))
    if isinstance(value, list):
        return ", ".join(map(text, value))
    return safe(str(value))


def safe(value: str) -> str:
    """The text with its unprintable characters written as escapes."""
    if value.isprintable():
        return value
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in value)


def span(value: datetime.timedelta) -> str:
    """A span of time in the unit that fits."""
    seconds = value.total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if abs(seconds) >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.1f} s"


def state(value: Any) -> str:
    """A configuration's value: the path where one leaf is active, else JSON."""
    path: list[str] = []
    rest = value
    while isinstance(rest, dict) and len(rest) == 1:
        ((key, rest),) = rest.items()
        path.append(key)
    return safe(".".join([*path, rest])) if isinstance(rest, str) else text(value)


def print_rows(
    rows: Iterable[Mapping[str, Any]],
    columns: Columns,
    as_json: bool,
    *,
    none: str = "none",
) -> None:
    """Print rows as a table of the columns, or whole as lines of JSON.

    `none` is said on standard error where there is no row.
    """
    found = list(rows)
    if as_json:
        for row in found:
            print_line(row)
        return
    if not found:
        click.echo(none, err=True)
        return
    cells = [[_cell(row, source) for _, source in columns] for row in found]
    headings = [heading for heading, _ in columns]
    out = console()
    if out.is_terminal:
        table = Table(*headings, box=None, pad_edge=False, header_style="bold")
        for column in table.columns:
            column.overflow = "fold"
        for line in cells:
            table.add_row(*map(Text, line))
        out.print(table, soft_wrap=False)
    else:
        click.echo("\n".join(aligned([headings, *cells])))


def _cell(row: Mapping[str, Any], source: str | Callable[..., Any]) -> str:
    return text(row[source] if isinstance(source, str) else source(row))


def aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    """The lines with their cells below each other."""
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            cell + " " * (width - cell_len(cell))
            for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    ]


def print_facts(facts: Iterable[tuple[str, str]], indent: int = 0) -> None:
    """Print names and texts below each other, without those that are empty.

    A text of several lines is indented as a whole.
    """
    found = [(name, value) for name, value in facts if value]
    width = max((len(name) for name, _ in found), default=0) + 2
    for name, value in found:
        first, *rest = value.split("\n")
        lead = click.style(f"{name}:".ljust(width), dim=True)
        click.echo(" " * indent + lead + first)
        for line in rest:
            click.echo(" " * (indent + width) + line)


def value_text(value: Any) -> str:
    """JSON for people, of as many lines as it takes."""
    lines = pretty(value).split("\n")
    return "\n".join(map(safe, lines))
