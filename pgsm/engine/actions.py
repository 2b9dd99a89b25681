"""Guards, values, delays and actions compiled to closures over the running step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from . import definition_paths, errors, expressions, scxml, values, work
from .content import Block, Guard
from .semantics import XSTATE, Semantics

if TYPE_CHECKING:
    from .plan import State
    from .run import Run

Json = Any
Document = Mapping[str, Any]
Value = Callable[["Run"], Json]
Action = Callable[["Run"], None]
Test = Callable[["Run"], bool]

NAMES = frozenset(
    {"context", "event", "instance", "now", "auth", "params", "item", "index", "input"}
)
BUILT_IN = frozenset(
    {
        *("assign", "raise", "send", "cancel", "effect", "call", "emit", "log"),
        *("choose", "foreach", "rearm", "spawn", "stop"),
    }
)
BLOCK = "block"  # SCXML's only, else it may be the name of an action
SYSTEM_NAMES = scxml.SYSTEM_VARIABLES


class Compiler:
    """Compiles the parts of one document; named parts are compiled where used."""

    def __init__(
        self, implementations: Document, semantics: Semantics = XSTATE
    ) -> None:
        self.implementations = implementations
        self.semantics = semantics
        self.resolve: Callable[[str], State]
        self.loop_names: frozenset[str] = frozenset()

    @contextmanager
    def knowing(self, *names: str) -> Iterator[None]:
        """Let expressions read the names of a loop while a ``with`` block lasts."""
        outer = self.loop_names
        self.loop_names = outer | set(names)
        yield
        self.loop_names = outer

    # -- values ---------------------------------------------------------------

    def value(self, node: Json, path: str) -> Value:
        """Return a closure that evaluates ``node``, at any depth."""
        if isinstance(node, Mapping):
            return self._object(node, path)
        if isinstance(node, list):
            items = [
                self.value(item, f"{path}[{index}]") for index, item in enumerate(node)
            ]
            return lambda run: [item(run) for item in items]
        return lambda run: node

    def _object(self, node: Document, path: str) -> Value:
        keys = node.keys()
        if keys == {"expr"}:
            return self.expression(node["expr"], path)
        if keys == {"literal"}:
            literal = node["literal"]
            return lambda run: literal
        if "sql" in node and keys <= {"sql", "args"}:
            return self.sql(node, path)
        members = {
            key: self.value(item, values.child_path(path, key, ""))
            for key, item in node.items()
        }
        return lambda run: {key: item(run) for key, item in members.items()}

    def expression(self, source: str, path: str) -> Value:
        try:
            compiled = self._compiled(source, path)
        except expressions.ExpressionError as error:
            if self.semantics.strict:
                raise
            return _raiser(f"{source!r} is no expression: {error}", path)

        def evaluate(run: Run) -> Json:
            try:
                return compiled(run.scope)
            except expressions.EvaluationError as error:
                raise errors.StepError(str(error), path) from None

        return evaluate

    def _compiled(self, source: str, path: str) -> expressions.Expression:
        if self.semantics.data_by_name:
            names = SYSTEM_NAMES | self.loop_names
            return expressions.compile_expression(source, names, path, True)
        return expressions.compile_expression(source, NAMES | self.loop_names, path)

    def sql(self, node: Document, path: str) -> Value:
        function = node["sql"]
        arguments = [
            self.value(argument, f"{path}.args[{index}]")
            for index, argument in enumerate(node.get("args", ()))
        ]

        def ask(run: Run) -> Json:
            given = [argument(run) for argument in arguments]
            return run.ask("sql", function, given, path)

        return ask

    # -- guards ---------------------------------------------------------------

    def guard(self, node: Document, path: str) -> Guard:
        return Guard(self._test(node, path), guard_label(node))

    def _test(self, node: Document, path: str) -> Test:
        if "type" in node:
            return self._named_test(node, path)
        if "and" in node:
            tests = self._tests(node["and"], path + ".and")
            return lambda run: all(test(run) for test in tests)
        if "or" in node:
            tests = self._tests(node["or"], path + ".or")
            return lambda run: any(test(run) for test in tests)
        if "not" in node:
            test = self._test(node["not"], path + ".not")
            return lambda run: not test(run)
        if "in" in node:
            state = self.resolve(node["in"])
            return lambda run: state in run.configuration
        value = self.value({key: node[key] for key in node if key != "params"}, path)
        return lambda run: bool(value(run))

    def _tests(self, nodes: Sequence[Document], path: str) -> list[Test]:
        return [
            self._test(node, f"{path}[{index}]") for index, node in enumerate(nodes)
        ]

    def _named_test(self, node: Document, path: str) -> Test:
        name = node["type"]
        definition = self.implementations["guards"][name]
        test = self._test(
            definition, values.child_path("$.implementations.guards", name, "")
        )
        if "params" not in node:
            return test
        params = self.value(node["params"], path + ".params")

        def with_params(run: Run) -> bool:
            with run.names(params=params(run)):
                return test(run)

        return with_params

    # -- delays ---------------------------------------------------------------

    def delay(self, node: Json, path: str) -> Callable[[Run], Document | None]:
        """Return a closure giving ``{"in": interval}`` or ``{"at": time}`` or None."""
        delays = self.implementations.get("delays", {})
        if isinstance(node, str) and node in delays:
            where = values.child_path("$.implementations.delays", node, "")
            return self.delay(delays[node], where)
        if isinstance(node, str):
            text = f"{node} milliseconds" if node.isdigit() else node
            return lambda run: {"in": text}
        if isinstance(node, Mapping) and "at" in node:
            at = self.value(node["at"], path + ".at")
            return lambda run: _due_at(at(run), path)
        unit = (
            node.get("unit", "milliseconds")
            if isinstance(node, Mapping)
            else "milliseconds"
        )
        if isinstance(node, Mapping):
            node = {key: item for key, item in node.items() if key != "unit"}
        amount = self.value(node, path)
        if self.semantics.strict:
            return lambda run: _due_in(amount(run), unit, path)
        return lambda run: _due_in(scxml.time_text(amount(run), path), unit, path)

    # -- actions --------------------------------------------------------------

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

    def path(self, text: str, where: str) -> Callable[[Run], list[str | int]]:
        """Return a closure giving the keys of an assign path."""
        try:
            steps = definition_paths.parse_path(text)
        except definition_paths.PathError as error:
            if self.semantics.strict:
                raise
            return _raiser(f"{text!r} is no location: {error}", where)
        parts: list[str | Value] = [
            part if isinstance(part, str) else self.expression(part[1], where)
            for part in steps
        ]
        if all(isinstance(part, str) for part in parts):
            return lambda run: parts  # type: ignore[return-value]
        return lambda run: [
            part if isinstance(part, str) else _path_key(part(run), where)
            for part in parts
        ]

    def location(self, text: str, where: str) -> Callable[[Run], list[str | int]]:
        """Return the path of a location that must be declared, in SCXML."""
        path = self.path(text, where)
        return (
            (lambda run: _declared(run, path(run), where))
            if (self.semantics.data_by_name)
            else path
        )

    def optional(self, node: Document, key: str, path: str) -> Value | None:
        """Return the value of a key, None where it is absent."""
        return self.value(node[key], f"{path}.{key}") if key in node else None

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

    def _send(self, node: Document, path: str) -> Action:
        to = node.get("to", {})
        if self.semantics.data_by_name and "instance" not in to and to != "parent":
            return self._send_to_address(node, path)
        receivers = self._receivers(to, path + ".to")
        data = self.value(node.get("data", {}), path + ".data")
        send_id = self.optional(node, "id", path)
        due = self.delay(node["delay"], path + ".delay") if "delay" in node else None

        def send(run: Run) -> None:
            for receiver in receivers(run):
                run.send(
                    receiver,
                    node["event"],
                    data(run),
                    due(run) if due else {"in": "0"},
                    send_id(run) if send_id else None,
                    path,
                )

        return send

    def _receivers(self, to: Json, path: str) -> Callable[[Run], list[Json]]:
        """Return the closure that gives the ids of the receiving instances."""
        if to != "parent" and "children" in to:
            invoke_id = self.value(to["children"], path + ".children")
            return lambda run: run.children(invoke_id(run))
        receiver = self._receiver(to, path)
        return lambda run: [receiver(run)]

    def _receiver(self, to: Json, path: str) -> Value:
        """Return the closure that gives the id of the receiving instance."""
        if to == "parent":
            return lambda run: _parent(run, path)
        if "child" in to:
            child_id = self.value(to["child"], path + ".child")
            return lambda run: _child(run, child_id(run), path)
        return self.value(to["instance"], path + ".instance")

    def _send_to_address(self, node: Document, path: str) -> Action:
        """SCXML's send, whose parts may all be computed."""
        event = self.value(node["event"], path + ".event")
        data = self.value(node.get("data", {}), path + ".data")
        given_id = self.optional(node, "id", path)
        due = self.delay(node["delay"], path + ".delay") if "delay" in node else None
        address = self.optional(node.get("to", {}), "address", path + ".to")
        processor = self.optional(node, "processor", path)
        location = (
            self.location(node["idLocation"], path) if "idLocation" in node else None
        )

        def send(run: Run) -> None:
            send_id = run.send_id(given_id(run), path) if given_id else None
            if location:
                send_id = run.new_send_id()
                run.assign([(location(run), send_id)], [], path)
            kind = processor(run) if processor else None
            scxml.check_processor(kind, path, send_id)
            scxml.send(
                run,
                event(run),
                data(run),
                due(run) if due else None,
                send_id,
                address(run) if address else None,
                path,
            )

        return send

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


