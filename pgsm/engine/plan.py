"""A definition compiled for the interpreter.

``compile_plan(document)`` turns the normal form of a definition (see
``definition.normalise``) into a tree of ``State`` objects whose guards, actions
and values are closures over the running step.  The document must be valid:
nothing is checked again here.

The closures take the ``Run`` (``interpreter``) as their only argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from . import actions as actions_module
from . import values
from .content import Block, Guard

if TYPE_CHECKING:
    from .interpreter import Run

Json = Any
Document = Mapping[str, Any]


class Transition:
    """One transition; ``path`` is its place in the document."""

    __slots__ = ("actions", "descriptor", "guard", "path", "reenter", "source", "targets")

    def __init__(
        self,
        source: State,
        descriptor: str | None,
        targets: tuple[State, ...] | None,
        guard: Guard | None,
        actions: Block | None,
        reenter: bool,
        path: str,
    ) -> None:
        self.source = source
        self.descriptor = descriptor
        self.targets = targets
        self.guard = guard
        self.actions = actions
        self.reenter = reenter
        self.path = path


class Invocation:
    """Work that lives as long as its state."""

    __slots__ = ("input", "invoke_id", "path", "policy", "priority", "src", "state")

    def __init__(self, state: State, invoke: Document, plan: Plan, path: str) -> None:
        self.state = state
        self.invoke_id: str = invoke["id"]
        self.src: str = invoke["src"]
        self.input = plan.compiler.value(invoke.get("input", {}), path + ".input")
        self.policy = values.policy(plan.effects.get(self.src, {}), invoke)
        self.path = path


class Delay:
    """An ``after`` entry: the timer that a state arms when it is entered."""

    __slots__ = ("due", "event", "key", "path", "state")

    def __init__(
        self, state: State, key: str, due: Callable[[Run], Document | None], path: str
    ) -> None:
        self.state = state
        self.key = key
        self.due = due
        self.event = f"after.{key}.{state.path}"
        self.path = path


class State:
    """A state of the tree; the root's path is ``""``."""

    __slots__ = (
        "always",
        "ancestors",
        "children",
        "default",
        "delays",
        "depth",
        "descriptors",
        "document_path",
        "entry",
        "exit",
        "history",
        "initial",
        "invocations",
        "key",
        "kind",
        "output",
        "parent",
        "path",
        "position",
        "tags",
        "wildcards",
    )

    def __init__(self, key: str, parent: State | None, kind: str, position: int) -> None:
        self.key = key
        self.parent = parent
        self.kind = kind
        self.position = position
        self.path: str = f"{parent.path}.{key}" if parent and parent.path else key
        self.ancestors: tuple[State, ...] = (parent, *parent.ancestors) if parent else ()
        self.depth = len(self.ancestors)
        self.document_path = (
            "$" if parent is None else values.child_path(parent.document_path, key)
        )
        self.children: tuple[State, ...] = ()
        self.initial: Transition | None = None
        self.default: Transition | None = None
        self.history = "shallow"
        self.descriptors: dict[str, tuple[Transition, ...]] = {}
        self.wildcards: tuple[tuple[str, tuple[Transition, ...]], ...] = ()
        self.always: tuple[Transition, ...] = ()
        self.entry: Block | None = None
        self.exit: Block | None = None
        self.delays: tuple[Delay, ...] = ()
        self.invocations: tuple[Invocation, ...] = ()
        self.output: Callable[[Run], Json] | None = None
        self.tags: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<State {self.path!r}>"


class Plan:
    """A machine version, ready to run."""

    __slots__ = (
        "compiler",
        "context",
        "effects",
        "has_always",
        "keys",
        "output",
        "root",
        "state_by_path",
        "states",
        "unhandled",
    )

    def __init__(self, document: Document) -> None:
        implementations = document.get("implementations", {})
        self.effects: Document = implementations.get("effects", {})
        self.compiler = actions_module.Compiler(implementations)
        self.states: list[State] = []
        self.root = self._tree(document, None, str(document.get("id", "")))
        self.root.path = ""
        self.state_by_path = {state.path: state for state in self.states}
        _fill(self, document)
        self.has_always = any(state.always for state in self.states)
        self.context = self.compiler.value(document.get("context", {}), "$.context")
        self.keys = {
            name: self.compiler.value(value, values.child_path("$.keys", name, ""))
            for name, value in document.get("keys", {}).items()
        }
        self.output = (
            self.compiler.value(document["output"], "$.output")
            if "output" in document
            else None
        )
        self.unhandled: str = document.get("unhandled", "ignore")

    def _tree(self, node: Document, parent: State | None, key: str) -> State:
        kind = node.get("type") or ("compound" if node.get("states") else "atomic")
        state = State("" if parent is None else key, parent, kind, len(self.states))
        self.states.append(state)
        state.children = tuple(
            self._tree(child, state, name)
            for name, child in node.get("states", {}).items()
        )
        return state


def compile_plan(document: Document) -> Plan:
    """Return the plan of a document in normal form."""
    return Plan(document)


