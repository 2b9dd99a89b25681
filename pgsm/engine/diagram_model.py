"""What a diagram shows of a document: boxes, arrows between them, and their texts.

`picture(document)` takes the normal form.  Writers (Mermaid, DOT) put it into their
own words; every text is clean, short and not escaped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import definition_tree as tree
from . import diagram_texts as texts

Json = Any

LONG = 100  # characters of a description, or of a guard in a label


@dataclass(frozen=True)
class Label:
    """What a transition waits for, asks and does; each may be empty."""

    trigger: str = ""
    guard: str = ""
    actions: str = ""

    @property
    def condition(self) -> str:
        """`event [guard]`, as far as there are any."""
        guard = f"[{self.guard}]" if self.guard else ""
        return f"{self.trigger} {guard}".strip()

    @property
    def effect(self) -> str:
        """`/ actions`, if there are any."""
        return f"/ {self.actions}" if self.actions else ""

    def __str__(self) -> str:
        return f"{self.condition} {self.effect}".strip()


@dataclass(eq=False)
class Box:
    """A state.  `lines` are (what, text), in the order in which they are shown."""

    path: str
    name: str
    kind: str
    parent: Box | None
    deep: bool = False
    active: bool = False
    children: list[Box] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_region(self) -> bool:
        """Whether it is active together with its siblings."""
        return self.parent is not None and self.parent.kind == "parallel"

    def walk(self) -> Iterator[Box]:
        """It and all inside, in document order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def has_inside(self, other: Box) -> bool:
        """Whether the other is below this one, at any depth."""
        above = other.parent
        while above is not None and above is not self:
            above = above.parent
        return above is self


@dataclass
class Arrow:
    """Transitions with the same ends, in document order.

    `inside`: the targets are within the source, whatever of it is active.
    """

    source: Box
    targets: tuple[Box, ...]
    labels: list[Label]

    @property
    def inside(self) -> bool:
        """Whether it does not leave its source."""
        return all(self.source.has_inside(target) for target in self.targets)


@dataclass
class Picture:
    """A machine: its boxes, its arrows, and where it and its states begin."""

    root: Box
    arrows: list[Arrow]
    initial: list[Arrow]  # of the root, compound states and history states

    def box(self, path: str) -> Box | None:
        """The box of a state."""
        return next((box for box in self.root.walk() if box.path == path), None)


def picture(document: Mapping[str, Json], active: Collection[str] = ()) -> Picture:
    """The picture of a document in normal form; `active` are paths of states."""
    return _Reader(tree.scan(dict(document)), active).read()


def mapped(before: Picture, states: Mapping[str, Json]) -> Iterator[tuple[Box, Json]]:
    """The states that an upgrade's map names, and the innermost ones it leaves alone.

    Each with the path, or paths, of where it goes; None where that is refused.
    """
    for box in before.root.walk():
        if box.parent is None:
            continue
        if box.path in states:
            yield box, states[box.path]
        elif not box.children and box.kind != "history":
            above: Box | None = box.parent
            while above is not None and above.path not in states:
                above = above.parent
            if above is None:
                yield box, box.path


def leading_back(shown: Picture) -> set[int]:
    """The arrows that lead back to where the way from the start has come by, by id.

    The others alone form no circle.
    """
    arrows: dict[Box, list[Arrow]] = {}
    for arrow in [*shown.initial, *shown.arrows]:
        arrows.setdefault(arrow.source, []).append(arrow)

    def onwards(box: Box) -> Iterator[tuple[Box, int]]:
        for child in box.children if box.kind == "parallel" else ():
            yield child, 0
        for arrow in arrows.get(box, ()):
            for target in arrow.targets:
                yield target, id(arrow)
        if box.parent is not None:
            yield box.parent, 0

    back: set[int] = set()
    seen, way = {shown.root}, {shown.root}
    stack = [(shown.root, onwards(shown.root))]
    while stack:
        box, rest = stack[-1]
        for target, arrow_id in rest:
            if target in way:
                back.add(arrow_id)
            elif target not in seen:
                seen.add(target)
                way.add(target)
                stack.append((target, onwards(target)))
                break
        else:
            stack.pop()
            way.discard(box)
    return back


