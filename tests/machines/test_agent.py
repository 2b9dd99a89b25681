"""A run of a language model with tools, and the human who watches it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pgsm.testing import PermanentFailure

from .stage import Stage

Json = Any
TASK = {"owner": "ann", "task": "Book a table", "dangerous": ["pay"]}


@pytest.fixture(autouse=True)
def machines(stage: Stage) -> None:
    stage.define("tool_call")
    stage.define("agent")


def begin(stage: Stage, *answers: Json, **more: Json) -> None:
    """Start a run whose model gives these answers, one after the other."""
    rest = [{"tokens_in": 1000, "tokens_out": 100, **answer} for answer in answers]
    stage.effect("model.call", lambda effect: rest.pop(0))
    stage.start("agent", "run", {**TASK, **more})
    stage.settle()


def call(number: int, tool: str, **arguments: Json) -> Json:
    return {"id": f"c{number}", "tool": tool, "arguments": arguments}


def said(stage: Stage) -> list[tuple[str, str]]:
    messages = stage.look("run").context["messages"]
    return [(message["role"], message["text"]) for message in messages]


def run_tool(effect: Any) -> Json:
    return {"text": f"{effect.input['tool']} is done", "cost": 0}


def test_model_that_calls_no_tool_answers_the_user(stage: Stage) -> None:
    begin(stage, {"text": "Where?"})
    after = stage.look("run")
    assert (after.value, said(stage)[-1]) == ("waiting", ("model", "Where?"))
    stage.send("run", "run.finish", by="ann")
    assert stage.look("run").output["reason"] == "content"


def test_results_of_tools_come_in_the_order_of_the_calls(stage: Stage) -> None:
    calls = [call(n, tool) for n, tool in enumerate(("find", "call", "note", "look"))]
    stage.effect("tool.run", run_tool)
    begin(stage, {"calls": calls}, {"text": "Booked."})
    assert said(stage)[2:] == [
        ("tool", "find is done"),
        ("tool", "call is done"),
        ("tool", "note is done"),
        ("tool", "look is done"),
        ("model", "Booked."),
    ]


def test_three_tools_run_at_once(stage: Stage) -> None:
    begin(stage, {"calls": [call(n, f"t{n}") for n in range(5)]})
    running = stage.find("tool_call", "run", "run")
    assert len(running) == 3
    stage.complete(running[1], "tool.run", {"text": "ok"})
    stage.settle()
    assert len(stage.find("tool_call", "run", "run")) == 3
    assert stage.find("tool_call", "tool", "t3") != []


def test_money_is_exact(stage: Stage) -> None:
    calls = [call(n, "find") for n in range(3)]
    stage.effect("tool.run", {"text": "", "cost": Decimal("0.1")})
    begin(stage, {"calls": calls}, {"text": "Done."})
    assert stage.look("run").context["spent"] == Decimal("0.3090")


def test_dangerous_tool_waits_for_a_human_while_the_others_run(stage: Stage) -> None:
    stage.effect("tool.run", run_tool)
    calls = [call(1, "pay", amount=30), call(2, "find")]
    begin(stage, {"calls": calls}, {"text": "Paid."})
    assert stage.look("run").value == {"working": "acting"}
    (asking,) = stage.find("tool_call", "run", "run")
    assert stage.effects(asking) == []
    assert "does not take" in stage.refuse(asking, "tool.allow", by="bob")
    stage.send(asking, "tool.allow", by="ann")
    stage.settle()
    assert said(stage)[2:4] == [("tool", "pay is done"), ("tool", "find is done")]


def test_human_changes_the_arguments_of_a_call(stage: Stage) -> None:
    begin(stage, {"calls": [call(1, "pay", amount=30)]})
    (asking,) = stage.find("tool_call", "run", "run")
    stage.send(asking, "tool.allow", {"arguments": {"amount": 3}}, by="ann")
    (effect,) = stage.effects(asking)
    assert effect.input == {"tool": "pay", "arguments": {"amount": 3}}


def test_model_is_told_what_was_denied_what_failed_and_what_nobody_allowed(
    stage: Stage,
) -> None:
    stage.effect("tool.run", PermanentFailure("no such table"))
    calls = [call(1, "pay"), call(2, "find"), call(3, "pay")]
    begin(stage, {"calls": calls}, {"text": "Sorry."})
    denied, _forgotten = stage.find("tool_call", "tool", "pay")
    stage.send(denied, "tool.deny", {"reason": "too much"}, by="ann")
    stage.advance("1 hour")
    assert said(stage)[2:5] == [
        ("tool", "denied: too much"),
        ("tool", "failed: no such table"),
        ("tool", "nobody has allowed it in time"),
    ]


def test_run_stops_at_its_budget_until_the_owner_gives_more(stage: Stage) -> None:
    budget = {"budget": Decimal("0.006")}
    stage.effect("tool.run", run_tool)
    calls = {"calls": [call(1, "find")]}
    begin(stage, calls, calls, {"text": "Done."}, **budget)
    assert stage.look("run").value == "overBudget"
    assert "does not take" in stage.refuse("run", "budget.raise", by="bob")
    stage.send("run", "budget.raise", {"money": 1}, by="ann")
    stage.settle()
    assert said(stage)[-1] == ("model", "Done.")
    assert stage.look("run").context["spent"] == Decimal("0.0135")


def test_run_that_nobody_pays_for_is_over_after_a_day(stage: Stage) -> None:
    begin(stage, {"text": "Hm."}, budget=0)
    stage.advance("1 day")
    assert stage.look("run").output["reason"] == "out of budget"


def test_run_has_a_limited_number_of_steps(stage: Stage) -> None:
    stage.effect("tool.run", run_tool)
    calls = {"calls": [call(1, "find")]}
    begin(stage, *[calls] * 5, most_steps=2)
    after = stage.look("run")
    assert (after.value, after.context["steps"]) == ("overBudget", 2)


def test_what_the_user_says_meanwhile_is_heard_afterwards(stage: Stage) -> None:
    begin(stage, {"calls": [call(1, "find")]}, {"text": "Where?"}, {"text": "Done."})
    early = stage.send("run", "user.message", {"text": "For two."}, by="ann")
    assert early.outcome == "deferred"
    (running,) = stage.find("tool_call", "run", "run")
    stage.complete(running, "tool.run", {"text": "found"})
    stage.settle()
    assert said(stage)[2:] == [
        ("tool", "found"),
        ("model", "Where?"),
        ("user", "For two."),
        ("model", "Done."),
    ]


def test_cancellation_stops_the_tools_that_run(stage: Stage) -> None:
    begin(stage, {"calls": [call(1, "find"), call(2, "pay")]})
    running = stage.find("tool_call", "run", "run")
    assert "does not take" in stage.refuse("run", "run.cancel", by="bob")
    assert stage.send("run", "run.cancel", by="ann").output["reason"] == "cancelled"
    stage.settle()
    assert {stage.look(child).status for child in running} == {"stopped"}
    assert [effect.status for effect in stage.effects(running[0])] == ["cancelled"]


def test_run_that_nobody_goes_on_with_ends(stage: Stage) -> None:
    begin(stage, {"text": "Anything else?"})
    stage.advance("30 minutes")
    assert stage.look("run").output["reason"] == "nobody went on"
