"""Child machines: invoked with a state, spawned to outlive it."""

from __future__ import annotations

from typing import Any

import pytest

from .doors import Engine, PostgresEngine
from .parts import assign, expr

Json = Any

KID = {
    "initial": "working",
    "context": {"size": expr("get(input, 'size', 1)")},
    "states": {
        "working": {
            "on": {
                "finish": "finished",
                "tell": {
                    "actions": {
                        "type": "send",
                        "to": "parent",
                        "event": "news",
                        "data": {"size": expr("context.size")},
                    }
                },
            },
            "exit": {"type": "send", "to": "parent", "event": "leaving"},
        },
        "finished": {"type": "final"},
    },
    "output": {"doubled": expr("context.size * 2")},
}
PARENT = {
    "initial": "waiting",
    "context": {"news": [], "result": None, "error": None},
    "on": {
        "news": {"actions": assign(news=expr("context.news + [event.data.size]"))},
        "tell": {"actions": {"type": "send", "to": {"child": "kid"}, "event": "tell"}},
        "finish": {
            "actions": {"type": "send", "to": {"child": "kid"}, "event": "finish"}
        },
    },
    "states": {
        "waiting": {
            "invoke": {
                "id": "kid",
                "machine": "kid",
                "input": {"size": 21},
                "onDone": {
                    "target": "ended",
                    "actions": assign(result=expr("event.output")),
                },
                "onError": {
                    "target": "broken",
                    "actions": assign(error=expr("event.error.message")),
                },
            },
            "on": {"leave": "ended"},
        },
        "ended": {"on": {"again": "waiting"}},
        "broken": {},
    },
}


def test_child_s_output_comes_to_its_parent(engine: Engine) -> None:
    engine.define("kid", KID)
    chart = engine.start(PARENT)
    kid = engine.get(f"{chart.instance_id}/kid/1")
    assert kid.snapshot().context == {"size": 21}
    chart.send("finish")
    assert chart.advance("1 second").value == "ended"
    assert chart.snapshot().context["result"] == {"doubled": 42}
    assert kid.snapshot().status == "done"


def test_child_and_parent_exchange_messages(engine: Engine) -> None:
    engine.define("kid", KID)
    chart = engine.start(PARENT)
    chart.send("tell")
    chart.send("tell")
    assert chart.advance("1 second").context["news"] == [21, 21]


def test_leaving_the_state_stops_the_child_and_nothing_more_comes(
    engine: Engine,
) -> None:
    engine.define("kid", KID)
    chart = engine.start({**PARENT, "on": {"leaving": ".broken"}})
    chart.send("leave")
    assert chart.advance("1 minute").value == "ended"
    kid = engine.get(f"{chart.instance_id}/kid/1").snapshot()
    assert (kid.status, kid.states) == ("stopped", ["working"])


def test_state_that_is_entered_again_has_a_new_child(engine: Engine) -> None:
    engine.define("kid", KID)
    chart = engine.start(PARENT)
    chart.send("leave")
    chart.send("again")
    chart.advance("1 second")
    first = engine.get(f"{chart.instance_id}/kid/1").snapshot()
    second = engine.get(f"{chart.instance_id}/kid/3").snapshot()
    assert (first.status, second.status) == ("stopped", "active")
    chart.send("tell")
    assert chart.advance("1 second").context["news"] == [21]


def test_child_that_cannot_start_is_an_error_of_its_parent(engine: Engine) -> None:
    engine.define("kid", {"context": {"a": expr("input.missing.key")}})
    chart = engine.start(PARENT)
    assert chart.advance("1 second").value == "broken"
    assert "missing" in chart.snapshot().context["error"]
    assert engine.get(f"{chart.instance_id}/kid/1").snapshot().status == "failed"


def test_machine_that_does_not_exist_is_an_error_of_the_parent(engine: Engine) -> None:
    chart = engine.start(PARENT)
    assert chart.advance("1 second").value == "broken"


def test_end_of_the_parent_ends_its_children(engine: Engine) -> None:
    engine.define("kid", KID)
    document = {
        "initial": "a",
        "states": {
            "a": {"invoke": {"id": "kid", "machine": "kid"}, "on": {"end": "b"}},
            "b": {"type": "final"},
        },
    }
    chart = engine.start(document)
    assert chart.send("end").status == "done"
    chart.advance("1 second")
    kid = engine.get(f"{chart.instance_id}/kid/1").snapshot()
    assert kid.status == "stopped"


