"""Random machines that are valid by construction, and random walks through them.

Every transition without an event from outside spends fuel, of which an event from
outside gives a little: such a machine settles.  Entry, exit, delayed events and
cancels leave notes, so that what they do is known without looking at the commands:

``{"enter": path}``, ``{"exit": path}``, ``{"arm": send id}``, ``{"cancel": send id}``,
``{"rearm": delay}``, ``{"spawn": child id}``, ``{"stop": child id}``

A state with timers or invocations has entry and exit content that cannot fail, as a
failing block would take its note back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

Json = Any

KEYS = ("a", "b", "c d", "é", "x'\"\\")
EVENTS = ("go", "stop", "go.on", "put")
RAISED = ("r1", "r2")
DELAYS = ("1 day", "10", "soon")
NO_DELAYS = ("never",)
FAILS = "x-fails"

CONTEXT = {"fuel": 4, "n": 0, "items": [], "v": None, "zero": {"expr": "0"}}
EFFECTS = {"mail": {}, "sms": {"timeout": "5s"}}


def expr(source: str) -> Json:
    return {"expr": source}


def note(kind: str, what: Json) -> Json:
    return {"type": "log", "message": {kind: what}}


SPEND = {"type": "assign", "set": {"fuel": expr("context.fuel - 1")}}
REFUEL = {"type": "assign", "set": {"fuel": 4}}
HAS_FUEL = expr("context.fuel > 0")
# The shortest failing block; all that has been before it leaves no trace.
FAILURE = {"type": "log", "message": expr("context.nothing.here")}


@dataclass
class Node:
    """A state to be: its place and kind."""

    path: str
    kind: str
    parent: Node | None
    children: dict[str, Node] = field(default_factory=dict)

    @property
    def above(self) -> list[Node]:
        return [] if self.parent is None else [self.parent, *self.parent.above]

    @property
    def target(self) -> str:
        return f"#m.{self.path}"


# ------------------------------------------------------------------------- states


@st.composite
def machines(draw: st.DrawFn, errors: bool = True, calls: bool = True) -> Json:
    """A document; without `errors` nothing in it fails, without `calls` no SQL."""
    return Builder(draw, errors, calls).document()


class Builder:
    def __init__(self, draw: st.DrawFn, errors: bool, calls: bool) -> None:
        self.draw = draw
        self.errors = errors and self.chance(2)
        self.calls = calls and self.chance(3)
        self.invocations = 0
        self.nodes: list[Node] = []
        self.room = 11  # states that may be made yet

    def pick(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def chance(self, of: int) -> bool:
        """One time out of so many."""
        return bool(self.draw(st.integers(0, of - 1)) == of - 1)

    def document(self) -> Json:
        root = self.node("", self.pick("compound", "compound", "parallel"), None, 3)
        document = self.filled(root)
        document.update(id="m", context=dict(CONTEXT))
        # there is a state whose delay can be armed again
        document.setdefault("after", {}).setdefault("soon", self.transition(root))
        if self.errors and not self.chance(4):
            handlers = [self.bounded(root), {"guard": HAS_FUEL, "actions": [SPEND]}]
            document.setdefault("on", {})["error.execution"] = handlers
        document["implementations"] = {
            "effects": EFFECTS,
            "delays": {
                "soon": {"expr": "1 + context.n % 3", "unit": "days"},
                "never": {"at": None},
                "broken": {"expr": "context.nothing", "unit": "days"},
            },
            "guards": {
                "even": expr("context.n % 2 == 0"),
                "given": expr('get(event.data, "n", 0) > 1'),
            },
            "actions": {"bump": [self.bump()]},
        }
        return document

    def node(self, path: str, kind: str, parent: Node | None, depth: int) -> Node:
        node = Node(path, kind, parent)
        self.nodes.append(node)
        if kind in ("compound", "parallel"):
            number = self.pick(2, 2, 3)
            self.room -= number
            for key in KEYS[:number]:
                below = f"{path}.{key}" if path else key
                inner = self.kind(node, depth - 1)
                node.children[key] = self.node(below, inner, node, depth - 1)
            if self.chance(3):
                below = f"{path}.h" if path else "h"
                node.children["h"] = self.node(below, "history", node, 0)
        return node

    def kind(self, parent: Node, depth: int) -> str:
        if parent.kind == "compound" and parent.children and self.chance(4):
            return "final"
        if depth < 1 or self.room < 2:
            return "atomic"
        return str(self.pick("atomic", "atomic", "compound", "parallel"))

    def filled(self, node: Node) -> Json:
        """The state of a node, with all that is in it."""
        if node.kind == "history":
            return self.history(node)
        state: Json = {"type": node.kind} if node.kind in ("parallel", "final") else {}
        if self.chance(3):
            state["tags"] = [self.pick("t", "u")]
        works = node.parent is None or (node.kind != "final" and self.chance(2))
        state["entry"] = [note("enter", node.path), *self.block(may_fail=not works)]
        state["exit"] = [note("exit", node.path), *self.block(may_fail=not works)]
        if node.kind == "final":
            return {**state, "output": {"n": expr("context.n")}}
        if works:
            self.add_work(state, node)
        self.add_transitions(state, node)
        if node.children:
            states = {key: self.filled(child) for key, child in node.children.items()}
            state["states"] = states
            if node.kind == "compound":
                state["initial"] = self.initial(node)
            if node.parent is not None and self.chance(2):
                state["onDone"] = self.bounded(node)
        return state

    def initial(self, node: Node) -> Json:
        keys = [key for key, child in node.children.items() if child.kind != "history"]
        target = self.pick(keys[0], keys[0], *keys)
        if self.chance(3):
            return {"target": target, "actions": self.block(may_fail=True)}
        return target

    def history(self, node: Node) -> Json:
        state: Json = {"type": "history", "history": self.pick("shallow", "deep")}
        assert node.parent is not None
        siblings = [n for n in node.parent.children.values() if n.kind != "history"]
        if self.chance(2):
            state["target"] = self.pick(*siblings).target
        return state

    # --------------------------------------------------------------- timers, work

    def add_work(self, state: Json, node: Node) -> None:
        if self.chance(2):
            broken = ("broken",) if self.errors else ()
            keys = st.sets(
                st.sampled_from((*DELAYS, *NO_DELAYS, *broken)), min_size=1, max_size=2
            )
            state["after"] = {
                key: self.transition(node) for key in sorted(self.draw(keys))
            }
        if self.chance(2):
            state["invoke"] = [self.invocation(node) for _ in range(self.pick(1, 1, 2))]

    def invocation(self, node: Node) -> Json:
        self.invocations += 1
        invoke: Json = {"id": f"w{self.invocations}"}
        if self.chance(3):
            invoke["machine"] = "k"
        else:
            invoke["src"] = self.pick(*EFFECTS)
        invoke["input"] = {"n": expr("context.n"), "state": node.path}
        if self.chance(3):
            self.add_each(invoke)
        for key in ("onDone", "onError", *(("onItem",) if "each" in invoke else ())):
            if self.chance(2):
                invoke[key] = self.transition(node)
        return invoke

    def add_each(self, invoke: Json) -> None:
        """One piece of work for each of a few items."""
        invoke["each"] = [1, 2, 3][: self.draw(st.integers(0, 3))]
        invoke["input"]["item"] = expr("item * index")
        if self.chance(2):
            invoke["concurrency"] = self.pick(1, 2)
        if self.chance(3):
            invoke["until"] = self.pick("any", 2)
        if self.chance(3):
            invoke["collect"] = True

    # -------------------------------------------------------------------- transitions

    def add_transitions(self, state: Json, node: Node) -> None:
        on = {}
        for event in (*EVENTS, "go.*"):
            if self.chance(2):
                on[event] = [self.transition(node) for _ in range(self.pick(1, 1, 2))]
        for event in (*RAISED, "*"):
            if self.chance(4):
                on[event] = self.bounded(node)
        if on:
            state["on"] = on
        if self.chance(4):
            state["always"] = [self.bounded(node)]
        if self.chance(6):
            state["defer"] = [self.pick("put", "go.*")]

    def transition(self, node: Node) -> Json:
        """A transition for an event that comes from outside."""
        found: Json = {"target": self.targets(node)} if self.chance(2) else {}
        if self.chance(3):
            found["guard"] = self.guard()
        if self.chance(3):
            found["reenter"] = True
        actions = self.block(may_fail=True)
        found["actions"] = [REFUEL, *actions] if self.chance(2) else actions
        return found

    def bounded(self, node: Node) -> Json:
        """A transition that may follow another within a step: it spends fuel."""
        guard = {"and": [HAS_FUEL, self.guard()]} if self.chance(3) else HAS_FUEL
        found: Json = {"guard": guard, "actions": [SPEND, *self.block(may_fail=False)]}
        if self.chance(2):
            found["target"] = self.targets(node)
        return found

    def targets(self, source: Node) -> list[str]:
        """One state, or one in each of two regions."""
        options = [node for node in self.nodes if node.parent is not None]
        first = self.pick(*options)
        pairs = [node for node in options if _together(first, node)]
        if pairs and self.chance(2):
            return [first.target, self.pick(*pairs).target]
        return [first.target]

    def guard(self) -> Json:
        # what can be asked of any state, in both spellings
        state = self.pick(*(node for node in self.nodes if node.parent))
        options: list[Json] = [
            "even",
            "given",
            {"not": "even"},
            {"in": state.target},
            expr(f"in_state({_quoted(state.path)})"),
            {"or": ["given", expr("context.v == null")]},
        ]
        if self.calls:
            options.append({"sql": "shop.in_stock(text)", "args": [self.sku()]})
        if self.errors:
            options.append(expr("context.nothing > 1"))
        return self.pick(*options)

    def sku(self) -> str:
        return str(self.pick("apple", "pear", "unknown"))

    # --------------------------------------------------------------------- content

    def bump(self) -> Json:
        return {"type": "assign", "set": {"n": expr("context.n + 1")}}

    def block(self, *, may_fail: bool) -> list[Json]:
        actions: list[Json] = []
        for _ in range(self.pick(0, 0, 1, 1, 2)):
            actions += self.action()
        if may_fail and self.errors and self.chance(4):
            actions.append(self.failure())
        return actions

    def failure(self) -> Json:
        """What fails at its end, after having done this and that."""
        last = FAILURE
        if self.calls and self.chance(2):
            last = {"type": "call", "function": "shop.fail(text)", "args": ["no"]}
        inner = [*self.action(), last]
        if self.chance(2):
            return {"type": "foreach", "in": [1, 2], "actions": inner, FAILS: True}
        return {"type": "choose", "branches": [{"actions": inner}], FAILS: True}

    def action(self) -> list[Json]:
        """An action that does not fail, with its note."""
        kinds = [
            self._assign,
            self._append,
            self._put,
            self._loop,
            self._choose,
            self._raise,
            self._arm,
            self._cancel,
            self._effect,
            self._emit,
            self._rearm,
            self._spawn,
            self._stop,
        ]
        if self.calls:
            kinds.append(self._call)
        found: list[Json] = self.pick(*kinds)()
        return found

    def _assign(self) -> list[Json]:
        return [self.pick("bump", self.bump())]

    def _append(self) -> list[Json]:
        more = expr("(context.items + [context.n])[-4:]")
        return [{"type": "assign", "set": {"items": more}}]

    def _put(self) -> list[Json]:
        given = expr('get(event.data, "v")')
        if self.chance(2):
            return [{"type": "assign", "set": {"v": given}}]
        parts = {"w.a": given, "w.b[0]": expr("context.n")}
        parts = {"w.a": given} if self.chance(2) else parts
        return [{"type": "assign", "remove": ["w"]}, {"type": "assign", "set": parts}]

    def _loop(self) -> list[Json]:
        add = {"type": "assign", "set": {"n": expr("context.n + item * index")}}
        return [{"type": "foreach", "in": [1, 2], "actions": [add]}]

    def _choose(self) -> list[Json]:
        branch = {"guard": "even", "actions": [self.bump()]}
        return [{"type": "choose", "branches": [branch, {"actions": self._append()}]}]

    def _raise(self) -> list[Json]:
        raised = {"type": "raise", "event": self.pick(*RAISED), "data": {"n": 2}}
        branch = {"guard": HAS_FUEL, "actions": [SPEND, raised]}
        return [{"type": "choose", "branches": [branch]}]

    def _arm(self) -> list[Json]:
        name, delay = self.pick("s1", "s2"), self.pick("1 hour", 20, "soon")
        raised = {"type": "raise", "event": "go", "delay": delay, "id": name}
        return [raised, note("arm", name)]

    def _cancel(self) -> list[Json]:
        name = self.pick("s1", "s2")
        return [{"type": "cancel", "id": name}, note("cancel", name)]

    def _effect(self) -> list[Json]:
        return [{"type": "effect", "name": "mail", "input": {"n": expr("context.n")}}]

    def _emit(self) -> list[Json]:
        return [{"type": "emit", "event": "seen", "data": {"n": expr("context.n")}}]

    def _rearm(self) -> list[Json]:
        return [{"type": "rearm", "delay": "soon"}, note("rearm", "soon")]

    def _spawn(self) -> list[Json]:
        name = self.pick("c1", "c2")
        stop = [{"type": "stop", "id": name}, note("stop", name)]
        spawn = {"type": "spawn", "machine": "k", "id": name}
        return [*stop, spawn, note("spawn", name)]

    def _stop(self) -> list[Json]:
        name = self.pick("c1", "c2")
        return [{"type": "stop", "id": name}, note("stop", name)]

    def _call(self) -> list[Json]:
        function = "shop.add(numeric,numeric)"
        args = [expr("context.n"), 1]
        call = {"type": "call", "function": function, "args": args, "assign": "n"}
        heard = {"type": "call", "function": "shop.note(text)", "args": ["x"]}
        return [self.pick(call, heard)]


def _together(one: Node, other: Node) -> bool:
    """Whether two states are in different regions of one parallel state."""
    places = [n.parent if n.kind == "history" else n for n in (one, other)]
    first, second = places
    if first is None or second is None or first in [*second.above, second]:
        return False
    if second in first.above:
        return False
    shared = next(node for node in first.above if node in second.above)
    return shared.kind == "parallel"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def without_what_fails(value: Json) -> Json:
    """The document with nothing left of a failing block but its failure."""
    if isinstance(value, list):
        if value and isinstance(value[-1], dict) and FAILS in value[-1]:
            return [FAILURE]
        return [without_what_fails(item) for item in value]
    if isinstance(value, dict):
        return {key: without_what_fails(item) for key, item in value.items()}
    return value


# -------------------------------------------------------------------------- walks

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.decimals(allow_nan=False, allow_infinity=False, places=3)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text("ab ", max_size=2), inner)
    ),
    max_leaves=4,
)
data = st.fixed_dictionaries({}, optional={"n": st.integers(0, 3), "v": values})
# (what happens, which of those that can, data)
walks = st.lists(
    st.tuples(
        st.sampled_from(("send", "send", "fire", "complete", "fail")),
        st.integers(0, 5),
        data,
    ),
    min_size=2,
    max_size=9,
)
