"""Random machines and events, from a seed; valid by construction.

A machine has 2 to 14 states.  Counters `context.n.a` and `context.n.b` bound loops and
decide guards; the action `trace` notes its name, the event and the counters, so that
the order of the executed actions and what they see can be compared.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from .implementations import IMPLEMENTATIONS

Json = Any

EVENTS = ("E", "F", "G", "a", "a.b", "a.b.c", "a.c")
RAISED = ("R", "R", "S", "a.b", "E")
DESCRIPTORS = ("E", "F", "G", "R", "S", "a", "a.b", "a.*", "a.b.*", "*")
TAGS = ("red", "green", "blue")
KEYS = "pqrstuvw"
ADVANCES = (3, 5, 7, 10, 15, 20, 50)
COUNTERS = ("a", "b")


@dataclass
class Node:
    """A state while the machine is made."""

    key: str
    kind: str
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)
    id: str | None = None

    @property
    def path(self) -> tuple[str, ...]:
        return (*self.parent.path, self.key) if self.parent else ()

    @property
    def reference(self) -> str:
        """The state by its id, given or XState's default."""
        return "#" + (self.id or ".".join(("m", *self.path)))

    def below(self) -> list[Node]:
        """The states under this one, in document order."""
        found: list[Node] = []
        for child in self.children:
            found += [child, *child.below()]
        return found

    def is_in(self, other: Node) -> bool:
        """Whether the state is the other one or under it."""
        return self is other or (self.parent is not None and self.parent.is_in(other))


@dataclass(frozen=True)
class Case:
    """A machine and what happens to it."""

    seed: int
    machine: Json
    events: tuple[Json, ...]


def case(seed: int, events: int = 12) -> Case:
    """The case of a seed, always the same."""
    generator = Generator(random.Random(seed))
    return Case(seed, generator.machine(), generator.events(events))


