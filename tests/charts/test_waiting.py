"""Events that come too early, delays that move, answers that come too late."""

from __future__ import annotations

from typing import Any

from .doors import Engine
from .parts import assign, expr, note_event

Json = Any


# -- defer ----------------------------------------------------------------------------

DEFERRING = {
    "initial": "a",
    "context": {"trace": [], "paid": False},
    "states": {
        "a": {
            "defer": ["pay.*", "note"],
            "on": {"next": "b", "stay": {"actions": note_event()}},
        },
        "b": {
            "on": {
                "pay.card": {"target": "c", "actions": note_event()},
                "note": {"actions": note_event()},
            }
        },
        "c": {"on": {"note": {"actions": note_event()}}},
    },
}


def test_event_that_comes_too_early_is_kept_and_offered_again(engine: Engine) -> None:
    chart = engine.start(DEFERRING)
    early = chart.send("pay.card", {"amount": 5})
    assert (early.outcome, early.value, early.revision) == ("deferred", "a", 2)
    chart.send("next")
    after = chart.advance("1 second")
    assert (after.value, after.context["trace"]) == ("c", ["pay.card"])


def test_deferred_events_keep_their_order(engine: Engine) -> None:
    chart = engine.start(DEFERRING)
    for event in ("note", "pay.card", "note"):
        chart.send(event)
    chart.send("next")
    assert chart.advance("1 second").context["trace"] == ["note", "pay.card", "note"]


def test_step_that_stays_where_it_is_offers_nothing_again(engine: Engine) -> None:
    chart = engine.start(DEFERRING)
    chart.send("note")
    chart.send("stay")
    assert chart.advance("1 hour").context["trace"] == ["stay"]


def test_event_is_deferred_again_where_it_is_too_early_still(engine: Engine) -> None:
    document = {
        **DEFERRING,
        "states": {
            **DEFERRING["states"],
            "a": {"defer": ["pay.*", "note"], "on": {"next": "a2"}},
            "a2": {"defer": ["pay.*"], "on": {"next": "b"}},
        },
    }
    chart = engine.start(document)
    chart.send("pay.card")
    chart.send("next")
    assert chart.advance("1 second").value == "a2"
    chart.send("pay.card")
    chart.send("next")
    after = chart.advance("1 second")
    assert (after.value, after.context["trace"]) == ("c", ["pay.card"])


def test_event_that_nobody_defers_is_not_kept(engine: Engine) -> None:
    chart = engine.start(DEFERRING)
    assert chart.send("other").outcome == "no_transition"
    assert chart.timers() == []


# -- rearm ----------------------------------------------------------------------------


def deadline(**more: Json) -> Json:
    return {
        "initial": "open",
        "context": {"days": 1},
        "states": {
            "open": {
                "after": {"deadline": "late"},
                "on": {
                    "move": {
                        "actions": [
                            assign(days=expr("event.data.days")),
                            {"type": "rearm", "delay": "deadline"},
                        ]
                    }
                },
            },
            "late": {},
        },
        "implementations": {
            "delays": {
                "deadline": {"expr": "context.days", "unit": "days"},
            }
        },
        **more,
    }


def test_delay_is_armed_again_from_the_time_of_entry(engine: Engine) -> None:
    chart = engine.start(deadline())
    chart.advance("12 hours")
    chart.send("move", {"days": 3})
    assert [timer.due.days for timer in chart.timers()] == [3]
    assert chart.advance("59 hours").value == "open"
    assert chart.advance("1 hour").value == "late"


def test_delay_that_is_over_by_now_fires_at_once(engine: Engine) -> None:
    chart = engine.start(deadline())
    chart.send("move", {"days": 10})
    chart.advance("5 days")
    chart.send("move", {"days": 2})
    assert chart.advance("1 second").value == "late"


# -- late answers ---------------------------------------------------------------------


def charging(late: str) -> Json:
    return {
        "initial": "charging",
        "context": {"refund": None},
        "states": {
            "charging": {
                "invoke": {
                    "id": "charge",
                    "src": "card.charge",
                    "late": late,
                    "onDone": "charged",
                },
                "on": {"cancel": "cancelled"},
            },
            "charged": {},
            "cancelled": {
                "on": {
                    "late.charge": {
                        "guard": expr("event.error == null"),
                        "actions": assign(refund=expr("event.output.id")),
                    }
                }
            },
        },
        "implementations": {"effects": {"card.charge": {}}},
    }