def resolve_target(plan: Plan, source: State, target: str) -> State:
    """Return the state that a target names, seen from ``source``.

    ``#id`` and ``#id.path`` by id, ``.child`` from the source itself, anything
    else from the source's parent (or the root itself).
    """
    if target.startswith("#"):
        return _by_id(plan, target[1:])
    base = source if target.startswith(".") or source.parent is None else source.parent
    relative = target.removeprefix(".")
    return plan.state_by_path[f"{base.path}.{relative}" if base.path else relative]


def _by_id(plan: Plan, reference: str) -> State:
    ids = plan.compiler.ids
    if reference in ids:
        return ids[reference]
    name = max(
        (known for known in ids if reference.startswith(known + ".")), key=len
    )
    base, rest = ids[name].path, reference[len(name) + 1 :]
    return plan.state_by_path[f"{base}.{rest}" if base else rest]


def _nodes(document: Document, state: State) -> Iterator[tuple[State, Document]]:
    yield state, document
    for child in state.children:
        yield from _nodes(document["states"][child.key], child)


def _fill(plan: Plan, document: Document) -> None:
    nodes = list(_nodes(document, plan.root))
    for state, node in nodes:
        if "id" in node:
            plan.compiler.ids[node["id"]] = state
    plan.compiler.ids.setdefault("", plan.root)
    plan.compiler.resolve = lambda text: resolve_target(plan, plan.root, text)
    for state, node in nodes:
        _fill_state(plan, state, node)


def _fill_state(plan: Plan, state: State, node: Document) -> None:
    here = state.document_path
    compiler = plan.compiler
    state.tags = tuple(node.get("tags", ()))
    if state.kind == "history":
        state.history = node.get("history", "shallow")
        if "target" in node:
            state.default = _transition(plan, state, None, node, here)
        return
    state.entry = compiler.block(node.get("entry", ()), here + ".entry")
    state.exit = compiler.block(node.get("exit", ()), here + ".exit")
    if "initial" in node:
        state.initial = _initial(plan, state, node["initial"], here + ".initial")
    if "output" in node and state.parent is not None:
        state.output = compiler.value(node["output"], here + ".output")
    state.invocations = tuple(
        Invocation(state, invoke, plan, f"{here}.invoke[{index}]")
        for index, invoke in enumerate(node.get("invoke", ()))
    )
    state.delays = tuple(
        Delay(
            state,
            key,
            compiler.delay(key, values.child_path(here, key, "after")),
            values.child_path(here, key, "after"),
        )
        for key in node.get("after", {})
    )
    state.always = _transitions(plan, state, None, node.get("always", ()), here + ".always")
    _fill_descriptors(plan, state, node)


def _initial(plan: Plan, state: State, initial: Document, path: str) -> Transition:
    targets = tuple(
        resolve_target(plan, state, text)
        if text.startswith(("#", "."))
        else plan.state_by_path[f"{state.path}.{text}" if state.path else text]
        for text in initial["target"]
    )
    block = plan.compiler.block(initial.get("actions", ()), path + ".actions")
    return Transition(state, None, targets, None, block, False, path)


def _transition(
    plan: Plan, state: State, descriptor: str | None, node: Document, path: str
) -> Transition:
    targets = node.get("target")
    guard = node.get("guard")
    return Transition(
        state,
        descriptor,
        None
        if targets is None
        else tuple(resolve_target(plan, state, text) for text in targets),
        None if guard is None else plan.compiler.guard(guard, path + ".guard"),
        plan.compiler.block(node.get("actions", ()), path + ".actions"),
        bool(node.get("reenter", False)),
        path,
    )


def _transitions(
    plan: Plan, state: State, descriptor: str | None, nodes: Any, path: str
) -> tuple[Transition, ...]:
    return tuple(
        _transition(plan, state, descriptor, node, f"{path}[{index}]")
        for index, node in enumerate(nodes)
    )


def _fill_descriptors(plan: Plan, state: State, node: Document) -> None:
    """Collect the transitions of a state by event descriptor, in document order."""
    here = state.document_path
    table: dict[str, tuple[Transition, ...]] = {}

    def add(descriptor: str, nodes: Any, path: str) -> None:
        found = _transitions(plan, state, descriptor, nodes, path)
        table[descriptor] = table.get(descriptor, ()) + found

    for descriptor, nodes in node.get("on", {}).items():
        add(descriptor, nodes, values.child_path(here, descriptor, "on"))
    for key, nodes in node.get("after", {}).items():
        add(f"after.{key}.{state.path}", nodes, values.child_path(here, key, "after"))
    if "onDone" in node:
        add(f"done.state.{state.path}", node["onDone"], here + ".onDone")
    for index, invoke in enumerate(node.get("invoke", ())):
        path = f"{here}.invoke[{index}]"
        for key, prefix in (("onDone", "done"), ("onError", "error")):
            if key in invoke:
                add(f"{prefix}.invoke.{invoke['id']}", invoke[key], f"{path}.{key}")
    state.descriptors = {
        name: found for name, found in table.items() if not name.endswith("*")
    }
    wildcards = [(name, found) for name, found in table.items() if name.endswith("*")]
    # XState's precedence: exact descriptors first, then the longest wildcard.
    state.wildcards = tuple(sorted(wildcards, key=lambda pair: -len(pair[0])))