class Generator:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.names = 0
        self.root = Node("m", "compound")

    def chance(self, of: float) -> bool:
        return self.rng.random() < of

    # -- events -----------------------------------------------------------------

    def events(self, count: int) -> tuple[Json, ...]:
        return tuple(self._event() for _ in range(count))

    def _event(self) -> Json:
        if self.chance(0.25):
            return {"advance": self.rng.choice(ADVANCES)}
        event: Json = {"type": self.rng.choice(EVENTS)}
        if self.chance(0.3):
            event["x"] = self.rng.randint(1, 3)
        return event

    # -- the tree ----------------------------------------------------------------

    def machine(self) -> Json:
        budget = self.rng.randint(2, 14)
        self.root.kind = "parallel" if self.chance(0.15) else "compound"
        self._grow(self.root, budget, 0)
        for node in self.root.below():
            if self.chance(0.35):
                node.id = f"n{self._number()}"
        return {
            "id": "m",
            "context": {"n": {"a": 0, "b": 0}, "kept": None},
            **self._state(self.root),
            "implementations": IMPLEMENTATIONS,
        }

    def _number(self) -> int:
        self.names += 1
        return self.names

    def _grow(self, node: Node, budget: int, depth: int) -> None:
        """Give a compound or parallel state its children, `budget` states in all."""
        least = 1 if node.kind == "parallel" else 2
        count = max(least, min(self.rng.randint(least, 4), budget))
        keys = self.rng.sample(KEYS, count)
        left = max(0, budget - count)
        for key in keys:
            share = self.rng.randint(0, left)
            kind = self._kind(node, share if depth < 3 else 0)
            child = Node(key, kind, node)
            node.children.append(child)
            if kind in ("compound", "parallel"):
                left -= share
                self._grow(child, share, depth + 1)
        if not any(child.kind in PLAIN for child in node.children):
            node.children[0].kind = "atomic"
        if self.chance(0.35 if node.kind == "compound" else 0.15):
            self._history(node)

    def _kind(self, parent: Node, share: int) -> str:
        if share >= 2 and self.chance(0.85):
            return "parallel" if self.chance(0.35) else "compound"
        last = 0.22 if parent.kind == "compound" and parent.children else 0.06
        return "final" if self.chance(last) else "atomic"

    def _history(self, node: Node) -> None:
        key = self.rng.choice(
            [k for k in KEYS if k not in {c.key for c in node.children}]
        )
        place = self.rng.randint(0, len(node.children))
        node.children.insert(place, Node(key, "history", node))

    # -- a state -----------------------------------------------------------------

    def _state(self, node: Node) -> Json:
        made: Json = {}
        if node.id:
            made["id"] = node.id
        if node.kind in ("parallel", "final", "history"):
            made["type"] = node.kind
        if node.kind == "history":
            return {**made, **self._history_state(node)}
        if node.kind == "compound":
            made["initial"] = self._initial(node)
        for key in ("entry", "exit"):
            if self.chance(0.85):
                made[key] = self._actions(f"{key} {'.'.join(node.path)}", node)
        if self.chance(0.25):
            made["tags"] = self.rng.sample(TAGS, self.rng.randint(1, 2))
        if node.kind == "final":
            return {**made, **self._final(node)}
        made |= self._transitions(node)
        if node.children:
            made["states"] = {child.key: self._state(child) for child in node.children}
        if node.parent is None and (self._tops_have_output() or self.chance(0.3)):
            made["output"] = {
                "last": {"expr": "event.output"},
                "n": {"expr": "context.n"},
            }
        return made

    def _tops_have_output(self) -> bool:
        # without an output of the machine the two differ: see test_differences
        return any(child.kind == "final" for child in self.root.children)

    def _initial(self, node: Node) -> Json:
        plain = [child for child in node.children if child.kind in PLAIN]
        first = self.rng.choice(plain) if self.chance(0.4) else plain[0]
        if self.chance(0.25):
            name = f"initial {'.'.join(node.path)}"
            return {"target": first.key, "actions": self._actions(name, node)}
        return first.key

    def _history_state(self, node: Node) -> Json:
        assert node.parent is not None
        made: Json = {"history": self.rng.choice(("shallow", "deep", "deep"))}
        if self.chance(0.5):
            below = [n for n in node.parent.below() if n.kind in (*PLAIN, "final")]
            target = self.rng.choice(below)
            relative = ".".join(target.path[len(node.parent.path) :])
            made["target"] = target.reference if self.chance(0.3) else relative
        return made

    def _final(self, node: Node) -> Json:
        if self.chance(0.5):
            return {}
        return {"output": self.rng.choice(OUTPUTS)}

    # -- transitions ----------------------------------------------------------------

    def _transitions(self, node: Node) -> Json:
        made: Json = {}
        descriptors = self.rng.sample(DESCRIPTORS, self.rng.choice((0, 1, 1, 2, 2, 3)))
        if "*" in descriptors and self.chance(0.5):
            descriptors.remove("*")  # it takes done events too, and loops easily
        if descriptors:
            made["on"] = {key: self._candidates(node, key) for key in descriptors}
        if self.chance(0.2):
            made["always"] = [
                self._always(node) for _ in range(self.rng.choice((1, 1, 2)))
            ]
        if self.chance(0.25):
            made["after"] = self._after(node)
        if node.children and node.parent and self.chance(0.6):
            made["onDone"] = self._candidates(node, "onDone")
        return made

    def _after(self, node: Node) -> Json:
        # numbers first and rising, as JavaScript orders the keys of an object
        delays = self.rng.sample(("5", "10", "20", "soon", "later"), 2)
        kept = sorted(delays[: self.rng.choice((1, 1, 2))], key=_javascript_order)
        return {delay: self._candidates(node, f"after {delay}") for delay in kept}

    def _candidates(self, node: Node, name: str) -> Json:
        if name[0] != "o" and self.chance(0.06):
            return {}
        count = self.rng.choice((1, 1, 1, 2, 3))
        made = [self._transition(node, name, last=i == count - 1) for i in range(count)]
        target = made[0].get("target")
        if (
            made == [{"target": target}]
            and isinstance(target, str)
            and self.chance(0.5)
        ):
            return target
        return made[0] if count == 1 and self.chance(0.7) else made

    def _transition(self, node: Node, name: str, last: bool) -> Json:
        made: Json = {}
        if self.chance(0.82):
            made["target"] = self._target(node)
        if self.chance(0.3 if last else 0.85):
            made["guard"] = self._guard()
        if self.chance(0.6):
            path = ".".join(node.path)
            made["actions"] = self._actions(f"{name} {path} {self._number()}", node)
        if "target" in made and self.chance(0.18):
            made["reenter"] = True
        return made

    def _always(self, node: Node) -> Json:
        made = self._transition(node, "always", last=True)
        if self.chance(0.06):
            return {**made, "guard": self._guard()}
        key = self.rng.choice(COUNTERS)
        guard: Json = {
            "type": "lt",
            "params": {"key": key, "value": self.rng.randint(1, 4)},
        }
        if self.chance(0.3):
            guard = {"and": [guard, self._guard()]}
        counting = {"type": "inc", "params": {"key": key}}
        return {**made, "guard": guard, "actions": [counting, *made.get("actions", [])]}

    def _target(self, source: Node) -> Json:
        parallels = [n for n in [self.root, *self.root.below()] if _regions(n)]
        if parallels and self.chance(0.15):
            regions = _regions(self.rng.choice(parallels))
            chosen = self.rng.sample(regions, self.rng.randint(2, len(regions)))
            targets = [self.rng.choice([r, *r.below()]) for r in chosen]
            return [self._reference(source, target) for target in targets]
        return self._reference(source, self.rng.choice(self._near(source)))

    def _near(self, source: Node) -> list[Node]:
        """States to choose a target from: near ones more often."""
        everywhere = self.root.below()
        if source.parent is None or self.chance(0.3):
            return everywhere
        around = source.parent.below()
        return around if self.chance(0.7) or not source.children else source.below()

    def _reference(self, source: Node, target: Node) -> str:
        ways = [target.reference]
        if target.is_in(source) and target is not source:
            ways += ["." + ".".join(target.path[len(source.path) :])] * 2
        if (
            source.parent
            and target.is_in(source.parent)
            and target is not source.parent
        ):
            ways += [".".join(target.path[len(source.parent.path) :])] * 2
        return self.rng.choice(ways)

    # -- guards and actions ---------------------------------------------------------

    def _guard(self, depth: int = 0) -> Json:
        kind = self.rng.choice(GUARDS if depth < 2 else GUARDS[:5])
        if kind in ("yes", "no"):
            return kind
        if kind == "lt":
            value = self.rng.randint(1, 5)
            return {"type": kind, "params": {"key": self._counter(), "value": value}}
        if kind == "odd":
            return {"type": kind, "params": {"key": self._counter()}}
        if kind == "isEvent":
            return {"type": kind, "params": {"type": self.rng.choice(EVENTS)}}
        if kind == "in":
            active = [n for n in self.root.below() if n.kind != "history"]
            return {"in": self.rng.choice(active).reference}
        if kind == "not":
            return {"not": self._guard(depth + 1)}
        return {kind: [self._guard(depth + 1) for _ in range(2)]}

    def _counter(self) -> str:
        return self.rng.choice(COUNTERS)

    def _actions(self, name: str, node: Node) -> list[Json]:
        made: list[Json] = [{"type": "trace", "params": {"name": name}}]
        while self.chance(0.35):
            place = self.rng.randint(0, len(made))
            made.insert(place, self._action(name))
        return made

    def _action(self, name: str, depth: int = 0) -> Json:
        kind = self.rng.choice(ACTIONS if depth == 0 else ACTIONS[:5])
        if kind in ("inc", "add"):
            return {"type": kind, "params": {"key": self._counter()}}
        if kind in ("keep", "both"):
            return kind if kind == "both" else {"type": kind}
        if kind == "raise":
            return {"type": "raise", "event": self.rng.choice(RAISED)}
        if kind == "later":
            delay = self.rng.choice((1, 5, 10, "soon", "later"))
            made = {"type": "raise", "event": self.rng.choice(RAISED), "delay": delay}
            return {**made, "id": f"d{self._number()}"} if self.chance(0.7) else made
        if kind == "cancel":
            return {"type": "cancel", "id": f"d{self.rng.randint(1, 12)}"}
        return {"type": "choose", "branches": self._branches(name)}

    def _branches(self, name: str) -> list[Json]:
        made: list[Json] = []
        for index in range(self.rng.randint(1, 2)):
            trace = {"type": "trace", "params": {"name": f"{name} branch {index}"}}
            made.append(
                {
                    "guard": self._context_guard(),
                    "actions": [trace, self._action(name, 1)],
                }
            )
        if self.chance(0.5):
            made.append({"actions": [self._action(name, 1)]})
        return made

    def _context_guard(self) -> Json:
        # not of active states: see test_differences
        params = {"key": self._counter(), "value": self.rng.randint(1, 4)}
        return {"type": "lt", "params": params}


PLAIN = ("atomic", "compound", "parallel")
OUTPUTS: tuple[Json, ...] = (
    "plain",
    3,
    {"expr": "context.n.a"},
    {"a": {"expr": "context.n.b"}, "list": [1, {"expr": "context.n.a"}]},
)
GUARDS = ("yes", "no", "lt", "odd", "isEvent", "lt", "in", "not", "and", "or")
ACTIONS = ("inc", "add", "keep", "both", "raise", "later", "later", "cancel", "choose")


def _regions(node: Node) -> list[Node]:
    found = [child for child in node.children if child.kind != "history"]
    return found if node.kind == "parallel" and len(found) > 1 else []


def _javascript_order(delay: str) -> tuple[bool, int]:
    return (not delay.isdigit(), int(delay) if delay.isdigit() else 0)
