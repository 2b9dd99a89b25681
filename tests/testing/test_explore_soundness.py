"""Nothing that can be done by hand leads to where an exploration has not been."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from pgsm.testing import (
    Exploration,
    Instance,
    Refused,
    World,
    explore,
    explored_world,
    walk,
)

Json = Any
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FOOD = EXAMPLES / "food_delivery" / "order.v3.json"
PURCHASE = EXAMPLES / "machines" / "purchase.json"
COURIERS = [{"courier": "anna"}, {"courier": "ben"}]
SAMPLES: Json = {
    "functions": {
        "food.has_relationship(text)": [True],
        "food.delivers_itself(text)": [False],
    },
    "events": {
        "courier.accept": COURIERS,
        "courier.pick_up": COURIERS,
        "courier.give_up": COURIERS,
        "courier.complete": COURIERS,
    },
}


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("machine", "samples"), [(FOOD, SAMPLES), (PURCHASE, {})])
def test_random_stories_end_in_situations_that_were_found(
    machine: Path, samples: Json, seed: int
) -> None:
    found = _found(machine)
    known = {(str(s.value), s.context_text) for s in found.situations}
    chance = random.Random(seed)
    world = explored_world(machine, samples)
    order = world.start(
        found.machine, found.samples.inputs[0], instance_id=found.machine
    )
    world.settle()
    for _ in range(12):
        _something(world, order, found, chance)
        world.settle()
        assert (str(order.value), order._row.context) in known, order.log


_explored: dict[Path, Exploration] = {}


def _found(machine: Path) -> Exploration:
    if machine not in _explored:
        samples = SAMPLES if machine == FOOD else {}
        _explored[machine] = explore(machine, samples)
        assert _explored[machine].complete
    return _explored[machine]


def _something(
    world: World, order: Instance, found: Exploration, chance: random.Random
) -> None:
    """An event, an answer or time, without the exploration's own code."""
    waiting = [e for e in order.effects if e.open and e.kind == "invoke"]
    kind = chance.choice(["event", "event", "answer", "begin", "time"])
    try:
        if kind == "event" and order.status == "active":
            event = chance.choice(list(found.samples.events))
            data = chance.choice(found.samples.events[event])
            order.send(event, data, on_unhandled="ignore")
        elif kind == "time":
            world.advance_to_next()
        elif waiting and kind == "begin":
            order.claim(chance.choice(waiting))
        elif waiting:
            effect = chance.choice(waiting)
            samples = found.samples.answers(effect) or [{"output": {}}]
            sample = chance.choice(samples)
            if "error" in sample:
                order.fail(effect, sample["error"])
            else:
                order.complete(effect, sample["output"])
    except Refused as refusal:
        pytest.fail(f"{refusal}")


@pytest.mark.parametrize("machine", [FOOD, PURCHASE])
def test_every_shortest_path_can_be_gone(machine: Path) -> None:
    samples = SAMPLES if machine == FOOD else {}
    found = _found(machine)
    for situation in found.situations[:100]:
        world = explored_world(machine, samples)
        order = walk(world, found.path(situation))
        assert (order.value, order.status) == (situation.value, situation.status)
        assert order._row.context == situation.context_text
