"""XML as SCXML needs it: elements with their lines, read safely, written plainly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler, ErrorHandler, feature_namespaces
from xml.sax.saxutils import escape
from xml.sax.xmlreader import AttributesNSImpl, InputSource, Locator

from defusedxml import DefusedXmlException, sax

from .common import FormatError, Problem

SCXML = "http://www.w3.org/2005/07/scxml"
PGSM = "https://pgsm.dev/scxml"
# What SCXML has no words for, as JSON, in attributes of that namespace.
SETTINGS = f"{{{PGSM}}}settings"  # keys of a state or an invocation
VALUE = f"{{{PGSM}}}value"  # instead of an expression
DELAY = f"{{{PGSM}}}delay"
GUARD = f"{{{PGSM}}}guard"
KEY = f"{{{PGSM}}}key"  # a state's key where its id is another (no JSON)
EFFECT = f"{PGSM}#effect"  # the type of an <invoke>

_DEEPEST = 200
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BREAKS = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


@dataclass
class Element:
    """An element: local name and namespace, attributes, children and texts in order.

    Attributes of other namespaces have names of the form "{namespace}name".
    """

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)
    space: str = SCXML
    line: int = 0

    @property
    def elements(self) -> list[Element]:
        """The children that are elements."""
        return [child for child in self.children if isinstance(child, Element)]

    @property
    def text(self) -> str:
        """The text directly in the element."""
        return "".join(child for child in self.children if isinstance(child, str))

    def all(self, *names: str) -> list[Element]:
        """The children of SCXML with one of the names."""
        return [
            child
            for child in self.elements
            if child.space == SCXML and child.name in names
        ]

    def walk(self) -> Iterator[Element]:
        """The element and all within."""
        yield self
        for child in self.elements:
            yield from child.walk()


# ---------------------------------------------------------------------- reading


def parse(text: str | bytes, label: str = "") -> Element:
    """The root element of a document; elements of no namespace count as SCXML.

    Raises FormatError for what is not well-formed, and for any document type or
    entity declaration.
    """
    builder = _Builder(label)
    parser = sax.make_parser()
    parser.forbid_dtd = True
    parser.setFeature(feature_namespaces, True)
    parser.setContentHandler(builder)
    parser.setErrorHandler(ErrorHandler())
    source = InputSource()
    if isinstance(text, bytes):
        source.setByteStream(BytesIO(text))
    else:
        source.setCharacterStream(StringIO(text.removeprefix("\ufeff")))
    try:
        parser.parse(source)
    except SAXParseException as error:
        place = f"{label}line {error.getLineNumber()}"
        raise _refusal(place, "bad_xml", f"no XML: {error.getMessage()}") from None
    except DefusedXmlException:
        message = "a document type or entity declaration is not accepted"
        hint = "take <!DOCTYPE …> out"
        place = f"{label}line 1"
        raise _refusal(place, "forbidden_xml", message, hint) from None
    return builder.root


def _refusal(place: str, code: str, message: str, hint: str | None = None) -> Exception:
    return FormatError([Problem(place, code, message, hint)])


class _Builder(ContentHandler):
    """Makes elements of a parser's calls."""

    root: Element

    def __init__(self, label: str) -> None:
        super().__init__()
        self.label = label
        self.open: list[Element] = []
        self.place: Locator | None = None

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802
        self.place = locator

    def startElementNS(  # noqa: N802
        self,
        name: tuple[str | None, str],
        qname: str | None,
        attrs: AttributesNSImpl,
    ) -> None:
        line = (self.place.getLineNumber() if self.place else 0) or 0
        attributes = {
            f"{{{space}}}{local}" if space else local: value
            for (space, local), value in attrs.items()
        }
        element = Element(name[1], attributes, [], name[0] or SCXML, line)
        if len(self.open) >= _DEEPEST:
            message = f"elements are nested more than {_DEEPEST} levels deep"
            raise _refusal(f"{self.label}line {line}", "too_deep", message)
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def endElementNS(  # noqa: N802
        self, name: tuple[str | None, str], qname: str | None
    ) -> None:
        self.open.pop()

    def characters(self, content: str) -> None:
        children = self.open[-1].children
        if children and isinstance(children[-1], str):
            children[-1] += content
        else:
            children.append(content)


# ---------------------------------------------------------------------- writing


def document(root: Element) -> str:
    """The text of a document, indented; other namespaces are declared at the root."""
    spaces = {element.space for element in root.walk()} | {
        key[1:].partition("}")[0]
        for element in root.walk()
        for key in element.attributes
        if key.startswith("{")
    }
    prefixes = {PGSM: "pgsm:"} | {
        space: f"n{number}:"
        for number, space in enumerate(sorted(spaces - {SCXML, PGSM}), 1)
    }
    declared = {"xmlns": SCXML} | {
        "xmlns:" + prefix[:-1]: space
        for space, prefix in prefixes.items()
        if space in spaces
    }
    lines = _lines(root, {**prefixes, SCXML: ""}, declared, "")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + "\n".join(lines) + "\n"


def fragment(elements: Iterable[Element | str]) -> str:
    """XML that stands inside of an element, as text, each namespace where it begins."""
    return "".join(
        escape(item) if isinstance(item, str) else _inline(item, "")
        for item in elements
    )


def _inline(element: Element, outer: str) -> str:
    space = "" if element.space == SCXML else element.space
    attributes = {
        key.rpartition("}")[2]: value for key, value in element.attributes.items()
    }
    if space != outer:
        attributes = {"xmlns": space, **attributes}
    head = element.name + _attributes(attributes)
    inside = "".join(
        escape(item) if isinstance(item, str) else _inline(item, space)
        for item in element.children
    )
    return f"<{head}>{inside}</{element.name}>" if inside else f"<{head}/>"


def _lines(
    element: Element, prefixes: dict[str, str], declared: dict[str, str], indent: str
) -> Iterator[str]:
    name = prefixes[element.space] + element.name
    attributes = {**declared}
    for key, value in element.attributes.items():
        space, _, local = key[1:].partition("}") if key[0] == "{" else ("", "", key)
        attributes[prefixes.get(space, "") + local] = value
    head = f"{indent}<{name}{_attributes(attributes)}"
    if not element.children:
        yield head + "/>"
    elif not element.elements:
        yield f"{head}>{_text(element.text)}</{name}>"
    else:
        yield head + ">"
        for child in element.elements:
            yield from _lines(child, prefixes, {}, indent + "  ")
        yield f"{indent}</{name}>"


def _text(text: str) -> str:
    return escape(text, {"\r": "&#13;"})


def _attributes(attributes: dict[str, str]) -> str:
    return "".join(
        f' {key}="{escape(value, {**_BREAKS, chr(34): "&quot;"})}"'
        for key, value in attributes.items()
    )


def is_writable(text: str) -> bool:
    """Whether XML can hold all of the text's characters."""
    return not _FORBIDDEN.search(text)
