"""Events that nobody sends or takes, and what names work that is not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import exact
from .definition_problems import Path, quote
from .definition_tree import Node
from .lint_actions import Written
from .lint_chart import Chart, Pattern, pattern, regions
from .lint_transitions import is_late

Document = Mapping[str, Any]


def check(chart: Chart, actions: Sequence[Written]) -> None:
    """Report events without a sender or receiver, and work that does not exist."""
    taken = {p: None for rule in chart.all_rules for p in rule.patterns}
    _nobody_sends(chart, actions)
    for path, event in _made(chart, actions):
        _nobody_takes(chart, path, event, taken)
    for node in chart.nodes:
        for number, text in enumerate(node.raw.get("defer", ())):
            path = (*node.steps, "defer", number)
            _deferred(chart, path, text, taken)
            _never_deferred(chart, node, path, text)
    _cancels_nothing(chart, actions)
    _no_such_child(chart, actions)


# ---------------------------------------------------------------------------- senders


def _nobody_sends(chart: Chart, actions: Sequence[Written]) -> None:
    """Report internal events that no action of the machine makes."""
    names = [name for item in actions for name in _sent(item)]
    if None in names or _has_children(chart, actions) or _is_child(chart, actions):
        return  # who sends is not known from here
    for number, text in enumerate(chart.document.get("internalEvents", ())):
        wanted = pattern(text)
        if any(name is not None and wanted.matches(name) for name in names):
            continue
        message = f"no action of this machine makes the internal event {quote(text)}"
        raised = [name for name in names if name is not None]
        hint = "raise it, or leave it out here, unless another machine sends it"
        hint = chart.suggest(text, raised) or hint
        chart.warn(("internalEvents", number), "event_nobody_sends", message, hint)


def _sent(item: Written) -> Iterator[str | None]:
    """The events that an action may make for this machine; None for an unknown one."""
    if item.kind in ("raise", "send"):
        event = item.action["event"]
        yield event if isinstance(event, str) else None
    elif item.kind == "effect" and "reply" in item.action:
        yield item.action["reply"]


def _has_children(chart: Chart, actions: Sequence[Written]) -> bool:
    return any(item.kind == "spawn" for item in actions) or any(
        "machine" in invoke for node in chart.nodes for invoke in _invokes(node.raw)
    )


def _is_child(chart: Chart, actions: Sequence[Written]) -> bool:
    """Whether the machine looks like one that others start, and so may send to."""
    ends = [chart.root, *(node for node in regions(chart.root) if node.kind == "final")]
    return (
        any("output" in node.raw for node in ends)
        or any(item.action.get("to") == "parent" for item in actions)
        or "instance.parent" in exact.dumps(chart.document)
    )


def _invokes(raw: Document) -> Sequence[Document]:
    found: Sequence[Document] = raw.get("invoke", ())
    return found


# -------------------------------------------------------------------------- receivers


def _made(chart: Chart, actions: Sequence[Written]) -> Iterator[tuple[Path, str]]:
    """Every event that comes to this machine itself, with the place that makes it."""
    forwards = any(
        invoke.get("autoforward")
        for node in chart.nodes
        for invoke in _invokes(node.raw)
    )
    for item in actions:
        if item.kind == "send" and ("to" in item.action or forwards):
            continue
        for event in _sent(item):
            key = "reply" if item.kind == "effect" else "event"
            if event is not None:
                yield (*item.path, key), event
    for node in chart.nodes:
        for number, invoke in enumerate(_invokes(node.raw)):
            if is_late(chart, invoke):
                yield (*node.steps, "invoke", number), f"late.{invoke['id']}"


def _nobody_takes(
    chart: Chart, path: Path, event: str, taken: Mapping[Pattern, None]
) -> None:
    if any(each in taken for each in Pattern(event, False).wider()):
        return
    message = f"no transition takes the event {quote(event)} that is made here"
    names = [each.stem for each in taken if each.stem]
    hint = chart.suggest(event, names) or "give a state a transition for it"
    chart.warn(path, "event_nobody_takes", message, hint)


# -------------------------------------------------------------------------- deferring


def _deferred(
    chart: Chart, path: Path, text: str, taken: Mapping[Pattern, None]
) -> None:
    """Report events that are kept for later and that no transition takes later."""
    wanted = pattern(text)
    if any(each.overlaps(wanted) for each in taken):
        return
    message = f"{quote(text)} is kept for later, and no transition ever takes it"
    names = [each.stem for each in taken if each.stem]
    hint = chart.suggest(text, names) or "give a state a transition for it"
    chart.warn(path, "deferred_forever", message, hint)


def _never_deferred(chart: Chart, node: Node, path: Path, text: str) -> None:
    """Report what the state itself takes; a transition of one around it does not."""
    wanted = pattern(text)
    for rule in chart.by_event(node):
        certain = rule.certain and rule.does_something
        if certain and any(p.covers(wanted) for p in rule.patterns):
            message = f"{quote(text)} is never kept: the state takes it at once"
            hint = "leave it out here, or give that transition a guard"
            chart.warn(path, "never_deferred", message, hint)
            return


# ------------------------------------------------------------ work that does not exist


def _cancels_nothing(chart: Chart, actions: Sequence[Written]) -> None:
    makers = [item for item in actions if item.kind in ("raise", "send")]
    ids = [item.action.get("id") for item in makers]
    if any("idLocation" in item.action for item in makers):
        return
    for item in actions:
        wanted = item.action.get("id") if item.kind == "cancel" else None
        if isinstance(wanted, str) and _is_missing(wanted, ids):
            message = f"nothing is raised or sent with the id {quote(wanted)}"
            hint = chart.suggest(wanted, [each for each in ids if each])
            hint = hint or 'give the delayed event an "id"'
            chart.warn((*item.path, "id"), "cancels_nothing", message, hint)


def _is_missing(wanted: str, ids: Sequence[Any]) -> bool:
    """Whether an id is none of those, all of which are known."""
    return all(each is None or isinstance(each, str) for each in ids) and (
        wanted not in ids
    )


def _no_such_child(chart: Chart, actions: Sequence[Written]) -> None:
    """Report messages to, and stops of, children that are never started."""
    ids: list[Any] = [item.action["id"] for item in actions if item.kind == "spawn"]
    for node in chart.nodes:
        for invoke in _invokes(node.raw):
            if "each" in invoke and "machine" in invoke:
                return  # its children are id[0], id[1], …
            if "machine" in invoke:
                ids.append(invoke["id"])
    for item in actions:
        place, wanted = _child(item)
        if isinstance(wanted, str) and _is_missing(wanted, ids):
            message = f"no child with the id {quote(wanted)} is ever started"
            hint = (
                chart.suggest(wanted, ids) or "spawn or invoke a machine with this id"
            )
            chart.warn((*item.path, *place), "no_such_child", message, hint)


def _child(item: Written) -> tuple[Path, Any]:
    to = item.action.get("to")
    if item.kind == "send" and isinstance(to, dict) and "child" in to:
        return ("to", "child"), to["child"]
    if item.kind == "stop":
        return ("id",), item.action["id"]
    return (), None
