"""send_event's options, and instances that take no events."""

from __future__ import annotations

import json

import pytest

from .doors import PostgresChart, PostgresEngine
from .parts import assign, expr, raise_

COUNT = {
    "initial": "on",
    "context": {"n": 0},
    "states": {
        "on": {
            "on": {
                "add": {"actions": assign(n=expr("context.n + event.data.by"))},
                "never": {"guard": expr("false"), "target": "on"},
                "finish": "end",
            },
            "after": {"1 hour": "late"},
        },
        "late": {},
        "end": {"type": "final"},
    },
}


@pytest.fixture
def count(postgres: PostgresEngine) -> PostgresChart:
    return postgres.start(COUNT)


def logged(chart: PostgresChart) -> int:
    query = "select count(*) as n from pgsm.event_log where instance_id = %s"
    n: int = chart.rows(query, chart.instance_id)[0]["n"]
    return n


def test_same_event_id_gives_the_first_answer_again(count: PostgresChart) -> None:
    first = count.send("add", {"by": 2}, event_id="e1")
    count.send("add", {"by": 1})
    assert count.send("add", {"by": 2}, event_id="e1") == first
    assert count.snapshot().context == {"n": 3}


def test_first_answer_is_given_after_the_end_too(count: PostgresChart) -> None:
    first = count.send("finish", event_id="e1")
    assert first.status == "done"
    assert count.send("finish", event_id="e1") == first


def test_first_answer_of_an_event_that_nothing_took_is_kept(
    count: PostgresChart,
) -> None:
    first = count.send("never", event_id="e1")
    assert first.outcome == "guarded"
    assert count.send("never", event_id="e1") == first


@pytest.mark.parametrize(("event", "by"), [("add", 3), ("other", 2)])
def test_event_id_of_another_event_is_refused(
    count: PostgresChart, event: str, by: int
) -> None:
    count.send("add", {"by": 2}, event_id="e1")
    assert count.refuse(event, {"by": by}, event_id="e1").sqlstate == "SM107"


def test_refused_event_leaves_its_id_free(count: PostgresChart) -> None:
    assert count.refuse("add", {}, event_id="e1").sqlstate == "SM102"
    assert count.send("add", {"by": 2}, event_id="e1").context == {"n": 2}


def test_event_ids_are_of_one_instance(
    postgres: PostgresEngine, count: PostgresChart
) -> None:
    other = postgres.start(COUNT)
    count.send("add", {"by": 1}, event_id="e1")
    assert other.send("add", {"by": 5}, event_id="e1").context == {"n": 5}


def test_event_knows_its_id(postgres: PostgresEngine) -> None:
    chart = postgres.start({"on": {"go": {"actions": assign(id=expr("event.id"))}}})
    assert chart.send("go", event_id="e1").context == {"id": "e1"}
    assert chart.send("go").context == {"id": None}


def test_expected_revision_refuses_an_instance_that_has_moved_on(
    count: PostgresChart,
) -> None:
    seen = count.snapshot().revision
    count.send("add", {"by": 1}, expected_revision=seen)
    refusal = count.refuse("add", {"by": 1}, expected_revision=seen)
    assert refusal.sqlstate == "SM108"


@pytest.mark.parametrize("event", ["unknown", "never"])
def test_unhandled_event_is_refused_where_that_is_asked_for(
    count: PostgresChart, event: str
) -> None:
    assert count.refuse(event, on_unhandled="refuse").sqlstate == "SM101"
    assert count.send(event, on_unhandled="ignore").outcome != "taken"


def test_refusal_names_the_guards(count: PostgresChart) -> None:
    refusal = count.refuse("never", on_unhandled="refuse")
    assert 'in state "on"' in refusal.message
    assert "the guards that said no: false" in refusal.detail


def test_document_decides_about_unhandled_events(postgres: PostgresEngine) -> None:
    chart = postgres.start({**COUNT, "unhandled": "refuse"})
    assert chart.refuse("unknown").sqlstate == "SM101"
    assert chart.send("unknown", on_unhandled="ignore").outcome == "no_transition"


def test_unhandled_event_is_not_logged(count: PostgresChart) -> None:
    before = logged(count)
    count.send("unknown")
    assert logged(count) == before
    count.send("add", {"by": 1})
    assert logged(count) == before + 1


def test_paused_instance_refuses_events_and_holds_its_timers(
    count: PostgresChart,
) -> None:
    count.rows("select pgsm.pause_instance(%s)", count.instance_id)
    assert count.refuse("add", {"by": 1}).sqlstate == "SM111"
    assert count.advance("2 hours").value == "on"
    count.rows("select pgsm.resume_instance(%s)", count.instance_id)
    count.rows("select * from pgsm.fire_timers()")
    assert count.snapshot().value == "late"


def test_stopped_instance_refuses_events_and_has_no_timers(
    count: PostgresChart,
) -> None:
    count.rows("select pgsm.stop_instance(%s, 'no longer wanted')", count.instance_id)
    assert count.refuse("add", {"by": 1}).sqlstate == "SM110"
    assert count.timers() == []


def test_done_instance_refuses_events(count: PostgresChart) -> None:
    count.send("finish")
    assert count.refuse("add", {"by": 1}).sqlstate == "SM110"


def test_message_to_another_instance_arrives_with_its_source(
    postgres: PostgresEngine, count: PostgresChart
) -> None:
    to = {"instance": expr("event.data.to")}
    send = {"type": "send", "to": to, "event": "add", "data": {"by": 7}}
    sender = postgres.start({"on": {"go": {"actions": [send, raise_("told")]}}})
    sender.send("go", {"to": count.instance_id})
    assert count.snapshot().context == {"n": 0}
    count.rows("select * from pgsm.fire_timers()")
    assert count.snapshot().context == {"n": 7}


def test_log_row_tells_the_step(count: PostgresChart) -> None:
    count.send("add", {"by": 2})
    (row,) = count.rows(
        "select event, data, source_states, target_states, changes, transitions"
        " from pgsm_private.event_log where instance_id = %s and event = 'add'",
        count.instance_id,
    )
    assert row == {
        "event": "add",
        "data": {"by": 2},
        "source_states": ["on"],
        "target_states": ["on"],
        "changes": {"set": {"/n": 2}},
        "transitions": ["$.states.on.on.add[0]"],
    }
    assert json.dumps(row)
