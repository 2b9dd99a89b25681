"""The states of an SCXML document: their keys, and what refers to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pgsm.engine import definition_tree as trees
from pgsm.engine.definition_problems import did_you_mean

from .scxml_session import File
from .scxml_xml import KEY, Element

KINDS = ("state", "parallel", "final", "history")


@dataclass(eq=False)
class State:
    """A state with its key in its parent; the root's element is <scxml>."""

    element: Element
    parent: State | None
    id: str = ""
    key: str = ""
    children: list[State] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """parallel, final, history, compound or atomic."""
        if self.element.name in ("parallel", "final", "history"):
            return self.element.name
        return "compound" if self.children else "atomic"

    def ancestors(self) -> Iterator[State]:
        """Its parent first, the root last."""
        state = self.parent
        while state:
            yield state
            state = state.parent


@dataclass
class States:
    """All states of a document, by id."""

    file: File
    root: State
    by_id: dict[str, State] = field(default_factory=dict)

    def targets(self, element: Element, attribute: str) -> list[State]:
        """The states that an attribute names; those that do not exist are reported."""
        found = []
        for name in element.attributes.get(attribute, "").split():
            if name in self.by_id:
                found.append(self.by_id[name])
            else:
                message = f'there is no state "{name}"'
                hint = did_you_mean(name, self.by_id)
                self.file.problem(element, "bad_target", message, hint)
        return found


def scan(file: File, root: Element) -> States:
    """The states of a document, each with an id and a key."""
    states = States(file, State(root, None))
    waiting = [states.root]
    order = []
    while waiting:
        state = waiting.pop()
        order.append(state)
        names = KINDS if state.parent else KINDS[:-1]
        state.children = [State(each, state) for each in state.element.all(*names)]
        waiting.extend(reversed(state.children))
    for state in order[1:]:
        _identify(states, state)
    for number, state in enumerate(order[1:], 1):
        if not state.id:
            state.id = _free(f"{state.element.name}{number}", states.by_id)
            states.by_id[state.id] = state
    for state in order:
        _name_children(states, state)
    return states


def _identify(states: States, state: State) -> None:
    state.id = state.element.attributes.get("id", "").strip()
    if not state.id:
        return
    other = states.by_id.get(state.id)
    if other:
        message = f'the id "{state.id}" is also that of line {other.element.line}'
        states.file.problem(state.element, "duplicate_id", message)
    elif any(char.isspace() for char in state.id):
        message = f'the id "{state.id}" has white space'
        states.file.problem(state.element, "bad_id", message)
    states.by_id.setdefault(state.id, state)


def _name_children(states: States, state: State) -> None:
    """Give each child a key; "#id.key" of no state above may be another one's "#id".

    The id "a.b" inside of "a" has the key "b".
    """
    taken: set[str] = set()
    for child in state.children:
        given = child.element.attributes.get(KEY)
        wanted = key_of(given or child.id, "" if given else state.id)
        key, number = wanted, 1
        while key in taken or _misleads(states, child, key):
            number += 1
            key = f"{wanted}_{number}"
        taken.add(key)
        child.key = key


def key_of(own: str, above: str) -> str:
    """The key that a state of an id has in one of the id `above`."""
    return own.removeprefix(f"{above}.").replace(".", "_").lstrip("#") or "state"


def _misleads(states: States, child: State, key: str) -> bool:
    path = key
    for state in child.ancestors():
        other = states.by_id.get(f"{state.id}.{path}") if state.id else None
        if other and other is not child:
            return True
        path = f"{state.key}.{path}"
    return False


def _free(wanted: str, taken: dict[str, State]) -> str:
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name


# ------------------------------------------------------- states of a definition


def ids_of(tree: trees.Tree) -> dict[trees.Node, str]:
    """An id for each state: its own, or its key after its parent's; free ones."""
    own = {node.id for node in tree.nodes if node.explicit_id and node.parent}
    ids: dict[trees.Node, str] = {}
    for node in tree.nodes:
        wanted = node.key or "root"
        if node.parent and node.parent.parent:
            wanted = f"{ids[node.parent]}.{node.key}"
        if node.explicit_id and node.parent:
            ids[node] = node.id
            continue
        name, number = wanted, 1
        while name in own:
            number += 1
            name = f"{wanted}_{number}"
        own.add(name)
        ids[node] = name
    return ids
