"""States that nothing leads to, or out of, and ends that nobody notices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from . import lint_actions
from .definition_problems import quote
from .definition_tree import Node
from .lint_chart import Chart, Pattern, Rule, inside, name, regions
from .lint_guards import compiled
from .lint_transitions import can_complete

# -------------------------------------------------------------------- what is reached


class Reach:
    """The states that can be active, `reached`; too many rather than too few."""

    def __init__(self, chart: Chart, dead: set[Rule]) -> None:
        self.chart = chart
        self.dead = dead
        self.reached: set[Node] = set()
        self.by_default: set[Node] = set()
        self.new: list[Node] = []
        self.waiting: list[Rule] = []  # for a completion that nothing leads to yet
        self._enter_default(chart.root)
        self._spread()

    def _add(self, node: Node) -> None:
        if node not in self.reached:
            self.reached.add(node)
            self.new.append(node)

    def _enter(self, targets: Sequence[Node], domain: Node | None) -> None:
        """Enter targets, what is between them and a state that is active, and regions.

        None for that state is the same as the root's outside.
        """
        for target in targets:
            self._enter_default(target)
            for ancestor in target.ancestors():
                self._add(ancestor)
                for region in regions(ancestor) if ancestor.kind == "parallel" else ():
                    if not any(t is region or region in t.ancestors() for t in targets):
                        self._enter_default(region)
                if ancestor is domain:
                    break

    def _enter_default(self, node: Node) -> None:
        if node in self.by_default:
            return
        self.by_default.add(node)
        if node.kind == "history":
            self.reached.add(node)
            self._enter(self.chart.default(node), node.parent)
            return
        self._add(node)
        if node.kind == "compound":
            self._enter(self.chart.initial(node), node)
        elif node.kind == "parallel":
            for region in regions(node):
                self._enter_default(region)

    def _spread(self) -> None:
        while True:
            while self.new:
                for rule in self.chart.rules[self.new.pop()]:
                    self._follow(rule)
            waiting, self.waiting = self.waiting, []
            for rule in waiting:
                self._follow(rule)
            if not self.new and len(self.waiting) == len(waiting):
                return

    def _follow(self, rule: Rule) -> None:
        if rule in self.dead or not rule.targets:
            return
        if rule.patterns and not any(map(self._is_made, rule.patterns)):
            self.waiting.append(rule)
        else:
            recorded = any(target.kind == "history" for target in rule.targets)
            self._enter(rule.targets, None if recorded else self.chart.domain(rule))

    def _is_made(self, pattern: Pattern) -> bool:
        node = self.chart.done_events.get(pattern.stem)
        if node is None or not self.chart.semantics.strict:
            return True
        return can_complete(node, self.reached)


def check(chart: Chart, dead: set[Rule]) -> set[Node]:
    """Report what is wrong with states; gives those that can be active."""
    reached = Reach(chart, dead).reached
    _unreachable(chart, reached)
    live = [rule for rule in chart.all_rules if rule not in dead]
    live = [rule for rule in live if rule.node in reached]
    outs = WaysOut(chart, live)
    for node in chart.nodes:
        if node in reached and node.kind == "atomic":
            _no_way_out(chart, node, outs)
    for node in chart.nodes:
        if node in reached and node.children and node.parent:
            _stuck_when_done(chart, node, live, reached)
    return reached


def _unreachable(chart: Chart, reached: set[Node]) -> None:
    for node in chart.tree.nodes:
        if node in reached or (node.parent and node.parent not in reached):
            continue
        if node.kind == "history":
            message = f"no transition leads to the history state {quote(node.path)}"
            hint = "make it a target, or leave it out"
        else:
            message = f"no transition that can be taken leads to {quote(node.path)}"
            hint = "make it the target of one, or leave the state out"
        chart.warn(node.steps, "unreachable_state", message, hint)


# ------------------------------------------------------------------------- ways out


class WaysOut:
    """Whether anything can happen in a state, by the rules that can be taken."""

    def __init__(self, chart: Chart, live: Sequence[Rule]) -> None:
        self.chart = chart
        self.live: dict[Node, list[Rule]] = {}
        self.left_from_inside: set[Node] = set()
        for rule in live:
            self.live.setdefault(rule.node, []).append(rule)
            domain = chart.domain(rule)
            for node in (rule.node, *rule.node.ancestors()) if domain else ():
                if node.kind == "parallel":
                    self.left_from_inside.add(node)
                if node is domain:
                    break

    def exist(self, node: Node) -> bool:
        """Whether a rule of the state, of one around it or beside it does something.

        A rule for an error does not count, nor one that a state inside forbids (`{}`).
        """
        forbidden: list[Pattern] = []
        for current in (node, *node.ancestors()):
            if current.kind == "parallel" and current in self.left_from_inside:
                return True
            rules = self.live.get(current, ())
            if any(self._counts(rule, forbidden) for rule in rules):
                return True
            for rule in rules:
                if rule.certain and not rule.does_something:
                    forbidden.extend(rule.patterns)
        return False

    @staticmethod
    def _counts(rule: Rule, forbidden: Sequence[Pattern]) -> bool:
        if not rule.does_something:
            return False
        if rule.patterns and all(p.stem.startswith("error.") for p in rule.patterns):
            return False
        return not rule.patterns or not all(
            any(each.covers(pattern) for each in forbidden) for pattern in rule.patterns
        )


def _no_way_out(chart: Chart, node: Node, outs: WaysOut) -> None:
    if node.parent is None or node.parent.kind == "parallel" or outs.exist(node):
        return  # the root and regions are not there to be left
    invokes = node.raw.get("invoke", ())
    if any("machine" in invoke for invoke in invokes):
        return  # lives as long as its child does
    message = f"nothing leads out of {quote(node.path)}, and it is not final"
    hint = 'write "type": "final" if it is an end, else give it a transition'
    if invokes:
        message = f"nothing happens in {quote(node.path)} when its invocation is done"
        hint = 'write "onDone" with what comes then'
    chart.warn(node.steps, "no_way_out", message, hint)


# ------------------------------------------------------------- ends that nobody sees


def _stuck_when_done(
    chart: Chart, node: Node, live: Sequence[Rule], reached: set[Node]
) -> None:
    """Report a state whose completion no rule takes and no guard looks at."""
    if node.parent is None or node.parent.kind == "parallel":
        return  # a region: its parent's completion counts
    if not can_complete(node, reached):
        return
    event = chart.done_event(node)
    if any(p.matches(event) for rule in live for p in rule.patterns):
        return
    if any(rule.key == "always" and _is_around(rule.node, node) for rule in live):
        return
    if any(True for _ in _looks_at(chart, node)) or _says_so(chart, node):
        return
    message = f"{quote(name(node))} stays where it is when it is complete: "
    message += f"nothing takes {quote(event)}"
    chart.warn(
        node.steps, "stuck_when_done", message, 'write "onDone" with what is next'
    )


def _looks_at(chart: Chart, node: Node) -> Iterator[str]:
    """Guards of rules that ask whether a final state inside is active."""
    paths = {child.path for child in inside(node)}
    ids = {f"#{child.id}" for child in inside(node)}
    for rule in chart.all_rules:
        for part in chart.guards.parts(rule.guard):
            if part.get("in") in paths | ids:
                yield part["in"]
            found = compiled(part.get("expr"), frozenset())
            if "expr" in part and (found is None or found.states & (paths | ids)):
                yield part["expr"]


def _is_around(node: Node, inner: Node) -> bool:
    return node is inner or node in inner.ancestors()


def _says_so(chart: Chart, node: Node) -> bool:
    """Whether entering one of the final states raises an event."""
    return any(
        item.kind in ("raise", "send")
        for final in inside(node)
        if final.kind == "final"
        for item in lint_actions.expanded(chart, final.raw.get("entry", ()))
    )
