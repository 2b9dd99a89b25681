"""Invocations: work that lives as long as its state."""

from __future__ import annotations

from typing import Any

from .doors import Engine
from .parts import assign, expr, note


def asking(**more: Any) -> Any:
    return {
        "initial": "idle",
        "context": {"trace": [], "order": 7},
        "states": {
            "idle": {"on": {"go": "asking"}},
            "asking": {
                "invoke": {
                    "id": "offer",
                    "src": "shop.offer",
                    "input": {"order": expr("context.order")},
                    "onDone": {
                        "target": "answered",
                        "actions": assign(answer=expr("event.output")),
                    },
                    "onError": {
                        "target": "failed",
                        "actions": assign(error=expr("event.error.message")),
                    },
                },
                "on": {"leave": "idle", "ping": {"actions": note("ping")}},
                **more,
            },
            "answered": {},
            "failed": {},
        },
        "implementations": {"effects": {"shop.offer": {}}},
    }


def test_entering_the_state_asks_for_the_work(engine: Engine) -> None:
    chart = engine.start(asking())
    assert chart.effects() == []
    chart.send("go")
    (effect,) = chart.effects()
    assert (effect.name, effect.invoke_id) == ("shop.offer", "offer")
    assert (effect.input, effect.status) == ({"order": 7}, "pending")


def test_result_arrives_as_done(engine: Engine) -> None:
    chart = engine.start(asking())
    chart.send("go")
    done = chart.complete("shop.offer", {"accepted": True})
    assert (done.value, done.context["answer"]) == ("answered", {"accepted": True})
    assert [effect.status for effect in chart.effects()] == ["succeeded"]


def test_failure_arrives_as_error(engine: Engine) -> None:
    chart = engine.start(asking())
    chart.send("go")
    failed = chart.fail("shop.offer", {"type": "Closed", "message": "they are closed"})
    assert (failed.value, failed.context["error"]) == ("failed", "they are closed")


def test_failure_that_nothing_takes_leaves_the_state(engine: Engine) -> None:
    document = asking()
    del document["states"]["asking"]["invoke"]["onError"]
    chart = engine.start(document)
    chart.send("go")
    assert chart.fail("shop.offer", {"message": "no"}).value == "asking"
    assert [effect.status for effect in chart.effects()] == ["failed"]


def test_leaving_the_state_cancels_the_work(engine: Engine) -> None:
    chart = engine.start(asking())
    chart.send("go")
    chart.send("leave")
    assert [effect.status for effect in chart.effects()] == ["cancelled"]


def test_entering_again_asks_again(engine: Engine) -> None:
    chart = engine.start(asking())
    for event in ("go", "leave", "go"):
        chart.send(event)
    statuses = [effect.status for effect in chart.effects()]
    assert statuses == ["cancelled", "pending"]


def test_other_events_do_not_ask_again(engine: Engine) -> None:
    chart = engine.start(asking())
    chart.send("go")
    chart.send("ping")
    assert len(chart.effects()) == 1


def test_state_that_is_passed_through_asks_for_nothing(engine: Engine) -> None:
    chart = engine.start(asking(always={"target": "idle", "guard": expr("true")}))
    assert chart.send("go").value == "idle"
    assert chart.effects() == []


def test_input_sees_what_the_entry_actions_did(engine: Engine) -> None:
    chart = engine.start(asking(entry=assign(order=8)))
    chart.send("go")
    assert chart.effects()[0].input == {"order": 8}


def test_state_may_have_several_invocations(engine: Engine) -> None:
    document = {
        "initial": "a",
        "context": {"trace": []},
        "states": {
            "a": {
                "invoke": [
                    {"src": "one", "onDone": {"actions": note("one")}},
                    {"src": "two", "onDone": {"actions": note("two")}},
                ]
            }
        },
        "implementations": {"effects": {"one": {}, "two": {}}},
    }
    chart = engine.start(document)
    assert [effect.invoke_id for effect in chart.effects()] == ["a", "a/1"]
    chart.complete("two")
    assert chart.complete("one").context["trace"] == ["two", "one"]


def test_done_event_names_its_source(engine: Engine) -> None:
    document = asking()
    document["states"]["asking"]["invoke"]["onDone"]["actions"] = assign(
        source=expr("event.source"), type=expr("event.type"), data=expr("event.data")
    )
    chart = engine.start(document)
    chart.send("go")
    context = chart.complete("shop.offer").context
    assert context["type"] == "done.invoke.offer"
    assert context["data"] == {}
    assert context["source"] == {
        "effect": "2/1",
        "invoke": "offer",
        "name": "shop.offer",
        "state": "asking",
    }


def test_failing_input_is_an_error_and_no_work(engine: Engine) -> None:
    document = asking(on={"error.execution": "failed"})
    document["states"]["asking"]["invoke"]["input"] = expr("context.missing")
    chart = engine.start(document)
    assert chart.send("go").value == "failed"
    assert chart.effects() == []
