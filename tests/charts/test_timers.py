"""after, delayed raise, cancel: armed and dropped with their state."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from .doors import Engine, PostgresEngine, Timer
from .parts import assign, expr, note, note_event, raise_


def waiting(delay: str, **more: Any) -> Any:
    return {
        "initial": "a",
        "context": {"trace": []},
        "states": {
            "a": {"after": {delay: "late"}, "on": {"go": "b"}},
            "b": {},
            "late": {},
        },
        **more,
    }


@pytest.mark.parametrize(
    ("delay", "due"),
    [
        ("1500", timedelta(seconds=1.5)),
        ("10 minutes", timedelta(minutes=10)),
        ("1 day 2 hours", timedelta(days=1, hours=2)),
        ("PT10M", timedelta(minutes=10)),
        ("P1DT1H", timedelta(days=1, hours=1)),
        ("2 weeks", timedelta(days=14)),
        ("1 month", timedelta(days=31)),
        ("0", timedelta(0)),
    ],
)
def test_delay_falls_due(engine: Engine, delay: str, due: timedelta) -> None:
    chart = engine.start(waiting(delay))
    assert chart.timers() == [Timer(f"after.{delay}.a", due)]
    assert chart.snapshot().value == "a"
    assert chart.advance("31 days").value == "late"
    assert chart.timers() == []


def test_timer_of_an_exited_state_never_fires(engine: Engine) -> None:
    chart = engine.start(waiting("10 minutes"))
    assert chart.send("go").value == "b"
    assert chart.timers() == []
    assert chart.advance("1 hour").value == "b"


def test_timer_does_not_fire_a_moment_too_early(engine: Engine) -> None:
    chart = engine.start(waiting("10 minutes"))
    assert chart.advance("599999 ms").value == "a"
    assert chart.advance("1 ms").value == "late"


def test_reentering_a_state_arms_its_timer_anew(engine: Engine) -> None:
    document = waiting("10 minutes")
    document["states"]["a"]["on"]["again"] = {"target": "a", "reenter": True}
    chart = engine.start(document)
    chart.advance("6 minutes")
    chart.send("again")
    assert [timer.due for timer in chart.timers()] == [timedelta(minutes=16)]
    assert chart.advance("9 minutes").value == "a"
    assert chart.advance("1 minute").value == "late"


def test_other_events_leave_the_timer_alone(engine: Engine) -> None:
    document = waiting("10 minutes")
    document["states"]["a"]["on"]["ping"] = {"actions": note("ping")}
    chart = engine.start(document)
    chart.advance("6 minutes")
    chart.send("ping")
    assert [timer.due for timer in chart.timers()] == [timedelta(minutes=10)]


def test_timers_fire_in_the_order_of_their_due_times(engine: Engine) -> None:
    document = {
        "context": {"trace": []},
        "after": {
            name: {"actions": note_event()}
            for name in ("3 hours", "1 hour", "2 hours", "60 minutes")
        },
    }
    trace = engine.start(document).advance("1 day").context["trace"]
    expected = ["1 hour", "60 minutes", "2 hours", "3 hours"]
    assert trace == [f"after.{delay}." for delay in expected]


def test_guarded_delay_is_asked_once(engine: Engine) -> None:
    document = waiting("10 minutes")
    document["states"]["a"]["after"]["10 minutes"] = [
        {"guard": expr("false"), "target": "b"},
        {"target": "late", "guard": expr("len(context.trace) > 0")},
    ]
    chart = engine.start(document)
    assert chart.advance("1 hour").value == "a"
    assert chart.timers() == []


def test_named_delay_is_computed_on_entry(engine: Engine) -> None:
    document = {
        "initial": "a",
        "context": {"vip": expr("input.vip")},
        "states": {"a": {"after": {"patience": "b"}}, "b": {}},
        "implementations": {
            "delays": {
                "patience": {"expr": "10 if context.vip else 2.5", "unit": "minutes"}
            }
        },
    }
    (timer,) = engine.start(document, {"vip": True}).timers()
    assert timer.due == timedelta(minutes=10)
    (timer,) = engine.start(document, {"vip": False}).timers()
    assert timer.due == timedelta(minutes=2.5)


def at(point: Any) -> Any:
    return {
        "initial": "a",
        "context": {"at": point},
        "states": {"a": {"after": {"then": "b"}}, "b": {}},
        "implementations": {"delays": {"then": {"at": expr("context.at")}}},
    }


@pytest.mark.parametrize(
    ("point", "due"),
    [
        ("2030-01-02T12:00:00Z", timedelta(days=1)),
        ("2030-01-01T14:30:00+02:00", timedelta(minutes=30)),
        ("2020-01-01T00:00:00Z", timedelta(0)),
    ],
)
def test_point_in_time_is_a_delay_and_the_past_is_now(
    engine: Engine, point: str, due: timedelta
) -> None:
    chart = engine.start(at(point))
    assert [timer.due for timer in chart.timers()] == [due]
    assert chart.advance("2 days").value == "b"


def test_null_point_in_time_is_no_timer(engine: Engine) -> None:
    chart = engine.start(at(None))
    assert chart.timers() == []
    assert chart.advance("1 year").value == "a"


@pytest.mark.parametrize(
    ("delay", "sqlstate"),
    [(-1, "SM102"), ("-5 minutes", "SM201"), ("soon", "SM201"), ([], "SM102")],
)
def test_negative_or_senseless_delay_refuses_the_event(
    engine: Engine, delay: Any, sqlstate: str
) -> None:
    later = raise_("later", delay=expr("event.data.delay"))
    chart = engine.start({"on": {"go": {"actions": later}}})
    assert chart.refuse("go", {"delay": delay}).sqlstate == sqlstate


@pytest.mark.parametrize(
    "point", ["tomorrow", "now", "infinity", "-infinity", "", "10000-01-01T00:00:00Z"]
)
def test_what_is_no_iso_time_within_four_digit_years_is_no_point_in_time(
    engine: Engine, point: str
) -> None:
    later = raise_("later", delay={"at": expr("event.data.at")})
    chart = engine.start({"on": {"go": {"actions": later}}})
    assert chart.refuse("go", {"at": point}).sqlstate == "SM201"


def test_text_of_digits_that_an_expression_gives_counts_units(engine: Engine) -> None:
    later = raise_("later", delay=expr("event.data.delay"))
    days = raise_("later", delay={"expr": "'2'", "unit": "days"})
    chart = engine.start({"on": {"go": {"actions": [later, days]}}})
    chart.send("go", {"delay": "1500"})
    due = [timer.due for timer in chart.timers()]
    assert due == [timedelta(milliseconds=1500), timedelta(days=2)]


# -- delayed events and cancel


def delayed() -> Any:
    return {
        "initial": "a",
        "context": {"trace": []},
        "on": {
            "plan": {
                "actions": raise_(
                    "later", delay="1 hour", id="x", data={"n": expr("event.data.n")}
                )
            },
            "drop": {"actions": {"type": "cancel", "id": "x"}},
            "both": {
                "actions": [
                    raise_("later", delay="1 hour", id="x"),
                    {"type": "cancel", "id": "x"},
                ]
            },
            "replace": {
                "actions": [
                    {"type": "cancel", "id": "x"},
                    raise_("later", delay="2 hours", id="x", data={"n": 2}),
                ]
            },
            "later": {"actions": assign(n=expr("event.data.n"))},
            "move": ".b",
        },
        "states": {"a": {"after": {"3 hours": "late"}}, "b": {}, "late": {}},
    }


def test_delayed_event_outlives_the_state(engine: Engine) -> None:
    chart = engine.start(delayed())
    chart.send("plan", {"n": 5})
    chart.send("move")
    assert chart.advance("1 hour").context["n"] == 5


def test_cancelled_event_never_comes(engine: Engine) -> None:
    chart = engine.start(delayed())
    chart.send("plan", {"n": 5})
    chart.send("drop")
    assert "n" not in chart.advance("2 hours").context


def test_event_planned_and_dropped_in_one_step_never_comes(engine: Engine) -> None:
    chart = engine.start(delayed())
    chart.send("both")
    assert [timer.event for timer in chart.timers()] == ["after.3 hours.a"]


def test_cancel_then_plan_is_a_new_date(engine: Engine) -> None:
    chart = engine.start(delayed())
    chart.send("plan", {"n": 1})
    chart.send("replace")
    assert "n" not in chart.advance("1 hour").context
    assert chart.advance("1 hour").context["n"] == 2


def test_cancel_of_an_unknown_id_is_nothing(engine: Engine) -> None:
    chart = engine.start(delayed())
    assert chart.send("drop").outcome == "taken"
    assert [timer.event for timer in chart.timers()] == ["after.3 hours.a"]


# -- the calendar


def calendar_case(
    engine: Engine, start: str, delay: str, zone: str | None = None
) -> datetime:
    engine.clock = datetime.fromisoformat(start)
    zones = {"timeZone": zone} if zone else {}
    (timer,) = engine.start(waiting(delay, **zones)).timers()
    return (engine.clock + timer.due).astimezone(timezone.utc)


@pytest.mark.parametrize(
    ("start", "delay", "zone", "due"),
    [
        ("2030-01-31T12:00:00+00:00", "1 month", None, "2030-02-28T12:00:00+00:00"),
        ("2028-02-29T12:00:00+00:00", "1 year", None, "2029-02-28T12:00:00+00:00"),
        # spring: the night of 31 March 2030 has 23 hours in Berlin
        ("2030-03-30T11:00:00+00:00", "1 day", None, "2030-03-31T11:00:00+00:00"),
        (
            "2030-03-30T11:00:00+00:00",
            "1 day",
            "Europe/Berlin",
            "2030-03-31T10:00:00+00:00",
        ),
        (
            "2030-03-30T11:00:00+00:00",
            "24 hours",
            "Europe/Berlin",
            "2030-03-31T11:00:00+00:00",
        ),
        (
            "2030-03-31T00:30:00+00:00",
            "1 hour",
            "Europe/Berlin",
            "2030-03-31T01:30:00+00:00",
        ),
        # autumn: 2:00 to 3:00 comes twice on 27 October 2030
        (
            "2030-10-26T11:00:00+00:00",
            "1 day",
            "Europe/Berlin",
            "2030-10-27T12:00:00+00:00",
        ),
        (
            "2030-10-27T00:30:00+00:00",
            "0",
            "Europe/Berlin",
            "2030-10-27T00:30:00+00:00",
        ),
        (
            "2030-10-27T00:30:00+00:00",
            "10 minutes",
            "Europe/Berlin",
            "2030-10-27T00:40:00+00:00",
        ),
        (
            "2030-10-27T00:30:00+00:00",
            "1 hour",
            "Europe/Berlin",
            "2030-10-27T01:30:00+00:00",
        ),
        (
            "2030-10-27T00:30:00+00:00",
            "2 hours",
            "Europe/Berlin",
            "2030-10-27T02:30:00+00:00",
        ),
    ],
)
def test_days_follow_the_calendar_and_hours_the_clock(
    engine: Engine, start: str, delay: str, zone: str | None, due: str
) -> None:
    assert calendar_case(engine, start, delay, zone) == datetime.fromisoformat(due)


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2030-07-01 09:00", datetime(2030, 7, 1, 7)),
        ("2030-03-31T02:30", datetime(2030, 3, 31, 1, 30)),
        ("2030-10-27T02:30", datetime(2030, 10, 27, 1, 30)),
    ],
)
def test_time_without_an_offset_is_in_the_zone_of_the_document(
    engine: Engine, local: str, utc: datetime
) -> None:
    chart = engine.start({**at(local), "timeZone": "Europe/Berlin"})
    (timer,) = chart.timers()
    assert engine.clock.replace(tzinfo=None) + timer.due == utc


@pytest.mark.parametrize(
    "settings",
    [
        {"intervalstyle": "sql_standard", "datestyle": "SQL, DMY"},
        {"intervalstyle": "iso_8601", "datestyle": "German, DMY"},
        {"timezone": "Asia/Kathmandu", "datestyle": "Postgres, MDY"},
    ],
)
@pytest.mark.parametrize("delay", ["-", "1 day 1 hour", "1 month", "1 day 02:00"])
def test_session_s_settings_do_not_matter(
    postgres: PostgresEngine, settings: dict[str, str], delay: str
) -> None:
    def due() -> Any:
        if delay == "-":
            chart = postgres.start(at("2030-02-03 04:05:06"))
        else:
            later = raise_("later", delay=expr("event.data.delay"))
            chart = postgres.start({"on": {"go": {"actions": later}}})
            chart.send("go", {"delay": delay})
        query = "select extract(epoch from due_at) as due from pgsm.timers"
        return chart.rows(f"{query} where instance_id = %s", chart.instance_id)

    expected = due()
    for name, value in settings.items():
        postgres.connection.execute("select set_config(%s, %s, true)", [name, value])
    assert due() == expected
    for name, value in settings.items():
        found = postgres.connection.execute("select current_setting(%s)", [name])
        assert found.fetchone() == (value,)
