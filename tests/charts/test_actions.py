"""Assign, raise, choose, foreach, named actions, effects, emit and log."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .doors import Engine
from .parts import assign, expr, note, raise_


def doing(*actions: Any, context: Any = None, **implementations: Any) -> Any:
    return {
        "context": context or {},
        "on": {"go": {"actions": list(actions)}},
        "implementations": implementations,
    }


SET: list[tuple[Any, dict[str, Any], Any]] = [
    ({}, {"a": 1}, {"a": 1}),
    ({}, {"a.b.c": 1}, {"a": {"b": {"c": 1}}}),
    ({"a": None}, {"a.b": 1}, {"a": {"b": 1}}),
    ({"a": {"x": 1}}, {"a.b": 2}, {"a": {"x": 1, "b": 2}}),
    ({"l": [1, 2]}, {"l[0]": 9}, {"l": [9, 2]}),
    ({"l": [1, 2]}, {"l[2]": 3}, {"l": [1, 2, 3]}),
    ({"l": [{"n": 1}]}, {"l[0].n": 2}, {"l": [{"n": 2}]}),
    ({"k": "x"}, {"m[context.k]": 1}, {"k": "x", "m": {"x": 1}}),
    ({"l": []}, {"l[len(context.l)]": "new"}, {"l": ["new"]}),
    (
        {"x": 1, "y": 2},
        {"x": expr("context.y"), "y": expr("context.x")},
        {"x": 2, "y": 1},
    ),
    ({}, {"a": {"b": [expr("1 + 1")]}}, {"a": {"b": [2]}}),
    ({}, {"a": {"literal": {"expr": "1"}}}, {"a": {"expr": "1"}}),
]


@pytest.mark.parametrize(("context", "settings", "result"), SET)
def test_assign_sets_paths(
    engine: Engine, context: Any, settings: Any, result: Any
) -> None:
    chart = engine.start(doing({"type": "assign", "set": settings}, context=context))
    assert chart.send("go").context == result


REMOVE: list[tuple[Any, list[str], Any]] = [
    ({"a": 1, "b": 2}, ["a"], {"b": 2}),
    ({"a": {"b": 1, "c": 2}}, ["a.b"], {"a": {"c": 2}}),
    ({"l": [1, 2, 3]}, ["l[1]"], {"l": [1, 3]}),
    ({"a": 1}, ["missing", "a.b.c"], {"a": 1}),
]


@pytest.mark.parametrize(("context", "paths", "result"), REMOVE)
def test_assign_removes_paths(
    engine: Engine, context: Any, paths: Any, result: Any
) -> None:
    chart = engine.start(doing({"type": "assign", "remove": paths}, context=context))
    assert chart.send("go").context == result


@pytest.mark.parametrize(
    ("context", "path", "message"),
    [
        ({"l": [1]}, "l[5]", "no index of a list of 1"),
        ({"a": "text"}, "a.b", 'cannot set "b" in a text'),
        ({"k": None}, "m[context.k]", "a path takes a text or an index, not null"),
    ],
)
def test_path_that_cannot_be_set_refuses_the_event(
    engine: Engine, context: Any, path: str, message: str
) -> None:
    chart = engine.start(doing({"type": "assign", "set": {path: 1}}, context=context))
    refusal = chart.refuse("go")
    assert refusal.sqlstate == "SM102"
    assert message in refusal.message


def test_next_assign_sees_the_last_one(engine: Engine) -> None:
    double = assign(n=expr("context.n * 2"))
    assert engine.start(doing(double, double, context={"n": 3})).send("go").context == {
        "n": 12
    }


def test_input_is_what_the_context_is_made_of(engine: Engine) -> None:
    document = {
        "context": {
            "total": expr("input.total"),
            "by": expr("get(input, 'by', 'nobody')"),
        }
    }
    chart = engine.start(document, {"total": Decimal("12.50")})
    assert chart.snapshot().context == {"total": Decimal("12.50"), "by": "nobody"}


def test_raised_event_carries_data_and_waits_for_the_block(engine: Engine) -> None:
    document = doing(raise_("told", data={"n": expr("context.n")}), assign(n=2))
    document["context"] = {"n": 1}
    document["on"]["told"] = {"actions": assign(told=expr("[event.data.n, context.n]"))}
    assert engine.start(document).send("go").context["told"] == [1, 2]


def test_choose_takes_the_first_branch_that_is_allowed(engine: Engine) -> None:
    branches = [
        {"guard": expr("event.data.n > 10"), "actions": assign(size="large")},
        {"guard": "medium", "actions": assign(size="medium")},
        {"actions": assign(size="small")},
    ]
    guards = {"medium": expr("event.data.n > 5")}
    document = doing({"type": "choose", "branches": branches}, guards=guards)
    chart = engine.start(document)
    sizes = [chart.send("go", {"n": n}).context["size"] for n in (11, 6, 1)]
    assert sizes == ["large", "medium", "small"]


def test_foreach_runs_for_each_element_as_it_was_at_the_start(engine: Engine) -> None:
    loop = {
        "type": "foreach",
        "in": expr("context.l"),
        "item": "x",
        "index": "i",
        "actions": assign(**{"l[len(context.l)]": expr("x * 10 + i")}),
    }
    assert engine.start(doing(loop, context={"l": [1, 2]})).send("go").context == {
        "l": [1, 2, 10, 21]
    }


def test_loops_nest(engine: Engine) -> None:
    inner = {
        "type": "foreach",
        "in": expr("row"),
        "item": "cell",
        "actions": assign(sum=expr("context.sum + cell")),
    }
    outer = {
        "type": "foreach",
        "in": expr("context.rows"),
        "item": "row",
        "actions": inner,
    }
    document = doing(outer, context={"rows": [[1, 2], [3], []], "sum": 0})
    assert engine.start(document).send("go").context["sum"] == 6


def test_foreach_over_no_list_refuses_the_event(engine: Engine) -> None:
    loop = {"type": "foreach", "in": expr("context"), "actions": assign(n=1)}
    assert "foreach needs a list" in engine.start(doing(loop)).refuse("go").message


def test_named_action_takes_params(engine: Engine) -> None:
    actions = {"add": assign(n=expr("context.n + params.by"))}
    use = {"type": "add", "params": {"by": expr("event.data.by")}}
    document = doing(use, use, context={"n": 1}, actions=actions)
    assert engine.start(document).send("go", {"by": 4}).context == {"n": 9}


def test_named_actions_call_one_another(engine: Engine) -> None:
    actions = {
        "outer": [note("outer"), {"type": "inner", "params": "p"}, note("after")],
        "inner": {"type": "assign", "set": {"p": expr("params")}},
    }
    document = doing("outer", context={"trace": []}, actions=actions)
    assert engine.start(document).send("go").context == {
        "trace": ["outer", "after"],
        "p": "p",
    }


def test_effect_is_work_with_its_input(engine: Engine) -> None:
    effect = {"type": "effect", "name": "mail", "input": {"to": expr("context.to")}}
    chart = engine.start(doing(effect, context={"to": "ada"}, effects={"mail": {}}))
    chart.send("go")
    (mail,) = chart.effects()
    assert (mail.name, mail.input, mail.status) == ("mail", {"to": "ada"}, "pending")


def test_reply_of_an_effect_comes_as_an_event(engine: Engine) -> None:
    effect = {"type": "effect", "name": "mail", "reply": "mailed"}
    document = doing(effect, effects={"mail": {}})
    document["on"]["mailed"] = {
        "actions": assign(id=expr("event.output.id"), name=expr("event.source.name"))
    }
    chart = engine.start(document)
    chart.send("go")
    assert chart.complete("mail", {"id": 7}).context == {"id": 7, "name": "mail"}


def test_failed_block_leaves_no_effect_timer_or_event(engine: Engine) -> None:
    document = doing(
        {"type": "effect", "name": "mail"},
        raise_("told"),
        raise_("later", delay="1 hour"),
        assign(n=expr("1 / 0")),
        effects={"mail": {}},
        context={"trace": []},
    )
    document["on"]["told"] = {"actions": note("told")}
    document["on"]["error.execution"] = {"actions": note("handled")}
    chart = engine.start(document)
    assert chart.send("go").context == {"trace": ["handled"]}
    assert (chart.effects(), chart.timers()) == ([], [])
