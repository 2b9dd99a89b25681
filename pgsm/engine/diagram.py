"""A machine as a diagram in Mermaid's language.

`mermaid(document)` gives a state diagram; it takes the normal form.  Names are escaped,
so that whatever they are they are shown, and neither end a line nor are HTML.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from . import exact
from .diagram_model import Arrow, Box, Picture, mapped, picture

Json = Any

# dark text on light colours that differ in lightness, too
CLASSES = {
    "active": "fill:#ffd58a,stroke:#9a4a00,stroke-width:3px,color:#1c2733",
    "around": "fill:#fff6e6,stroke:#9a4a00,stroke-width:3px,color:#1c2733",
    "ended": "stroke:#1c2733,stroke-width:2px",
    "pseudo": "fill:#ffffff,stroke:#5b7083,stroke-dasharray:3 2,color:#1c2733",
}
_PLAIN = re.compile(r"[\w .,()\[\]/=+-]")
WRAP = 32  # characters of a line in a state
NARROW = 26  # and beside an arrow: Mermaid itself breaks longer ones


def operation(text: str, active: str | None = None) -> str:
    """The diagram of a document given as JSON text; `active` is an array of paths."""
    return mermaid(exact.loads(text), exact.loads(active) if active else ())


def mermaid(document: Mapping[str, Json], active: Collection[str] = ()) -> str:
    """The Mermaid text of a document in normal form, active states in colour."""
    shown = picture(document, active)
    writer = Writer()
    lines = writer.machine(shown)
    return writer.whole(shown.root.name, lines)


def upgrade(
    old: Mapping[str, Json],
    new: Mapping[str, Json],
    states: Mapping[str, Json],
    titles: tuple[str, str] = ("old version", "new version"),
) -> str:
    """The Mermaid text of two versions and of the map of states between them."""
    before, after = picture(old), picture(new)
    writer = Writer()
    lines: list[str] = []
    later: list[str] = []
    for one, title, prefix in zip((before, after), titles, ("old", "new"), strict=True):
        writer.prefix, writer.later = prefix, []
        name = escape(f"{one.root.name}, {title}")
        lines.append(f'state "{name}" as {prefix}_version {{')
        lines += _indented(writer.inside(one))
        lines.append("}")
        later += writer.later
    lines += [*later, *_map_lines(writer, before, after, states)]
    return writer.whole(f"{before.root.name}: {titles[0]} to {titles[1]}", lines)


def _map_lines(
    writer: Writer, before: Picture, after: Picture, states: Mapping[str, Json]
) -> Iterator[str]:
    for box, target in mapped(before, states):
        name = writer.names[box]
        if target is None:
            yield f'state "refused" as {name}_refused'
            yield f"{name} --> {name}_refused : upgrade"
            continue
        for path in [target] if isinstance(target, str) else target:
            if found := after.box(path):
                label = " : upgrade" if box.path in states else ""
                yield f"{name} --> {writer.names[found]}{label}"


def escape(text: str) -> str:
    """The text for a label, what Mermaid or HTML could take for its own as #NN;."""
    return "".join(c if _PLAIN.match(c) else f"#{ord(c)};" for c in text)


