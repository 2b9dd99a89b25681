"""Definitions of all kinds as definitions in SCXML's own terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pgsm.engine import definition_tree as trees
from pgsm.engine import exact
from pgsm.engine.definition_tree import Node

from . import scxml_values as values
from .scxml_actions import Writer
from .scxml_dialect import Dialect, SameDialect
from .scxml_inlined import Inlined, join
from .scxml_precedence import Events, warn_of_precedence
from .scxml_states import ids_of

Json = Any

_ROOT_ONLY = {
    *("id", "version", "semantics", "binding", "context", "keys", "unhandled"),
    *("timeZone", "internalEvents", "sensitive", "publicContext", "indexStates"),
    *("allowRead", "allowWrite", "inputSchema", "contextSchema", "eventSchemas"),
    *("implementations", "description", "$schema"),
}
# What <scxml> itself can have; else a state of its own is put around all others.
_PLAIN_ROOT = _ROOT_ONLY | {"initial", "entry", "states", "meta", "tags"}


def converted(document: Json, writer: Writer) -> Json:
    """The document with SCXML's semantics and without what only ours has words for.

    Transitions by event, after a delay or when something is done are SCXML's
    transitions then, named actions and guards stand where they are used, and
    expressions are SCXML's.
    """
    return _Conversion(document, writer).document()


class _Conversion:
    def __init__(self, document: Json, writer: Writer) -> None:
        self.raw = document
        self.writer = writer
        self.native = document.get("semantics") != "scxml"
        self.tree = trees.scan(document)
        self.ids = ids_of(self.tree)
        dialect = Dialect if self.native else SameDialect
        self.dialect = dialect(self.tree, self.ids, writer.warn)
        self.timers = _timers(self.tree, self.ids)
        self.parts = Inlined(
            document, self.dialect, self.native, self._id_of, self.timers
        )
        self.events = Events(self.tree, self.ids)

    def document(self) -> Json:
        raw = self.raw
        if self.native:
            warn_of_precedence(self.tree, self.writer)
        states = self._children(self.tree.root)
        result: Json = {"semantics": "scxml"}
        if "id" in raw:
            result = {"id": raw["id"], **result}
        if "binding" in raw:
            result["binding"] = raw["binding"]
        if self._is_plain():
            result["initial"] = self._initial(self.tree.root)
            if "entry" in raw:
                result["entry"] = self.parts.actions(raw["entry"], "$.entry")
            result["states"] = states
        else:
            result |= self._wrapped()
        context = self._context(raw.get("context", {}), "$.context")
        rest = {
            key: self.dialect.value(item, f"$.{key}")
            for key, item in _without_inlined(raw).items()
            if key in _ROOT_ONLY
            and key not in ("id", "semantics", "binding", "context")
        }
        if self.dialect.uses_input:
            hint = 'start it with {"input": {…}}'
            self.writer.warn("$.context", "input", "the input is data of its own", hint)
            context = {"input": {}, **context}
        if context:
            result["context"] = context
        return {**result, **rest}

    # -- the root --------------------------------------------------------------

    def _is_plain(self) -> bool:
        """Whether the root has only what <scxml> can have."""
        raw, root = self.raw, self.tree.root
        if any(key not in _PLAIN_ROOT and key[:2] != "x-" for key in raw):
            return False
        if not root.children or root.kind == "parallel":
            return False
        if any(child.kind == "history" for child in root.children.values()):
            return False
        if "actions" in raw.get("initial", {}):
            return False
        entry = self.parts.actions(raw.get("entry", []), "$.entry")
        return all(map(_is_script, entry))

    def _wrapped(self) -> Json:
        """A state that does what the root does, and a final one after it."""
        root = self.tree.root
        name = self.ids[root]
        message = f'the state "{name}" is put around all others, and one after it'
        hint = "<scxml> has data, a script and an initial state, and nothing else"
        self.writer.warn("$", "wrapped", message, hint)
        inside = {key: item for key, item in self.raw.items() if key not in _ROOT_ONLY}
        output = inside.pop("output", {"expr": "event.output"})
        state = self._state(root, {**inside, "id": name}, "$")
        if not self.native:
            output = self.raw.get("output", {"expr": "_event.data"})
        end = f"{name}_done"
        ended = {"event": [f"done.state.{name}"], "target": [f"#{end}"]}
        state["transitions"] = [
            {**ended, "reenter": True},
            *state.get("transitions", []),
        ]
        final = {
            "id": end,
            "type": "final",
            "output": self.dialect.value(output, "$.output"),
        }
        return {"initial": [f"#{name}"], "states": {name: state, end: final}}

    def _context(self, context: Json, path: str) -> Json:
        result: Json = {}
        for name, value in context.items():
            if self.native and value == {"expr": f"input.{name}"}:
                result[name] = None  # the input has the last word
            else:
                result[name] = self.dialect.value(value, f"{path}.{name}")
        return result

    # -- states ----------------------------------------------------------------

    def _children(self, node: Node) -> Json:
        return {
            key: self._state(child, child.raw, exact.json_path(child.steps))
            for key, child in node.children.items()
        }

    def _state(self, node: Node, raw: Json, path: str) -> Json:
        result: Json = {"id": self.ids[node]}
        result |= {key: raw[key] for key in ("type", "history") if key in raw}
        if node.kind == "history":
            return {**result, **self._history(node, raw, path), **self._rest(raw)}
        if "context" in raw and node.parent:
            result["context"] = self._context(raw["context"], f"{path}.context")
        initial = self._initial(node)
        if initial is not None:
            result["initial"] = initial
        timers, after = self._after(node, raw, path)
        entry = self.parts.actions(raw.get("entry", []), f"{path}.entry")
        exit_ = self.parts.actions(raw.get("exit", []), f"{path}.exit")
        cancels = [{"type": "cancel", "id": timer["id"]} for timer in timers]
        invoke, answers = self._invoke(node, raw, path)
        parts = {
            "entry": _two_blocks(entry, timers),
            "exit": _two_blocks(cancels, exit_),
            "invoke": invoke,
            "transitions": [
                *self._written(node, raw, path),
                *self._done(node, raw, path),
                *answers,
                *after,
                *self._on(node, raw, path),
            ],
            "always": self._always(node, raw, path),
            "states": self._children(node),
        }
        result |= {key: item for key, item in parts.items() if item}
        if "output" in raw:
            result["output"] = self.dialect.value(raw["output"], f"{path}.output")
        return {**result, **self._rest(raw)}

    def _rest(self, raw: Json) -> Json:
        keys = ("description", "tags", "meta", "defer")
        return {
            key: item for key, item in raw.items() if key in keys or key[:2] == "x-"
        }

    def _history(self, node: Node, raw: Json, path: str) -> Json:
        """The default transition; without one, that of the state around it."""
        above = node.parent or node
        actions = self.parts.actions(raw.get("actions", []), f"{path}.actions")
        result: Json = {"actions": actions} if actions else {}
        if "target" in raw:
            return {"target": self._below(above, raw["target"]), **result}
        initial = self._initial(above)
        if isinstance(initial, dict):
            return initial
        regions = (each for each in above.children.values() if each.kind != "history")
        return {"target": initial or [f"#{self.ids[each]}" for each in regions]}

    def _initial(self, node: Node) -> Json:
        initial = node.raw.get("initial")
        if initial is None:
            return None
        targets = self._below(node, initial["target"])
        if "actions" not in initial:
            return targets
        path = f"{exact.json_path(node.steps)}.initial.actions"
        actions = self.parts.actions(initial["actions"], path)
        return {"target": targets, "actions": actions}

    def _below(self, node: Node, targets: list[str]) -> list[str]:
        found = (trees.resolve_below(self.tree, node, each) for each in targets)
        return [f"#{self.ids[each]}" for each in found if each]

    def _id_of(self, text: str) -> str:
        """The id of the state that a guard's "#id" or path names."""
        node = trees.resolve_from_root(self.tree, text)
        return self.ids[node] if node else text

    # -- transitions -----------------------------------------------------------

    def _written(self, node: Node, raw: Json, path: str) -> list[Json]:
        """The transitions that are in SCXML's form already."""
        found = raw.get("transitions", [])
        return [
            {
                "event": each["event"],
                **self._transition(node, each, f"{path}.transitions[{n}]"),
            }
            for n, each in enumerate(found)
        ]

    def _transitions(
        self, node: Node, raw: Json, path: str, key: str, event: str | None = None
    ) -> list[Json]:
        """The transitions under a key; `event` is exactly what they wait for."""
        found = []
        for number, each in enumerate(raw.get(key, [])):
            transition = self._transition(node, each, f"{path}.{key}[{number}]")
            if event is not None:
                transition = self._exactly(event, transition)
            found.append(transition)
        return found

    def _always(self, node: Node, raw: Json, path: str) -> list[Json]:
        """Transitions without events; one that does nothing would go on for ever."""
        found = self._transitions(node, raw, path, "always")
        if not self.native:
            return found
        return [each for each in found if "target" in each or "actions" in each]

    def _exactly(self, event: str, transition: Json) -> Json:
        """The transition for that event alone; SCXML's descriptors are prefixes."""
        spaced = any(char.isspace() for char in event)
        if not spaced and not (self.native and self.events.is_prefix(event)):
            return {"event": [event], **transition}
        only = {"expr": f"_event.name == {event!r}"}
        guards = [only, transition["guard"]] if "guard" in transition else [only]
        return {
            "event": ["*" if spaced else event],
            **transition,
            "guard": join("and", guards),
        }

    def _transition(self, node: Node, raw: Json, path: str) -> Json:
        result: Json = {}
        targets = [
            trees.resolve(self.tree, node, each) for each in raw.get("target", [])
        ]
        found = [target for target in targets if target]
        reenter = bool(raw.get("reenter"))
        if found and not reenter and self.native:
            found = self._without_reentry(node, found, path)
        if found:
            result["target"] = [f"#{self.ids[target]}" for target in found]
            inside = all(node in target.ancestors() for target in found)
            if reenter or not (inside and node.kind == "compound"):
                result["reenter"] = True
        if "guard" in raw:
            result["guard"] = self.parts.guard(raw["guard"], f"{path}.guard")
        if "actions" in raw:
            result["actions"] = self.parts.actions(raw["actions"], f"{path}.actions")
        return {**result, **self._rest(raw)} if raw.get("meta") else result

    def _without_reentry(self, node: Node, found: list[Node], path: str) -> list[Node]:
        """The targets with which SCXML, too, does not leave the source."""
        if found == [node] and node.kind == "atomic":
            return []
        above = list(node.ancestors())
        if any(t.kind == "history" and t.parent in above for t in found):
            message = "what its history names may be left and entered again in SCXML"
            self.writer.warn(path, "reentry", message)
            return found
        within = [t is node or node in t.ancestors() for t in found]
        if not all(within) or (node.kind == "compound" and node not in found):
            return found
        initial = node.raw.get("initial") if found == [node] else None
        if initial and "actions" not in initial:
            below = (trees.resolve_below(self.tree, node, t) for t in initial["target"])
            return [target for target in below if target]
        message = "SCXML leaves this state and enters it again"
        self.writer.warn(path, "reentry", message)
        return found

    def _on(self, node: Node, raw: Json, path: str) -> list[Json]:
        """Transitions by event in the order in which XState looks at them."""
        on = raw.get("on", {})

        def rank(event: str) -> tuple[int, int]:
            return ("*" in event, -event.count(".") if "*" in event else 0)

        ordered = sorted(on, key=rank) if self.native else list(on)
        found = []
        for event in ordered:
            place = f"{path}.on"
            found += self._transitions(node, on, place, event, event)
        return found

    def _done(self, node: Node, raw: Json, path: str) -> list[Json]:
        return self._transitions(
            node, raw, path, "onDone", f"done.state.{self.ids[node]}"
        )

    def _after(self, node: Node, raw: Json, path: str) -> tuple[list[Json], list[Json]]:
        """Sends that a state makes when it is entered, and what they lead to."""
        sends, found = [], []
        after = raw.get("after", {})
        for key in after:
            event = self.timers[key][self.ids[node]]
            delay = self.parts.delay(key, f"{path}.after")
            sends.append({"type": "send", "event": event, "id": event, "delay": delay})
            found += self._transitions(node, after, f"{path}.after", key, event)
        return sends, found

    # -- invocations -----------------------------------------------------------

    def _invoke(
        self, node: Node, raw: Json, path: str
    ) -> tuple[list[Json], list[Json]]:
        invocations, answers = [], []
        for number, invoke in enumerate(raw.get("invoke", [])):
            place = f"{path}.invoke[{number}]"
            for key, kind in _ANSWERS.items():
                event = f"{kind}.invoke.{invoke['id']}"
                answers += self._transitions(node, invoke, place, key, event)
            rest = {key: item for key, item in invoke.items() if key not in _ANSWERS}
            if "finalize" in rest:
                rest["finalize"] = self.parts.actions(rest["finalize"], place)
            if "onItem" in rest:
                message = "SCXML has nothing like the key onItem"
                self.writer.warn(place, "left_out", message)
                del rest["onItem"]
            for key in ("input", "machine", "each", "key", "processor"):
                if key in rest:
                    rest[key] = self.dialect.value(rest[key], f"{place}.{key}")
            invocations.append(rest)
        return invocations, answers


