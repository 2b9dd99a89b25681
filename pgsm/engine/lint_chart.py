"""A definition as the checks of `lint` look at it: states, their rules, who is where.

A rule is a transition with its place, its targets as states and the events that it
is for.  Everything is made of a document in normal form, which is valid.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import semantics
from .definition_problems import Finding, Path, did_you_mean
from .definition_shapes import MAX_HINTS
from .definition_tree import Node, resolve, resolve_below, scan
from .lint_guards import Guards

Document = Mapping[str, Any]

_ANSWERS = (
    ("onDone", "done.invoke"),
    ("onItem", "done.item"),
    ("onError", "error.invoke"),
)


@dataclass(frozen=True)
class Pattern:
    """The events of a descriptor: one, or with `open` all that begin with its tokens.

    The stem "" is that of "*".
    """

    stem: str
    open: bool

    def matches(self, event: str) -> bool:
        """Whether the event is one of them."""
        return self.covers(Pattern(event, False))

    def covers(self, other: Pattern) -> bool:
        """Whether every event of the other is one of this one's."""
        if self == other or (self.open and not self.stem):
            return True
        return self.open and (
            other.stem == self.stem or other.stem.startswith(self.stem + ".")
        )

    def overlaps(self, other: Pattern) -> bool:
        """Whether an event can be of both."""
        return self.covers(other) or other.covers(self)

    def wider(self) -> Iterator[Pattern]:
        """Every pattern that covers this one, itself first."""
        yield self
        tokens = self.stem.split(".") if self.stem else []
        for length in range(len(tokens), -1, -1):
            yield Pattern(".".join(tokens[:length]), True)


def pattern(descriptor: str) -> Pattern:
    """The pattern of a JSON document's descriptor: `a`, `a.*` or `*`."""
    if descriptor == "*":
        return Pattern("", True)
    return Pattern(descriptor.removesuffix(".*"), descriptor.endswith(".*"))


def token_pattern(descriptor: str) -> Pattern:
    """The pattern of a descriptor of SCXML, which is always a prefix."""
    stem = descriptor.removesuffix(".*").removesuffix(".")
    return Pattern("" if stem == "*" else stem, True)


@dataclass(frozen=True, eq=False)
class Rule:
    """A transition: `key` is the key of the state under which it stands.

    `targets` are None when it has none; `patterns` are empty for `always`.
    `certain` tells that no guard can refuse it.
    """

    node: Node
    path: Path
    key: str
    patterns: tuple[Pattern, ...]
    targets: tuple[Node, ...] | None
    raw: Document
    certain: bool

    @property
    def guard(self) -> Document | None:
        """Its guard as the document has it."""
        return self.raw.get("guard")

    @property
    def actions(self) -> Sequence[Document]:
        """Its actions as the document has them."""
        found: Sequence[Document] = self.raw.get("actions", ())
        return found

    @property
    def reenter(self) -> bool:
        """Whether it leaves and enters its own state when that is a target."""
        return bool(self.raw.get("reenter", False))

    @property
    def does_something(self) -> bool:
        """Whether it has a target or actions; one without forbids its event."""
        return self.targets is not None or bool(self.actions)