def test_spawned_child_outlives_the_state_until_it_is_stopped(engine: Engine) -> None:
    engine.define("kid", KID)
    spawn = {"type": "spawn", "machine": "kid", "id": expr("event.data.id")}
    stop = {"type": "stop", "id": expr("event.data.id")}
    chart = engine.start(
        {
            "initial": "a",
            "on": {"spawn": {"actions": spawn}, "stop": {"actions": stop}},
            "states": {"a": {"on": {"go": "b"}}, "b": {}},
        }
    )
    chart.send("spawn", {"id": "one"})
    chart.send("spawn", {"id": "two"})
    chart.send("go")
    chart.send("stop", {"id": "one"})
    chart.advance("1 second")
    one = engine.get(f"{chart.instance_id}/one/2").snapshot()
    two = engine.get(f"{chart.instance_id}/two/3").snapshot()
    assert (one.status, two.status) == ("stopped", "active")


def test_two_children_of_one_id_are_refused(engine: Engine) -> None:
    engine.define("kid", KID)
    spawn = {"type": "spawn", "machine": "kid", "id": "one"}
    chart = engine.start({"on": {"spawn": {"actions": spawn}}})
    chart.send("spawn")
    refusal = chart.refuse("spawn")
    assert refusal.sqlstate == "SM102"
    assert 'a child "one" is running already' in refusal.message


def test_child_of_a_failed_block_was_never_started(engine: Engine) -> None:
    engine.define("kid", KID)
    spawn = {"type": "spawn", "machine": "kid", "id": "one"}
    broken = assign(a=expr("1 / 0"))
    chart = engine.start(
        {
            "context": {"a": 1},
            "on": {
                "spawn": {"actions": [spawn, broken]},
                "error.execution": {"actions": assign(a=2)},
                "again": {"actions": spawn},
            },
        }
    )
    assert chart.send("spawn").context == {"a": 2}
    assert chart.send("again").outcome == "taken"
    assert engine.get(f"{chart.instance_id}/one/3").snapshot().status == "active"


def test_message_to_one_of_several_children_says_how_to_reach_them(
    engine: Engine,
) -> None:
    engine.define("kid", {})
    invoke = {"id": "kids", "machine": "kid", "each": [1, 2]}
    action = {"type": "send", "to": {"child": "kids"}, "event": "tell"}
    chart = engine.start({"invoke": invoke, "on": {"go": {"actions": action}}})
    assert '{"children": …}' in chart.refuse("go").message


def test_message_to_a_child_that_is_not_there_is_an_error(engine: Engine) -> None:
    action = {"type": "send", "to": {"child": "kid"}, "event": "tell"}
    chart = engine.start({"on": {"go": {"actions": action}}})
    assert 'there is no child "kid"' in chart.refuse("go").message


def test_grandchildren_are_stopped_too(engine: Engine) -> None:
    engine.define("kid", KID)
    engine.define("middle", {"invoke": {"id": "kid", "machine": "kid"}})
    chart = engine.start(
        {
            "initial": "a",
            "states": {
                "a": {"invoke": {"id": "m", "machine": "middle"}, "on": {"go": "b"}},
                "b": {},
            },
        }
    )
    chart.send("go")
    chart.advance("1 second")
    middle = f"{chart.instance_id}/m/1"
    assert engine.get(middle).snapshot().status == "stopped"
    assert engine.get(f"{middle}/kid/1").snapshot().status == "stopped"


def test_recursion_of_machines_ends_with_an_error(engine: Engine) -> None:
    deeper = {
        "initial": "a",
        "states": {
            "a": {
                "invoke": {
                    "id": "k",
                    "machine": "deep",
                    "onError": "no",
                    "onDone": "yes",
                }
            },
            "no": {"type": "final"},
            "yes": {"type": "final"},
        },
    }
    engine.define("deep", deeper)
    chart = engine.start(deeper)
    assert chart.advance("1 minute").value == "yes"


def test_one_step_starts_at_most_a_thousand_children(engine: Engine) -> None:
    engine.define("kid", {})
    spawn = {
        "type": "foreach",
        "in": expr("range(event.data.n)"),
        "item": "n",
        "actions": {"type": "spawn", "machine": "kid", "id": expr("str(n)")},
    }
    chart = engine.start({"on": {"spawn": {"actions": spawn}}})
    refusal = chart.refuse("spawn", {"n": 1001})
    assert refusal.sqlstate == "SM102"
    assert "more than 1000 children in one step" in refusal.message
    chart.send("spawn", {"n": 1000})
    assert engine.get(f"{chart.instance_id}/999/2/1000").snapshot().status == "active"


@pytest.mark.parametrize("call", ["stop_instance", "delete_instance"])
def test_parent_hears_of_a_child_that_was_ended_by_hand(
    postgres: PostgresEngine, call: str
) -> None:
    postgres.define("kid", KID)
    chart = postgres.start(PARENT)
    kid = f"{chart.instance_id}/kid/1"
    chart.rows(f"select pgsm.{call}(%s, 'no use')", kid)
    assert chart.advance("1 second").value == "broken"
    assert chart.snapshot().context["error"] == "the child was stopped by hand"
