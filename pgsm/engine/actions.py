"""Executable content compiled to closures over the running step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import errors, scxml, values, work
from .content import Block
from .send_compiler import Action, SendCompiler
from .value_compiler import Document, Location, Value, declared

if TYPE_CHECKING:
    from .run import Run

Json = Any

BUILT_IN = frozenset(
    {
        *("assign", "raise", "send", "cancel", "effect", "call", "emit", "log"),
        *("choose", "foreach", "rearm", "spawn", "stop"),
    }
)
BLOCK = "block"  # SCXML's only, else it may be the name of an action


class Compiler(SendCompiler):
    """Compiles the parts of one document; named parts are compiled where used."""

    def block(self, nodes: Sequence[Document], path: str) -> Block | None:
        if not nodes:
            return None
        return Block(self.actions(nodes, path), path)

    def actions(self, nodes: Sequence[Document], path: str) -> tuple[Action, ...]:
        return tuple(
            self._action(node, f"{path}[{index}]") for index, node in enumerate(nodes)
        )

    def _action(self, node: Document, path: str) -> Action:
        kind = node["type"]
        if kind in BUILT_IN or (kind == BLOCK and not self.semantics.undo_blocks):
            compiled: Action = getattr(self, f"_{kind}")(node, path)
            return compiled
        return self._named_action(node, path)

    def _block(self, node: Document, path: str) -> Action:
        """One of several <onentry>: an error in it does not end what follows."""
        block = self.block(node.get("actions", ()), path + ".actions")
        return lambda run: run.execute_block(block)

    def _named_action(self, node: Document, path: str) -> Action:
        name = node["type"]
        where = values.child_path("$.implementations.actions", name, "")
        steps = self.actions(self.implementations["actions"][name], where)
        params = (
            self.value(node["params"], path + ".params") if "params" in node else None
        )

        def perform(run: Run) -> None:
            with run.names(params=params(run) if params else None):
                for step in steps:
                    step(run)

        return perform

    def _assign(self, node: Document, path: str) -> Action:
        settings = [
            (
                self.path(key, path),
                self.value(item, values.child_path(path, key, "set")),
            )
            for key, item in node.get("set", {}).items()
        ]
        removals = [self.path(key, path) for key in node.get("remove", ())]

        if self.semantics.data_by_name:
            return _assign_data(settings, removals, path)

        def assign(run: Run) -> None:
            news = [(target(run), value(run)) for target, value in settings]
            gone = [target(run) for target in removals]
            run.assign(news, gone, path)

        return assign

    def _raise(self, node: Document, path: str) -> Action:
        event = node["event"]
        data = self.value(node.get("data", {}), path + ".data")
        send_id = self.optional(node, "id", path)
        if "delay" not in node:
            return lambda run: run.raise_event(event, data(run))
        due = self.delay(node["delay"], path + ".delay")
        return lambda run: run.arm(
            event, data(run), due(run), send_id(run) if send_id else None, path
        )

    def _rearm(self, node: Document, path: str) -> Action:
        return lambda run: run.rearm(node["delay"])

    def _spawn(self, node: Document, path: str) -> Action:
        machine = self.value(node["machine"], path + ".machine")
        child_id = self.value(node["id"], path + ".id")
        given = self.value(node.get("input", {}), path + ".input")
        return lambda run: work.start_child(
            run, child_id(run), machine(run), given(run), {}, path
        )

    def _stop(self, node: Document, path: str) -> Action:
        child_id = self.value(node["id"], path + ".id")
        return lambda run: work.stop_child(run, child_id(run), path)

    def _cancel(self, node: Document, path: str) -> Action:
        send_id = self.value(node["id"], path + ".id")
        return lambda run: run.cancel(send_id(run), path)

    def _effect(self, node: Document, path: str) -> Action:
        name = node["name"]
        given = self.value(node.get("input", {}), path + ".input")
        declared = self.implementations.get("effects", {}).get(name, {})
        policy = values.policy(declared, node)
        key = self.optional(policy, "key", path)
        policy.pop("key", None)
        reply = node.get("reply")

        def effect(run: Run) -> None:
            business_key = key(run) if key else None
            run.effect(name, given(run), policy, reply, business_key, path)

        return effect

    def _call(self, node: Document, path: str) -> Action:
        function = node["function"]
        arguments = [
            self.value(argument, f"{path}.args[{index}]")
            for index, argument in enumerate(node.get("args", ()))
        ]
        target = self.path(node["assign"], path) if "assign" in node else None

        def call(run: Run) -> None:
            given = [argument(run) for argument in arguments]
            answer = run.ask("call", function, given, path)
            if target:
                run.assign([(target(run), answer)], [], path)

        return call

    def _emit(self, node: Document, path: str) -> Action:
        data = self.value(node.get("data", {}), path + ".data")
        event = node["event"]
        return lambda run: run.emitted.append({"event": event, "data": data(run)})

    def _log(self, node: Document, path: str) -> Action:
        message = self.value(node.get("message"), path + ".message")
        return lambda run: run.notes.append(message(run))

    def _choose(self, node: Document, path: str) -> Action:
        branches = []
        for index, branch in enumerate(node["branches"]):
            where = f"{path}.branches[{index}]"
            guard = (
                self._condition(branch["guard"], where + ".guard")
                if "guard" in branch
                else None
            )
            steps = self.actions(branch.get("actions", ()), where + ".actions")
            branches.append((guard, steps))

        def choose(run: Run) -> None:
            for guard, steps in branches:
                if guard is None or guard(run):
                    for step in steps:
                        step(run)
                    return

        return choose

    def _condition(self, node: Document, path: str) -> Callable[[Run], bool]:
        """The test of a branch; where an error does not undo its block, it is false."""
        test = self._test(node, path)
        if self.semantics.undo_blocks:
            return test

        def condition(run: Run) -> bool:
            try:
                return test(run)
            except errors.StepError as error:
                run.fail(error)
                return False

        return condition

    def _foreach(self, node: Document, path: str) -> Action:
        items = self.value(node["in"], path + ".in")
        if self.semantics.data_by_name:
            return self._foreach_datum(node, items, path)
        item_name, index_name = node.get("item", "item"), node.get("index", "index")
        with self.knowing(item_name, index_name):
            steps = self.actions(node["actions"], path + ".actions")

        def foreach(run: Run) -> None:
            elements = items(run)
            if not isinstance(elements, list):
                kind = values.type_name(elements)
                raise errors.StepError(f"foreach needs a list, not {kind}", path)
            for index, element in enumerate(list(elements)):
                with run.names(**{item_name: element, index_name: index}):
                    for step in steps:
                        step(run)

        return foreach

    def _foreach_datum(self, node: Document, items: Value, path: str) -> Action:
        """SCXML's foreach: item and index are data, declared where they are not."""
        names = [node[key] for key in ("item", "index") if key in node]
        steps = self.actions(node["actions"], path + ".actions")

        def foreach(run: Run) -> None:
            elements = items(run)
            if not isinstance(elements, list):
                kind = values.type_name(elements)
                raise errors.StepError(f"foreach needs a list, not {kind}", path)
            for name in names:
                if not scxml.is_datum(name):
                    raise errors.StepError(f"{name!r} cannot be declared", path)
            for index, element in enumerate(list(elements)):
                both = zip(names, (element, index), strict=False)
                run.assign([([name], value) for name, value in both], [], path)
                for step in steps:
                    step(run)

        return foreach


def rearmed_delays(document: Json) -> frozenset[str]:
    """Return the delays that some action of the document arms again."""
    found: set[str] = set()
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Mapping):
            if node.get("type") == "rearm" and isinstance(node.get("delay"), str):
                found.add(node["delay"])
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return frozenset(found)


def _assign_data(
    settings: list[tuple[Location, Value]], removals: list[Location], path: str
) -> Action:
    """SCXML's assign: only what has been declared can be assigned."""

    def assign(run: Run) -> None:
        news = [
            (declared(run, target(run), path), value(run)) for target, value in settings
        ]
        gone = [declared(run, target(run), path) for target in removals]
        run.assign(news, gone, path)

    return assign
