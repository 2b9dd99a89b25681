"""A definition as rows: what stands where, and the way back."""

from __future__ import annotations

import random
from typing import Any

from pgsm.engine import definition, exact, rows

DOCUMENT = definition.normalise(
    {
        "$schema": "https://example.org/schema",
        "id": "order",
        "x-owner": "shop",
        "initial": {"target": "open", "actions": "note"},
        "context": {"n": 0},
        "entry": "note",
        "on": {"reset": ".open", "*": {}},
        "states": {
            "open": {
                "invoke": {
                    "src": "offer",
                    "onDone": [{"target": "done", "guard": "ready"}, "#busy.left"],
                    "onError": {"actions": "note", "reenter": True},
                    "priority": 1,
                },
                "exit": ["note", {"type": "log", "message": "bye"}],
                "after": {"1 day": "done"},
                "always": {"target": ["busy.left.y", "busy.right.y"], "meta": 1},
                "tags": "early",
            },
            "busy": {
                "id": "busy",
                "type": "parallel",
                "onDone": "done",
                "states": {
                    "left": {"initial": "x", "states": {"x": {}, "y": {}}},
                    "right": {"initial": "x", "states": {"x": {}, "y": {}}},
                },
            },
            "back": {"type": "history", "history": "deep", "target": "open"},
            "done": {"type": "final", "output": {"n": 1}},
        },
        "implementations": {
            "x-note": "kept",
            "effects": {"offer": {}},
            "guards": {"ready": {"expr": "context.n > 0"}},
            "actions": {"note": []},
            "delays": {"soon": 1},
        },
    }
)
ROWS = rows.to_rows(DOCUMENT)


def of(table: str, state: str) -> list[dict[str, Any]]:
    return [row for row in ROWS[table] if row["state"] == state]


def test_states_are_in_document_order_below_their_parents() -> None:
    found = [(row["path"], row["parent"], row["type"]) for row in ROWS["states"]]
    assert found == [
        ("", None, "compound"),
        ("open", "", "atomic"),
        ("busy", "", "parallel"),
        ("busy.left", "busy", "compound"),
        ("busy.left.x", "busy.left", "atomic"),
        ("busy.left.y", "busy.left", "atomic"),
        ("busy.right", "busy", "compound"),
        ("busy.right.x", "busy.right", "atomic"),
        ("busy.right.y", "busy.right", "atomic"),
        ("back", "", "history"),
        ("done", "", "final"),
    ]
    assert [row["position"] for row in ROWS["states"]] == list(range(11))


def test_transitions_have_resolved_targets_and_the_event_that_takes_them() -> None:
    found = [
        (row["kind"], row["event"], row["targets"], row["invoke_id"])
        for row in of("transitions", "open")
    ]
    assert found == [
        ("after", "after.1 day.open", ["done"], None),
        ("always", None, ["busy.left.y", "busy.right.y"], None),
        ("invoke.done", "done.invoke.open", ["done"], "open"),
        ("invoke.done", "done.invoke.open", ["busy.left"], "open"),
        ("invoke.error", "error.invoke.open", None, "open"),
    ]
    assert [(r["event"], r["targets"]) for r in of("transitions", "")] == [
        (None, ["open"]),
        ("reset", ["open"]),
        ("*", None),
    ]
    assert of("transitions", "busy")[0]["event"] == "done.state.busy"


def test_actions_say_whose_they_are() -> None:
    found = [
        (row["owner"], row["transition_position"], row["position"])
        for row in of("actions", "open")
    ]
    assert found == [("exit", None, 0), ("exit", None, 1), ("transition", 4, 0)]
    assert [row["owner"] for row in of("actions", "")] == ["entry", "initial"]


def test_positions_are_unique_within_a_state() -> None:
    keys = [(row["state"], row["position"]) for row in ROWS["transitions"]]
    assert len(set(keys)) == len(keys)


def test_implementations_have_a_row_each() -> None:
    found = [(row["kind"], row["name"]) for row in ROWS["implementations"]]
    assert found == [
        ("guard", "ready"),
        ("action", "note"),
        ("delay", "soon"),
        ("effect", "offer"),
    ]


def test_the_rest_of_the_root_is_one_row_of_settings() -> None:
    assert ROWS["settings"] == [
        {
            "settings": {
                "$schema": "https://example.org/schema",
                "id": "order",
                "context": {"n": 0},
                "x-owner": "shop",
                "implementations": {"x-note": "kept"},
            }
        }
    ]


def test_the_rows_give_the_document_back_whatever_their_order() -> None:
    shuffled = {
        table: random.Random(1).sample(part, len(part)) for table, part in ROWS.items()
    }
    assert exact.dumps(rows.from_rows(ROWS)) == exact.dumps(DOCUMENT)
    assert exact.dumps(rows.from_rows(shuffled)) == exact.dumps(DOCUMENT)


def test_the_rows_of_a_document_are_not_changed_by_going_back() -> None:
    before = exact.dumps(rows.to_rows(DOCUMENT))
    rows.from_rows(rows.to_rows(DOCUMENT))
    assert exact.dumps(rows.to_rows(DOCUMENT)) == before