class _Reader:
    def __init__(self, found: tree.Tree, active: Collection[str]) -> None:
        self.tree = found
        self.boxes: dict[tree.Node, Box] = {}
        self.arrows: dict[tuple[Box, tuple[Box, ...]], Arrow] = {}
        self.initial: list[Arrow] = []
        for node in found.nodes:
            parent = self.boxes[node.parent] if node.parent else None
            box = Box(node.path, texts.shorten(node.key), node.kind, parent)
            box.active = node.path in active
            box.deep = node.raw.get("history") == "deep"
            self.boxes[node] = box
            if parent is None:
                box.name = texts.shorten(str(node.raw.get("id") or "machine"))
            else:
                parent.children.append(box)

    def read(self) -> Picture:
        for node, box in self.boxes.items():
            if node.kind == "history":
                if "target" in node.raw:
                    self._begin(node, box, node.raw["target"], tree.resolve)
                continue
            _describe(box, node.raw)
            if "initial" in node.raw:
                initial = node.raw["initial"]
                label = Label(actions=texts.actions(initial.get("actions", ())))
                how = tree.resolve_below
                self._begin(node, box, initial["target"], how, label)
            for trigger, transitions in _groups(node.raw):
                self._add(node, box, trigger, transitions)
        return Picture(
            self.boxes[self.tree.root], list(self.arrows.values()), self.initial
        )

    def _begin(
        self, node: tree.Node, box: Box, target: Json, how: Any, label: Any = None
    ) -> None:
        targets = tuple(
            self.boxes[how(self.tree, node, text)]
            for text in ([target] if isinstance(target, str) else target)
        )
        self.initial.append(Arrow(box, targets, [label] if label else []))

    def _add(
        self, node: tree.Node, box: Box, trigger: str, transitions: list[Json]
    ) -> None:
        asked = False
        for raw in transitions:
            label = _label(trigger, raw, asked)
            asked = asked or "guard" in raw
            targets = tuple(
                self.boxes[found]
                for text in raw.get("target", ())
                if (found := tree.resolve(self.tree, node, text))
            )
            if box in targets and not (raw.get("reenter") and not box.children):
                how = "↻ " if raw.get("reenter") else ""
                box.lines.append(("inner", f"{how}{label}"))
            elif any(target.parent is None for target in targets):
                box.lines.append(("inner", f"↻ {label}, from the start"))
            elif not targets:
                nothing = "" if raw.get("actions") else " / nothing"
                box.lines.append(("inner", f"{label}{nothing}"))
            else:
                arrow = self.arrows.setdefault((box, targets), Arrow(box, targets, []))
                arrow.labels.append(label)


def _label(trigger: str, raw: Mapping[str, Json], asked: bool) -> Label:
    guard = "else" if asked else ""
    if "guard" in raw:
        guard = texts.shorten(texts.guard(raw["guard"]), LONG)
    actions = texts.actions(raw.get("actions", ()))
    return Label(trigger or ("" if guard else "always"), guard, actions)


def _groups(raw: Mapping[str, Json]) -> Iterator[tuple[str, list[Json]]]:
    """The transitions of a state by what they wait for, in the order of choice."""
    for event, found in raw.get("on", {}).items():
        yield texts.shorten(event), found
    for item in raw.get("transitions", ()):
        yield texts.shorten(", ".join(item["event"])), [item]
    for key, found in raw.get("after", {}).items():
        yield texts.shorten(texts.delay(key)), found
    invocations = raw.get("invoke", ())
    names = [texts.shorten(texts.invoked(invoke)) for invoke in invocations]
    for name, invoke in zip(names, invocations, strict=True):
        called = name if names.count(name) == 1 else texts.shorten(invoke["id"])
        for key, outcome in _ANSWERS:
            if key in invoke:
                yield f"{called} {outcome}", invoke[key]
    if "onDone" in raw:
        yield "done", raw["onDone"]
    if "always" in raw:
        yield "", raw["always"]


_ANSWERS = (("onDone", "done"), ("onItem", "item done"), ("onError", "failed"))


def _describe(box: Box, raw: Mapping[str, Json]) -> None:
    """Put what a state is and does by itself into its box."""
    lines = box.lines
    if raw.get("description"):
        lines.append(("description", texts.shorten(raw["description"], LONG)))
    if raw.get("tags"):
        lines.append(("tags", "# " + texts.shorten(", ".join(raw["tags"]), LONG)))
    for key in ("entry", "exit"):
        if raw.get(key):
            lines.append((key, f"{key} / {texts.actions(raw[key])}"))
    for invoke in raw.get("invoke", ()):
        lines.append(("invoke", f"invoke {texts.invocation(invoke)}"))
    if raw.get("defer"):
        lines.append(("defer", f"defer {texts.shorten(', '.join(raw['defer']))}"))
