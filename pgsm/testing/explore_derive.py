"""Samples that a definition itself suggests, where none are given.

Events are those that states name; their data has what expressions read of it, with
values on both sides of what it is compared with.  A schema's examples come first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pgsm.engine import definition_tree, interpreter
from pgsm.engine.definition_events import is_reserved

from .explore_guess import PATH, Path, Values, objects, steps, values
from .explore_samples import Samples

Json = Any

SOME_ERROR = {"message": "failed"}


def derive(document: Mapping[str, Json]) -> Samples:
    """Samples of a document in normal form."""
    return _Deriver(document).samples()


class _Deriver:
    def __init__(self, document: Mapping[str, Json]) -> None:
        self.document = document
        self.implementations = document.get("implementations", {})
        self.nodes = definition_tree.scan(dict(document)).nodes
        named = list(self.implementations.get("guards", {}).values())
        self.sources = list(_expressions(document, named))
        # what the context's values are compared with, wherever that is
        self.context = values(self.sources, "context", {}, others=False)

    def samples(self) -> Samples:
        found = Samples(inputs=[self._input()])
        rules = [(d, t) for node in self.nodes for d, t in _rules(node.raw)]
        for event in self._events([descriptor for descriptor, _ in rules]):
            taken = [t for d, t in rules if _takes(d, event)]
            schema = self.document.get("eventSchemas", {}).get(event)
            found.events[event] = self._samples(taken, "event.data", schema)
        for key, parts, schema, fails in self._effects():
            outputs = self._samples(parts, "event.output", schema)
            found.effects[key] = [{"output": item} for item in outputs]
            if fails:
                errors = self._samples(parts, "event.error", None)
                found.effects[key] += [{"error": _error(item)} for item in errors]
        found.functions = self._functions()
        found.children = {
            name: self._samples(self._ends_of(name), "event.output", None)
            for name in machines(self.document)
        }
        found.auth = self._auth()
        return found

    # -- events ----------------------------------------------------------------------

    def _events(self, descriptors: list[str]) -> list[str]:
        """Events that can come from outside: names, and something for wildcards."""
        internal = self.document.get("internalEvents", ())
        raised = set(made(self.document))
        replies = set(_replies(self.document))
        names = [d for d in descriptors if not d.endswith("*") and d not in replies]
        for descriptor in descriptors:
            if descriptor.endswith(".*"):
                stem = descriptor[:-2]
                known = [*names, *raised, *replies]
                if not any(_takes(descriptor, name) for name in known):
                    names.append(stem)
            elif descriptor == "*":
                names.append("something.else")
        return [
            name
            for name in dict.fromkeys(names)
            if not is_reserved(name)
            and not is_reserved(f"{name}.x")
            and not any(interpreter.matches(pattern, name) for pattern in internal)
        ]

    def _effects(self) -> Iterator[tuple[str, list[Json], Json, bool]]:
        """Each kind of work: its key, the transitions that take its answers."""
        declared = self.implementations.get("effects", {})
        late = [t for n in self.nodes for d, t in _rules(n.raw) if d[:5] == "late."]
        for node in self.nodes:
            for invoke in node.raw.get("invoke", ()):
                if "src" in invoke:
                    parts = [*self._takers(invoke), *late]
                    schema = declared.get(invoke["src"], {}).get("outputSchema")
                    yield invoke["id"], parts, schema, True
        for action in _walk(self.document):
            if action.get("type") == "effect" and "reply" in action:
                parts = [
                    t
                    for n in self.nodes
                    for d, t in _rules(n.raw)
                    if _takes(d, action["reply"])
                ]
                schema = declared.get(action["name"], {}).get("outputSchema")
                yield action["name"], parts, schema, False

    def _takers(self, invoke: Json) -> list[Json]:
        """The parts of the document that take the answers of an invocation."""
        parts = [invoke.get(key) for key in ("onDone", "onItem", "onError")]
        for node in self.nodes:
            for descriptor, rule in _rules(node.raw):
                if f".invoke.{invoke['id']}" in descriptor:
                    parts.append(rule)
        return parts

    def _ends_of(self, machine: str) -> list[Json]:
        return [
            part
            for node in self.nodes
            for invoke in node.raw.get("invoke", ())
            if invoke.get("machine") == machine
            for part in self._takers(invoke)
        ]

    def _auth(self) -> list[Json]:
        """Who may send, where the definition asks."""
        read = values(self.sources, "auth", {})
        if not read:
            return []
        return [{"role": "test", **who} for who in objects(read, None)]

    def _functions(self) -> dict[str, list[Json]]:
        """SQL functions: a guard says yes or no, anything else gives null."""
        found: dict[str, list[Json]] = {}
        for key, value in _pairs(self.document):
            name = value.get("sql", value.get("function"))
            if not isinstance(name, str):
                continue
            choices: list[Json] = [None]
            path = value.get("assign", key)
            if isinstance(path, str):
                choices = self._kept(tuple(path.split("."))) or choices
            if "sql" in value and key in _GUARDS:
                choices = [True, False]
            if len(choices) >= len(found.get(name, ())):
                found[name] = choices
        for guard in self.implementations.get("guards", {}).values():
            if isinstance(guard, dict) and isinstance(guard.get("sql"), str):
                found[guard["sql"]] = [True, False]
        return found

    # -- data ------------------------------------------------------------------------

    def _input(self) -> Json:
        read = values(self.sources, "input", self._aliases(self.document, "input"))
        return next(iter(objects(read, self.document.get("inputSchema"))))

    def _samples(self, parts: Iterable[Json], prefix: str, schema: Json) -> list[Json]:
        """Data for what these parts of the document read below a prefix."""
        reach = [part for part in parts if part is not None]
        named = self._named(reach)
        sources = list(_expressions(reach, [n for k, n in named if k == "guards"]))
        reach.extend(body for _kind, body in named)
        sources.extend(_expressions([body for _kind, body in named]))
        read = values(sources, prefix, self._aliases(reach, prefix))
        return list(objects(read, schema))

    def _aliases(self, part: Json, prefix: str) -> Values:
        """Values for paths that are kept in the context and compared there."""
        found: Values = {}
        for key, value in _pairs(part):
            source = value.get("expr")
            if not isinstance(source, str) or not isinstance(key, str):
                continue
            match = PATH.fullmatch(source.strip())
            if match and source.strip().startswith(prefix + "."):
                kept = self._kept(tuple(key.split(".")))
                if kept:
                    found[steps(match.group(1))] = kept
        return found

    def _kept(self, place: Path) -> list[Json]:
        """Values of a path of the context that make a difference."""
        inner = {
            path[len(place) :]: found
            for path, found in self.context.items()
            if len(path) > len(place) and path[: len(place)] == place
        }
        return list(objects(inner, None)) if inner else self.context.get(place, [])

    def _named(self, part: Json) -> list[tuple[str, Json]]:
        """The implementations that a part of the document names, at any depth."""
        known: dict[str, list[tuple[str, Json]]] = {}
        for kind in ("guards", "actions"):
            for name, body in self.implementations.get(kind, {}).items():
                known.setdefault(name, []).append((kind, body))
        found: dict[str, None] = {}
        waiting = [part]
        while waiting:
            for text in _texts(waiting.pop()):
                if text in known and text not in found:
                    found[text] = None
                    waiting.extend(body for _kind, body in known[text])
        return [each for name in found for each in known[name]]


def _error(item: Json) -> Json:
    """An error with these values; what is only read of one is a text."""
    texts = {k: v for k, v in item.items() if k == "data" or isinstance(v, str)}
    return {**SOME_ERROR, **texts}


_GUARDS = ("guard", "and", "or", "not")


def machines(document: Json) -> list[str]:
    """The machines that a document starts as children, where it names them."""
    return list(
        dict.fromkeys(
            item["machine"]
            for item in _walk(document)
            if isinstance(item.get("machine"), str)
        )
    )


# -- a document's parts ----------------------------------------------------------------


def _walk(part: Json) -> Iterator[dict[str, Json]]:
    """Every object in a part of a document."""
    for _key, value in _pairs(part):
        yield value


def invocations(document: Json) -> Iterator[dict[str, Json]]:
    """The invocations of a definition in normal form."""
    for part in _walk(document):
        if isinstance(part.get("invoke"), list):
            yield from (i for i in part["invoke"] if isinstance(i, dict) and "id" in i)


def _pairs(part: Json, key: Any = None) -> Iterator[tuple[Any, dict[str, Json]]]:
    """Every object, with the key under which it stands (a list's for its items)."""
    waiting = [(key, part)]
    while waiting:
        name, value = waiting.pop(0)
        if isinstance(value, dict):
            yield name, value
            waiting.extend(value.items())
        elif isinstance(value, list):
            waiting.extend((name, item) for item in value)


def _texts(part: Json) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for value in part.values():
            yield from _texts(value)
    elif isinstance(part, list):
        for value in part:
            yield from _texts(value)


def _expressions(part: Json, guards: Json = None) -> Iterator[str]:
    """Every expression; one that says yes or no as a condition, too."""
    for key, item in (*_pairs(part), *_pairs(guards, "guard")):
        source = item.get("expr")
        if isinstance(source, str):
            yield source
            if key in _GUARDS:
                yield f"1 if {source} else 0"
            if key in ("each", "in"):
                yield f"len({source})"


def _rules(raw: Json) -> Iterator[tuple[str, Json]]:
    """A state's transitions by event descriptor."""
    for descriptor, rules in raw.get("on", {}).items():
        yield descriptor, rules
    for rule in raw.get("transitions", ()):
        for descriptor in rule.get("event", ()):
            stem = descriptor.removesuffix(".*").removesuffix(".")
            yield stem or "*", rule


def _takes(descriptor: str, event: str) -> bool:
    return interpreter.matches(descriptor, event)


def made(document: Json) -> Iterator[str]:
    """The events that a machine makes for itself, its parent and its children."""
    for item in _walk(document):
        to = item.get("to")
        far = isinstance(to, dict) and "child" not in to
        event = item.get("event")
        if item.get("type") in ("raise", "send") and not far and isinstance(event, str):
            yield event


def _replies(document: Json) -> Iterator[str]:
    for item in _walk(document):
        if item.get("type") == "effect" and isinstance(item.get("reply"), str):
            yield item["reply"]
