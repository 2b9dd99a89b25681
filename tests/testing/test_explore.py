"""What `explore` reaches, and what it reports."""

from __future__ import annotations

from typing import Any

import pytest

from pgsm.testing import Instance, PermanentFailure, World, explore, walk

Json = Any

ORDER: Json = {
    "id": "order",
    "initial": "offered",
    "context": {"total": {"expr": "input.total"}, "eta": None},
    "states": {
        "offered": {
            "on": {
                "accept": {
                    "target": "charging",
                    "actions": {
                        "type": "assign",
                        "set": {"eta": {"expr": "event.data.eta"}},
                    },
                }
            },
            "after": {"10 minutes": "expired"},
        },
        "charging": {
            "invoke": {
                "id": "charge",
                "src": "card.charge",
                "onDone": "paid",
                "onError": "declined",
            }
        },
        "paid": {"type": "final"},
        "declined": {},
        "expired": {"type": "final"},
    },
    "implementations": {"effects": {"card.charge": {}}},
}


def machine(states: Json, **more: Json) -> Json:
    return {"id": "m", "initial": next(iter(states)), "states": states, **more}


def test_events_timers_and_answers_of_effects_are_moves() -> None:
    found = explore(ORDER, input={"total": 3}, events={"accept": [{"eta": 5}]})
    assert {name: str(path) for name, path in found.configurations.items()} == {
        "offered": "the start",
        "charging": 'accept {"eta":5}',
        "expired": "after 10 minutes",
        "paid": 'accept {"eta":5} > charge answers',
        "declined": 'accept {"eta":5} > charge fails {"message":"failed"}',
    }
    assert found.complete
    assert found.untaken == found.unreachable == []
    assert found.refusals == []


def test_a_deadlock_is_reported_with_the_shortest_path() -> None:
    found = explore(ORDER)
    (deadlock,) = found.deadlocks
    assert (deadlock.what, len(deadlock.path)) == ("declined", 2)
    assert deadlock.why == "nothing can happen any more"
    assert not found.ok


def test_states_in_which_to_stay_is_right_are_no_deadlocks() -> None:
    assert explore(ORDER, ends=["declined"]).ok


def test_guards_that_say_no_to_every_sample_are_named() -> None:
    document = machine(
        {
            "a": {"on": {"go": {"target": "b", "guard": "rich"}}},
            "b": {"type": "final"},
        },
        implementations={"guards": {"rich": {"expr": "event.data.money > 100"}}},
    )
    found = explore(document, events={"go": [{"money": 5}]})
    (deadlock,) = found.deadlocks
    assert deadlock.why == 'guards refuse all there is: go {"money":5} (rich)'
    (untaken,) = found.untaken
    assert untaken.place == "$.states.a.on.go[0]"
    assert untaken.why == "its guard never says yes, with the samples given"
    (state,) = found.unreachable
    assert (state.place, state.machine) == ("b", "m")
    assert "$.states.a.on.go[0]: its guard never says yes" in state.why


def test_what_only_a_bound_kept_from_being_reached_is_not_called_unreachable() -> None:
    counter = machine(
        {
            "on": {
                "on": {
                    "tick": {
                        "actions": {
                            "type": "assign",
                            "set": {"n": {"expr": "context.n + 1"}},
                        }
                    },
                    "end": {"target": "off", "guard": {"expr": "context.n == 1000"}},
                }
            },
            "off": {"type": "final"},
        },
        context={"n": 0},
    )
    found = explore(counter, max_states=60)
    assert found.stopped == "60 situations were found"
    assert "the search ended early" in found.unreachable[0].why
    assert found.notes == ['context.n has 60 values: does it matter? ignore "n" if not']
    assert explore(counter, max_depth=5).stopped == "paths had 5 moves"
    assert explore(counter, max_events=7).stopped == "7 moves were tried"


def test_what_is_ignored_makes_no_situations_of_its_own() -> None:
    counter = machine(
        {
            "on": {
                "on": {
                    "tick": {
                        "actions": {
                            "type": "assign",
                            "set": {"a.n": {"expr": "context.a.n + 1"}},
                        }
                    }
                }
            }
        },
        context={"a": {"n": 0, "m": 0}},
    )
    found = explore(counter, ignore=["context.a.n"])
    assert (len(found.situations), found.stopped) == (1, None)
    assert found.deadlocks == []  # something changes, though it does not matter
    by_key = explore(counter, key=lambda context: context["a"]["n"] % 3)
    assert len(by_key.situations) == 3


