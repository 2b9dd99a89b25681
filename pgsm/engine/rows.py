"""The parts of a definition as rows of tables, and the definition back from them.

Both directions take and give the normal form.  Rows are dicts of a table's columns;
`settings`, `guard`, `action` and `definition` are JSON values.  A part's order in the
document is its `position`, counted from 0 within its state (implementations: within
their kind).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .definition_root import IMPLEMENTATIONS, KINDS, ROOT
from .definition_shapes import Shape
from .definition_states import BY_TOKENS, INITIAL, INVOKE, STATE, TRANSITION
from .definition_tree import Node, Tree, resolve, resolve_below, scan

Row = dict[str, Any]
Rows = dict[str, list[Row]]

TABLES = (
    "states",
    "transitions",
    "actions",
    "invocations",
    "implementations",
    "settings",
)

_OWN_ROWS = (
    "states",
    "on",
    "transitions",
    "after",
    "always",
    "onDone",
    "initial",
    "invoke",
)
_OWN_COLUMNS = ("entry", "exit", "type", *_OWN_ROWS)
_ANSWERS = {
    "onDone": ("invoke.done", "done.invoke."),
    "onItem": ("invoke.item", "done.item."),
    "onError": ("invoke.error", "error.invoke."),
}

# ------------------------------------------------------------------- to rows


def to_rows(document: Mapping[str, Any]) -> Rows:
    """The rows of each table for a document in normal form."""
    tree = scan(dict(document))
    rows: Rows = {table: [] for table in TABLES}
    for position, node in enumerate(tree.nodes):
        rows["states"].append(_state_row(node, position))
        _Parts(tree, node, rows).add()
    kept = (*_OWN_COLUMNS, "implementations")
    settings = _without(document, kept)
    implementations = document.get("implementations", {})
    if extensions := _without(implementations, KINDS):
        settings["implementations"] = extensions
    rows["settings"].append({"settings": settings})
    for kind in KINDS:
        for position, (name, item) in enumerate(implementations.get(kind, {}).items()):
            rows["implementations"].append(
                {
                    "kind": kind.removesuffix("s"),
                    "name": name,
                    "position": position,
                    "definition": item,
                }
            )
    return rows


def _without(part: Mapping[str, Any], keys: Iterable[str]) -> Row:
    return {key: item for key, item in part.items() if key not in keys}


def _state_row(node: Node, position: int) -> Row:
    return {
        "path": node.path,
        "position": position,
        "parent": node.parent.path if node.parent else None,
        "key": node.key,
        "type": node.kind,
        "settings": _without(node.raw, _OWN_COLUMNS) if node.parent else {},
    }


class _Parts:
    """What hangs on one state, in the order of the normal form."""

    def __init__(self, tree: Tree, node: Node, rows: Rows) -> None:
        self.tree = tree
        self.node = node
        self.rows = rows
        self.position = 0  # of the next transition

    def add(self) -> None:
        raw, path = self.node.raw, self.node.path
        self.actions(raw.get("entry", []), "entry", None)
        self.actions(raw.get("exit", []), "exit", None)
        if "initial" in raw:
            self.transition("initial", raw["initial"])
        for event, group in raw.get("on", {}).items():
            self.transitions("on", group, event=event)
        for transition in raw.get("transitions", []):
            self.transition("event", transition, event=" ".join(transition["event"]))
        for delay, group in raw.get("after", {}).items():
            event = f"after.{delay}.{path}"
            self.transitions("after", group, event=event, delay=delay)
        self.transitions("always", raw.get("always", []))
        done = f"done.state.{path}"
        self.transitions("done", raw.get("onDone", []), event=done)
        for position, invoke in enumerate(raw.get("invoke", [])):
            self.invocation(invoke, position)

    def invocation(self, invoke: Row, position: int) -> None:
        machine = invoke.get("machine")
        computed = machine if isinstance(machine, dict) else None
        own = ("id", "src", *(() if computed else ("machine",)), *_ANSWERS)
        self.rows["invocations"].append(
            {
                "state": self.node.path,
                "position": position,
                "invoke_id": invoke["id"],
                "src": invoke.get("src"),
                "machine": None if computed else machine,
                "settings": _without(invoke, own),
            }
        )
        for key, (kind, prefix) in _ANSWERS.items():
            event = prefix + invoke["id"]
            group = invoke.get(key, [])
            self.transitions(kind, group, event=event, invoke_id=invoke["id"])

    def transitions(self, kind: str, group: list[Row], **columns: str) -> None:
        for transition in group:
            self.transition(kind, transition, **columns)

    def transition(self, kind: str, transition: Row, **columns: str) -> None:
        position, self.position = self.position, self.position + 1
        self.rows["transitions"].append(
            {
                "state": self.node.path,
                "position": position,
                "kind": kind,
                "event": columns.get("event"),
                "delay": columns.get("delay"),
                "invoke_id": columns.get("invoke_id"),
                "targets": self.targets(kind, transition),
                "guard": transition.get("guard"),
                "reenter": transition.get("reenter"),
                "settings": _without(
                    transition, ("event", "guard", "actions", "reenter")
                ),
            }
        )
        owner = "initial" if kind == "initial" else "transition"
        self.actions(transition.get("actions", []), owner, position)

    def targets(self, kind: str, transition: Row) -> list[str] | None:
        """The paths of the states that the targets mean; None when targetless."""
        if "target" not in transition:
            return None
        find = resolve_below if kind == "initial" else resolve
        found = (find(self.tree, self.node, text) for text in transition["target"])
        return [node.path for node in found if node]

    def actions(self, block: list[Row], owner: str, transition: int | None) -> None:
        for position, action in enumerate(block):
            self.rows["actions"].append(
                {
                    "state": self.node.path,
                    "owner": owner,
                    "transition_position": transition,
                    "position": position,
                    "action": action,
                }
            )


# ----------------------------------------------------------------- from rows


def from_rows(rows: Mapping[str, Iterable[Mapping[str, Any]]]) -> dict[str, Any]:
    """The document in normal form that the rows came from, whatever their order."""
    states: dict[str, Row] = {}
    parents: dict[str, str | None] = {}
    for row in _ordered(rows["states"], "position"):
        states[row["path"]] = _state_of(row)
        parents[row["path"]] = row["parent"]
        if row["parent"] is not None:
            siblings = states[row["parent"]].setdefault("states", {})
            siblings[row["key"]] = row["path"]
    _add_actions(states, rows)
    _add_transitions(states, rows)
    root = states[""]
    for row in rows["settings"]:
        root.update(row["settings"])
    _add_implementations(root, rows)
    # Children come after their parents: from the last to the first, each is finished
    # before it is put into its parent.
    for path in reversed(states):
        state = states[path]
        if "states" in state:
            inner = state["states"]
            state["states"] = {key: states[where] for key, where in inner.items()}
        states[path] = _arranged(state, ROOT if parents[path] is None else STATE)
    return states[""]


def _ordered(
    rows: Iterable[Mapping[str, Any]], *columns: str
) -> list[Mapping[str, Any]]:
    return sorted(rows, key=lambda row: tuple(row[column] for column in columns))


def _state_of(row: Mapping[str, Any]) -> Row:
    kept = {} if row["type"] in ("atomic", "compound") else {"type": row["type"]}
    return {**row["settings"], **kept}


def _add_actions(
    states: dict[str, Row], rows: Mapping[str, Iterable[Mapping[str, Any]]]
) -> None:
    for row in _ordered(rows["actions"], "position"):
        if row["owner"] in ("entry", "exit"):
            block = states[row["state"]].setdefault(row["owner"], [])
            block.append(row["action"])


def _add_transitions(
    states: dict[str, Row], rows: Mapping[str, Iterable[Mapping[str, Any]]]
) -> None:
    blocks: dict[tuple[str, int], list[Any]] = {}
    for row in _ordered(rows["actions"], "position"):
        if row["owner"] in ("transition", "initial"):
            key = (row["state"], row["transition_position"])
            blocks.setdefault(key, []).append(row["action"])
    invokes: dict[tuple[str, str], Row] = {}
    for row in _ordered(rows["invocations"], "position"):
        named = {key: row[key] for key in ("src", "machine") if row[key] is not None}
        invoke = {"id": row["invoke_id"], **named, **row["settings"]}
        invokes[row["state"], row["invoke_id"]] = invoke
        states[row["state"]].setdefault("invoke", []).append(invoke)
    for row in _ordered(rows["transitions"], "position"):
        block = blocks.get((row["state"], row["position"]))
        _place(states[row["state"]], row, _transition_of(row, block), invokes)
    for state in states.values():
        if "invoke" in state:
            state["invoke"] = [_arranged(item, INVOKE) for item in state["invoke"]]


def _transition_of(row: Mapping[str, Any], actions: list[Any] | None) -> Row:
    transition = dict(row["settings"])
    for key in ("guard", "reenter"):
        if row[key] is not None:
            transition[key] = row[key]
    if actions:
        transition["actions"] = actions
    if row["kind"] == "event":
        transition["event"] = row["event"].split(" ")
        return _arranged(transition, BY_TOKENS)
    return _arranged(transition, INITIAL if row["kind"] == "initial" else TRANSITION)


def _place(
    state: Row,
    row: Mapping[str, Any],
    transition: Row,
    invokes: Mapping[tuple[str, str], Row],
) -> None:
    """Put a transition where its kind stands in the state."""
    kind = row["kind"]
    if kind == "initial":
        state["initial"] = transition
    elif kind == "event":
        state.setdefault("transitions", []).append(transition)
    elif kind == "on":
        state.setdefault("on", {}).setdefault(row["event"], []).append(transition)
    elif kind == "after":
        state.setdefault("after", {}).setdefault(row["delay"], []).append(transition)
    elif kind in ("always", "done"):
        key = "always" if kind == "always" else "onDone"
        state.setdefault(key, []).append(transition)
    else:
        key = next(key for key, (name, _) in _ANSWERS.items() if name == kind)
        invoke = invokes[row["state"], row["invoke_id"]]
        invoke.setdefault(key, []).append(transition)


def _add_implementations(
    root: Row, rows: Mapping[str, Iterable[Mapping[str, Any]]]
) -> None:
    sections: Row = dict(root.pop("implementations", {}))
    for row in _ordered(rows["implementations"], "position"):
        kind = f"{row['kind']}s"
        sections.setdefault(kind, {})[row["name"]] = row["definition"]
    if sections:
        root["implementations"] = _arranged(sections, IMPLEMENTATIONS)


def _arranged(part: Row, shape: Shape) -> Row:
    """The object with its keys in the order of the normal form."""
    known = [key for key in ("$schema", *shape.fields) if key in part]
    return {key: part[key] for key in dict.fromkeys((*known, *part))}
