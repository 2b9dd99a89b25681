"""`each`: one piece of work for each item of a list."""

from __future__ import annotations

from typing import Any

import pytest

from .doors import Chart, Engine
from .parts import assign, expr

Json = Any


def each(items: Json, **more: Json) -> Json:
    return {
        "initial": "asking",
        "context": {"got": None, "seen": [], "why": None, "data": None},
        "states": {
            "asking": {
                "invoke": {
                    "id": "ask",
                    "src": "ask",
                    "each": items,
                    "input": {"who": expr("item"), "n": expr("index")},
                    "onDone": {
                        "target": "done",
                        "actions": assign(
                            got=expr("event.output"), data=expr("event.data")
                        ),
                    },
                    "onError": {
                        "target": "failed",
                        "actions": assign(
                            why=expr("event.error.message"), data=expr("event.data")
                        ),
                    },
                    "onItem": {
                        "actions": assign(seen=expr("context.seen + [event.data]"))
                    },
                    **more,
                },
                "on": {"leave": "left"},
            },
            "done": {},
            "failed": {},
            "left": {},
        },
        "implementations": {"effects": {"ask": {}}},
    }


def waiting(chart: Chart) -> list[Json]:
    return [e.input["who"] for e in chart.effects() if e.status == "pending"]


def test_outputs_come_as_a_list_in_the_order_of_the_items(engine: Engine) -> None:
    chart = engine.start(each(["a", "b", "c"]))
    assert waiting(chart) == ["a", "b", "c"]
    for output in (1, 2):
        assert chart.complete("ask", output).value == "asking"
    after = chart.complete("ask", 3)
    assert (after.value, after.context["got"]) == ("done", [1, 2, 3])


def test_each_item_s_end_is_an_event(engine: Engine) -> None:
    chart = engine.start(each(["a", "b"]))
    assert chart.complete("ask", 1).context["seen"] == [{"index": 0, "item": "a"}]


def test_empty_list_is_done_at_once(engine: Engine) -> None:
    snapshot = engine.start(each([])).snapshot()
    assert (snapshot.value, snapshot.context["got"]) == ("done", [])


def test_concurrency_starts_the_next_when_one_has_ended(engine: Engine) -> None:
    chart = engine.start(each(["a", "b", "c", "d"], concurrency=2))
    assert waiting(chart) == ["a", "b"]
    chart.complete("ask", 1)
    assert waiting(chart) == ["b", "c"]
    chart.complete("ask", 2)
    chart.complete("ask", 3)
    assert chart.complete("ask", 4).context["got"] == [1, 2, 3, 4]


def test_first_failure_is_the_error_and_ends_the_others(engine: Engine) -> None:
    chart = engine.start(each(["a", "b", "c"]))
    after = chart.fail("ask", {"type": "no", "message": "not me"})
    assert (after.value, after.context["why"]) == ("failed", "not me")
    assert after.context["data"] == {"index": 0, "item": "a"}
    assert [e.status for e in chart.effects()] == ["failed", "cancelled", "cancelled"]


def test_collect_goes_on_to_the_end(engine: Engine) -> None:
    chart = engine.start(each(["a", "b"], collect=True))
    chart.fail("ask", {"type": "no", "message": "not me"})
    after = chart.complete("ask", 7)
    assert (after.value, after.context["got"]) == ("done", [None, 7])
    assert after.context["data"]["succeeded"] == [1]
    assert after.context["data"]["errors"]["0"]["message"] == "not me"


@pytest.mark.parametrize("until", ["any", 1, expr("1")])
def test_until_ends_the_others_when_enough_have_succeeded(
    engine: Engine, until: Json
) -> None:
    chart = engine.start(each(["a", "b", "c"], until=until))
    after = chart.complete("ask", "yes")
    assert (after.value, after.context["got"]) == ("done", ["yes"])
    assert [e.status for e in chart.effects()] == [
        "succeeded",
        "cancelled",
        "cancelled",
    ]


def test_leaving_the_state_cancels_all_of_them(engine: Engine) -> None:
    chart = engine.start(each(["a", "b", "c"], concurrency=2))
    chart.complete("ask", 1)
    assert chart.send("leave").value == "left"
    assert [e.status for e in chart.effects()] == [
        "succeeded",
        "cancelled",
        "cancelled",
    ]


def test_what_is_no_list_is_an_error(engine: Engine) -> None:
    chart = engine.start(
        {
            "initial": "a",
            "context": {"list": 7},
            "states": {
                "a": {"on": {"go": "b"}},
                "b": {"invoke": {"src": "ask", "each": expr("context.list")}},
            },
            "implementations": {"effects": {"ask": {}}},
        }
    )
    assert "needs a list" in chart.refuse("go").message


def test_children_are_started_for_each_item(engine: Engine) -> None:
    engine.define(
        "reviewer",
        {
            "initial": "reading",
            "context": {"who": expr("input.who")},
            "states": {
                "reading": {
                    "on": {"approve": "yes"},
                },
                "yes": {"type": "final"},
            },
            "output": {"by": expr("context.who")},
        },
    )
    document = each(["ann", "bob"])
    invoke = document["states"]["asking"]["invoke"]
    del invoke["src"]
    invoke["machine"] = "reviewer"
    del document["implementations"]
    chart = engine.start(document)
    engine.get(f"{chart.instance_id}/ask[1]/1/2").send("approve")
    engine.get(f"{chart.instance_id}/ask[0]/1").send("approve")
    after = chart.advance("1 second")
    assert after.context["got"] == [{"by": "ann"}, {"by": "bob"}]
    assert [seen["item"] for seen in after.context["seen"]] == ["bob", "ann"]


def test_item_that_cannot_start_counts_as_one_that_has_failed(engine: Engine) -> None:
    document = each([1, 0, 2], concurrency=1, collect=True)
    invoke = document["states"]["asking"]["invoke"]
    invoke["input"] = {"who": expr("10 / item")}
    chart = engine.start(document)
    chart.complete("ask", "one")
    after = chart.complete("ask", "two")
    assert (after.value, after.context["got"]) == ("done", ["one", None, "two"])
    assert "division" in after.context["data"]["errors"]["1"]["message"]
