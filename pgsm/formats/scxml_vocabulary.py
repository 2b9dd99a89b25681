"""The elements of SCXML: their attributes and children, and which exclude another."""

from __future__ import annotations

from .scxml_session import File
from .scxml_xml import PGSM, SCXML, Element

_CONTENT = ("raise", "if", "foreach", "log", "assign", "script", "send", "cancel")
_STATES = ("state", "parallel", "final")
_OWN = ("onentry", "onexit", "transition", "history", "invoke", "datamodel")

# element → (attributes, children)
ELEMENTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "scxml": (
        ("initial", "name", "version", "datamodel", "binding", "exmode"),
        (*_STATES, "datamodel", "script"),
    ),
    "state": (("id", "initial"), (*_STATES, *_OWN, "initial")),
    "parallel": (("id",), (*_STATES, *_OWN)),  # <final> is ours
    "final": (("id",), ("onentry", "onexit", "donedata")),
    "history": (("id", "type"), ("transition",)),
    "initial": ((), ("transition",)),
    "transition": (("event", "cond", "target", "type"), _CONTENT),
    "onentry": ((), _CONTENT),
    "onexit": ((), _CONTENT),
    "finalize": ((), _CONTENT),
    "datamodel": ((), ("data",)),
    "data": (("id", "src", "expr"), ()),
    "donedata": ((), ("content", "param")),
    "content": (("expr",), ()),
    "param": (("name", "expr", "location"), ()),
    "raise": (("event",), ()),
    "if": (("cond",), (*_CONTENT, "elseif", "else")),
    "elseif": (("cond",), ()),
    "else": ((), ()),
    "foreach": (("array", "item", "index"), _CONTENT),
    "log": (("label", "expr"), ()),
    "assign": (("location", "expr", "attr", "type"), ()),
    "script": (("src",), ()),
    "send": (
        (
            *("event", "eventexpr", "target", "targetexpr", "type", "typeexpr"),
            *("id", "idlocation", "delay", "delayexpr", "namelist"),
        ),
        ("content", "param"),
    ),
    "cancel": (("sendid", "sendidexpr"), ()),
    "invoke": (
        (
            *("type", "typeexpr", "src", "srcexpr", "id", "idlocation"),
            *("namelist", "autoforward"),
        ),
        ("content", "param", "finalize"),
    ),
}
_REQUIRED = {
    "data": ("id",),
    "param": ("name",),
    "raise": ("event",),
    "if": ("cond",),
    "elseif": ("cond",),
    "foreach": ("array", "item"),
    "assign": ("location",),
}
_EITHER = {
    "data": (("src", "expr"),),
    "param": (("expr", "location"),),
    "send": (
        *(("event", "eventexpr"), ("target", "targetexpr"), ("type", "typeexpr")),
        *(("id", "idlocation"), ("delay", "delayexpr")),
    ),
    "cancel": (("sendid", "sendidexpr"),),
    "invoke": (("type", "typeexpr"), ("src", "srcexpr"), ("id", "idlocation")),
}
# Elements whose text or XML is a value.
_WITH_VALUE = ("data", "content", "assign", "script")
# What "https://pgsm.dev/scxml" adds.
OWN_ELEMENTS = ("action", "settings")


def check(file: File, element: Element) -> None:
    """Report what the element has that it cannot have, or lacks."""
    attributes, children = ELEMENTS[element.name]
    _check_attributes(file, element, attributes)
    for child in element.elements:
        if child.space == PGSM and child.name in OWN_ELEMENTS:
            continue
        if child.space != SCXML:
            _foreign(file, child, child.space)
        elif child.name not in children and element.name not in _WITH_VALUE:
            message = f"<{child.name}> in <{element.name}> is left out"
            file.warn(child, "unknown_element", message)
    if element.text.strip() and element.name not in _WITH_VALUE:
        message = f"the text in <{element.name}> is left out"
        file.warn(element, "unknown_text", message)


def _foreign(file: File, element: Element, space: str) -> None:
    if space not in file.session.foreign:
        file.session.foreign.add(space)
        message = f'what is of the namespace "{space}" is left out'
        file.warn(element, "unknown_namespace", message)


def _check_attributes(file: File, element: Element, known: tuple[str, ...]) -> None:
    for name in element.attributes:
        if name.startswith("{"):
            space = name[1:].partition("}")[0]
            if space not in (PGSM, "http://www.w3.org/XML/1998/namespace"):
                _foreign(file, element, space)
        elif name not in known:
            message = f'the attribute "{name}" of <{element.name}> is left out'
            file.warn(element, "unknown_attribute", message)
    for name in _REQUIRED.get(element.name, ()):
        if name not in element.attributes:
            message = f'<{element.name}> lacks the attribute "{name}"'
            file.problem(element, "missing_attribute", message)
    for one, other in _EITHER.get(element.name, ()):
        if one in element.attributes and other in element.attributes:
            message = f'<{element.name}> has both "{one}" and "{other}"'
            file.problem(element, "conflicting_attributes", message)


def is_known(element: Element, *names: str) -> bool:
    """Whether the element is one of SCXML's, of these names."""
    return element.space == SCXML and element.name in names
