"""What is declared and never used, and names that are nearly the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .definition_problems import Path, quote
from .definition_tree import Node
from .lint_actions import Written
from .lint_chart import Chart, inside
from .lint_delays import Length, length

Document = Mapping[str, Any]
Use = tuple[str, str]  # kind and name


def check(chart: Chart, actions: Sequence[Written]) -> None:
    """Report what is never used, and names and delays that are nearly the same."""
    _unused(chart, actions)
    _similar(chart)
    _delays(chart)


# ---------------------------------------------------------------- never used


def _unused(chart: Chart, actions: Sequence[Written]) -> None:
    """Report implementations that no state uses, by way of others neither."""
    used: set[Use] = set()
    waiting = [use for item in actions if not item.within for use in _uses(item)]
    waiting += _uses_of_states(chart)
    by_name: dict[str, list[Use]] = {}
    for item in actions:
        if item.within:
            by_name.setdefault(item.within, []).extend(_uses(item))
    while waiting:
        use = waiting.pop()
        if use in used:
            continue
        used.add(use)
        kind, name = use
        if kind == "actions":
            waiting += by_name.get(name, ())
        elif kind == "guards":
            waiting += _guard_names(chart.guards.named.get(name))
    for kind, declared in chart.implementations.items():
        for name in declared if isinstance(declared, Mapping) else ():
            if not kind.startswith("x-") and (kind, name) not in used:
                _report_unused(chart, kind, name)


def _report_unused(chart: Chart, kind: str, name: str) -> None:
    path: Path = ("implementations", kind, name)
    message = f"the {kind[:-1]} {quote(name)} is never used"
    chart.warn(path, "unused_implementation", message, "use it, or leave it out")


def _guard_names(guard: Document | None) -> Iterator[Use]:
    if not guard:
        return
    waiting = [guard]
    while waiting:
        current = waiting.pop()
        if "type" in current:
            yield "guards", current["type"]
        if "not" in current:
            waiting.append(current["not"])
        waiting.extend(current.get("and", ()))
        waiting.extend(current.get("or", ()))


def _uses(item: Written) -> Iterator[Use]:
    """The implementations that an action names itself."""
    action = item.action
    yield "actions", item.kind
    if item.kind == "effect":
        yield "effects", action["name"]
    if item.kind in ("raise", "send", "rearm"):
        delay = action.get("delay")
        delay = delay.get("type") if isinstance(delay, Mapping) else delay
        if isinstance(delay, str):
            yield "delays", delay
    if item.kind == "choose":
        for branch in action.get("branches", ()):
            yield from _guard_names(branch.get("guard"))


def _uses_of_states(chart: Chart) -> Iterator[Use]:
    for rule in chart.all_rules:
        yield from _guard_names(rule.guard)
    for key in ("allowRead", "allowWrite"):
        yield from _guard_names(chart.document.get(key))
    for node in chart.nodes:
        for delay in node.raw.get("after", {}):
            yield "delays", delay
        for invoke in node.raw.get("invoke", ()):
            if "src" in invoke:
                yield "effects", invoke["src"]


# ------------------------------------------------------------------------ near misses


def _similar(chart: Chart) -> None:
    """Report names that differ in capitals, hyphens and the like only."""
    for node in chart.nodes:
        seen: dict[str, str] = {}
        for key, child in node.children.items():
            other = seen.setdefault(_folded(key), key)
            if other != key:
                _report_similar(chart, child.steps, key, other, "state")
    events: dict[str, str] = {}
    for node in chart.nodes:
        for path, event in _events(node):
            other = events.setdefault(_folded(event), event)
            if other != event:
                _report_similar(chart, path, event, other, "event")


def _folded(name: str) -> str:
    return "".join(char for char in name.lower() if char not in "-_. ")


def _events(node: Node) -> Iterator[tuple[Path, str]]:
    for event in node.raw.get("on", {}):
        yield (*node.steps, "on", event), event
    for number, item in enumerate(node.raw.get("transitions", ())):
        for event in item["event"]:
            yield (*node.steps, "transitions", number), event.rstrip(".*") or "*"


def _report_similar(chart: Chart, path: Path, name: str, other: str, what: str) -> None:
    message = f"the {what} {quote(name)} differs from {quote(other)} in spelling only"
    hint = "spell them alike, or more differently"
    chart.warn(path, "similar_names", message, hint)


# ----------------------------------------------------------------------------- delays


def _delays(chart: Chart) -> None:
    """Report delays of one state that are equal, or longer than one that leads out."""
    declared = chart.implementations.get("delays", {})
    for node in chart.nodes:
        known: dict[str, Length] = {}
        for key in node.raw.get("after", {}):
            found = length(declared.get(key, key))
            if found is not None:
                known[key] = found
        for key, found in known.items():
            _report_delay(chart, node, key, found, known)


def _report_delay(
    chart: Chart, node: Node, key: str, found: Length, known: Mapping[str, Length]
) -> None:
    path = (*node.steps, "after", key)
    for other, equal in known.items():
        if other == key:
            break
        if equal == found:
            message = f"the delay {quote(key)} is as long as {quote(other)}"
            hint = f"write the transitions of both as a list under {quote(other)}"
            chart.warn(path, "equal_delays", message, hint)
            return
    for other, shorter in known.items():
        if shorter.is_less_than(found) and _leads_out(chart, node, other):
            message = f"never over: the state is left after {quote(other)}"
            hint = f"give the transition after {quote(other)} a guard"
            chart.warn(path, "dead_transition", message, hint)
            return


def _leads_out(chart: Chart, node: Node, delay: str) -> bool:
    """Whether a state is certainly left when a delay of it is over."""
    event = f"after.{delay}.{node.path}"
    if any(
        inner is not node and any(p.matches(event) for p in rule.patterns)
        for inner in inside(node)
        for rule in chart.by_event(inner)
    ):
        return False
    rules = [r for r in chart.rules[node] if r.key == "after" and r.path[-2] == delay]
    certain = any(rule.certain for rule in rules)
    return certain and all(chart.leaves(rule, node) for rule in rules)
