"""An exploration for people, for programs, and as a file of pytest cases."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from pgsm.engine import exact

if TYPE_CHECKING:
    from .explore_paths import Path, Situation
    from .explore_result import Exploration, Finding, Missing
    from .explore_samples import Samples

Json = Any
WIDEST = 60
MOST_LINES = 200


# -- for people ------------------------------------------------------------------------


def table(found: Exploration, most: int = MOST_LINES) -> str:
    """What was reached, by which way, and all that somebody should look at."""
    return "\n".join(_lines(found, most)) + "\n"


def _lines(found: Exploration, most: int) -> Iterator[str]:
    yield summary(found)
    if found.stopped:
        left = sum(not s.seen for s in found.situations)
        yield f"STOPPED EARLY: {found.stopped}; not looked at: {left}"
    yield from _suggested(found.derived)
    yield ""
    yield from _configurations(found, most)
    yield ""
    rules = [(n, place) for n, m in found.machines.items() for place in m.rules]
    taken = sum(rule in found.transitions for rule in rules)
    yield f"transitions: {taken} of {len(rules)} are taken"
    yield from _missing(found, found.untaken, "transition", "never taken")
    yield from _missing(found, found.unreachable, "state", _not_reached(found))
    for title, findings in _findings(found):
        yield f"{title}: {len(findings) or 'none'}"
        yield from _found(findings)
    for note in found.notes:
        yield f"note: {note}"


def summary(found: Exploration) -> str:
    """The numbers, in a line."""
    counts = (
        f"{_count(len(found.situations), 'situation')} in"
        f" {_count(len(found.configurations), 'configuration')},"
        f" {_count(found.tried, 'move')} tried"
    )
    return f"{found.machine}: {counts} ({found.seconds:.2f} s)"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _suggested(samples: Samples) -> Iterator[str]:
    """The names of the samples that nobody gave."""
    given = samples.as_json()
    parts = []
    for key in ("inputs", "events", "effects", "functions", "children", "auth"):
        if key in given:
            names = ", ".join(given[key]) if isinstance(given[key], dict) else ""
            parts.append(f"{key} {names}".strip().replace("inputs", "input"))
    if parts:
        yield from _wrapped("guessed samples: " + "; ".join(parts), "")


def _configurations(found: Exploration, most: int) -> Iterator[str]:
    rows = [("configuration", "situations", "moves", "shortest path")]
    counts: dict[str, int] = {}
    for situation in found.situations:
        counts[situation.name] = counts.get(situation.name, 0) + 1
    shown = list(found.configurations.items())[:most]
    for name, path in shown:
        ended = "" if path.end.status == "active" else f" [{path.end.status}]"
        rows.append((name + ended, str(counts[name]), str(len(path)), str(path)))
    widths = [max(len(row[n]) for row in rows) for n in range(3)]
    for name, count, length, way in rows:
        head = f"{name:<{min(widths[0], WIDEST)}}  {count:>{widths[1]}}"
        yield f"{head}  {length:>{widths[2]}}  {way}"
    if len(found.configurations) > most:
        yield f"… and {len(found.configurations) - most} more"


def _not_reached(found: Exploration) -> str:
    return "unreachable" if found.complete else "not reached so far"


def _missing(
    found: Exploration, items: Sequence[Missing], what: str, how: str
) -> Iterator[str]:
    if what == "state":
        yield f"states that are {how}: {len(items) or 'none'}"
    for item in items:
        machine = "" if item.machine == found.machine else f"{item.machine}: "
        yield f"  {machine}{item.place}"
        yield from _wrapped(item.why)


def _findings(found: Exploration) -> Iterator[tuple[str, list[Finding]]]:
    yield "deadlocks", found.deadlocks
    if found.endless:
        yield "configurations from which it can no longer end", found.endless
    if found.violations:
        yield "violations of the check", found.violations
    if found.refusals:
        yield "moves that are refused with an error", found.refusals
    if found.incidents:
        yield "effects whose failure waits for an operator", found.incidents


def _found(findings: Iterable[Finding]) -> Iterator[str]:
    for finding in findings:
        yield f"  {finding.what}"
        yield from _wrapped(finding.why)
        yield from _wrapped(f"by: {finding.path}")


def _wrapped(text: str, indent: str = "    ") -> Iterator[str]:
    yield from textwrap.wrap(
        text,
        width=100,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def describe(path: Path) -> str:
    """A path, a line for each move."""
    lines = []
    for number, step in enumerate(path.steps):
        here = step.situation
        lines.append(f"{number:>3}  {step.move}")
        lines.append(f"       → {here.name}")
        for child, value in here.children.items():
            lines.append(f"         {child}: {exact.dumps(value)}")
    return "\n".join(lines) + "\n"


# -- for programs ----------------------------------------------------------------------


def as_json(found: Exploration) -> dict[str, Json]:
    """All that was found, situations and moves as a graph included."""
    return {
        "machine": found.machine,
        "complete": found.complete,
        "stopped": found.stopped,
        "tried": found.tried,
        "samples": found.samples.as_json(),
        "derived": found.derived.as_json(),
        "configurations": [
            {"name": name, "value": path.end.value, "path": _path(path)}
            for name, path in found.configurations.items()
        ],
        "deadlocks": _as_json(found.deadlocks),
        "unreachable": _missing_json(found.unreachable),
        "untaken": _missing_json(found.untaken),
        "refusals": _as_json(found.refusals),
        "incidents": _as_json(found.incidents),
        "violations": _as_json(found.violations),
        "endless": _as_json(found.endless),
        "transitions": [
            {"machine": machine, "path": place, "moves": count}
            for (machine, place), count in found.transitions.items()
        ],
        "notes": found.notes,
        "starts": [_edge(edge) for edge in found.starts],
        "situations": [_situation(situation) for situation in found.situations],
    }


def paths_as_json(paths: Iterable[Path]) -> list[Json]:
    """Paths as lists of moves, each with the configuration after it."""
    return [_path(path) for path in paths]


def _path(path: Path) -> list[Json]:
    return [
        {"move": step.move.as_json(), "value": step.situation.value}
        for step in path.steps
    ]


def _as_json(findings: Iterable[Finding]) -> list[Json]:
    return [{"what": f.what, "why": f.why, "path": _path(f.path)} for f in findings]


def _missing_json(items: Iterable[Missing]) -> list[Json]:
    return [{"machine": i.machine, "path": i.place, "why": i.why} for i in items]


def _edge(edge: Any) -> Json:
    found = {"move": edge.move.as_json(), "to": edge.target, "outcome": edge.outcome}
    if edge.refused_by:
        found["refused_by"] = list(edge.refused_by)
    return found


def _situation(here: Situation) -> Json:
    return {
        "value": here.value,
        "status": here.status,
        "context": here.context,
        "children": here.children,
        "waiting": list(here.waiting),
        "moves": [_edge(edge) for edge in here.edges],
    }


# -- as tests --------------------------------------------------------------------------

HEADER = '''"""Paths of {machine}: each configuration reached, each transition taken.

