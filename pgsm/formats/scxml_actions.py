"""Actions and values of a definition as SCXML's executable content."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from pgsm.engine import exact

from . import scxml_values as values
from .common import Problem
from .scxml_delays import css_time
from .scxml_xml import DELAY, PGSM, VALUE, Element, is_writable

Json = Any
Action = dict[str, Any]


def as_expression(value: Json) -> str | None:
    """The expression that gives the value; None where a SQL function is in it."""
    if isinstance(value, dict):
        if "literal" in value:
            return _literal(value["literal"])
        if "expr" in value:
            return str(value["expr"])
        if "sql" in value:
            return None
    return _literal(value, as_expression)


def _literal(
    value: Json, inner: Callable[[Json], str | None] | None = None
) -> str | None:
    """A Python literal; what is inside of it is written by `inner`."""
    inner = inner or _literal
    if isinstance(value, dict):
        parts = {key: inner(item) for key, item in value.items()}
        if None in parts.values():
            return None
        return "{" + ", ".join(f"{key!r}: {part}" for key, part in parts.items()) + "}"
    if isinstance(value, list):
        items = [inner(item) for item in value]
        known = [item for item in items if item is not None]
        return f"[{', '.join(known)}]" if len(known) == len(items) else None
    if isinstance(value, (bool, str)) or value is None:
        return repr(value)
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def machine_file(name: str) -> str:
    """The file in which the machine of this name is expected."""
    return quote(name, safe="") + ".scxml"


class Writer:
    """Writes values and actions; takes down what SCXML cannot carry."""

    def __init__(self) -> None:
        self.warnings: list[Problem] = []
        self.problems: list[Problem] = []

    def warn(self, path: str, code: str, message: str, hint: str | None = None) -> None:
        """Take down what another SCXML processor will not do, or do differently."""
        found = Problem(path, code, message, hint)
        if found not in self.warnings:
            self.warnings.append(found)

    def element(self, path: str, tag: str, /, **attributes: str | None) -> Element:
        """An element of SCXML with those of the attributes that are not None."""
        given = {
            key.rstrip("_"): text
            for key, text in attributes.items()
            if text is not None
        }
        for text in given.values():
            self.check_text(path, text)
        return Element(tag, given)

    def check_text(self, path: str, text: str) -> None:
        """Take down a text with characters that XML has not."""
        if not is_writable(text):
            message = "a control character cannot stand in XML"
            self.problems.append(Problem(path, "not_writable", message))

    # -- values ----------------------------------------------------------------

    def set_value(self, path: str, element: Element, value: Json) -> Element:
        """The element with a value: as its text where possible, else as `expr`."""
        text = values.content_text(value)
        if text is not None:
            self.check_text(path, text)
            element.children = [text]
            return element
        return self.set_expression(path, element, value)

    def set_expression(self, path: str, element: Element, value: Json) -> Element:
        """The element with the value as its `expr`."""
        source = as_expression(value)
        if source is None:
            self.warn(path, "pgsm_only", "SCXML has no SQL functions")
            element.attributes[VALUE] = exact.dumps(value)
        else:
            self.check_text(path, source)
            element.attributes["expr"] = source
        return element

    def set_either(
        self, path: str, element: Element, name: str, computed: str, value: Json
    ) -> None:
        """Set the attribute, or the one that computes it; nothing for None."""
        if value is None:
            return
        text = value if isinstance(value, str) else as_expression(value)
        if text is None:
            self.warn(path, "pgsm_only", "SCXML has no SQL functions")
            text = "None"
        self.check_text(path, text)
        element.attributes[name if isinstance(value, str) else computed] = text

    def data(self, path: str, value: Json) -> list[Element]:
        """<param> elements, or one <content>, for the data of something."""
        if _is_named(value):
            return [
                self.set_expression(path, self.element(path, "param", name=name), item)
                for name, item in value.items()
            ]
        return [self.set_value(path, self.element(path, "content"), value)]

    def set_delay(self, path: str, element: Element, delay: Json) -> None:
        """Set the delay of a <send>."""
        if isinstance(delay, dict) and set(delay) == {"expr"}:
            element.attributes["delayexpr"] = delay["expr"]
            return
        text, approximate = css_time(delay)
        if text is None or approximate:
            message = "SCXML has delays in seconds and milliseconds only"
            self.warn(path, "pgsm_only", message)
            element.attributes[DELAY] = exact.dumps(delay)
        if text is not None:
            element.attributes["delay"] = text

    # -- actions ---------------------------------------------------------------

    def blocks(self, path: str, name: str, actions: Sequence[Action]) -> list[Element]:
        """<onentry> or <onexit>: one, or one for each block."""
        if not actions:
            return []
        if all(action["type"] == "block" for action in actions):
            return [
                self.block(f"{path}[{number}].actions", name, action["actions"])
                for number, action in enumerate(actions)
            ]
        return [self.block(path, name, actions)]

    def block(self, path: str, name: str, actions: Sequence[Action]) -> Element:
        """An element with the actions in it."""
        element = self.element(path, name)
        element.children = [*self.actions(path, actions)]
        return element

    def actions(self, path: str, actions: Sequence[Action]) -> list[Element]:
        """The elements of the actions."""
        return [
            element
            for number, action in enumerate(actions)
            for element in self._action(f"{path}[{number}]", action)
        ]

    def _action(self, path: str, action: Action) -> list[Element]:
        write = None if _asks_sql(action) else _WRITERS.get(action["type"])
        found = write(self, path, action) if write else None
        return [self.own_action(path, action)] if found is None else found

    def own_action(self, path: str, action: Action) -> Element:
        """An action of which SCXML knows nothing."""
        message = f'SCXML has no action like this one of "{action["type"]}"'
        self.warn(path, "pgsm_only", message)
        return Element("action", {}, [exact.dumps(action)], PGSM)

    def raised(self, path: str, action: Action) -> list[Element] | None:
        if not isinstance(action["event"], str) or len(action) > 2:
            address = {} if "delay" in action else {"to": {"address": "#_internal"}}
            return self.send(path, {**action, **address})
        return [self.element(path, "raise", event=action["event"])]

    def log(self, path: str, action: Action) -> list[Element] | None:
        message = action["message"]
        if isinstance(message, str):
            return [self.element(path, "log", label=message)]
        element = self.element(path, "log")
        labelled = isinstance(message, dict) and list(message) == ["label", "value"]
        if labelled and isinstance(message["label"], str):
            element.attributes["label"] = message["label"]
            message = message["value"]
        return [self.set_expression(path, element, message)]

    def assign(self, path: str, action: Action) -> list[Element] | None:
        if "remove" in action:
            return None
        if len(action["set"]) > 1:
            message = "SCXML assigns one after the other, not all at once"
            self.warn(path, "order", message)
        elements = []
        for location, value in action["set"].items():
            if location == values.UNPARSED and isinstance(value, dict):
                element = Element("script", {}, [value.get("expr", "")])
            else:
                element = self.element(path, "assign", location=location)
                if value is not None:
                    self.set_value(path, element, value)
            elements.append(element)
        return elements

    def send(self, path: str, action: Action) -> list[Element] | None:
        element = self.element(path, "send")
        self.set_either(path, element, "event", "eventexpr", action["event"])
        address = _address(action.get("to"))
        self.set_either(path, element, "target", "targetexpr", address)
        processor = action.get("processor")
        self.set_either(path, element, "type", "typeexpr", processor)
        if "delay" in action:
            self.set_delay(path, element, action["delay"])
        if "idLocation" in action:
            element.attributes["idlocation"] = action["idLocation"]
        elif isinstance(action.get("id"), str):
            element.attributes["id"] = action["id"]
        elif "id" in action:
            return None
        if "data" in action:
            element.children = [*self.data(path, action["data"])]
        return [element]

    def cancel(self, path: str, action: Action) -> list[Element] | None:
        element = self.element(path, "cancel")
        self.set_either(path, element, "sendid", "sendidexpr", action["id"])
        return [element]

    def foreach(self, path: str, action: Action) -> list[Element] | None:
        array = as_expression(action["in"])
        if array is None:
            return None
        item = action.get("item", "item")
        index = action.get("index")
        element = self.element(path, "foreach", array=array, item=item, index=index)
        element.children = [*self.actions(f"{path}.actions", action["actions"])]
        return [element]

    def choose(self, path: str, action: Action) -> list[Element] | None:
        """The one <if> of all branches; None where a guard asks a SQL function."""
        children: list[Element] = []
        condition = None
        for number, branch in enumerate(action["branches"]):
            guard = branch.get("guard")
            if guard is not None and set(guard) != {"expr"}:
                return None
            place = f"{path}.branches[{number}]"
            if number == 0:
                condition = guard["expr"] if guard else "True"
            elif guard is None:
                children.append(self.element(place, "else"))
            else:
                children.append(self.element(place, "elseif", cond=guard["expr"]))
            children += self.actions(f"{place}.actions", branch.get("actions", []))
            if guard is None:
                break
        element = self.element(path, "if", cond=condition)
        element.children = [*children]
        return [element]


def _asks_sql(action: Action) -> bool:
    """Whether a value of the action itself is that of a SQL function."""

    def asks(value: Json) -> bool:
        if isinstance(value, dict):
            return "sql" in value or any(map(asks, value.values()))
        return isinstance(value, list) and any(map(asks, value))

    within = ("actions", "branches")
    return any(asks(item) for key, item in action.items() if key not in within)


def _is_named(value: Json) -> bool:
    """Whether a value is what <param> elements give: expressions by name."""
    if not isinstance(value, dict) or not value:
        return False
    if any(mark in value for mark in ("expr", "sql", "literal")):
        return False
    return values.content_text(value) is None


def _address(to: Json) -> Json:
    """The target that a receiver is."""
    if to is None or to == "parent":
        return "#_parent" if to else None
    if "address" in to:
        return to["address"]
    kind, receiver = next(iter(to.items()))
    prefix = "#_" if kind == "child" else "#_scxml_"
    if isinstance(receiver, str):
        return prefix + receiver
    source = as_expression(receiver)
    return {"expr": f"{prefix!r} + ({source})"} if source else {"sql": ""}


_WRITERS: dict[str, Callable[[Writer, str, Action], list[Element] | None]] = {
    "raise": Writer.raised,
    "log": Writer.log,
    "assign": Writer.assign,
    "send": Writer.send,
    "cancel": Writer.cancel,
    "foreach": Writer.foreach,
    "choose": Writer.choose,
}
