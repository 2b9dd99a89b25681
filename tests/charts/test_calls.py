"""Calls, sql guards and sql values: questions that the database answers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .doors import Engine, PostgresEngine
from .parts import assign, call, expr, note, raise_

NOTE, ADD, FAIL = "shop.note(text)", "shop.add(numeric,numeric)", "shop.fail(text)"
HANDLER = {
    "error.execution": {
        "actions": assign(
            error=expr("event.error.message"),
            code=expr("get(event.error, 'code', null)"),
            action=expr("event.error.path"),
        )
    }
}


def doing(*actions: Any, **more: Any) -> Any:
    return {"context": {"trace": []}, "on": {"go": {"actions": list(actions)}, **more}}


def notes(chart: Any) -> list[str]:
    return [
        row["note"]
        for row in chart.rows("select note from shop.notes order by position")
    ]


def test_call_gives_its_value_to_the_context(engine: Engine) -> None:
    action = call(ADD, expr("event.data.a"), Decimal("0.2"), assign="sum.here")
    taken = engine.start(doing(action)).send("go", {"a": Decimal("0.1")})
    assert taken.context["sum"] == {"here": Decimal("0.3")}


def test_calls_run_in_document_order_between_the_other_actions(engine: Engine) -> None:
    document = doing(
        call(NOTE, "first", assign="a"),
        note("between"),
        call(NOTE, expr("context.trace[0]"), assign="b"),
        call(NOTE, "last", assign="c"),
    )
    context = engine.start(document).send("go").context
    assert [context[key] for key in "abc"] == [1, 2, 3]


def test_null_and_void_come_back_as_null(engine: Engine) -> None:
    document = doing(
        {
            "type": "assign",
            "set": {"n": {"sql": "shop.in_stock(text)", "args": ["unknown"]}},
        }
    )
    assert engine.start(document).send("go").context["n"] is None


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("kind", ["numeric", "float8", "real"])
def test_what_json_has_no_number_for_is_an_error(
    postgres: PostgresEngine, number: str, kind: str
) -> None:
    value = f"'{number}'::{kind}"
    postgres.connection.execute(
        f"create function shop.odd () returns {kind} immutable return {value}"
    )
    chart = postgres.start(doing(call("shop.odd()", assign="odd")))
    assert "no number of JSON" in chart.refuse("go").message


def test_context_may_ask_at_the_start(engine: Engine) -> None:
    document = {"context": {"n": {"sql": ADD, "args": [expr("input.n"), 1]}}}
    assert engine.start(document, {"n": 2}).snapshot().context == {"n": 3}


def test_calls_of_many_blocks_are_all_answered(engine: Engine) -> None:
    step = {"entry": call(NOTE, "x", assign="n"), "always": {"target": "b"}}
    document = {
        "initial": "a",
        "states": {
            "a": {**step, "exit": call(NOTE, "y", assign="n")},
            "b": {
                "entry": [call(NOTE, "z", assign="n"), raise_("on")],
                "on": {"on": "c"},
            },
            "c": {"entry": call(NOTE, "end", assign="n")},
        },
    }
    snapshot = engine.start(document).snapshot()
    assert (snapshot.value, snapshot.context["n"]) == ("c", 4)


def test_failing_call_without_a_handler_refuses_the_event(engine: Engine) -> None:
    refusal = engine.start(doing(call(FAIL, "sold out"))).refuse("go")
    assert refusal.sqlstate == "SM102"
    assert "sold out" in refusal.message
    assert "$.on.go[0].actions[0]" in refusal.detail


def test_failing_call_is_an_error_that_a_state_may_handle(engine: Engine) -> None:
    document = doing(note("undone"), call(FAIL, "sold out"), **HANDLER)
    context = engine.start(document).send("go").context
    assert (context["error"], context["code"]) == ("sold out", "SH001")
    assert context["trace"] == []


def test_error_names_the_action_that_failed_not_the_first_call(engine: Engine) -> None:
    first = call(NOTE, "first", assign="n")
    calls = doing(first, note("x"), call(FAIL, "second"), **HANDLER)
    taken = engine.start(calls).send("go")
    assert taken.context["action"] == "$.on.go[0].actions[2]"
    values = doing(first, note("x"), assign(n=expr("1 / 0")), **HANDLER)
    taken = engine.start(values).send("go")
    assert taken.context["action"].startswith("$.on.go[0].actions[2]")


def test_failing_sql_guard_is_false_and_an_error(engine: Engine) -> None:
    guard = {"sql": "shop.cannot_tell(text)", "args": ["pear"]}
    document = {"on": {"go": {"guard": guard, "actions": assign(n=1)}, **HANDLER}}
    context = engine.start(document).send("go").context
    assert (context["error"], context["code"]) == ("no such article: pear", "SH002")
    assert "n" not in context


# -- what only the database shows


def test_call_commits_and_rolls_back_with_the_event(postgres: PostgresEngine) -> None:
    chart = postgres.start(doing(call(NOTE, "kept")))
    chart.send("go")
    assert notes(chart) == ["kept"]
    refused = postgres.start(doing(call(NOTE, "lost"), call(FAIL, "no")))
    refused.refuse("go")
    assert notes(chart) == ["kept"]


def test_side_effects_of_an_undone_block_are_rolled_back(
    postgres: PostgresEngine,
) -> None:
    document = {
        "initial": "a",
        "on": HANDLER,
        "states": {
            "a": {"exit": call(NOTE, "exit"), "on": {"go": "b"}},
            "b": {"entry": [call(NOTE, "lost"), call(FAIL, "no")]},
        },
    }
    chart = postgres.start(document)
    assert chart.send("go").value == "b"
    assert notes(chart) == ["exit"]


def test_block_that_fails_by_itself_takes_its_calls_back(
    postgres: PostgresEngine,
) -> None:
    document = doing(call(NOTE, "lost"), assign(n=expr("1 / 0")), **HANDLER)
    chart = postgres.start(document)
    assert "division by zero" in chart.send("go").context["error"]
    assert notes(chart) == []


def test_call_sees_the_callers_changes_and_the_instance_as_it_was(
    postgres: PostgresEngine,
) -> None:
    postgres.connection.execute(
        """
        create table shop.caller (n int);
        grant select on shop.caller to pgsm_caller;
        create function shop.look (id text) returns jsonb
          language sql stable
        return jsonb_build_object('n', (select max(n) from shop.caller));
        grant execute on function shop.look (text) to pgsm_caller;
        """
    )
    action = call("shop.look(text)", expr("instance.id"), assign="seen")
    chart = postgres.start(doing(action))
    postgres.connection.execute("insert into shop.caller values (42)")
    assert chart.send("go").context["seen"] == {"n": 42}


def test_first_step_may_refer_to_the_row_of_its_instance(
    postgres: PostgresEngine,
) -> None:
    postgres.connection.execute(
        """
        create function shop.revision (id text) returns bigint
          language sql stable security definer
        return (select revision from pgsm.instances where instance_id = id);
        """
    )
    value = {"sql": "shop.revision(text)", "args": [expr("instance.id")]}
    chart = postgres.start({"context": {"revision": value}})
    assert chart.snapshot().context == {"revision": 0}


def test_call_that_changes_its_own_instance_is_refused(
    postgres: PostgresEngine,
) -> None:
    postgres.connection.execute(
        """
        create function shop.meddle (id text) returns void
          language plpgsql security definer
        as $$ begin perform pgsm.send_event(id, 'other'); end $$;
        """
    )
    document = doing(call("shop.meddle(text)", expr("instance.id")))
    document["on"]["other"] = {"actions": assign(n=1)}
    assert postgres.start(document).refuse("go").sqlstate == "SM106"


def test_answers_are_kept_with_the_step(postgres: PostgresEngine) -> None:
    chart = postgres.start(doing(call(NOTE, "x", assign="n")))
    chart.send("go")
    (row,) = chart.rows(
        "select answers from pgsm_private.event_log where instance_id = %s"
        " and event = 'go'",
        chart.instance_id,
    )
    assert row["answers"] == [{"value": 1}]


def test_error_that_ends_the_transaction_is_no_outcome(
    postgres: PostgresEngine,
) -> None:
    postgres.connection.execute(
        """
        create function shop.deadlock () returns void
          language plpgsql
        as $$ begin raise exception 'deadlock' using errcode = '40P01'; end $$;
        """
    )
    document = doing(call("shop.deadlock()"), **HANDLER)
    assert postgres.start(document).refuse("go").sqlstate == "40P01"
