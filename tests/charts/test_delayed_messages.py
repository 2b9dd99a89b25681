"""Messages that are still delayed when their sender ends: only SCXML drops them."""

from __future__ import annotations

from typing import Any

import pytest

from .doors import Chart, Engine, PostgresEngine
from .parts import note_event

HEARER = {
    "context": {"trace": []},
    "on": {"later": {"actions": note_event()}, "now": {"actions": note_event()}},
}


def sender(semantics: str, **more: Any) -> Any:
    def send(event: str, delay: str) -> Any:
        to = {"instance": "i-1"}
        return {"type": "send", "to": to, "event": event, "delay": delay}

    both = [send("later", "1 hour"), send("now", "0")]
    return {
        "semantics": semantics,
        "initial": "a",
        "states": {
            "a": {"on": {"end": {"target": "b", "actions": both}}},
            "b": {"type": "final"},
        },
        "on": {"plan": {"actions": both}},
        **more,
    }


def heard(engine: Engine, chart: Chart) -> Any:
    chart.advance("2 hours")
    return engine.get("i-1").snapshot().context["trace"]


@pytest.mark.parametrize(
    ("semantics", "expected"), [("xstate", ["now", "later"]), ("scxml", ["now"])]
)
def test_delayed_message_of_an_scxml_document_goes_with_its_sender(
    engine: Engine, semantics: str, expected: list[str]
) -> None:
    engine.start(HEARER)
    chart = engine.start(sender(semantics))
    chart.send("plan")
    assert chart.send("end").status == "done"
    assert sorted(heard(engine, chart)) == sorted(expected * 2)


def test_delayed_message_of_an_scxml_document_comes_while_its_sender_lives(
    engine: Engine,
) -> None:
    engine.start(HEARER)
    chart = engine.start(sender("scxml"))
    chart.send("plan")
    assert heard(engine, chart) == ["now", "later"]


def test_child_that_is_stopped_takes_its_delayed_messages_along(
    engine: Engine,
) -> None:
    engine.start(HEARER)
    engine.define("child", sender("scxml", initial="c") | _child_states())
    chart = engine.start(
        {
            "initial": "a",
            "states": {
                "a": {"invoke": {"id": "c", "machine": "child"}, "on": {"go": "b"}},
                "b": {},
            },
        }
    )
    chart.send("go")
    assert heard(engine, chart) == ["now"]


def _child_states() -> Any:
    sends = sender("scxml")["states"]["a"]["on"]["end"]["actions"]
    return {"states": {"c": {"entry": sends}}}


@pytest.mark.parametrize("how", ["stop", "delete", "erase"])
def test_sender_that_is_ended_by_hand_takes_its_delayed_messages_along(
    postgres: PostgresEngine, how: str
) -> None:
    postgres.start(HEARER)
    chart = postgres.start(sender("scxml"))
    chart.send("plan")
    chart.rows(f"select pgsm.{how}_instance(%s)", chart.instance_id)
    postgres.get("i-1").advance("2 hours")
    assert postgres.get("i-1").snapshot().context["trace"] == ["now"]


def test_message_that_an_attempt_was_made_of_is_delayed_no_more(
    postgres: PostgresEngine,
) -> None:
    postgres.start({**HEARER, "on": {"now": {"actions": "fail"}}, **_failing()})
    chart = postgres.start(sender("scxml"))
    chart.send("end")
    chart.advance("1 minute")
    (row,) = chart.rows("select event, attempts > 0 as tried from pgsm.timers")
    assert row == {"event": "now", "tried": True}


def _failing() -> Any:
    fail = {"type": "assign", "set": {"n": {"expr": "1 / 0"}}}
    return {"implementations": {"actions": {"fail": fail}}}