def test_timers_of_regions_fire_in_the_order_of_their_times() -> None:
    def region(delay: str) -> Json:
        return {"initial": "x", "states": {"x": {"after": {delay: "y"}}, "y": {}}}

    document = {
        "type": "parallel",
        "states": {"a": region("2 minutes"), "b": region("5 minutes")},
    }
    found = explore(document, ends=["a.y"])
    assert list(found.configurations) == ["a.x + b.x", "a.y + b.x", "a.y + b.y"]
    assert str(found.to("b.y")) == "after 2 minutes > after 3 minutes"


def test_waits_let_something_happen_between_timers() -> None:
    late = {"target": "late", "guard": {"in": "a.y"}}
    document = {
        "type": "parallel",
        "states": {
            "a": {
                "initial": "x",
                "states": {"x": {"after": {"5 minutes": "y"}}, "y": {}},
            },
            "b": {
                "initial": "x",
                "states": {
                    "x": {"on": {"go": {"target": "y", "guard": {"in": "a.x"}}}},
                    "y": {"after": {"3 minutes": late}},
                    "late": {},
                },
            },
        },
    }
    assert explore(document).to("b.late") is None
    found = explore(document, waits=["4 minutes"])
    assert (
        str(found.to("b.late"))
        == "wait 4 minutes > go > after 1 minute > after 2 minutes"
    )


def test_a_machine_that_goes_in_circles_has_few_situations() -> None:
    document = machine(
        {
            "work": {"after": {"1 hour": "rest"}, "entry": now()},
            "rest": {"after": {"1 day": "work"}},
        },
        context={"since": None},
    )
    found = explore(document)
    assert len(found.situations) < 5
    assert (found.deadlocks, found.endless) == ([], [])


def now() -> Json:
    return {"type": "assign", "set": {"since": {"expr": "now"}}}


def test_states_that_are_left_at_once_are_reached_and_have_a_path() -> None:
    document = machine(
        {
            "a": {"on": {"go": "choose"}},
            "choose": {"always": "b"},
            "b": {"type": "final"},
        }
    )
    found = explore(document)
    assert found.unreachable == []
    assert str(found.to("choose")) == "go"
    assert ("m", "choose") in found.reached


def test_late_answers_come_to_who_asked_for_them() -> None:
    document = machine(
        {
            "charging": {
                "invoke": {"id": "charge", "src": "card.charge", "onDone": "paid"},
                "on": {"cancel": "cancelled"},
            },
            "paid": {"type": "final"},
            "cancelled": {"on": {"late.charge": "refunding"}},
            "refunding": {"type": "final"},
        },
        implementations={"effects": {"card.charge": {"late": "deliver"}}},
    )
    found = explore(document)
    assert str(found.to("refunding")) == "cancel"  # it was not even asked
    begun = [p for p in found.simple_paths("refunding") if len(p) == 3]
    assert "charge begins > cancel > charge (late) answers" in map(str, begun)
    without = explore(document, late=False)
    assert not any("begins" in str(p) for p in without.simple_paths("refunding"))


def test_failures_that_nothing_takes_are_incidents_and_no_deadlocks() -> None:
    document = machine(
        {
            "sending": {
                "invoke": {"id": "mail", "src": "email.send", "onDone": "sent"}
            },
            "sent": {"type": "final"},
        },
        implementations={"effects": {"email.send": {}}},
    )
    found = explore(document)
    assert found.deadlocks == []
    (incident,) = found.incidents
    assert incident.what == "mail"
    only = explore(document, effects={"email.send": [{"error": "no such address"}]})
    (deadlock,) = only.deadlocks
    assert deadlock.why == "mail has failed, and nothing takes that"


def test_the_deadline_of_an_effect_is_a_timer() -> None:
    document = machine(
        {
            "asking": {
                "invoke": {"id": "ask", "src": "ask", "onDone": "a", "onError": "b"},
                "after": {"10 minutes": "c"},
            },
            **{name: {"type": "final"} for name in "abc"},
        },
        implementations={"effects": {"ask": {"within": "8 minutes"}}},
    )
    found = explore(document, effects={"ask": [{}]})
    assert str(found.to("b")) == "after 8 minutes"
    assert [missing.place for missing in found.unreachable] == ["c"]


def test_refusals_are_reported_once_with_their_path() -> None:
    found = explore(ORDER, events={"accept": [{}, {"eta": 1}]}, input={"total": 1})
    (refusal,) = found.refusals
    assert refusal.what == "accept"
    assert refusal.why.startswith("SM102: ")
    assert "event.data" in refusal.why
    assert found.to("paid") is not None


def test_a_timer_whose_step_is_refused_is_reported_and_does_not_end_the_search() -> (
    None
):
    bad = {"type": "assign", "set": {"x": {"expr": "context.missing.key"}}}
    document = machine(
        {
            "a": {
                "after": {"1 hour": {"target": "b", "actions": bad}},
                "on": {"go": "b"},
            },
            "b": {"type": "final"},
        }
    )
    found = explore(document)
    (refusal,) = found.refusals
    assert refusal.what == "after 1 hour"
    assert str(found.to("b")) == "go"