def wrap(text: str, width: int = WRAP) -> list[str]:
    """The text in lines of about that width, broken at spaces."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _multiline(texts: Iterable[str], width: int = WRAP) -> str:
    return "<br/>".join(escape(line) for text in texts for line in wrap(text, width))


class Writer:
    """Writes pictures, each state under a name of its own."""

    def __init__(self) -> None:
        self.prefix = "s"
        self.names: dict[Box, str] = {}
        self.taken: set[str] = set()
        self.classes: dict[str, list[str]] = {}
        self.later: list[str] = []  # what joins states of different parents

    def whole(self, title: str, lines: list[str]) -> str:
        """The diagram with its title and colours."""
        quoted = exact.dumps(title)
        for char in "%<>&":
            quoted = quoted.replace(char, f"\\u{ord(char):04x}")
        head = ["---", f"title: {quoted}", "---", "stateDiagram-v2"]
        tail = []
        for name, members in self.classes.items():
            tail.append(f"classDef {name} {CLASSES[name]}")
            tail.append(f"class {','.join(members)} {name}")
        return "\n".join([*head, *_indented([*lines, *tail])]) + "\n"

    def machine(self, shown: Picture) -> list[str]:
        """The lines of a machine's states and transitions."""
        lines = self.inside(shown)
        if shown.root.kind == "parallel":  # Mermaid has regions inside of states only
            opening = (
                f'state "{escape(shown.root.name)}" as {self.names[shown.root]} {{'
            )
            lines = [opening, *_indented(lines), "}"]
        return [*lines, *self.later]

    def inside(self, shown: Picture) -> list[str]:
        """What is in the root; `later` is to be written after it."""
        for box in shown.root.walk():
            self._name(box)
        if not shown.root.children:
            return self._state(shown.root, shown)
        lines = self._content(shown.root, shown)
        name = f"{self.names[shown.root]}any"
        found = [text for what, text in shown.root.lines if what != "description"]
        if found:
            self._any_state(lines, name)
        return [*lines, *(f"{name} : {_multiline([text])}" for text in found)]

    def _any_state(self, lines: list[str], name: str) -> None:
        """Declare what stands for whatever is active inside of a state."""
        if not any(f" as {name}" in line for line in lines):
            lines.append(f'state "in any state" as {name}')
            self._mark(name, "pseudo")

    def _name(self, box: Box) -> None:
        name = f"{self.prefix}_" + re.sub(r"[^A-Za-z0-9]+", "_", box.path)
        number, free = 1, name
        while free in self.taken:
            number += 1
            free = f"{name}_{number}"
        self.taken.add(free)
        self.names[box] = free

    def _mark(self, name: str, kind: str) -> None:
        self.classes.setdefault(kind, []).append(name)

    def _content(self, box: Box, shown: Picture) -> list[str]:
        """The states, and the transitions between them, of one that has some."""
        lines: list[str] = []
        for number, child in enumerate(box.children):
            if number and box.kind == "parallel":
                lines.append("--")
            lines += self._state(child, shown)
        for arrow in shown.initial:
            if arrow.source is box:
                self._begin(lines, arrow)
            elif arrow.source.parent is box and arrow.source.kind == "history":
                name = self.names[arrow.source]
                for target in arrow.targets:
                    self._put(lines, box, (target,), f"{name} --> {self.names[target]}")
        for arrow in shown.arrows:
            inside = arrow.inside and arrow.source is box
            if inside or (not arrow.inside and arrow.source.parent is box):
                self._arrow(lines, box, arrow)
        return lines

    def _begin(self, lines: list[str], arrow: Arrow) -> None:
        label = _labels(arrow)
        for target in arrow.targets:
            # a start can be written beside its target only
            place = self.later if target.parent is not arrow.source else lines
            if place is lines:
                lines.append(f"[*] --> {self.names[target]}{label}")
            else:
                name = f"{self.names[arrow.source]}start"
                declared = f"state {name} <<choice>>"
                if declared not in lines:
                    lines.append(declared)
                place.append(f"{name} --> {self.names[target]}{label}")

    def _put(
        self, lines: list[str], box: Box, ends: tuple[Box, ...], line: str
    ) -> None:
        """Write an arrow where its ends are; a name in another block would move."""
        here = box.kind != "parallel" and all(end.parent is box for end in ends)
        (lines if here else self.later).append(line)

    def _arrow(self, lines: list[str], box: Box, arrow: Arrow) -> None:
        source = self.names[arrow.source]
        if arrow.inside:
            source = f"{self.names[arrow.source]}any"
            self._any_state(lines, source)
        label = _labels(arrow)
        if len(arrow.targets) > 1:
            fork = f"{source}_to_" + "_".join(self.names[t] for t in arrow.targets)
            lines.append(f"state {fork} <<fork>>")
            self._put(lines, box, (), f"{source} --> {fork}{label}")
            source, label = fork, ""
        for target in arrow.targets:
            ends = (target,) if arrow.inside else (arrow.source, target)
            self._put(lines, box, ends, f"{source} --> {self.names[target]}{label}")

    def _state(self, box: Box, shown: Picture) -> list[str]:
        name = self.names[box]
        if box.active:
            self._mark(name, "around" if box.children else "active")
        if box.kind == "history":
            self._mark(name, "pseudo")
            return [f'state "{"H*" if box.deep else "H"}" as {name}']
        texts = [box.name, *(text for _, text in box.lines)]
        if box.children:
            opening = f'state "{_multiline(texts)}" as {name} {{'
            return [opening, *_indented(self._content(box, shown)), "}"]
        lines = [f'state "{escape(box.name)}" as {name}']
        lines += [f"{name} : {_multiline([text])}" for _, text in box.lines]
        if box.kind == "final":
            if box.is_region:
                self._mark(name, "ended")
            else:
                lines.append(f"{name} --> [*]")
        return lines


def _labels(arrow: Arrow) -> str:
    texts = [
        text
        for label in arrow.labels
        for text in (label.condition, label.effect)
        if text
    ]
    return f" : {_multiline(texts, NARROW)}" if texts else ""
