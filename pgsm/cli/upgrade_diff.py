"""What differs between two versions of a machine, as text, Markdown or JSON.

The rows are those of `pgsm.diff_versions`: kind, name, change ("added", "removed",
"changed"), old and new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..engine import diagram, exact
from .conditions import consequence
from .tables import safe

Json = Any
Row = Mapping[str, Json]

MARKS = {"added": "+", "removed": "-", "changed": "~"}
COLOURS = {"added": "green", "removed": "red", "changed": "yellow"}
NOTHING = "the two versions are the same"
_ARROW = " → "
_FIELDS = ("kind", "name", "change", "old", "new")


def as_rows(rows: Iterable[Row]) -> list[dict[str, Json]]:
    """The rows as scripts get them."""
    return [{field: row[field] for field in _FIELDS} for row in rows]


def as_lines(rows: Iterable[Row]) -> Iterator[tuple[str, str]]:
    """What a person reads, line by line, each with the change that it is about."""
    for row in rows:
        change = row["change"]
        yield change, f"{MARKS[change]} {safe(_title(row))}"
        if change == "changed":
            for place, old, new in differences(row["old"], row["new"]):
                lead = f"{place}: " if place else ""
                yield change, safe(f"    {lead}{_short(old)}{_ARROW}{_short(new)}")


def as_text(rows: Iterable[Row]) -> str:
    """The differences as lines; NOTHING where there are none."""
    return "\n".join(line for _, line in as_lines(rows)) or NOTHING


def as_markdown(
    rows: Iterable[Row],
    title: str,
    documents: Sequence[Json] = (),
    states: Mapping[str, Json] | None = None,
) -> str:
    """The differences for a pull request.

    With the two `documents`, a diagram of both versions is drawn, and, where `states`
    are given, the map between them.
    """
    parts = [f"### {title}", _table(list(rows))]
    if documents:
        old, new = documents
        if states is None:
            parts.append(_folded("Before", diagram.mermaid(old)))
            parts.append(_folded("After", diagram.mermaid(new)))
        else:
            both = diagram.upgrade(old, new, states, ("before", "after"))
            parts.append(_folded("Before and after", both))
    return "\n\n".join(parts)


def differences(
    old: Json, new: Json, place: str = ""
) -> Iterator[tuple[str, Any, Any]]:
    """Where two values differ: a path, and the value on both sides (ABSENT: none)."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            inner = f"{place}.{key}" if place else str(key)
            yield from differences(old.get(key, ABSENT), new.get(key, ABSENT), inner)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, pair in enumerate(zip(old, new, strict=True)):
            yield from differences(*pair, f"{place}[{number}]")
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield place, old, new


class _Absent:
    def __repr__(self) -> str:
        return "nothing"


ABSENT = _Absent()


def _short(value: Json) -> str:
    return repr(value) if value is ABSENT else exact.dumps(value)


def _title(row: Row) -> str:
    """What a row is about; of a transition that comes or goes, where it leads."""
    title = f"{row['kind']} {row['name']}"
    part = row["new"] if row["change"] == "added" else row["old"]
    if row["change"] == "changed":
        return title
    if row["kind"] in ("transition", "timer"):
        return title + consequence(part)
    return title + (f" ({part['type']})" if row["kind"] == "state" else "")


def _table(rows: list[Row]) -> str:
    if not rows:
        return f"{NOTHING.capitalize()}."
    lines = ["| | what | before | after |", "| --- | --- | --- | --- |"]
    for row in rows:
        what = f"{MARKS[row['change']]} | {_cell(_title(row))}"
        if row["change"] != "changed":
            lines.append(f"| {what} | | |")
            continue
        places = list(differences(row["old"], row["new"]))
        for number, (place, old, new) in enumerate(places):
            lead = what if number == 0 else " | "
            where = f"{_code(place)} " if place else ""
            lines.append(f"| {lead} | {where}{_code(old)} | {_code(new)} |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    """A text that a Markdown table shows as it is."""
    escaped = "".join(f"\\{c}" if c in "\\`*_<>[]|" else c for c in safe(text))
    return escaped.strip()


def _code(value: Json) -> str:
    if value is ABSENT:
        return "nothing"
    text = safe(value if isinstance(value, str) else exact.dumps(value))
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}".replace("|", "\\|")


def _folded(title: str, mermaid: str) -> str:
    picture = f"```mermaid\n{mermaid.rstrip()}\n```"
    return f"<details><summary>{title}</summary>\n\n{picture}\n\n</details>"