class Chart:
    """A document with its tree of states and their rules; findings are put into it."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.semantics = semantics.of(document)
        self.tree = scan(dict(document))
        self.root = self.tree.root
        self.implementations: Document = document.get("implementations", {})
        self.guards = Guards(self.implementations.get("guards", {}), self.tree)
        self.nodes = [node for node in self.tree.nodes if node.kind != "history"]
        self.with_exit = [node for node in self.nodes if "exit" in node.raw]
        self.done_events = {
            self.done_event(node): node for node in self.nodes if node.children
        }
        self.rules = {node: tuple(self._rules(node)) for node in self.nodes}
        self.all_rules = [rule for rules in self.rules.values() for rule in rules]
        self.always_of = {
            node: [rule for rule in rules if rule.key == "always"]
            for node, rules in self.rules.items()
        }
        self.with_always = [node for node in self.nodes if self.always(node)]
        # the states that have an always, or one inside
        self.restless = set(self.with_always)
        self.restless.update(a for node in self.with_always for a in node.ancestors())
        self.findings: list[Finding] = []
        self.hints = 0  # searched for so far

    def warn(
        self, path: Path, code: str, message: str, hint: str | None = None
    ) -> None:
        """Take a warning down."""
        self.findings.append(Finding(path, code, message, hint))

    def suggest(self, wanted: str, candidates: Iterable[str]) -> str | None:
        """A hint "did you mean …", for the first MAX_HINTS names only."""
        self.hints += 1
        return did_you_mean(wanted, candidates) if self.hints <= MAX_HINTS else None

    def done_event(self, node: Node) -> str:
        """The event that says that a state is complete."""
        by_id = self.semantics.done_by_id
        return f"done.state.{node.id if by_id else node.path}"

    # -- rules ----------------------------------------------------------------------

    def always(self, node: Node) -> list[Rule]:
        """The transitions of a state that need no event, in order."""
        return self.always_of[node]

    def by_event(self, node: Node) -> list[Rule]:
        """The transitions of a state that need one; of one event in their order."""
        return [rule for rule in self.rules[node] if rule.key != "always"]

    def _rules(self, node: Node) -> Iterator[Rule]:
        raw, here = node.raw, node.steps
        for event, items in raw.get("on", {}).items():
            yield from self._listed(node, (*here, "on", event), items, "on", (event,))
        for delay, items in raw.get("after", {}).items():
            place = (*here, "after", delay)
            yield from self._fixed(node, place, items, f"after.{delay}.{node.path}")
        if "onDone" in raw:
            place = (*here, "onDone")
            yield from self._fixed(node, place, raw["onDone"], self.done_event(node))
        for number, invoke in enumerate(raw.get("invoke", ())):
            for key, prefix in _ANSWERS:
                if key in invoke:
                    place = (*here, "invoke", number, key)
                    event = f"{prefix}.{invoke['id']}"
                    yield from self._fixed(node, place, invoke[key], event)
        for number, item in enumerate(raw.get("transitions", ())):
            patterns = tuple(map(token_pattern, item["event"]))
            place = (*here, "transitions", number)
            yield self._rule(node, place, item, "transitions", patterns)
        yield from self._listed(
            node, (*here, "always"), raw.get("always", ()), "always"
        )

    def _listed(
        self,
        node: Node,
        path: Path,
        items: Iterable[Document],
        key: str,
        events: tuple[str, ...] = (),
    ) -> Iterator[Rule]:
        read = token_pattern if self.semantics.token_prefixes else pattern
        for number, item in enumerate(items):
            yield self._rule(node, (*path, number), item, key, tuple(map(read, events)))

    def _fixed(
        self, node: Node, path: Path, items: Iterable[Document], event: str
    ) -> Iterator[Rule]:
        patterns = (Pattern(event, self.semantics.token_prefixes),)
        key = str(path[len(node.steps)])
        for number, item in enumerate(items):
            yield self._rule(node, (*path, number), item, key, patterns)

    def _rule(
        self,
        node: Node,
        path: Path,
        raw: Document,
        key: str,
        patterns: tuple[Pattern, ...],
    ) -> Rule:
        targets = None
        if "target" in raw:
            found = (resolve(self.tree, node, text) for text in raw["target"])
            targets = tuple(target for target in found if target is not None)
        certain = self.guards.constant(raw.get("guard"), node) is True
        return Rule(node, path, key, patterns, targets, raw, certain)

    # -- targets --------------------------------------------------------------------

    def initial(self, node: Node) -> tuple[Node, ...]:
        """What is entered with a compound state by default."""
        texts = node.raw.get("initial", {}).get("target", ())
        found = (resolve_below(self.tree, node, text) for text in texts)
        return tuple(target for target in found if target is not None)

    def default(self, history: Node) -> tuple[Node, ...]:
        """What a history state stands for before its parent was ever left."""
        parent = history.parent or self.root
        texts = history.raw.get("target")
        if texts is not None:
            found = (resolve_below(self.tree, parent, text) for text in texts)
            return tuple(target for target in found if target is not None)
        return regions(parent) if parent.kind == "parallel" else self.initial(parent)

    def domain(self, rule: Rule) -> Node | None:
        """The state inside of which the rule leaves everything; None for nothing.

        For a rule that leaves the root too it is the root.
        """
        if not rule.targets:
            return None
        targets: list[Node] = []
        for target in rule.targets:
            targets += self.default(target) if target.kind == "history" else (target,)
        source = rule.node
        if not rule.reenter and all(
            target is source or source in target.ancestors() for target in targets
        ):
            return source
        others = [*targets, source]
        for ancestor in others[0].ancestors():
            if all(ancestor in other.ancestors() for other in others):
                return ancestor
        return self.root

    def leaves(self, rule: Rule, node: Node) -> bool:
        """Whether the rule leaves a state when that is active."""
        domain = self.domain(rule)
        if domain is None:
            return False
        return domain in node.ancestors() or (node is self.root and rule.reenter)


def regions(node: Node) -> tuple[Node, ...]:
    """The children of a state that can be active."""
    return tuple(child for child in node.children.values() if child.kind != "history")


def inside(node: Node) -> Iterator[Node]:
    """A state and all below it, without history states."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(reversed(regions(current)))


def beside(node: Node) -> Iterator[Node]:
    """All states of the regions that can be active while this one is."""
    current = node
    for ancestor in node.ancestors():
        for region in regions(ancestor) if ancestor.kind == "parallel" else ():
            if region is not current:
                yield from inside(region)
        current = ancestor


def name(node: Node) -> str:
    """How a message calls a state."""
    return node.path or "(the root)"
