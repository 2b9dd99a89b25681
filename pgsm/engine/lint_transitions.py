"""Transitions that can never be taken, and what stands after what always matches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from . import lint_actions
from .definition_events import RESERVED_PREFIXES
from .definition_problems import Path, quote
from .definition_tree import Node
from .lint_chart import Chart, Pattern, Rule, beside, inside, name, regions

Document = Mapping[str, Any]


def check(chart: Chart) -> set[Rule]:
    """Report transitions that can never be taken; gives them."""
    dead = {
        *_shadowed(chart),
        *_handled_below(chart),
        *_without_sender(chart),
        *_never_complete(chart),
    }
    _left_at_once(chart, dead)
    _constant_guards(chart)
    _branches(chart)
    return dead


# ------------------------------------------------------- after one that always matches


def _shadowed(chart: Chart) -> Iterator[Rule]:
    """Rules after one of the same state that takes all of their events."""
    for node in chart.nodes:
        earlier: dict[Pattern | None, Rule] = {}
        for rule in chart.rules[node]:
            first = _first(chart, rule, earlier)
            if first is not None:
                _report_shadowed(chart, rule, first)
                yield rule
            elif rule.certain:
                for pattern in rule.patterns or (None,):
                    earlier.setdefault(pattern, rule)


def _first(
    chart: Chart, rule: Rule, earlier: Mapping[Pattern | None, Rule]
) -> Rule | None:
    """An earlier rule that is always taken instead; None when there is none."""
    if rule.key == "always":
        return earlier.get(None)
    found: Rule | None = None
    for pattern in rule.patterns:
        # in XState's order a wildcard never comes before an exact descriptor
        wider = pattern.wider() if chart.semantics.token_prefixes else (pattern,)
        found = next((earlier[each] for each in wider if each in earlier), None)
        if found is None:
            return None
    return found


def _report_shadowed(chart: Chart, rule: Rule, first: Rule) -> None:
    what = "always" if rule.key == "always" else _events(rule)
    if rule.guard is None:
        message = f"a second transition without a guard for {what}: the first is taken"
        hint = "give the first one a guard, or leave this one out"
        chart.warn(rule.path, "duplicate_unguarded", message, hint)
        return
    message = f"never taken: the transition before it for {what} has no guard"
    if first.guard is not None:
        message = f"never taken: the guard of the one before it for {what} is true"
    hint = "put the one without a guard last"
    chart.warn(rule.path, "dead_transition", message, hint)


def _events(rule: Rule) -> str:
    if rule.key == "after":
        return quote(str(rule.path[-2]))
    names = [
        ("*" if not p.stem else f"{p.stem}.*" if p.open else p.stem)
        for p in rule.patterns
    ]
    if rule.key == "transitions":
        names = list(rule.raw["event"])
    return ", ".join(map(quote, names))


# ------------------------------------------------------------ handled by what is inside


def _handled_below(chart: Chart) -> Iterator[Rule]:
    """Rules of a state whose active descendants take their events without fail."""
    certain = {
        node: {
            pattern
            for rule in chart.by_event(node)
            if rule.certain
            for pattern in rule.patterns
        }
        for node in chart.nodes
    }
    restless = {node for node in chart.nodes if leaves_at_once(chart, node)}

    def covered(node: Node, pattern: Pattern) -> bool:
        if any(each in certain[node] for each in pattern.wider()):
            return True
        return below(node, pattern)

    def below(node: Node, pattern: Pattern) -> bool:
        children = [child for child in regions(node) if child not in restless]
        if node is chart.root and node.kind == "compound":
            children = [child for child in children if child.kind != "final"]
        if not children:
            return False
        some = node.kind == "parallel" and not chart.semantics.by_atomic_state
        return (any if some else all)(covered(child, pattern) for child in children)

    for node in chart.nodes:
        for rule in chart.by_event(node) if node.children else ():
            if all(below(node, pattern) for pattern in rule.patterns):
                where = f"{quote(name(node))}" if node.parent else "the machine"
                message = f"never taken: the states inside of {where} take "
                hint = "leave it out, or give theirs a guard"
                chart.warn(
                    rule.path, "dead_transition", f"{message}{_events(rule)}", hint
                )
                yield rule


# ------------------------------------------------------ events that nothing here makes


def engine_events(chart: Chart) -> dict[str, None] | None:
    """The reserved events that this machine can get; None when that is not known."""
    found: dict[str, None] = dict.fromkeys(chart.done_events)
    for node in chart.nodes:
        for delay in node.raw.get("after", {}):
            found[f"after.{delay}.{node.path}"] = None
        for invoke in node.raw.get("invoke", ()):
            found.update(dict.fromkeys(_answers(chart, invoke)))
    for item in lint_actions.written(chart):
        if item.kind == "spawn":
            child = item.action["id"]
            if not isinstance(child, str):
                return None
            found[f"done.invoke.{child}"] = found[f"error.invoke.{child}"] = None
    return found


def is_late(chart: Chart, invoke: Document) -> bool:
    """Whether an invocation's answer comes as an event after its state was left."""
    declared = chart.implementations.get("effects", {}).get(invoke.get("src"), {})
    return bool(invoke.get("late", declared.get("late")) == "deliver")


def _answers(chart: Chart, invoke: Document) -> Iterator[str]:
    key = invoke["id"]
    yield from (f"done.invoke.{key}", f"error.invoke.{key}")
    if "each" in invoke:
        yield f"done.item.{key}"
    if is_late(chart, invoke):
        yield f"late.{key}"


