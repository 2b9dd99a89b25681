"""Children are explored in the world of their parent."""

from __future__ import annotations

from typing import Any

from pgsm.testing import World, explore, explored_world, walk

Json = Any

PAYMENT: Json = {
    "id": "payment",
    "initial": "asking",
    "states": {
        "asking": {"on": {"confirm": "paid"}, "after": {"1 hour": "given_up"}},
        "paid": {"type": "final"},
        "given_up": {"type": "final"},
    },
    "output": {"paid": {"expr": "in_state('paid')"}},
}
ORDER: Json = {
    "id": "order",
    "initial": "paying",
    "states": {
        "paying": {
            "invoke": {
                "id": "payment",
                "machine": "payment",
                "onDone": [
                    {"target": "paid", "guard": {"expr": "event.output.paid == true"}},
                    {"target": "unpaid"},
                ],
            },
            "on": {"cancel": "cancelled"},
        },
        "paid": {"type": "final"},
        "unpaid": {"type": "final"},
        "cancelled": {"type": "final"},
    },
}


def test_events_and_timers_of_children_are_moves() -> None:
    found = explore(ORDER, machines=[PAYMENT])
    assert str(found.to("paid")) == "payment: confirm"
    assert str(found.to("unpaid")) == "after 1 hour"
    assert found.unreachable == found.untaken == []
    assert set(found.machines) == {"order", "payment"}


def test_what_a_child_never_does_is_reported_under_its_name() -> None:
    found = explore(ORDER, machines=[PAYMENT], events={"confirm": []}, derive=False)
    assert found.to("paid") is not None  # an empty list is one without data
    found = explore(ORDER, machines=[PAYMENT], derive=False)
    assert [(m.machine, m.place) for m in found.unreachable] == [
        ("order", "paid"),
        ("order", "cancelled"),
        ("payment", "paid"),
    ]


def test_a_child_that_is_not_defined_ends_with_samples() -> None:
    found = explore(ORDER)
    assert str(found.to("paid")) == 'payment: payment ends {"paid":true}'
    assert str(found.to("unpaid")) == 'payment: payment ends {"paid":false}'
    assert set(found.machines) == {"order"}
    found = explore(ORDER, children={"payment": [{"paid": False}]})
    assert found.to("paid") is None


def test_children_of_which_only_the_ids_differ_make_one_situation() -> None:
    document = {
        "id": "m",
        "initial": "a",
        "context": {"child": None},
        "states": {
            "a": {
                "invoke": {"id": "p", "machine": "payment", "onDone": "end"},
                "on": {"again": {"target": "a", "reenter": True}, "leave": "b"},
            },
            "b": {"on": {"back": "a"}},
            "end": {"type": "final"},
        },
    }
    found = explore(document, machines=[PAYMENT])
    assert list(found.configurations) == ["a", "b", "end"]
    assert len(found.situations) == 3


def test_a_list_of_children_goes_every_way() -> None:
    document = {
        "id": "m",
        "initial": "asking",
        "states": {
            "asking": {
                "invoke": {
                    "id": "p",
                    "machine": "payment",
                    "each": [1, 2],
                    "onDone": "end",
                }
            },
            "end": {"type": "final"},
        },
    }
    found = explore(document, machines=[PAYMENT])
    assert found.complete
    texts = {str(path) for path in found.simple_paths("end")}
    assert "p[0]: confirm > p[1]: confirm" in texts
    assert "p[1]: confirm > after 1 hour" in texts


def test_paths_with_children_can_be_gone() -> None:
    for machines in ([PAYMENT], []):
        found = explore(ORDER, machines=machines)
        for path in found.paths():
            world = explored_world(ORDER, machines=machines)
            assert walk(world, path.as_json()).value == path.end.value


def test_machines_that_answer_each_other_for_ever_are_reported() -> None:
    ping = {
        "id": "m",
        "initial": "a",
        "states": {
            "a": {
                "on": {
                    "go": {
                        "actions": {
                            "type": "send",
                            "to": {"instance": {"expr": "instance.id"}},
                            "event": "go",
                        }
                    }
                }
            }
        },
    }
    found = explore(ping)
    assert found.refusals[0].what == "go"
    assert "still something is due" in found.refusals[0].why


def test_a_world_with_other_instances_is_left_as_it_is() -> None:
    world = World()
    world.define(PAYMENT)
    world.define(ORDER)
    order, other = world.start("order"), world.start("payment")
    before = world.dump()
    found = explore(order)
    assert str(found.to("paid")) == "payment: confirm"
    assert world.dump() == before
    assert other.value == "asking"
