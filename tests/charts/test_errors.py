"""Errors in guards, values and actions: handled by the machine, or refused."""

from __future__ import annotations

from typing import Any

from .doors import Engine
from .parts import assign, expr, note, raise_


def failing(**more: Any) -> Any:
    return {
        "initial": "a",
        "context": {"trace": [], "n": 0},
        "states": {
            "a": {
                "on": {
                    "go": {"target": "b", "actions": assign(n=expr("1 / context.n"))}
                }
            },
            "b": {},
        },
        **more,
    }


HANDLER = {
    "error.execution": {
        "actions": assign(
            error=expr("event.error.message"),
            state=expr("event.error.state"),
            action=expr("event.error.path"),
        )
    }
}


def test_error_without_a_handler_refuses_the_event(engine: Engine) -> None:
    refusal = engine.start(failing()).refuse("go")
    assert refusal.sqlstate == "SM102"
    assert "division by zero" in refusal.message
    assert 'state "a"' in refusal.detail
    assert 'transition "$.states.a.on.go[0]"' in refusal.detail
    assert "$.states.a.on.go[0].actions[0]" in refusal.detail


def test_error_is_an_event_that_a_state_may_handle(engine: Engine) -> None:
    taken = engine.start(failing(on=HANDLER)).send("go")
    assert taken.value == "b"
    assert "division by zero" in taken.context["error"]
    assert taken.context["state"] == "a"
    assert taken.context["action"].startswith("$.states.a.on.go[0].actions[0]")


def test_only_the_failing_block_is_undone(engine: Engine) -> None:
    document = failing(on=HANDLER)
    document["states"]["a"]["exit"] = note("exit")
    document["states"]["b"]["entry"] = [note("lost"), assign(x=expr("context.missing"))]
    taken = engine.start(document).send("go")
    assert taken.value == "b"
    assert taken.context["trace"] == ["exit"]


def test_failing_guard_is_false_and_an_error(engine: Engine) -> None:
    document = failing(on=HANDLER)
    document["states"]["a"]["on"]["ask"] = [
        {"guard": expr("context.missing.x"), "target": "b"},
        {"actions": note("next")},
    ]
    taken = engine.start(document).send("ask")
    assert taken.value == "a"
    assert taken.context["trace"] == ["next"]
    assert taken.context["action"] == "$.states.a.on.ask[0].guard"


def test_failing_guard_without_a_handler_refuses_the_event(engine: Engine) -> None:
    document = failing()
    document["states"]["a"]["on"]["ask"] = {"guard": expr("context.missing")}
    refusal = engine.start(document).refuse("ask")
    assert refusal.sqlstate == "SM102"
    assert "missing" in refusal.message


def test_error_in_the_handler_refuses_the_event(engine: Engine) -> None:
    handler = {"error.execution": {"actions": assign(n=expr("context.gone"))}}
    refusal = engine.start(failing(on=handler)).refuse("go")
    # the handler takes its own error again and again
    assert refusal.sqlstate == "SM103"


def test_handler_may_end_in_another_state(engine: Engine) -> None:
    document = failing(on={"error.execution": ".b"})
    document["states"]["a"]["on"]["go"] = {"actions": assign(n=expr("1 / 0"))}
    assert engine.start(document).send("go").value == "b"


def test_error_after_the_end_of_the_machine_refuses_the_event(engine: Engine) -> None:
    document = failing(exit=assign(n=expr("context.gone")))
    document["states"]["a"]["on"] = {"go": "end"}
    document["states"]["end"] = {"type": "final"}
    assert engine.start(document).refuse("go").sqlstate == "SM102"


def test_send_id_that_is_no_text_is_an_error(engine: Engine) -> None:
    cancel = {"type": "cancel", "id": expr("context.n")}
    later = raise_("later", delay="1 hour", id=expr("context.n"))
    document = failing(on={"cancel": {"actions": cancel}, "later": {"actions": later}})
    chart = engine.start(document)
    for event in ("cancel", "later"):
        assert "a send id is a text, not a number" in chart.refuse(event).message


def test_error_of_the_context_at_the_start_starts_nothing(engine: Engine) -> None:
    document = {"context": {"n": expr("input.n")}}
    try:
        engine.start(document)
    except Exception as refusal:
        assert getattr(refusal, "sqlstate", None) == "SM102"  # noqa: PT017
    else:
        raise AssertionError("it started")
