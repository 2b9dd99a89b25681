"""SCXML's <invoke>, and the machines that it brings along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import scxml_values as values
from . import scxml_vocabulary as vocabulary
from . import scxml_xml as xml
from .common import FormatError
from .scxml_content import Content, namelist
from .scxml_session import File, Session, plain_source, stem
from .scxml_xml import EFFECT, SETTINGS, Element

Json = Any

# Makes the machine of a root element: session, file, root, name, source.
Add = Callable[[Session, File, Element, str, str], None]

_TYPES = ("scxml", "http://www.w3.org/TR/scxml", "http://www.w3.org/TR/scxml/")


class Invocations:
    """Reads the invocations of one document."""

    def __init__(self, file: File, content: Content, machine: str, add: Add) -> None:
        self.add = add
        self.file = file
        self.content = content
        self.machine = machine

    def read(self, element: Element, state: str) -> Json:
        """The invocation; machines that stand in it, or in its file, are added."""
        vocabulary.check(self.file, element)
        attributes = element.attributes
        result: Json = {}
        if "id" in attributes:
            result["id"] = attributes["id"]
        effect = attributes.get("type") == EFFECT
        if effect:
            result["src"] = attributes.get("src", "")
        else:
            result["machine"] = self._machine(element, attributes.get("id") or state)
        parts = {
            "input": self.content.data(_without_content(element)),
            "processor": None if effect else self._processor(element),
            "idLocation": attributes.get("idlocation"),
            "autoforward": attributes.get("autoforward") == "true" or None,
        }
        result |= {key: value for key, value in parts.items() if value is not None}
        for finalize in element.all("finalize"):
            actions = self.content.block(finalize) or self._assigned_back(element)
            if actions:
                result["finalize"] = actions
        result |= self.file.json(element, attributes.get(SETTINGS, "{}")) or {}
        return result

    def _processor(self, element: Element) -> Json:
        kind = self.content.either(element, "type", "typeexpr")
        if not isinstance(kind, str) or kind in _TYPES:
            return kind if isinstance(kind, dict) else None
        message = f'a machine cannot be invoked by "{kind}": it is an error.execution'
        self.file.warn(element, "bad_invoke", message, 'write type="scxml"')
        return kind

    def _machine(self, element: Element, name: str) -> Json:
        contents = element.all("content")
        sources = [key for key in ("src", "srcexpr") if key in element.attributes]
        if len(contents) + len(sources) != 1:
            message = "<invoke> has one of src, srcexpr and <content>"
            self.file.problem(element, "bad_invoke", message)
            return ""
        if sources == ["srcexpr"]:
            return self.content.expression(element, "srcexpr")
        if sources:
            return self._file(element, element.attributes["src"])
        machines = contents[0].all("scxml")
        if machines:
            vocabulary.check(self.file, contents[0])
            return self.inline(machines[0], name)
        value = self.content.content(contents[0])
        if isinstance(value, dict) and "expr" in value:
            return value
        message = "the <content> of an <invoke> is <scxml> or an expression"
        self.file.problem(contents[0], "bad_invoke", message)
        return ""

    def inline(self, root: Element, name: str) -> str:
        """The name of the machine that an inline <scxml> becomes."""
        session = self.file.session
        own = session.free_name(f"{self.machine}.{name}")
        self.add(session, self.file, root, own, "")
        return own

    def _file(self, element: Element, source: str) -> str:
        """The name of the machine in a file, which is read once."""
        session = self.file.session
        name = stem(source)
        for machine, other in session.sources.items():
            if other and other == plain_source(source):
                return machine
        if session.resolver is None:
            message = f'define the machine "{name}" too: "{source}" was not read'
            self.file.warn(element, "unresolved_src", message)
            return name
        text = self.file.read(element, source)
        if text is None:
            return name
        if name in session.machines:
            message = f'there is another machine "{name}" already'
            self.file.problem(element, "duplicate_machine", message)
            return name
        label = f"{source}, "
        try:
            root = xml.parse(text, label)
        except FormatError as error:
            session.problems.extend(error.problems)
            return name
        self.add(session, File(session, label), root, name, plain_source(source))
        return name

    def _assigned_back(self, element: Element) -> list[Json]:
        """What an empty <finalize> does: locations that were passed take answers."""
        passed = [(name, name) for name in namelist(element)]
        passed += [
            (param.attributes.get("name", ""), param.attributes["location"])
            for param in element.all("param")
            if "location" in param.attributes
        ]
        return [
            {
                "type": "choose",
                "branches": [
                    {
                        "guard": {
                            "expr": f"_event.data is not None"
                            f" and {name!r} in _event.data"
                        },
                        "actions": [
                            values.assign(location, {"expr": f"_event.data[{name!r}]"})
                        ],
                    }
                ],
            }
            for name, location in passed
        ]


def _without_content(element: Element) -> Element:
    """The element without its <content>, which is no data but the machine."""
    children = [
        child
        for child in element.children
        if not (isinstance(child, Element) and vocabulary.is_known(child, "content"))
    ]
    return Element(
        element.name, element.attributes, children, element.space, element.line
    )
