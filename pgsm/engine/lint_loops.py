"""What goes round and round: always, raised events, delays."""

from __future__ import annotations

from collections.abc import Sequence

from . import exact, lint_actions
from .definition_problems import quote
from .definition_tree import Node
from .lint_chart import Chart, Rule, beside, inside, name

LONGEST = 50  # steps of a circle that is followed for each guard


def check(chart: Chart) -> None:
    """Report loops that do not end, or only by chance."""
    _always_loops(chart)
    for rule in chart.all_rules:
        if rule.certain and rule.does_something and rule.key != "always":
            _raise_loop(chart, rule)
            _self_rearming(chart, rule)
            _not_reentered(chart, rule)


def entered(chart: Chart, rule: Rule) -> list[Node] | None:
    """The states that a rule makes active, the innermost last.

    None where history, regions or several targets make it a matter of more than this.
    """
    if not rule.targets:
        return []
    if len(rule.targets) > 1:
        return None
    node = rule.targets[0]
    domain = chart.domain(rule)
    chain = [node]
    for ancestor in node.ancestors():
        if ancestor is domain:
            break
        chain.insert(0, ancestor)
    while chain[-1].kind == "compound":
        initial = chart.initial(chain[-1])
        if len(initial) != 1 or initial[0].parent is not chain[-1]:
            return None
        chain.append(initial[0])
    if any(each.kind in ("parallel", "history") for each in chain):
        return None
    # a target that is active already and is not left is not entered again
    return [each for each in chain if chart.leaves(rule, each)]


# --------------------------------------------------------------------------- always


def _always_loops(chart: Chart) -> None:
    """Report circles of always in which nothing can change.

    For each guard there is, the circle is followed that is taken when that guard
    (if any) holds and no other does.
    """
    starts: dict[str | None, list[Node]] = {None: list(chart.with_always)}
    for node in chart.with_always:
        for rule in chart.always(node):
            if not rule.certain:
                starts.setdefault(_guard_key(rule), []).append(node)
    seen: set[frozenset[Rule]] = set()
    for guard, nodes in starts.items():
        for circle in _circles(chart, nodes, guard):
            if frozenset(circle) not in seen and _never_ends(chart, circle):
                seen.add(frozenset(circle))
                _report_circle(chart, circle)


def _guard_key(rule: Rule) -> str | None:
    return None if rule.certain else exact.dumps(rule.guard)


def _step(chart: Chart, node: Node, guard: str | None) -> Rule | None:
    """The always of a state that is taken when only this guard holds."""
    rules = chart.always(node)
    return next((rule for rule in rules if _guard_key(rule) in (None, guard)), None)


def _circles(
    chart: Chart, starts: Sequence[Node], guard: str | None
) -> list[list[Rule]]:
    """The circles that are taken when only this guard holds, from these states on."""
    found: list[list[Rule]] = []
    done: set[Node] = set()
    for start in starts:
        way: dict[Node, Rule] = {}
        node: Node | None = start
        while node is not None and node not in done and node not in way:
            rule = _step(chart, node, guard)
            if rule is None or (guard and len(way) > LONGEST):
                break
            way[node] = rule
            node = _asked_next(chart, rule)
        if node is not None and node in way:
            places = list(way)
            found.append([way[each] for each in places[places.index(node) :]])
        done.update(way)
    return found


def _asked_next(chart: Chart, rule: Rule) -> Node | None:
    """The innermost state with an always after a rule was taken; None if unclear."""
    if not rule.targets:
        return rule.node
    chain = entered(chart, rule)
    if chain is None:
        return None
    if _is_the_end(chart, chain):
        return None
    innermost = chain[-1] if chain else rule.targets[0]
    for node in (innermost, *innermost.ancestors()):
        if node.kind == "parallel":
            return None
        if chart.always(node):
            return node
    return None


def _is_the_end(chart: Chart, chain: Sequence[Node]) -> bool:
    """Whether the machine is done with the last of these states."""
    last = chain[-1] if chain else chart.root
    return last.kind == "final" and last.parent is chart.root


def _never_ends(chart: Chart, circle: Sequence[Rule]) -> bool:
    for rule in circle:
        if not rule.targets and any(
            chart.always(node) for node in inside(rule.node) if node is not rule.node
        ):
            return False  # states inside go first and may lead out
        if any(chart.always(node) for node in beside(rule.node)):
            return False  # a region beside it may lead out
    if len(circle) == 1 and _rests(chart, circle[0]):
        return False
    if all(rule.certain and chart.always(rule.node)[0] is rule for rule in circle):
        return True
    return all(_is_steady(chart, rule) for rule in circle)


def _rests(chart: Chart, rule: Rule) -> bool:
    """Whether a machine rests after a step to where it is: when nothing is assigned."""
    if not chart.semantics.rests:
        return False
    actions = lint_actions.content(chart, rule, entered(chart, rule) or ())
    return not any(item.sure and item.kind == "assign" for item in actions)