def _raiser(message: str, path: str) -> Callable[[Run], Any]:
    """Return what raises an error whenever it is evaluated."""

    def fail(run: Run) -> Any:
        raise errors.StepError(message, path)

    return fail


Location = Callable[["Run"], list[str | int]]


def _assign_data(
    settings: list[tuple[Location, Value]], removals: list[Location], path: str
) -> Action:
    """SCXML's assign: only what has been declared can be assigned."""

    def assign(run: Run) -> None:
        news = [
            (_declared(run, target(run), path), value(run))
            for target, value in settings
        ]
        gone = [_declared(run, target(run), path) for target in removals]
        run.assign(news, gone, path)

    return assign


def _declared(run: Run, keys: list[str | int], path: str) -> list[str | int]:
    if keys[0] not in run.context:
        raise errors.StepError(f'there is no data "{keys[0]}" to assign', path)
    return keys


def _parent(run: Run, path: str) -> str:
    parent: str | None = run.scope["instance"]["parent"]
    if parent is None:
        raise errors.StepError("this instance has no parent", path)
    return parent


def _child(run: Run, child_id: Json, path: str) -> str:
    child = run.child(child_id) if isinstance(child_id, str) else None
    if child is None:
        raise errors.StepError(f"there is no child {child_id!r}", path)
    instance: str = child["instance"]
    return instance


