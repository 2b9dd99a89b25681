"""What fails half-way is undone as a whole: found by looking, kept as examples."""

from __future__ import annotations

import json
from typing import Any

from . import door

Json = Any

EACH = {
    "id": "m",
    "context": {},
    "initial": "a",
    "on": {"error.execution": {"actions": {"type": "log", "message": "failed"}}},
    "states": {
        "a": {
            "invoke": {
                "id": "w",
                "src": "mail",
                "each": [1, 2, 0],
                "input": {"part": {"expr": "1 / item"}},
            }
        }
    },
    "implementations": {"effects": {"mail": {}}},
}


def answer(item: int) -> door.Message:
    source = {"invoke": "w", "state": "a", "name": "mail", "item": item}
    facts = {"output": item, "source": {"effect": "1/1", **source}}
    return door.Message("done.invoke.w", "{}", json.dumps(facts), "effect")


def test_a_list_of_work_one_of_whose_inputs_fails_starts_nothing() -> None:
    outcome = door.start(door.Machine.of(EACH))
    assert outcome.result["notes"] == ["failed"]
    assert "effects" not in outcome.result
    assert outcome.after.work is None


def test_an_item_whose_input_fails_when_its_turn_comes_has_failed() -> None:
    document = json.loads(json.dumps(EACH))
    document["states"]["a"]["invoke"]["concurrency"] = 2
    machine = door.Machine.of(document)
    outcome = door.start(machine)
    assert [row["item"] for row in outcome.result["effects"]] == [0, 1]
    outcome = door.step(machine, outcome.after, answer(0))
    assert "effects" not in outcome.result
    assert outcome.result["cancelled"] == ["w"]
    assert outcome.after.work == '{"ended":{"w":"a"}}'


def test_an_undone_spawn_takes_no_number() -> None:
    """The ids of children are those of a step without the failed block."""
    spawn = {"type": "spawn", "machine": "k", "id": "c"}
    failing = [spawn, {"type": "log", "message": {"expr": "context.no"}}]
    document = {
        "id": "m",
        "initial": "a",
        "context": {},
        "on": {
            "error.execution": {"actions": {"type": "log", "message": "failed"}},
            "go": {"target": ".b", "actions": failing},
            "plain": {"target": ".b"},
        },
        "states": {"a": {}, "b": {"entry": spawn}},
    }
    machine = door.Machine.of(document)
    now = door.start(machine).after
    undone, plain = (
        door.step(machine, now, door.Message(event)).result["children"]
        for event in ("go", "plain")
    )
    assert undone == plain
