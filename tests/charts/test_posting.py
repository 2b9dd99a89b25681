"""post_event: queued now, applied after, in order, and visible when it fails."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from .doors import PostgresChart, PostgresEngine
from .parts import assign, expr, note_event

NAMES = [*"abcdefghijkl", "now", "later", "paid", "next"]
HEAR = {
    "context": {"trace": []},
    "on": {
        **{name: {"actions": note_event()} for name in NAMES},
        "fail": {"actions": assign(n=expr("1 / 0"))},
    },
}


@pytest.fixture
def hearer(postgres: PostgresEngine) -> PostgresChart:
    return postgres.start(HEAR)


def post(chart: PostgresChart, event: str, **options: Any) -> str:
    named = "".join(f", {name} => %s" for name in options)
    (row,) = chart.rows(
        f"select pgsm.post_event(%s, %s{named}) as id",
        chart.instance_id,
        event,
        *options.values(),
    )
    timer_id: str = row["id"]
    return timer_id


def fire(chart: PostgresChart) -> dict[str, Any]:
    (turn,) = chart.rows("select * from pgsm.fire_timers()")
    return turn


def test_posted_events_arrive_in_order(hearer: PostgresChart) -> None:
    for event in "abcdefghijkl":
        post(hearer, event)
    assert hearer.snapshot().context["trace"] == []
    assert fire(hearer)["fired"] == 12
    assert hearer.snapshot().context["trace"] == list("abcdefghijkl")


def test_posted_event_may_be_delayed(hearer: PostgresChart) -> None:
    post(hearer, "later", delay="1 hour")
    post(hearer, "now")
    assert hearer.advance("59 minutes").context["trace"] == ["now"]
    assert hearer.advance("1 minute").context["trace"] == ["now", "later"]


def test_event_id_is_the_timer_and_posts_once(hearer: PostgresChart) -> None:
    assert post(hearer, "paid", event_id="e1") == "e1"
    assert post(hearer, "paid", event_id="e1") == "e1"
    fire(hearer)
    post(hearer, "paid", event_id="e1")
    fire(hearer)
    hearer.send("paid", event_id="e1")
    assert hearer.snapshot().context["trace"] == ["paid"]


def test_event_id_that_was_sent_is_not_posted_again(hearer: PostgresChart) -> None:
    hearer.send("paid", event_id="e1")
    post(hearer, "paid", event_id="e1")
    fire(hearer)
    assert hearer.snapshot().context["trace"] == ["paid"]


@pytest.mark.parametrize("fired", [False, True])
def test_event_id_of_another_event_is_refused(
    hearer: PostgresChart, fired: bool
) -> None:
    post(hearer, "paid", event_id="e1")
    if fired:
        fire(hearer)
    with pytest.raises(psycopg.Error) as refusal:
        post(hearer, "lost", event_id="e1")
    assert refusal.value.sqlstate == "SM107"


def test_failing_posted_event_stays_visible_with_its_error(
    hearer: PostgresChart,
) -> None:
    timer_id = post(hearer, "fail")
    post(hearer, "next")
    turn = fire(hearer)
    assert (turn["fired"], turn["failed"]) == (1, 1)
    assert hearer.snapshot().context["trace"] == ["next"]
    (row,) = hearer.rows(
        "select timer_id, status, attempts, last_error from pgsm.timers"
        " where instance_id = %s",
        hearer.instance_id,
    )
    assert (row["timer_id"], row["status"], row["attempts"]) == (timer_id, "armed", 1)
    assert row["last_error"]["code"] == "SM102"
    assert "division by zero" in row["last_error"]["message"]


def test_posted_event_that_nothing_takes_fails_where_the_document_refuses(
    postgres: PostgresEngine,
) -> None:
    chart = postgres.start({"unhandled": "refuse", "on": {"a": {}}})
    post(chart, "b")
    assert fire(chart)["failed"] == 1
    (row,) = chart.rows(
        "select last_error from pgsm.timers where instance_id = %s", chart.instance_id
    )
    assert row["last_error"]["code"] == "SM101"


@pytest.mark.parametrize(
    ("event", "options", "sqlstate"),
    [
        ("", {}, "SM104"),
        ("done.invoke.x", {}, "SM104"),
        ("a", {"data": "[]"}, "SM104"),
        ("a", {"delay": "-1 second"}, "SM201"),
    ],
)
def test_what_is_no_event_is_refused_at_once(
    hearer: PostgresChart, event: str, options: dict[str, Any], sqlstate: str
) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        post(hearer, event, **options)
    assert refusal.value.sqlstate == sqlstate


INTERNAL = {
    "internalEvents": ["own.*"],
    "keys": {"name": expr("'x'")},
    "context": {"n": 0},
    "on": {"own.step": {"actions": assign(n=1)}, "go": {"actions": assign(n=2)}},
}
SEND_AGAIN = (
    "select pgsm.send_events(jsonb_agg(jsonb_build_object("
    "'instance_id', %(id)s::text, 'event', e))) from unnest(array["
)


@pytest.mark.parametrize(
    "call",
    [
        "select pgsm.post_event(%(id)s, 'own.step')",
        "select pgsm.post_event(%(id)s, 'own.step', delay => '1 day')",
        "select pgsm.post_event(%(id)s, 'own.step', event_id => 'x')",
        "select pgsm.send_event(%(id)s, 'own.step')",
        "select pgsm.send_event_by_key('m1', 'name', 'x', 'own.step')",
        "select pgsm.start_or_send('m1', %(id)s, 'own.step')",
        "select pgsm.start_or_send('m1', 'new', 'own.step')",
        SEND_AGAIN + "'own.step']) as e",
        SEND_AGAIN + "'go', 'go', 'go', 'go', 'go', 'own.step']) as e",
    ],
)
def test_internal_event_is_refused_at_the_call(
    postgres: PostgresEngine, call: str
) -> None:
    chart = postgres.start(INTERNAL)
    with pytest.raises(psycopg.Error) as refusal, postgres.connection.transaction():
        postgres.connection.execute(call.encode(), {"id": chart.instance_id})
    assert refusal.value.sqlstate == "SM104"
    assert refusal.value.diag.message_detail.endswith('internalEvents has "own.*"')
    assert chart.snapshot().revision == 1
    assert chart.rows("select from pgsm.timers") == []


def test_posted_event_is_checked_by_the_version_that_will_take_it(
    postgres: PostgresEngine,
) -> None:
    chart = postgres.start(INTERNAL)
    postgres.define("m1", {**INTERNAL, "internalEvents": ["go"]})
    chart.rows("select pgsm.set_upgrade_policy('m1', 'lazy')")
    with pytest.raises(psycopg.Error) as refusal, postgres.connection.transaction():
        post(chart, "go")
    assert refusal.value.sqlstate == "SM104"
    post(chart, "own.step")
    assert fire(chart)["fired"] == 1
    assert chart.snapshot().revision == 3  # the upgrade, the event


def test_unknown_and_ended_instances_are_refused_at_once(
    hearer: PostgresChart,
) -> None:
    hearer.rows("select pgsm.stop_instance(%s)", hearer.instance_id)
    for instance_id, sqlstate in ((hearer.instance_id, "SM110"), ("none", "SM100")):
        hearer.instance_id = instance_id
        with pytest.raises(psycopg.Error) as refusal, hearer.connection.transaction():
            post(hearer, "a")
        assert refusal.value.sqlstate == sqlstate


def test_posted_event_waits_for_a_paused_instance(hearer: PostgresChart) -> None:
    hearer.rows("select pgsm.pause_instance(%s)", hearer.instance_id)
    post(hearer, "a")
    assert fire(hearer)["fired"] == 0
    hearer.rows("select pgsm.resume_instance(%s)", hearer.instance_id)
    assert fire(hearer)["fired"] == 1
    assert hearer.snapshot().context["trace"] == ["a"]


def test_post_of_an_instance_that_ended_meanwhile_stays_undeliverable(
    hearer: PostgresChart,
) -> None:
    post(hearer, "a")
    hearer.rows("select pgsm.stop_instance(%s)", hearer.instance_id)
    assert fire(hearer)["fired"] == 0
    (row,) = hearer.rows(
        "select status, last_error from pgsm.timers where instance_id = %s",
        hearer.instance_id,
    )
    assert row["status"] == "undeliverable"
    assert row["last_error"]["code"] == "SM110"
