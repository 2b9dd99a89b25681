"""What the machines of this directory found, in its smallest form."""

from __future__ import annotations

from typing import Any

from .stage import Stage

Json = Any


def working(**invoke: Json) -> dict[str, Json]:
    """A machine that works in its first state and hears of late answers in another."""
    late = {"actions": {"type": "assign", "set": {"late": {"expr": "event.error"}}}}
    return {
        "initial": "working",
        "context": {"late": None},
        "states": {
            "working": {
                "invoke": {"id": "work", "src": "work", "onDone": "done", **invoke},
                "on": {"leave": "left"},
            },
            "left": {"on": {"late.work": late}},
            "done": {},
        },
        "implementations": {"effects": {"work": {}}},
    }


def test_answer_to_a_paused_instance_arrives_when_it_is_resumed(stage: Stage) -> None:
    stage.define("m", working())
    stage.start("m", "i", {})
    stage.claim("i", "work")
    stage.pause("i")
    assert stage.complete("i", "work").value == "working"
    stage.resume("i")
    stage.settle()
    assert stage.look("i").value == "done"


def test_work_that_never_ran_is_answered_too_where_late_answers_are_asked_for(
    stage: Stage,
) -> None:
    stage.define("m", working(late="deliver"))
    stage.start("m", "i", {})
    stage.send("i", "leave")
    stage.settle()
    error = stage.look("i").context["late"]
    assert (error["type"], error["attempts"]) == ("cancelled", 0)
    assert [effect.status for effect in stage.effects("i")] == ["cancelled"]


def test_nobody_is_told_of_it_otherwise(stage: Stage) -> None:
    stage.define("m", working())
    stage.start("m", "i", {})
    stage.send("i", "leave")
    stage.settle()
    assert stage.look("i").context["late"] is None


def test_work_has_the_business_key_that_its_invocation_names(stage: Stage) -> None:
    stage.define("m", working(key={"expr": "instance.id + '/work'"}))
    stage.start("m", "i", {})
    assert [effect.key for effect in stage.effects("i")] == ["i/work"]


def test_each_item_has_its_own_key(stage: Stage) -> None:
    key = {"expr": "'work/' + item"}
    stage.define("m", working(each=["a", "b"], key=key))
    stage.start("m", "i", {})
    assert [effect.key for effect in stage.effects("i")] == ["work/a", "work/b"]


def test_key_of_a_declared_effect_is_that_of_each_use(stage: Stage) -> None:
    document = working()
    key = {"expr": "instance.id"}
    document["implementations"]["effects"]["work"] = {"key": key}
    stage.define("m", document)
    stage.start("m", "i", {})
    assert [effect.key for effect in stage.effects("i")] == ["i"]


def test_message_to_all_children_of_an_invocation_reaches_those_that_run(
    stage: Stage,
) -> None:
    note = {"type": "assign", "set": {"heard": {"expr": "context.heard + 1"}}}
    child = {
        "initial": "on",
        "context": {"heard": 0},
        "keys": {"all": "yes"},
        "states": {"on": {"on": {"hi": {"actions": note}, "end": "off"}}, "off": FINAL},
    }
    send = {"type": "send", "to": {"children": "each"}, "event": "hi"}
    parent = {
        "invoke": {"id": "each", "machine": "child", "each": [1, 2, 3]},
        "on": {"tell": {"actions": send}},
    }
    stage.define("child", child)
    stage.define("parent", parent)
    stage.start("parent", "p", {})
    first, *others = stage.find("child", "all", "yes")
    stage.send(first, "end")
    stage.settle()
    stage.send("p", "tell")
    stage.settle()
    assert [stage.look(i).context["heard"] for i in (first, *others)] == [0, 1, 1]


FINAL = {"type": "final"}


def test_deferred_event_is_not_refused_as_unhandled(stage: Stage) -> None:
    states = {"a": {"defer": ["pay"], "on": {"next": "b"}}, "b": {"on": {"pay": "c"}}}
    machine = {"initial": "a", "unhandled": "refuse", "states": {**states, "c": {}}}
    stage.define("m", machine)
    stage.start("m", "i", {})
    assert stage.send("i", "pay").outcome == "deferred"
    stage.send("i", "next")
    stage.settle()
    assert stage.look("i").value == "c"
