"""A definition compiled for the interpreter.

``compile_plan(document)`` turns the normal form of a definition (see
``definition.normalise``) into a tree of ``State`` objects whose guards, actions
and values are closures over the running step.  The document must be valid:
nothing is checked again here.

The closures take the ``Run`` (``interpreter``) as their only argument.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from . import actions as actions_module
from . import definition_tree as tree
from . import expressions, semantics, values
from .content import Block, Guard
from .definition_paths import parse_path
from .value_compiler import NAMES

if TYPE_CHECKING:
    from .run import Run

Json = Any
Document = Mapping[str, Any]

SCHEMAS = ("inputSchema", "contextSchema")


class Transition:
    """One transition; ``path`` is its place in the document."""

    __slots__ = (
        "actions",
        "domain",
        "guard",
        "path",
        "reenter",
        "source",
        "targets",
    )

    def __init__(
        self,
        source: State,
        targets: tuple[State, ...] | None,
        guard: Guard | None,
        actions: Block | None,
        reenter: bool,
        path: str,
    ) -> None:
        self.source = source
        self.targets = targets
        self.guard = guard
        self.actions = actions
        self.reenter = reenter
        self.path = path
        # the domain, where no history state is among the targets: see configuration
        self.domain: State | bool | None = False


class Invocation:
    """Work that lives as long as its state: an effect, or a child machine."""

    __slots__ = (
        "autoforward",
        "each",
        "finalize",
        "id_location",
        "input",
        "invoke_id",
        "key",
        "machine",
        "path",
        "policy",
        "processor",
        "src",
        "state",
    )

    def __init__(self, state: State, invoke: Document, plan: Plan, path: str) -> None:
        compiler = plan.compiler
        self.state = state
        self.path = path
        self.invoke_id: str = invoke["id"]
        self.src: str | None = invoke.get("src")
        self.machine = compiler.optional(invoke, "machine", path)
        self.each = Each(invoke, compiler, path) if "each" in invoke else None
        names = (self.each.item, self.each.index) if self.each else ()
        declared = plan.effects.get(self.src, {}) if self.src else {}
        self.policy = values.policy(declared, invoke)
        with compiler.knowing(*names):
            self.input = compiler.value(invoke.get("input", {}), path + ".input")
            self.key = compiler.optional(self.policy, "key", path)
        self.policy.pop("key", None)
        self.autoforward: bool = invoke.get("autoforward", False)
        self.finalize = compiler.block(invoke.get("finalize", ()), path + ".finalize")
        self.processor = compiler.optional(invoke, "processor", path)
        self.id_location = (
            compiler.location(invoke["idLocation"], path)
            if "idLocation" in invoke
            else None
        )


class Each:
    """One piece of an invocation's work for each item of a list."""

    __slots__ = ("collect", "concurrency", "index", "item", "items", "until")

    def __init__(self, invoke: Document, compiler: Any, path: str) -> None:
        self.items = compiler.value(invoke["each"], path + ".each")
        self.item: str = invoke.get("item", "item")
        self.index: str = invoke.get("index", "index")
        self.until = compiler.optional(invoke, "until", path)
        self.concurrency = compiler.optional(invoke, "concurrency", path)
        self.collect: bool = invoke.get("collect", False)


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
        "data",
        "default",
        "defer",
        "delays",
        "descriptors",
        "document_path",
        "entry",
        "exit",
        "history",
        "id",
        "initial",
        "invocations",
        "key",
        "kind",
        "output",
        "parent",
        "path",
        "position",
        "tags",
        "tokens",
        "wildcards",
    )

    def __init__(
        self, key: str, parent: State | None, kind: str, position: int
    ) -> None:
        self.key = key
        self.parent = parent
        self.kind = kind
        self.position = position
        self.path: str = f"{parent.path}.{key}" if parent and parent.path else key
        self.ancestors: tuple[State, ...] = (
            (parent, *parent.ancestors) if parent else ()
        )
        self.document_path: str = (
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
        self.id = ""
        self.data: tuple[tuple[str, Callable[[Run], Json]], ...] = ()
        self.defer: tuple[str, ...] = ()
        # SCXML's transitions: descriptors and transition, in document order
        self.tokens: tuple[tuple[tuple[str, ...], Transition], ...] = ()

    @property
    def done_event(self) -> str:
        """The event of the state's completion."""
        return f"done.state.{self.id or self.path}"

    def __repr__(self) -> str:
        return f"<State {self.path!r}>"


class Plan:
    """A machine version, ready to run."""

    __slots__ = (
        "compiler",
        "configurations",
        "context",
        "descriptions",
        "effects",
        "event_schemas",
        "has_always",
        "has_defer",
        "internal_events",
        "invocations",
        "keys",
        "late_binding",
        "name",
        "nodes",
        "output",
        "rearmed",
        "root",
        "schemas",
        "semantics",
        "sensitive",
        "start_keys",
        "state_by_name",
        "state_by_path",
        "states",
        "time_zone",
        "tree",
    )

    def __init__(self, document: Document) -> None:
        implementations = document.get("implementations", {})
        # what the door remembers: states as text → set, set → its description
        self.configurations: dict[str, frozenset[State]] = {}
        self.descriptions: dict[frozenset[State], dict[str, Json]] = {}
        self.effects: Document = implementations.get("effects", {})
        self.semantics = semantics.of(document)
        self.late_binding = document.get("binding") == "late"
        self.compiler = actions_module.Compiler(implementations, self.semantics)
        self.states: list[State] = []
        self.root = self._states(document, None, "")
        self.tree = tree.scan(dict(document))
        self.nodes: dict[str, tree.Node] = {}
        self.state_by_path = {state.path: state for state in self.states}
        self.state_by_name = self.state_by_path
        self.invocations: dict[tuple[str, str], Invocation] = {}
        self.rearmed = actions_module.rearmed_delays(document)
        _fill(self)
        self.has_always = any(state.always for state in self.states)
        self.has_defer = any(state.defer for state in self.states)
        self.internal_events: tuple[str, ...] = tuple(
            document.get("internalEvents", ())
        )
        self.sensitive = [parse_path(path) for path in document.get("sensitive", ())]
        self.name: str | None = document.get("id")
        self.schemas = {key: document[key] for key in SCHEMAS if key in document}
        self.event_schemas: Document = document.get("eventSchemas", {})
        # SCXML's data belong to the states that declare them
        context = {} if self.semantics.data_by_name else document.get("context", {})
        self.context = self.compiler.value(context, "$.context")
        keys = document.get("keys", {})
        self.keys = {
            name: self.compiler.value(value, values.child_path("$.keys", name, ""))
            for name, value in keys.items()
        }
        # the input is gone after the start, and these keys do not change
        self.start_keys = {
            name for name in keys if self.semantics.strict and _reads_input(keys[name])
        }
        self.output = (
            self.compiler.value(document["output"], "$.output")
            if "output" in document
            else None
        )
        self.time_zone: str = document.get("timeZone", "UTC")

    def _states(self, node: Document, parent: State | None, key: str) -> State:
        kind = node.get("type") or ("compound" if node.get("states") else "atomic")
        state = State(key, parent, kind, len(self.states))
        self.states.append(state)
        state.children = tuple(
            self._states(child, state, name)
            for name, child in node.get("states", {}).items()
        )
        return state


def _reads_input(value: Json) -> bool:
    if isinstance(value, Mapping):
        if value.keys() == {"expr"}:
            names = NAMES
            return "input" in expressions.compile_expression(value["expr"], names).names
        return any(_reads_input(item) for item in value.values())
    return isinstance(value, list) and any(_reads_input(item) for item in value)


def compile_plan(document: Document) -> Plan:
    """Return the plan of a document in normal form."""
    return Plan(document)


def _fill(plan: Plan) -> None:
    found = plan.tree
    plan.nodes = {node.path: node for node in found.nodes}
    if plan.semantics.done_by_id:
        plan.state_by_name = dict(plan.state_by_path)
        for node in found.nodes:
            state = plan.state_by_path[node.path]
            state.id = node.id
            plan.state_by_name[node.id] = state
    plan.compiler.resolve = lambda text: plan.state_by_path[
        _path(tree.resolve_from_root(found, text))
    ]
    for node in found.nodes:
        _fill_state(plan, plan.state_by_path[node.path], node.raw)


def _path(node: tree.Node | None) -> str:
    assert node is not None  # the document was checked
    return node.path


def _fill_state(plan: Plan, state: State, node: Document) -> None:
    here = state.document_path
    compiler = plan.compiler
    state.tags = tuple(node.get("tags", ()))
    if plan.semantics.data_by_name:
        state.data = tuple(
            (name, compiler.value(item, values.child_path(here, name, "context")))
            for name, item in node.get("context", {}).items()
        )
    if state.kind == "history":
        state.history = node.get("history", "shallow")
        if "target" in node:
            state.default = _transition(plan, state, node, here)
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
    for invocation in state.invocations:
        plan.invocations[state.path, invocation.invoke_id] = invocation
    state.defer = tuple(node.get("defer", ()))
    state.delays = tuple(
        Delay(
            state,
            key,
            compiler.delay(key, values.child_path(here, key, "after")),
            values.child_path(here, key, "after"),
        )
        for key in node.get("after", {})
    )
    state.always = _transitions(plan, state, node.get("always", ()), here + ".always")
    _fill_descriptors(plan, state, node)


def _targets(
    plan: Plan, how: Callable[..., tree.Node | None], state: State, targets: Any
) -> tuple[State, ...]:
    source = plan.nodes[state.path]
    return tuple(
        plan.state_by_path[_path(how(plan.tree, source, text))] for text in targets
    )


def _initial(plan: Plan, state: State, initial: Document, path: str) -> Transition:
    targets = _targets(plan, tree.resolve_below, state, initial["target"])
    block = plan.compiler.block(initial.get("actions", ()), path + ".actions")
    return Transition(state, targets, None, block, False, path)


def _transition(plan: Plan, state: State, node: Document, path: str) -> Transition:
    targets = node.get("target")
    guard = node.get("guard")
    return Transition(
        state,
        None if targets is None else _targets(plan, tree.resolve, state, targets),
        None if guard is None else plan.compiler.guard(guard, path + ".guard"),
        plan.compiler.block(node.get("actions", ()), path + ".actions"),
        bool(node.get("reenter", False)),
        path,
    )


def _transitions(
    plan: Plan, state: State, nodes: Any, path: str
) -> tuple[Transition, ...]:
    return tuple(
        _transition(plan, state, node, f"{path}[{index}]")
        for index, node in enumerate(nodes)
    )


_ANSWERS = (
    ("onDone", "done.invoke"),
    ("onItem", "done.item"),
    ("onError", "error.invoke"),
)


def _fill_tokens(
    plan: Plan,
    state: State,
    node: Document,
    table: Mapping[str, tuple[Transition, ...]],
) -> None:
    """Collect SCXML's transitions; those of other keys come first, as they stand."""
    found = [((name,), each) for name, group in table.items() for each in group]
    for index, item in enumerate(node.get("transitions", ())):
        path = f"{state.document_path}.transitions[{index}]"
        transition = _transition(plan, state, item, path)
        tokens = tuple(
            text.removesuffix(".*").removesuffix(".") for text in item["event"]
        )
        found.append((tokens, transition))
    state.tokens = tuple(found)


def _fill_descriptors(plan: Plan, state: State, node: Document) -> None:
    """Collect the transitions of a state by event descriptor, in document order."""
    here = state.document_path
    table: dict[str, tuple[Transition, ...]] = {}

    def add(descriptor: str, nodes: Any, path: str) -> None:
        found = _transitions(plan, state, nodes, path)
        table[descriptor] = table.get(descriptor, ()) + found

    for descriptor, nodes in node.get("on", {}).items():
        add(descriptor, nodes, values.child_path(here, descriptor, "on"))
    for key, nodes in node.get("after", {}).items():
        add(f"after.{key}.{state.path}", nodes, values.child_path(here, key, "after"))
    if "onDone" in node:
        add(state.done_event, node["onDone"], here + ".onDone")
    for index, invoke in enumerate(node.get("invoke", ())):
        path = f"{here}.invoke[{index}]"
        for key, prefix in _ANSWERS:
            if key in invoke:
                add(f"{prefix}.{invoke['id']}", invoke[key], f"{path}.{key}")
    if plan.semantics.token_prefixes:
        _fill_tokens(plan, state, node, table)
        return
    # a state or an invocation may have a name that ends with a star, too
    names = {name for name in node.get("on", {}) if name.endswith("*")}
    state.descriptors = {
        name: found for name, found in table.items() if name not in names
    }
    wildcards = [(name, found) for name, found in table.items() if name in names]
    # XState's precedence: exact descriptors first, then the longest wildcard.
    state.wildcards = tuple(sorted(wildcards, key=lambda pair: -len(pair[0])))