def _is_steady(chart: Chart, rule: Rule) -> bool:
    """Whether nothing that the step does can change what its guards say."""
    chain = entered(chart, rule)
    if chain is None:
        return False
    rules = chart.always(rule.node)
    asked = [each.guard for each in rules[: rules.index(rule) + 1]]
    steady = all(map(chart.guards.is_steady, asked))
    actions = lint_actions.content(chart, rule, chain)
    return steady and not lint_actions.changes_something(actions)


def _report_circle(chart: Chart, circle: Sequence[Rule]) -> None:
    first = min(circle, key=lambda rule: chart.nodes.index(rule.node))
    start = circle.index(first)
    ordered = [*circle[start:], *circle[:start]]
    way = " → ".join(name(rule.node) for rule in (*ordered, first))
    message = f"the always of {quote(name(first.node))} never ends"
    if len(circle) > 1:
        message = f"always goes round without end: {way}"
    if not all(rule.certain for rule in circle):
        message += ", once its guard is true: nothing on the way changes that"
    hint = "give one of them a guard that becomes false on the way"
    chart.warn(first.path, "always_loop", message, hint)


# ---------------------------------------------------------------------------- raise


def _returns(chart: Chart, rule: Rule) -> list[Node] | None:
    """What a rule enters, if its own state is active again right after it."""
    chain = entered(chart, rule)
    if chain is None or (rule.targets and not _stays(chart, rule, chain)):
        return None
    if _is_the_end(chart, chain) or (not chain and rule.node in chart.restless):
        return None
    innermost = chain[-1] if chain else rule.node
    active = (innermost, *innermost.ancestors())
    return None if any(map(chart.always, active)) else chain


def _stays(chart: Chart, rule: Rule, chain: Sequence[Node]) -> bool:
    return not chart.leaves(rule, rule.node) or rule.node in chain


def _raise_loop(chart: Chart, rule: Rule) -> None:
    """Report a rule that raises its own event and is there to take it."""
    if rule.node.kind == "parallel" or any(
        node.kind == "parallel" for node in rule.node.ancestors()
    ):
        return
    chain = _returns(chart, rule)
    if chain is None:
        return
    actions = lint_actions.content(chart, rule, chain)
    raised = [item for item in actions if lint_actions.raised(item) is not None]
    events = [lint_actions.raised(item) for item in raised if item.sure]
    if len(raised) != 1 or len(events) != 1 or events[0] is None:
        return
    event = events[0]
    if _takes(chart, rule, event):
        message = f"the transition for {quote(event)} raises {quote(event)} again "
        hint = "raise it under a guard, or with a delay"
        chart.warn(rule.path, "raise_loop", f"{message}without end", hint)


def _takes(chart: Chart, rule: Rule, event: str) -> bool:
    """Whether this rule, and no other, takes an event while its state is active."""
    if not any(pattern.matches(event) for pattern in rule.patterns):
        return False
    return not any(
        other is not rule and any(p.matches(event) for p in other.patterns)
        for node in inside(rule.node)
        for other in chart.by_event(node)
    )


# --------------------------------------------------------------------------- delays


def _self_rearming(chart: Chart, rule: Rule) -> None:
    """Report a delay that begins anew each time it is over."""
    hint = (
        "give it a guard that counts the rounds, and a transition for when it is over"
    )
    chain = _returns(chart, rule)
    if chain is None:
        return
    if rule.key == "after" and rule.node in chain:
        delay = quote(str(rule.path[-2]))
        message = f"{quote(name(rule.node))} enters itself again every {delay}, "
        chart.warn(rule.path, "self_rearming_delay", message + "without end", hint)
        return
    for item in lint_actions.content(chart, rule, chain):
        event = item.action.get("event")
        if item.kind != "raise" or not item.sure or "delay" not in item.action:
            continue
        if isinstance(event, str) and any(p.matches(event) for p in rule.patterns):
            message = f"the transition for {quote(event)} raises {quote(event)} again "
            message += "after a delay, without end"
            chart.warn(rule.path, "self_rearming_delay", message, hint)
            return


def _not_reentered(chart: Chart, rule: Rule) -> None:
    """Report a transition to its own atomic state that does not enter it again."""
    node = rule.node
    if rule.targets != (node,) or node.children or rule.reenter:
        return
    hint = 'write "reenter": true if the state should be left and entered again'
    if rule.key == "after":
        message = (
            f"the delay is over once only: {quote(node.path)} is not entered again"
        )
        chart.warn(rule.path, "not_reentered", message, hint)
        return
    kept = [key for key in ("entry", "exit", "after", "invoke") if key in node.raw]
    if kept and not rule.actions:
        listed = " or ".join(map(quote, kept))
        message = f"the transition has no effect: it does not run {listed} again"
        chart.warn(rule.path, "not_reentered", message, hint)
