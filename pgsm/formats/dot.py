"""A machine as a graph in the language of Graphviz's dot.

`to_dot(document)` takes the normal form; `upgrade_to_dot` puts two versions side by
side.  Names are escaped: labels are dot's HTML, in which nothing of theirs is markup.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from html import escape
from typing import Any

from pgsm.engine import diagram_model
from pgsm.engine.diagram import wrap
from pgsm.engine.diagram_model import Arrow, Box, Label, Picture

Json = Any

TEXT = "#1c2733"
SOFT = "#46586a"  # of what a state does, still dark enough to read
EVENT, GUARD = "#12395c", "#5a3a00"
LINE = "#5b7083"
STATE, ACTIVE, ACTIVE_LINE = "#eaf1f8", "#ffd58a", "#9a4a00"
GROUPS = ("#fafbfc", "#f2f5f8")  # compound states, alternating by depth
MAP_LINE, SAME_LINE = "#b3560b", "#8496a8"

HEAD = f"""\
    graph [fontname="Helvetica,Arial,sans-serif" fontsize=13 fontcolor="{TEXT}"
        compound=true newrank=true rankdir=TB nodesep=0.35 ranksep=0.32 pad=0.25
        bgcolor=white labelloc=t labeljust=l]
    node [fontname="Helvetica,Arial,sans-serif" fontsize=12 fontcolor="{TEXT}"
        shape=box style="rounded,filled" fillcolor="{STATE}" color="{LINE}"
        margin="0.12,0.07" height=0.4]
    edge [fontname="Helvetica,Arial,sans-serif" fontsize=10.5 fontcolor="{TEXT}"
        color="{LINE}" arrowsize=0.75]
"""


def to_dot(document: Mapping[str, Json], active: Collection[str] = ()) -> str:
    """The DOT text of a document in normal form, active states in colour."""
    shown = diagram_model.picture(document, active)
    writer = Writer()
    writer.lines.append(f"    label={_title(shown.root)}")
    writer.picture(shown)
    return writer.whole()


def upgrade_to_dot(
    old: Mapping[str, Json],
    new: Mapping[str, Json],
    states: Mapping[str, Json],
    titles: tuple[str, str] = ("old version", "new version"),
) -> str:
    """The DOT text of two versions, old left, and of the map between their states."""
    before, after = diagram_model.picture(old), diagram_model.picture(new)
    writer = Writer()
    for number, (one, title) in enumerate(zip((before, after), titles, strict=True)):
        one.root.name = f"{one.root.name}, {title}"
        writer.version(one, number)
    writer.title = f"{before.root.name} to {titles[1]}"
    writer.map(before, after, states)
    return writer.whole()


def _text(text: str, colour: str = "", tag: str = "") -> str:
    """Lines of dot's HTML; whatever the text has is shown."""
    found = "<br/>".join(escape(line) for line in wrap(text))
    found = f"<{tag}>{found}</{tag}>" if tag else found
    return f'<font color="{colour}">{found}</font>' if colour else found


def _title(box: Box) -> str:
    return f"<{_table(box, 15)}>"


def _table(box: Box, size: float = 0) -> str:
    """A table: the name, and below it what the state is and does."""
    name = _text(box.name, tag="b")
    if size:
        name = f'<font point-size="{size}">{name}</font>'
    align = ' align="left"' if box.children else ""
    rows = [f"<tr><td{align}>{name}</td></tr>"]
    for what, text in box.lines:
        tag = {"description": "i", "tags": "i"}.get(what, "")
        shown = _text(text, SOFT, tag)
        shown = shown.replace("<br/>", '<br align="left"/>')
        end = '<br align="left"/>' if "<br" in shown else ""
        font = f'<font point-size="10.5">{shown}{end}</font>'
        rows.append(f'<tr><td align="left" balign="left">{font}</td></tr>')
    attributes = 'border="0" cellborder="0" cellspacing="0" cellpadding="1"'
    return f"<table {attributes}>{''.join(rows)}</table>"


def _label(labels: Iterable[Label]) -> str | None:
    cells = []
    for label in labels:
        parts = [
            _text(label.trigger, EVENT, "b") if label.trigger else "",
            _text(f"[{label.guard}]", GUARD) if label.guard else "",
            _text(label.effect, SOFT) if label.actions else "",
        ]
        cells.append("<br/>".join(part for part in parts if part))
    rows = "".join(f"<tr><td>{cell}</td></tr>" for cell in cells if cell)
    # the padding keeps the texts off their arrow
    attributes = 'border="0" cellborder="0" cellspacing="0" cellpadding="3"'
    return f"<<table {attributes}>{rows}</table>>" if rows else None


def _attributes(**given: Any) -> str:
    found = [
        f"{key}={value}" if str(value).startswith("<") else f'{key}="{value}"'
        for key, value in given.items()
        if value is not None
    ]
    return f" [{' '.join(found)}]" if found else ""


