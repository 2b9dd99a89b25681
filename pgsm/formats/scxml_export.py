"""Definitions as SCXML documents."""

from __future__ import annotations

from typing import Any

from pgsm.engine import definition, exact
from pgsm.engine import definition_tree as trees
from pgsm.engine.definition_tree import Node

from . import scxml_xml as xml
from .common import Exported, FormatError
from .scxml_actions import Writer, as_expression, machine_file
from .scxml_convert import converted
from .scxml_states import key_of
from .scxml_xml import EFFECT, GUARD, KEY, PGSM, SETTINGS, Element

Json = Any

_ROOT_KEYS = {"id", "semantics", "binding", "initial", "context", "entry", "states"}
_STATE_KEYS = {
    *("id", "type", "history", "target", "actions", "context", "initial", "entry"),
    *("exit", "invoke", "transitions", "always", "states", "output"),
}
_INVOKE_KEYS = {
    *("id", "machine", "src", "input", "autoforward", "finalize", "idLocation"),
    "processor",
}
_SILENT = ("description", "meta", "tags", "version", "$schema")


def dump(document: Any) -> Exported:
    """The SCXML text of a definition.

    What SCXML has no words for stands in a namespace of our own, from which `load`
    takes it again, and is a warning.  Raises DefinitionError where the document has
    problems, FormatError where XML cannot hold its texts.
    """
    normal = definition.normalise(document)
    writer = Writer()
    document = definition.normalise(converted(normal, writer))
    root = _Document(document, writer).root()
    if writer.problems:
        raise FormatError(writer.problems)
    return Exported(xml.document(root), writer.warnings)