def test_a_machine_that_does_not_start_says_why() -> None:
    found = explore(ORDER, input={}, derive=False)
    assert found.situations == []
    assert not found.ok
    assert "total" in found.refusals[0].why


def test_functions_answer_in_every_way_of_their_samples() -> None:
    guard = {"sql": "shop.in_stock(text)", "args": ["apple"]}
    value = {"sql": "shop.price(text)", "args": ["apple"]}
    document = machine(
        {
            "a": {"on": {"go": [{"target": "b", "guard": guard}, {"target": "c"}]}},
            "b": {"entry": {"type": "assign", "set": {"price": value}}},
            "c": {},
        }
    )
    found = explore(document, functions={"shop.price(text)": [1, 2, {"error": "gone"}]})
    contexts = [s.context for s in found.situations]
    assert contexts == [{}, {"price": 1}, {"price": 2}, {}]
    assert str(found.to("c")) == "go (shop.in_stock = false)"
    assert "gone" in found.refusals[0].why


def test_configurations_from_which_no_end_can_be_reached_are_told() -> None:
    document = machine(
        {
            "a": {"on": {"finish": "end", "lose": "b"}},
            "b": {"on": {"go": "c"}},
            "c": {"on": {"go": "b"}},
            "end": {"type": "final"},
        }
    )
    found = explore(document)
    assert [finding.what for finding in found.endless] == ["b", "c"]
    assert found.ok


def test_a_check_is_called_in_every_situation() -> None:
    def check(order: Instance) -> None:
        assert order.value != "paid" or order.context["eta"] == 5, "eta is kept"

    events = {"accept": [{"eta": 5}, {"eta": 6}]}
    found = explore(ORDER, input={"total": 1}, events=events, check=check)
    (violation,) = found.violations
    assert (violation.what, violation.why) == ("paid", "eta is kept")
    assert str(violation.path) == 'accept {"eta":6} > charge answers'


def test_an_instance_is_explored_from_where_it_stands_and_is_left_there() -> None:
    world = World()
    world.define(ORDER)
    order = world.start("order", {"total": 1})
    order.send("accept", {"eta": 1})
    found = explore(order)
    assert list(found.configurations) == ["charging", "paid", "declined"]
    assert order.value == "charging"
    path = found.to("declined")
    assert path is not None
    assert walk(order, path).value == "declined"


def test_handlers_of_an_instance_s_world_answer_as_they_do() -> None:
    world = World()
    world.define(ORDER)
    world.effect("card.charge", PermanentFailure("declined"))
    found = explore(world.start("order", {"total": 1}))
    assert list(found.configurations) == ["offered", "declined", "expired"]
    again = explore(world["order-1"], effects={"card.charge": [{}]})
    assert list(again.configurations) == ["offered", "charging", "expired", "paid"]


def test_simple_paths_are_all_ways_without_a_circle() -> None:
    document = machine(
        {
            "a": {"on": {"one": "b", "two": "c"}},
            "b": {"on": {"go": "d", "back": "a"}},
            "c": {"on": {"go": "d", "side": "b"}},
            "d": {"on": {"again": "a"}},
        }
    )
    found = explore(document)
    assert list(map(str, found.simple_paths("d"))) == [
        "one > go",
        "two > go",
        "two > side > go",
    ]
    assert len(found.simple_paths("d", limit=2)) == 2
    assert len(found.simple_paths("d", longest=2)) == 2


def test_paths_reach_every_configuration_and_take_every_transition() -> None:
    found = explore(ORDER)
    reached = {step.situation.name for path in found.paths() for step in path.steps}
    assert reached == set(found.configurations)
    for path in found.paths():
        world = World()
        world.define(ORDER)
        assert walk(world, path).value == path.end.value


def test_a_path_that_the_machine_does_not_go_fails() -> None:
    path = explore(ORDER).to("expired")
    assert path is not None
    world = World()
    world.define({**ORDER, "states": {**ORDER["states"], "offered": {}}})
    with pytest.raises(AssertionError, match="after 10 minutes: it is in offered"):
        walk(world, path)


def test_an_event_that_is_deferred_is_not_sent_again_meanwhile() -> None:
    document = machine(
        {
            "a": {"defer": ["note"], "on": {"go": "b"}},
            "b": {"on": {"note": "c"}},
            "c": {"type": "final"},
        }
    )
    found = explore(document)
    assert found.complete
    assert {str(path) for path in found.simple_paths("c")} == {"note > go", "go > note"}