_ANSWERS = {"onDone": "done", "onError": "error"}


def _two_blocks(first: list[Json], second: list[Json]) -> list[Json]:
    """The actions in two blocks, so that the second one's errors do not end all."""
    if not first or not second:
        return first or second
    if second[0]["type"] == "block":
        return [{"type": "block", "actions": first}, *second]
    return [{"type": "block", "actions": each} for each in (first, second)]


def _timers(tree: trees.Tree, ids: Mapping[Node, str]) -> dict[str, dict[str, str]]:
    """The events that come after a delay, by the delay and by the state's id."""
    timers: dict[str, dict[str, str]] = {}
    number = 0
    for node in tree.nodes:
        for key in node.raw.get("after", {}):
            number += 1
            timers.setdefault(key, {})[ids[node]] = f"after.{number}.{ids[node]}"
    return timers


def _is_script(action: Json) -> bool:
    """Whether a <script> can say it: one assignment of an expression or a constant."""
    if action["type"] != "assign" or "remove" in action or len(action["set"]) != 1:
        return False
    path, value = next(iter(action["set"].items()))
    return values.is_assignable(path, value)


def _without_inlined(rest: Mapping[str, Json]) -> Json:
    """The root's other keys; of implementations, effects are all that is left."""
    result = dict(rest)
    effects = result.pop("implementations", {}).get("effects")
    return {**result, "implementations": {"effects": effects}} if effects else result
