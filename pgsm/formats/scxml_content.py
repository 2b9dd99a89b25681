"""SCXML's executable content as actions, and the values that its elements carry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pgsm.engine.expressions import ExpressionError, compile_expression

from . import scxml_values as values
from . import scxml_vocabulary as vocabulary
from .scxml_session import File
from .scxml_xml import DELAY, PGSM, VALUE, Element, fragment

Json = Any
Action = dict[str, Any]
# Gives the name of the machine that an inline <scxml> becomes.
Inline = Callable[[Element], str]

_PYTHON = "write it as a Python-style expression"


class Content:
    """Reads the executable content of one document."""

    def __init__(self, file: File, datamodel: str, inline: Inline) -> None:
        self.file = file
        self.datamodel = datamodel
        self.inline = inline
        self.assigned: dict[str, None] = {}  # by scripts, which declare as they go

    # -- values ----------------------------------------------------------------

    def expression(self, element: Element, attribute: str) -> Json:
        """The value of an attribute that is an expression; warns of what is none."""
        if VALUE in element.attributes:
            return self.file.json(element, element.attributes[VALUE])
        source = element.attributes.get(attribute, "")
        value = values.expression(source, self.datamodel)
        self._warn_of_expression(element, value["expr"])
        return value

    def _warn_of_expression(self, element: Element, source: str) -> None:
        try:
            compile_expression(source, frozenset(), data_by_name=True)
        except ExpressionError as error:
            message = f'"{source}" raises error.execution: {error.message}'
            hint = _PYTHON if self.datamodel == "ecmascript" else error.hint
            self.file.warn(element, "bad_expression", message, hint)

    def either(self, element: Element, plain: str, computed: str) -> Json:
        """The value of an attribute, or of the one that computes it; else None."""
        if computed in element.attributes:
            return self.expression(element, computed)
        return element.attributes.get(plain)

    def body(self, element: Element) -> Json:
        """The value of what stands in an element: text, an inline machine, XML."""
        machines = element.all("scxml")
        if machines:
            return self.inline(machines[0])
        if element.elements:
            return " ".join(fragment(element.children).split())
        return values.content(element.text)

    def content(self, element: Element) -> Json:
        """The value of a <content>."""
        vocabulary.check(self.file, element)
        if not has_expression(element):
            return self.body(element)
        if element.children and (element.elements or element.text.strip()):
            message = "<content> has an expression and something inside"
            self.file.problem(element, "conflicting_attributes", message)
        return self.expression(element, "expr")

    def data(self, element: Element) -> Json:
        """What namelist, <param> and <content> give; None when there is none."""
        contents = element.all("content")
        named = self._named(element)
        if contents and (named or len(contents) > 1):
            message = f"<{element.name}> has <content> and other data as well"
            self.file.problem(contents[-1], "conflicting_children", message)
        return self.content(contents[0]) if contents else named or None

    def _named(self, element: Element) -> dict[str, Json]:
        named = {name: self.location(element, name) for name in namelist(element)}
        for param in element.all("param"):
            vocabulary.check(self.file, param)
            name = param.attributes.get("name", "")
            if name in named:
                message = f'the last of several values of "{name}" is taken'
                self.file.warn(param, "duplicate_param", message)
            if "location" in param.attributes:
                named[name] = self.location(param, param.attributes["location"])
            else:
                named[name] = self.expression(param, "expr")
        return named

    def location(self, element: Element, text: str) -> dict[str, str]:
        """The value at a location; warns of what is none."""
        value = values.location(text)
        if value["expr"] != text.strip():
            message = f'"{text}" is no location: it raises error.execution'
            self.file.warn(element, "bad_location", message)
        return value

    # -- actions ---------------------------------------------------------------

    def block(self, element: Element) -> list[Action]:
        """The actions in an element."""
        vocabulary.check(self.file, element)
        return self.actions(element.elements)

    def actions(self, elements: Sequence[Element]) -> list[Action]:
        """The actions that the elements stand for."""
        result: list[Action] = []
        for element in elements:
            if element.space == PGSM and element.name == "action":
                result += self._own(element)
            elif vocabulary.is_known(element, *_READERS):
                vocabulary.check(self.file, element)
                result += _READERS[element.name](self, element)
        return result

    def _own(self, element: Element) -> list[Action]:
        action = self.file.json(element, element.text)
        return [] if action is None else [action]

    def raised(self, element: Element) -> list[Action]:
        return [{"type": "raise", "event": element.attributes.get("event", "")}]

    def log(self, element: Element) -> list[Action]:
        message: Json = element.attributes.get("label")
        if "expr" in element.attributes:
            value = self.expression(element, "expr")
            message = value if message is None else {"label": message, "value": value}
        return [{"type": "log", "message": "" if message is None else message}]

    def assign(self, element: Element) -> list[Action]:
        value: Json = None
        if "expr" in element.attributes:
            value = self.expression(element, "expr")
        elif element.children:
            value = self.body(element)
        path = element.attributes.get("location", "")
        if not values.is_location(path) or path.startswith("_"):
            message = f'"{path}" cannot be assigned to: it raises error.execution'
            self.file.warn(element, "bad_location", message)
        return [values.assign(path, value)]

    def script(self, element: Element) -> list[Action]:
        source: str | None = element.text
        if "src" in element.attributes:
            source = self.file.read(element, element.attributes["src"])
        actions = values.script(source or "", self.datamodel)
        for action in actions:
            for path, value in action["set"].items():
                if path == values.UNPARSED:
                    message = "a script can only assign; this raises error.execution"
                    self.file.warn(element, "bad_script", message)
                else:
                    self.assigned[path.partition(".")[0].partition("[")[0]] = None
                    self._warn_of_expression(element, value["expr"])
        return actions

    def send(self, element: Element) -> list[Action]:
        attributes = element.attributes
        action: Action = {"type": "send"}
        action["event"] = self.either(element, "event", "eventexpr") or ""
        address = self.either(element, "target", "targetexpr")
        data = self.data(element)
        found = {
            "to": None if address is None else {"address": address},
            "processor": self.either(element, "type", "typeexpr"),
            "data": data,
            "delay": self._delay(element),
            "id": attributes.get("id"),
            "idLocation": attributes.get("idlocation"),
        }
        action |= {key: value for key, value in found.items() if value is not None}
        return [action]

    def _delay(self, element: Element) -> Json:
        attributes = element.attributes
        if DELAY in attributes:
            return self.file.json(element, attributes[DELAY])
        if "delay" in attributes:
            return values.delay(attributes["delay"])
        return self.either(element, "", "delayexpr")

    def cancel(self, element: Element) -> list[Action]:
        return [
            {
                "type": "cancel",
                "id": self.either(element, "sendid", "sendidexpr") or "",
            }
        ]

    def foreach(self, element: Element) -> list[Action]:
        action: Action = {
            "type": "foreach",
            "in": self.expression(element, "array"),
            "item": element.attributes.get("item", ""),
        }
        if "index" in element.attributes:
            action["index"] = element.attributes["index"]
        return [{**action, "actions": self.actions(element.elements)}]

    def choose(self, element: Element) -> list[Action]:
        """The branches of <if>."""
        parts: list[tuple[Element, list[Element]]] = [(element, [])]
        for child in element.elements:
            if vocabulary.is_known(child, "elseif", "else"):
                vocabulary.check(self.file, child)
                if parts[-1][0].name == "else":
                    message = f"<{child.name}> after <else>"
                    self.file.problem(child, "bad_if", message)
                parts.append((child, []))
            else:
                parts[-1][1].append(child)
        branches = []
        for part, children in parts:
            branch: Action = {}
            if part.name != "else":
                branch["guard"] = self.expression(part, "cond")
            actions = self.actions(children)
            branches.append({**branch, "actions": actions} if actions else branch)
        return [{"type": "choose", "branches": branches}]


_READERS: dict[str, Callable[[Content, Element], list[Action]]] = {
    "raise": Content.raised,
    "log": Content.log,
    "assign": Content.assign,
    "script": Content.script,
    "send": Content.send,
    "cancel": Content.cancel,
    "foreach": Content.foreach,
    "if": Content.choose,
}


def has_expression(element: Element) -> bool:
    """Whether an expression, or a value of ours, is given."""
    return "expr" in element.attributes or VALUE in element.attributes


def namelist(element: Element) -> list[str]:
    """The names that a namelist has."""
    return element.attributes.get("namelist", "").split()