class _Document:
    """One definition with SCXML's semantics on its way to XML."""

    def __init__(self, document: Json, writer: Writer) -> None:
        self.document = document
        self.writer = writer
        self.tree = trees.scan(document)
        self.ids = _identifiers(self.tree)

    def root(self) -> Element:
        node, raw = self.tree.root, self.document
        element = self.writer.element(
            "$",
            "scxml",
            version="1.0",
            datamodel="python",
            name=raw.get("id"),
            binding="late" if raw.get("binding") == "late" else None,
            initial=self._inside(node, raw["initial"]["target"]),
        )
        scripts = (
            [Element("script", {}, [_script(raw["entry"])])] if "entry" in raw else []
        )
        element.children = [
            *self._settings(raw),
            *self._datamodel("$", raw),
            *scripts,
            *self._children(node),
        ]
        return element

    def _settings(self, raw: Json) -> list[Element]:
        rest = {key: item for key, item in raw.items() if key not in _ROOT_KEYS}
        self._warn_of(rest, "$")
        if not rest:
            return []
        return [Element("settings", {}, [exact.dumps(rest)], PGSM)]

    def _warn_of(self, rest: Json, path: str) -> None:
        for key in rest:
            if key not in _SILENT and not key.startswith("x-"):
                message = f'SCXML has nothing like the key "{key}"'
                self.writer.warn(f"{path}.{key}", "pgsm_only", message)

    # -- states ----------------------------------------------------------------

    def _children(self, node: Node) -> list[Element]:
        return [self._state(child) for child in node.children.values()]

    def _state(self, node: Node) -> Element:
        path, raw, writer = exact.json_path(node.steps), node.raw, self.writer
        name = node.kind if node.kind in ("parallel", "final", "history") else "state"
        above = node.parent or node
        element = writer.element(path, name, id=self.ids[node])
        if node.key != key_of(self.ids[node], self.ids[above] if above.parent else ""):
            element.attributes[KEY] = node.key
        if name == "final" and above.kind == "parallel":
            writer.warn(path, "pgsm_only", "SCXML has no <final> in <parallel>")
        rest = {key: item for key, item in raw.items() if key not in _STATE_KEYS}
        if rest:
            self._warn_of(rest, path)
            element.attributes[SETTINGS] = exact.dumps(rest)
        if name == "history":
            element.attributes["type"] = raw["history"]
            above = node.parent or node
            element.children = (
                [self._default(path, above, raw)] if "target" in raw else []
            )
            return element
        element.children = [
            *self._datamodel(path, raw),
            *self._initial(path, node, element),
            *writer.blocks(f"{path}.entry", "onentry", raw.get("entry", [])),
            *writer.blocks(f"{path}.exit", "onexit", raw.get("exit", [])),
            *self._invocations(path, node),
            *self._transitions(path, node, raw),
            *self._children(node),
            *self._donedata(path, raw),
        ]
        return element

    def _datamodel(self, path: str, raw: Json) -> list[Element]:
        if not raw.get("context"):
            return []
        element = Element("datamodel")
        for name, value in raw["context"].items():
            data = self.writer.element(f"{path}.context", "data", id=name)
            if value is not None:
                self.writer.set_value(f"{path}.context", data, value)
            element.children.append(data)
        return [element]

    def _donedata(self, path: str, raw: Json) -> list[Element]:
        if "output" not in raw:
            return []
        data = self.writer.data(f"{path}.output", raw["output"])
        return [Element("donedata", {}, [*data])]

    def _initial(self, path: str, node: Node, element: Element) -> list[Element]:
        initial = node.raw.get("initial")
        if not initial:
            return []
        if "actions" not in initial:
            element.attributes["initial"] = self._inside(node, initial["target"])
            return []
        default = self._default(f"{path}.initial", node, initial)
        return [Element("initial", {}, [default])]

    def _default(self, path: str, node: Node, raw: Json) -> Element:
        """The transition of <initial> or <history> into states of `node`."""
        actions = raw.get("actions", [])
        element = self.writer.block(f"{path}.actions", "transition", actions)
        element.attributes["target"] = self._inside(node, raw["target"])
        return element

    def _inside(self, node: Node, targets: list[str]) -> str:
        return self._targets(
            trees.resolve_below(self.tree, node, target) for target in targets
        )

    def _targets(self, nodes: Any) -> str:
        return " ".join(self.ids[node] for node in nodes if node)

    # -- transitions -----------------------------------------------------------

    def _transitions(self, path: str, node: Node, raw: Json) -> list[Element]:
        return [
            self._transition(f"{path}.{key}[{number}]", node, transition)
            for key in ("transitions", "always")
            for number, transition in enumerate(raw.get(key, []))
        ]

    def _transition(self, path: str, node: Node, raw: Json) -> Element:
        actions = raw.get("actions", [])
        element = self.writer.block(f"{path}.actions", "transition", actions)
        attributes = element.attributes
        if "event" in raw:
            attributes["event"] = " ".join(raw["event"])
        guard = raw.get("guard")
        if guard and set(guard) == {"expr"}:
            attributes["cond"] = guard["expr"]
            self.writer.check_text(path, guard["expr"])
        elif guard:
            self.writer.warn(f"{path}.guard", "pgsm_only", "SCXML has no SQL functions")
            attributes |= {"cond": "False", GUARD: exact.dumps(guard)}
        if "target" in raw:
            found = (trees.resolve(self.tree, node, each) for each in raw["target"])
            attributes["target"] = self._targets(found)
            if not raw.get("reenter"):
                attributes["type"] = "internal"
        return element

    # -- invocations -----------------------------------------------------------

    def _invocations(self, path: str, node: Node) -> list[Element]:
        return [
            self._invoke(f"{path}.invoke[{number}]", f"{node.id}.{number}", invoke)
            for number, invoke in enumerate(node.raw.get("invoke", []))
        ]

    def _invoke(self, path: str, default: str, raw: Json) -> Element:
        element, writer = Element("invoke"), self.writer
        rest = {key: item for key, item in raw.items() if key not in _INVOKE_KEYS}
        if "idLocation" in raw:
            element.attributes["idlocation"] = raw["idLocation"]
        elif raw["id"] != default:
            element.attributes["id"] = raw["id"]
        if "src" in raw:
            message = "SCXML knows nothing of effects"
            writer.warn(path, "pgsm_only", message)
            element.attributes |= {"type": EFFECT, "src": raw["src"]}
        else:
            machine = raw["machine"]
            if isinstance(machine, str):
                machine = machine_file(machine)
            writer.set_either(path, element, "src", "srcexpr", machine)
            processor = raw.get("processor")
            writer.set_either(path, element, "type", "typeexpr", processor)
        if raw.get("autoforward"):
            element.attributes["autoforward"] = "true"
        if "input" in raw:
            if as_expression(raw["input"]) is None or not _is_mapping(raw["input"]):
                rest["input"] = raw["input"]
            else:
                element.children += self._params(path, raw["input"])
        if "finalize" in raw:
            finalize = writer.block(f"{path}.finalize", "finalize", raw["finalize"])
            element.children.append(finalize)
        if rest:
            self._warn_of(rest, path)
            element.attributes[SETTINGS] = exact.dumps(rest)
        return element

    def _params(self, path: str, given: Json) -> list[Element]:
        return [
            self.writer.set_expression(
                path, self.writer.element(path, "param", name=name), value
            )
            for name, value in given.items()
        ]


def _is_mapping(value: Json) -> bool:
    return isinstance(value, dict) and not any(
        mark in value for mark in ("expr", "sql", "literal")
    )


def _identifiers(tree: trees.Tree) -> dict[Node, str]:
    """The id that each state has in SCXML: its own, without white space."""
    taken: set[str] = set()
    ids = {}
    for node in tree.nodes:
        wanted = name = "_".join(node.id.split())
        number = 1
        while name in taken:
            number += 1
            name = f"{wanted}_{number}"
        taken.add(name)
        ids[node] = name
    return ids


def _script(actions: list[Json]) -> str:
    """The script of a root's entry actions, which are assignments."""
    lines = []
    for action in actions:
        for path, value in action["set"].items():
            source = as_expression(value)
            script = path == "_script" and isinstance(value, dict)
            lines.append(value["expr"] if script else f"{path} = {source}")
    return "\n".join(lines)
