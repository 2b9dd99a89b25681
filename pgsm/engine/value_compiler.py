"""Guards, values, delays and paths compiled to closures over the running step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from . import definition_delays, definition_paths, errors, expressions, scxml, values
from .content import Guard
from .semantics import XSTATE, Semantics

if TYPE_CHECKING:
    from .plan import State
    from .run import Run

Json = Any
Document = Mapping[str, Any]
Value = Callable[["Run"], Json]
Test = Callable[["Run"], bool]
Location = Callable[["Run"], list[str | int]]
Delay = Callable[["Run"], "Document | None"]

NAMES = frozenset(
    {"context", "event", "instance", "now", "auth", "params", "item", "index", "input"}
)
SYSTEM_NAMES = scxml.SYSTEM_VARIABLES
_DELAYS = 'use milliseconds, or an interval such as "10 minutes"'


class ValueCompiler:
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
            return raiser(f"{source!r} is no expression: {error}", path)

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

    def delay(self, node: Json, path: str) -> Delay:
        """Return a closure giving ``{"in": interval}`` or ``{"at": time}`` or None."""
        delays = self.implementations.get("delays", {})
        if isinstance(node, str) and node in delays:
            where = values.child_path("$.implementations.delays", node, "")
            return self.delay(delays[node], where)
        if isinstance(node, str):
            due = _due_in(node, "milliseconds", path)
            return lambda run: due
        if isinstance(node, Mapping) and "type" in node:
            return self._named_delay(node, path)
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

    def _named_delay(self, node: Document, path: str) -> Delay:
        due = self.delay(node["type"], path)
        params = self.value(node.get("params"), path + ".params")

        def with_params(run: Run) -> Document | None:
            with run.names(params=params(run)):
                return due(run)

        return with_params

    # -- paths ----------------------------------------------------------------

    def path(self, text: str, where: str) -> Callable[[Run], list[str | int]]:
        """Return a closure giving the keys of an assign path."""
        try:
            steps = definition_paths.parse_path(text)
        except definition_paths.PathError as error:
            if self.semantics.strict:
                raise
            return raiser(f"{text!r} is no location: {error}", where)
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
            (lambda run: declared(run, path(run), where))
            if (self.semantics.data_by_name)
            else path
        )

    def optional(self, node: Document, key: str, path: str) -> Value | None:
        """Return the value of a key, None where it is absent."""
        return self.value(node[key], f"{path}.{key}") if key in node else None


def raiser(message: str, path: str) -> Callable[[Run], Any]:
    """Return what raises an error whenever it is evaluated."""

    def fail(run: Run) -> Any:
        raise errors.StepError(message, path)

    return fail


def declared(run: Run, keys: list[str | int], path: str) -> list[str | int]:
    if keys[0] not in run.context:
        raise errors.StepError(f'there is no data "{keys[0]}" to assign', path)
    return keys


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
        if definition_delays.is_number(amount):
            # Postgres would take it for seconds
            return {"in": f"{amount} {unit}"}
        if not definition_delays.looks_like_interval(amount):
            raise errors.Refusal(
                errors.BAD_DELAY,
                f'"{amount:.100}" is no delay',
                detail=path,
                hint=_DELAYS,
            )
        return {"in": amount}
    if isinstance(amount, bool) or amount is None or isinstance(amount, (list, dict)):
        kind = values.type_name(amount)
        raise errors.StepError(f"a delay is a number or an interval, not {kind}", path)
    if amount < 0:
        raise errors.StepError(f"a delay may not be negative, but is {amount}", path)
    text = str(amount) if isinstance(amount, int) else f"{abs(amount):f}"
    return {"in": f"{text} {unit}"}