class Writer:
    """Writes pictures; nodes and clusters are numbered, so that no name matters."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.edges: list[str] = []
        self.numbers: dict[Box, int] = {}
        self.shown: Picture | None = None
        self.back: set[int] = set()
        self.title = "machine"
        self.between = 0
        self.frame = ""  # the cluster of the version that is being written

    def whole(self) -> str:
        """The graph."""
        return "\n".join(
            [f"digraph {_name(self.title)} {{", HEAD, *self.lines, *self.edges, "}", ""]
        )

    def picture(self, shown: Picture) -> None:
        """Write a machine: its states, then the arrows."""
        self.title = shown.root.name
        self._number(shown)
        self._content(shown.root, 1)
        self._arrows(shown)

    def version(self, shown: Picture, number: int) -> None:
        """Write a machine inside of a frame of its own."""
        self._number(shown)
        self.frame = f"cluster_version{number}"
        self.lines.append(f"    subgraph {self.frame} {{")
        look = f'style="rounded,filled" fillcolor="#ffffff" color="{LINE}" margin=14'
        self.lines.append(f"        {look} label={_title(shown.root)}")
        self._content(shown.root, 2)
        self.lines.append("    }")
        self._arrows(shown)

    def map(self, before: Picture, after: Picture, states: Mapping[str, Json]) -> None:
        """Write where each state of the old version goes."""
        for box, target in diagram_model.mapped(before, states):
            if target is None:
                self._refused(box)
                continue
            look: dict[str, Any] = {"color": MAP_LINE, "penwidth": 2.2}
            if box.path not in states:
                look = {"color": SAME_LINE, "style": "dashed"}
            for path in [target] if isinstance(target, str) else target:
                if (found := after.box(path)) is not None:
                    self._between(box, found, **look)

    def _refused(self, box: Box) -> None:
        node = f"refused{self.numbers[box]}"
        text = _attributes(
            label="refused", shape="plaintext", style="", fontcolor=MAP_LINE
        )
        look = _attributes(color=MAP_LINE, penwidth=2.2, arrowhead="tee")
        self.edges.append(f"    {node}{text}")
        self.edges.append(f"    {self._node(box)} -> {node}{look}")

    def _between(self, source: Box, target: Box, **look: Any) -> None:
        self._edge(source, target, constraint="false", arrowsize=0.9, **look)

    def _number(self, shown: Picture) -> None:
        self.shown = shown
        for box in shown.root.walk():
            self.numbers[box] = len(self.numbers)

    def _node(self, box: Box) -> str:
        """The node of a state, for a compound one the node in it that stands for it."""
        if not box.children:
            return f"s{self.numbers[box]}"
        return (
            f"i{self.numbers[box]}"
            if box.kind == "compound"
            else self._node(box.children[0])
        )

    def _leaving(self, box: Box) -> str:
        """The node from which arrows out of a state begin: its end, if it has one."""
        if not box.children:
            return self._node(box)
        ends = [child for child in box.children if child.kind == "final"]
        return self._leaving((ends or box.children)[-1])

    # ------------------------------------------------------------------- states

    def _content(self, box: Box, depth: int) -> None:
        space = "    " * depth
        if not box.children:  # a machine without states
            self.lines.append(space + self._leaf(box))
        if box.kind == "compound":
            dot = _attributes(
                shape="point", width=0.14, fillcolor=TEXT, color=TEXT,
            )  # fmt: skip
            self.lines.append(f"{space}i{self.numbers[box]}{dot}")
        for child in box.children:
            if child.children:
                self._cluster(child, depth)
            else:
                self.lines.append(space + self._leaf(child))
        beside = [c for c in box.children if c.kind == "history"]
        if beside and box.kind == "compound":
            nodes = " ".join(self._node(one) for one in (box, *beside))
            self.lines.append(f"{space}{{ rank=same {nodes} }}")
        if any(a.source is box and a.inside for a in self._shown.arrows):
            look = _attributes(
                label="in any state", fontsize=10.5, style="rounded,dashed",
                height=0.3,
            )  # fmt: skip
            self.lines.append(f"{space}a{self.numbers[box]}{look}")

    @property
    def _shown(self) -> Picture:
        assert self.shown is not None
        return self.shown

    def _cluster(self, box: Box, depth: int) -> None:
        space = "    " * depth
        look: dict[str, Any] = {
            "style": "rounded,filled" + (",dashed" if box.is_region else ""),
            "fillcolor": GROUPS[depth % 2],
            "color": ACTIVE_LINE if box.active else LINE,
            "penwidth": 2.5 if box.active else 1,
            "label": f"<{_table(box)}>",
            "margin": 12,
        }
        if box.active:
            look["fillcolor"] = "#fff6e6"
        inner = "\n".join(f"{space}    {key}={_quoted(look[key])}" for key in look)
        self.lines.append(f"{space}subgraph cluster{self.numbers[box]} {{\n{inner}")
        self._content(box, depth + 1)
        self.lines.append(f"{space}}}")

    def _leaf(self, box: Box) -> str:
        look: dict[str, Any] = {"label": f"<{_table(box)}>"}
        if box.kind == "history":
            look = {
                "label": "H*" if box.deep else "H", "shape": "circle",
                "width": 0.32, "height": 0.32, "fixedsize": "true", "margin": 0,
                "fillcolor": "#ffffff",
            }  # fmt: skip
        elif box.kind == "final":
            look["peripheries"] = 2
        elif box.is_region:
            look["style"] = "rounded,filled,dashed"
        if box.active:
            look |= {"fillcolor": ACTIVE, "color": ACTIVE_LINE, "penwidth": 2.5}
        return f"s{self.numbers[box]}{_attributes(**look)}"

    # ------------------------------------------------------------------- arrows

    def _arrows(self, shown: Picture) -> None:
        self.back = diagram_model.leading_back(shown)
        for arrow in [*shown.initial, *shown.arrows]:
            self._arrow(arrow, begins=arrow in shown.initial)

    def _arrow(self, arrow: Arrow, *, begins: bool) -> None:
        label = _label(arrow.labels)
        source: Box | str = arrow.source
        if arrow.targets == (arrow.source,):
            node = self._node(arrow.source)
            self.edges.append(f"    {node} -> {node}{_attributes(label=label)}")
            return
        up = not begins and not arrow.inside and id(arrow) in self.back
        if arrow.inside and not begins:
            source = f"a{self.numbers[arrow.source]}"
        if label is not None:
            source = self._between_ends(source, arrow, up, label=label, **_LABEL)
        if len(arrow.targets) > 1 and not begins:
            source = self._between_ends(source, arrow, up, **_BAR)
        for target in arrow.targets:
            self._edge(source, target, up)

    def _between_ends(
        self, source: Box | str, arrow: Arrow, up: bool, **look: Any
    ) -> str:
        """The name of a new node on the way of an arrow.

        A label is such a node: dot keeps nodes apart, and lets labels overlap.
        """
        self.between += 1
        name = f"b{self.between}"
        opening = closing = ""
        for box in reversed(list(_around(arrow))):
            if box.parent is not None:
                opening += f"subgraph cluster{self.numbers[box]} {{ "
            elif self.frame:
                opening += f"subgraph {self.frame} {{ "
            else:
                continue
            closing += " }"
        self.edges.append(f"    {opening}{name}{_attributes(**look)}{closing}")
        self._edge(source, name, up, arrowhead="none", weight=2)
        return name

    def _edge(
        self, source: Box | str, target: Box | str, up: bool = False, **look: Any
    ) -> None:
        """Write an edge; one that leads up is an edge down, its arrow at its tail."""
        tail = self._end(source, target, leaving=not up)
        head = self._end(target, source)
        # an edge ends at the frame of a state, if it comes from outside of it
        frames = [
            f"cluster{self.numbers[end]}"
            if isinstance(end, Box) and _is_framed(end, other)
            else None
            for end, other in ((source, target), (target, source))
        ]
        if frames[1] and isinstance(source, Box):
            look.setdefault("minlen", 2)  # the frame and its title are between
        if up:
            tail, head = head, tail
            look |= {"dir": "back", "arrowtail": look.pop("arrowhead", "normal")}
            frames.reverse()
        ends = {"ltail": frames[0], "lhead": frames[1]}
        self.edges.append(f"    {tail} -> {head}{_attributes(**look, **ends)}")
        if isinstance(target, Box) and not up and "constraint" not in look:
            self._put_below(tail, head, target)

    def _end(self, box: Box | str, other: Box | str, leaving: bool = False) -> str:
        if isinstance(box, str):
            return box
        if leaving and _is_framed(box, other):
            return self._leaving(box)
        return self._node(box)

    def _put_below(self, tail: str, head: str, target: Box) -> None:
        """Let all regions begin below, not only the one in which the arrow ends."""
        for other in _starts(target):
            if (node := self._node(other)) not in (head, tail):
                self.edges.append(f"    {tail} -> {node} [style=invis]")


_LABEL: dict[str, Any] = {
    "shape": "plain", "style": "filled", "fillcolor": "transparent", "fontsize": 10.5,
}  # fmt: skip
_BAR: dict[str, Any] = {
    "shape": "box", "style": "filled", "fillcolor": TEXT, "color": TEXT, "label": "",
    "width": 0.7, "height": 0.05, "margin": 0, "fixedsize": "true",
}  # fmt: skip


def _around(arrow: Arrow) -> Iterator[Box]:
    """The states around an arrow, the innermost first."""
    box: Box | None = arrow.source if arrow.inside else arrow.source.parent
    while box is not None:
        if all(box.has_inside(target) for target in arrow.targets):
            yield box
        box = box.parent


def _starts(box: Box) -> Iterator[Box]:
    """The states in which a parallel one begins: itself, if it is another."""
    if box.kind == "parallel":
        for child in box.children:
            yield from _starts(child)
    else:
        yield box


def _is_framed(box: Box, other: Box | str) -> bool:
    """Whether it is a frame, with the other one outside of it."""
    if not box.children:
        return False
    return isinstance(other, str) or not (box.has_inside(other) or box is other)


def _name(text: str) -> str:
    """A name for the graph: SVG has it as the title of the picture."""
    plain = text.replace('"', "'").replace("\\", "/")
    return f'"{plain}"'


def _quoted(value: Any) -> str:
    return str(value) if str(value).startswith("<") else f'"{value}"'