def guard_label(node: Document) -> str:
    """Return the text that names a guard in a refusal or a diagram."""
    for key in ("type", "expr", "sql"):
        if key in node:
            return str(node[key])
    if "in" in node:
        return f"in {node['in']}"
    if "not" in node:
        return f"not ({guard_label(node['not'])})"
    word = "and" if "and" in node else "or"
    return f" {word} ".join(f"({guard_label(part)})" for part in node[word])


def _path_key(key: Json, where: str) -> str | int:
    if isinstance(key, (str, int)) and not isinstance(key, bool):
        return key
    kind = values.type_name(key)
    raise errors.StepError(f"a path takes a text or an index, not {kind}", where)


def _due_at(at: Json, path: str) -> Document | None:
    if at is None:
        return None
    if not isinstance(at, str):
        kind = values.type_name(at)
        raise errors.StepError(f"a point in time is a text, not {kind}", path)
    return {"at": at}


def _due_in(amount: Json, unit: str, path: str) -> Document:
    if isinstance(amount, str):
        return {"in": amount}
    if isinstance(amount, bool) or amount is None or isinstance(amount, (list, dict)):
        kind = values.type_name(amount)
        raise errors.StepError(f"a delay is a number or an interval, not {kind}", path)
    if amount < 0:
        raise errors.StepError(f"a delay may not be negative, but is {amount}", path)
    text = str(amount) if isinstance(amount, int) else f"{amount:f}"
    return {"in": f"{text} {unit}"}