Written by pgsm explore.  A case starts an instance, goes a path and compares the
configuration after each move.  Write what has to hold everywhere into `check`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pgsm.testing import Instance, World, explored_world, walk

HERE = Path(__file__).parent
MACHINE = HERE / {file}
CHILDREN: list[Path] = [{children}]
SAMPLES = json.loads(r"""{samples}""")


def check(instance: Instance) -> None:
    """What has to hold in every situation."""


@pytest.fixture
def world() -> World:
    """The machine, with SQL functions that return samples; effects wait for answers."""
    return explored_world(MACHINE, SAMPLES, machines=CHILDREN)


# moves, each with the configuration after it
PATHS: dict[str, Any] = json.loads(
    r"""
{paths}
"""
)


@pytest.mark.parametrize("name", PATHS)
def test_path(world: World, name: str) -> None:
    walk(world, PATHS[name], check)
'''


def as_pytest(
    found: Exploration,
    file: str,
    children: Sequence[str] = (),
    paths: Iterable[Path] | None = None,
) -> str:
    """A module of pytest cases; `file` and `children` are found from beside it."""
    cases: dict[str, Path] = {}
    for path in found.paths() if paths is None else paths:
        name, number = f"{path} -> {path.end.name}", 1
        while name in cases:
            number += 1
            name = f"{path} -> {path.end.name} ({number})"
        cases[name] = path
    text = ",\n".join(_case_text(name, path) for name, path in cases.items())
    samples = found.samples.as_json()
    kept = {key: samples[key] for key in ("functions", "children") if key in samples}
    return HEADER.format(
        machine=found.machine,
        file=_python(FilePath(file).as_posix()),
        children=", ".join(f"HERE / {_python(child)}" for child in children),
        samples=_raw(exact.dumps(kept)),
        paths="{\n" + text + "\n}",
    )


def _python(text: str) -> str:
    return f'"{text}"' if text.isprintable() and '"' not in text else repr(text)


def _case_text(name: str, path: Path) -> str:
    lines = ",\n".join(f"    {_raw(exact.dumps(step))}" for step in path.as_json())
    return f"  {_raw(exact.dumps(name))}: [\n{lines}\n  ]"


def _raw(text: str) -> str:
    """JSON as it may stand in a raw Python text of three quotes."""
    return text.replace('"""', '\\\\u0022""')