def _without_sender(chart: Chart) -> Iterator[Rule]:
    """Rules for events that only the engine makes, and never makes here."""
    known = engine_events(chart)
    if not chart.semantics.strict or known is None:
        return  # SCXML's documents may send any event
    for rule in chart.all_rules:
        if rule.key != "on" or not all(
            _is_engine_s(pattern) and not any(map(pattern.matches, known))
            for pattern in rule.patterns
        ):
            continue
        event = rule.patterns[0].stem
        message = f"never taken: nothing in this machine makes {_events(rule)}"
        hint = chart.suggest(event, known)
        chart.warn(rule.path, "dead_transition", message, hint or _where_from(event))
        yield rule


def _is_engine_s(pattern: Pattern) -> bool:
    return f"{pattern.stem}.".startswith(RESERVED_PREFIXES)


def _where_from(event: str) -> str:
    if event.startswith("done.state"):
        return "it is done.state.<path of a state with states inside>"
    if event.startswith("after"):
        return "it is after.<delay>.<path of the state that has the delay>"
    if event.startswith("late"):
        return 'it needs an invocation with "late": "deliver"'
    return "the last part is the id of an invocation"


def can_complete(node: Node, reached: set[Node] | None = None) -> bool:
    """Whether a state can be complete: in a final state, all of its regions."""
    if node.kind == "final":
        return reached is None or node in reached
    if node.kind == "compound":
        finals = (child for child in regions(node) if child.kind == "final")
        return any(reached is None or child in reached for child in finals)
    return node.kind == "parallel" and all(
        can_complete(region, reached) for region in regions(node)
    )


def _never_complete(chart: Chart) -> Iterator[Rule]:
    """Rules for the completion of a state that has no final state inside."""
    for rule in chart.all_rules if chart.semantics.strict else ():
        nodes = [chart.done_events.get(pattern.stem) for pattern in rule.patterns]
        if not nodes or any(pattern.open for pattern in rule.patterns):
            continue
        if all(node is not None and not can_complete(node) for node in nodes):
            node = nodes[0]
            assert node is not None
            message = f"never taken: {quote(name(node))} has no final state inside"
            if node.kind == "parallel":
                region = next(r for r in regions(node) if not can_complete(r))
                message = (
                    f"never taken: {quote(region.path)} is a region without an end"
                )
            hint = 'write "type": "final" for the state in which it is complete'
            chart.warn(rule.path, "dead_transition", message, hint)
            yield rule


# ---------------------------------------------------------------- states left at once


def leaves_at_once(chart: Chart, node: Node) -> bool:
    """Whether a state is left before it can take an event or wait."""
    for rule in chart.always(node):
        if not _leads_out(chart, rule, node):
            return False  # a machine may rest after a step that changes nothing
        if rule.certain:
            return not _others_may_rest(chart, node)
    return False


def _others_may_rest(chart: Chart, node: Node) -> bool:
    """Whether an always inside or beside the state can be taken and it stays."""
    return any(
        not _leads_out(chart, rule, node)
        for other in chain(inside(node), beside(node))
        for rule in chart.always(other)
        if other is not node
    )


def _leads_out(chart: Chart, rule: Rule, node: Node) -> bool:
    """Whether a rule leaves a state and does not enter it again."""
    domain = chart.domain(rule)
    around = [node, *node.ancestors()]
    if not rule.targets or domain is None or domain not in around[1:]:
        return False
    if domain.kind == "parallel":
        return False  # it enters all of its regions
    left = around[around.index(domain) - 1]
    return not any(
        target.kind == "history" or target is left or left in target.ancestors()
        for target in rule.targets
    )


def _left_at_once(chart: Chart, dead: set[Rule]) -> None:
    for node in chart.nodes:
        keys = [key for key in ("invoke", "on", "after", "onDone") if key in node.raw]
        if keys and leaves_at_once(chart, node):
            dead.update(chart.by_event(node))
            listed = ", ".join(map(quote, keys))
            message = f"the state is left at once by its always, so {listed} "
            message += f"never {'matters' if len(keys) == 1 else 'matter'}"
            hint = "give that always a guard, or leave the others out"
            chart.warn(node.steps, "left_at_once", message, hint)


# ------------------------------------------------------------- guards and branches


def _constant_guards(chart: Chart) -> None:
    for key, guard in chart.guards.named.items():
        verdict = chart.guards.constant(guard, None)
        if verdict is not None:
            path: Path = ("implementations", "guards", key)
            _report_constant(chart, path, verdict, f"the guard {quote(key)}")
    for rule in chart.all_rules:
        if rule.guard is None or "type" in rule.guard:
            continue
        verdict = chart.guards.constant(rule.guard, rule.node)
        if verdict is not None:
            _report_constant(chart, (*rule.path, "guard"), verdict, "the guard")
    for item in lint_actions.written(chart):
        for number, branch in enumerate(item.action.get("branches", ())):
            guard = branch.get("guard", {"type": ""})
            verdict = None if "type" in guard else chart.guards.constant(guard, None)
            if item.kind == "choose" and verdict is not None:
                path = (*item.path, "branches", number, "guard")
                _report_constant(chart, path, verdict, "the guard")


def _report_constant(chart: Chart, path: Path, verdict: bool, what: str) -> None:
    message = f"{what} is always {'true' if verdict else 'false'}"
    hint = "leave the guard out" if verdict else "what it guards never happens"
    chart.warn(path, "constant_guard", message, hint)


def _branches(chart: Chart) -> None:
    """Report branches of a choose after one that is always taken."""
    for item in lint_actions.written(chart):
        if item.kind != "choose":
            continue
        taken = False
        for number, branch in enumerate(item.action.get("branches", ())):
            if taken:
                message = "never taken: a branch before it is always taken"
                hint = "put the branch without a guard last"
                path = (*item.path, "branches", number)
                chart.warn(path, "dead_branch", message, hint)
            elif chart.guards.constant(branch.get("guard"), None) is True:
                taken = True
