"""What a session shows: the states as a tree, what may happen, what has happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rich.text import Text

from pgsm.engine import definition_tree

from ..testing.explore_paths import configuration
from ..testing.rows import LogEntry
from .matching import effect_text, text, timer_text
from .session import Session

Json = Any
MOST = 30  # states of a tree that is shown whole
OVER = ("succeeded", "cancelled")


def title(session: Session) -> Text:
    """Where the instance is, in a line."""
    here = session.instance
    line = Text.assemble(
        (here.id, "bold"),
        "  ",
        (configuration(here.value, here.status), "bold green"),
    )
    if here.status != "active":
        line.append(f"  {here.status}", "bold")
    line.append(f"  revision {here.revision}, {_time(session.host.clock)}", "dim")
    return line


def _time(clock: datetime) -> str:
    seconds = clock.strftime("%f").rstrip("0")
    return f"{clock:%Y-%m-%d %H:%M:%S}{'.' if seconds else ''}{seconds} UTC"


def tree(session: Session, whole: bool = False) -> Iterator[Text]:
    """The states, the active ones marked; of many only those beside active ones."""
    active = {"", *session.instance.states}
    nodes = definition_tree.scan(session.document).nodes
    everything = whole or len(nodes) <= MOST
    depths: dict[str, int] = {"": -1}
    for node in nodes:
        if node.parent is None:
            continue
        parent = node.parent.path
        depth = depths[node.path] = depths[parent] + 1
        if not everything and parent not in active:
            continue
        yield _state(node, depth, node.path in active, parent in active)


def _state(node: Any, depth: int, active: bool, near: bool) -> Text:
    kinds = {"atomic": "", "compound": ""}
    kind = kinds.get(node.kind, f" ({node.kind})")
    tags = "".join(f" #{tag}" for tag in node.raw.get("tags", ()))
    style = "bold green" if active else "" if near else "dim"
    mark = "●" if active else "○"
    return Text(f"{'  ' * depth}{mark} {node.key}{kind}{tags}", style)


def ahead(session: Session) -> Iterator[Text]:
    """What may happen next: events, effects that are open, timers."""
    view = session.host.view(session.instance.id)
    events = session.events()
    if events:
        words = {True: "", False: " (guarded)", "depends": " (depends)"}
        listed = ", ".join(f"{name}{words[can]}" for name, can in events.items())
        yield _line("events", listed)
    for effect in view.effects:
        if effect["status"] not in OVER:
            yield _line("effect", effect_text(effect))
    for timer in view.timers:
        yield _line("timer", timer_text(timer, session.host.clock))
    for name, child in session.instance.children.items():
        yield _line("child", f"{name} ({child.id}) in {configuration(child.value)}")


def _line(name: str, value: str) -> Text:
    return Text.assemble((f"  {name + ':':<9}", "dim"), value)


def happened(session: Session, after: int) -> Iterator[Text]:
    """The steps of the instance's log after a revision."""
    for entry in session.instance.log:
        if entry.revision > after:
            yield from _entry(entry)


def _entry(entry: LogEntry) -> Iterator[Text]:
    before = ", ".join(_leaves(entry.source_states)) or "(nothing)"
    now = ", ".join(_leaves(entry.target_states))
    arrow = f": {before} → {now}" if before != now else f": stays in {now}"
    yield Text.assemble(("  ✓ ", "green"), (entry.event, "bold"), arrow)
    changes = entry.changes or {}
    for pointer, value in changes.get("set", {}).items():
        yield _line("context", f"{pointer or '(all)'} = {text(value)}")
    for pointer in changes.get("remove", ()):
        yield _line("context", f"{pointer} is removed")
    for event in entry.emitted:
        yield _line("emitted", f"{event['event']} {text(event.get('data', {}))}")
    for note in entry.notes:
        yield _line("note", note if isinstance(note, str) else text(note))


def _leaves(states: Any) -> list[str]:
    return [
        path
        for path in states
        if not any(other.startswith(f"{path}.") for other in states)
    ]