def test_late_answer_is_delivered_where_that_is_asked_for(engine: Engine) -> None:
    chart = engine.start(charging("deliver"))
    chart.claim("card.charge")
    chart.send("cancel")
    after = chart.complete("card.charge", {"id": "ch-1"})
    assert (after.value, after.context["refund"]) == ("cancelled", "ch-1")
    assert [effect.status for effect in chart.effects()] == ["succeeded"]


def test_late_answer_moves_nothing_otherwise_and_stays_visible(engine: Engine) -> None:
    chart = engine.start(charging("keep"))
    chart.claim("card.charge")
    chart.send("cancel")
    after = chart.complete("card.charge", {"id": "ch-1"})
    assert (after.revision, after.context["refund"]) == (2, None)
    assert [effect.status for effect in chart.effects()] == ["late"]


def test_late_answer_that_nobody_takes_stays_late(engine: Engine) -> None:
    document = charging("deliver")
    del document["states"]["cancelled"]["on"]
    chart = engine.start(document)
    chart.claim("card.charge")
    chart.send("cancel")
    chart.complete("card.charge", {"id": "ch-1"})
    assert [effect.status for effect in chart.effects()] == ["late"]


# -- events that are not for everybody ------------------------------------------------


def test_internal_event_cannot_be_sent_from_outside(engine: Engine) -> None:
    chart = engine.start(
        {
            "initial": "a",
            "internalEvents": ["tick", "own.*"],
            "states": {
                "a": {
                    "on": {
                        "go": {"actions": {"type": "raise", "event": "own.step"}},
                        "own.step": "b",
                    }
                },
                "b": {},
            },
        }
    )
    assert chart.refuse("own.step").sqlstate == "SM104"
    assert chart.refuse("tick").sqlstate == "SM104"
    assert chart.send("go").value == "b"


def test_message_to_nobody_comes_back_as_an_error_event(engine: Engine) -> None:
    send = {"type": "send", "to": {"instance": "nobody"}, "event": "hello"}
    chart = engine.start(
        {
            "context": {"error": None},
            "on": {
                "go": {"actions": send},
                "error.communication": {
                    "actions": assign(error=expr("event.error.to")),
                },
            },
        }
    )
    chart.send("go")
    assert chart.advance("1 second").context == {"error": "nobody"}


def test_delayed_message_can_be_cancelled(engine: Engine) -> None:
    receiver = engine.start(
        {"context": {"n": 0}, "on": {"hi": {"actions": assign(n=1)}}}
    )
    send = {
        "type": "send",
        "to": {"instance": receiver.instance_id},
        "event": "hi",
        "delay": "1 hour",
        "id": "later",
    }
    chart = engine.start(
        {
            "on": {
                "go": {"actions": send},
                "stop": {"actions": {"type": "cancel", "id": "later"}},
            }
        }
    )
    chart.send("go")
    chart.send("stop")
    chart.advance("2 hours")
    assert receiver.advance("1 second").context == {"n": 0}
    chart.send("go")
    chart.advance("2 hours")
    assert receiver.snapshot().context == {"n": 1}


def test_deferred_event_of_an_instance_that_ends_stays_visible(engine: Engine) -> None:
    states = {"a": {"defer": ["early"], "on": {"end": "b"}}, "b": {"type": "final"}}
    chart = engine.start({"initial": "a", "states": states})
    chart.send("early")
    assert chart.send("end").status == "done"
    assert [timer.event for timer in chart.timers()] == ["early"]


def test_inner_state_that_defers_goes_before_an_outer_one_that_takes(
    engine: Engine,
) -> None:
    chart = engine.start(
        {
            "initial": "live",
            "states": {
                "live": {
                    "initial": "charging",
                    "on": {"cancel": ".cancelled"},
                    "states": {
                        "charging": {"defer": ["cancel"], "on": {"charged": "idle"}},
                        "idle": {},
                        "cancelled": {},
                    },
                }
            },
        }
    )
    assert chart.send("cancel").outcome == "deferred"
    chart.send("charged")
    assert chart.advance("1 second").value == {"live": "cancelled"}
