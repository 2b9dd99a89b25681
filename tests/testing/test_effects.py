"""Effects: answers by hand and by fake handlers, attempts, deadlines, order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pgsm.testing import (
    Effect,
    NotFound,
    PermanentFailure,
    Refused,
    RetryAfter,
    Takes,
    World,
    by_attempt,
)

from .machines import expr, machine, note, working


def started(world: World, **policy: Any) -> Any:
    world.define(working(**policy), "m")
    return world.start("m")


def test_effect_waits_for_its_answer(world: World) -> None:
    m = started(world)
    world.advance("1 year")
    (effect,) = m.effects
    assert (effect.status, effect.name, effect.invoke_id) == ("pending", "work", "job")
    assert m.complete("work", {"n": 1}).value == "done"
    assert m.context["output"] == {"n": 1}
    assert m.effects[0].status == "succeeded"


def test_effect_is_found_by_invoke_id_effect_id_and_itself(world: World) -> None:
    m = started(world)
    (effect,) = m.effects
    assert m.effect("job") == m.effect("1/1") == m.effect(effect) == effect


def test_effect_that_is_not_there_is_named_with_those_that_are(world: World) -> None:
    m = started(world)
    with pytest.raises(NotFound, match=r"work \(1/1\) pending"):
        m.complete("wrok")


def test_failure_by_hand_is_final(world: World) -> None:
    m = started(world)
    m.fail("work", {"message": "declined", "code": "card"})
    error = {
        "type": "error",
        "message": "declined",
        "code": "card",
        "data": None,
        "permanent": True,
        "attempts": 1,
    }
    assert (m.value, m.context["error"]) == ("failed", error)
    assert m.effects[0].error == {**error, "handled": True}


def test_failed_attempt_by_hand_is_tried_again(world: World) -> None:
    m = started(world)
    m.fail("work", "down", permanent=False)
    assert m.value == "on"
    assert m.effect("work").status == "retrying"
    assert m.effect("work").due_at - world.clock == timedelta(seconds=2)
    m.fail("work", "down", permanent=False, retry_after=60)
    assert m.effect("work").due_at - world.clock == timedelta(minutes=1)


def test_handler_is_given_the_effect(world: World) -> None:
    seen: list[Effect] = []
    world.effect("work", seen.append)
    started(world)
    world.settle()
    (effect,) = seen
    assert (effect.instance_id, effect.attempt, effect.status) == ("m-1", 1, "running")
    assert effect.key == "m-1/1/1/1/1"


def test_handler_s_result_is_the_output(world: World) -> None:
    world.effect("work", {"fixed": 1})
    m = started(world)
    assert m.value == "on"  # until the world settles
    world.settle()
    assert m.context["output"] == {"fixed": 1}


def test_attempts_are_spread_by_the_policy(world: World) -> None:
    times = []

    def work(effect: Effect) -> None:
        times.append((world.clock - effect.created_at).total_seconds())
        raise OSError("down")

    world.effect("work", work)
    m = started(
        world, retry={"attempts": 4, "backoff": "10s", "factor": 2, "max": "30s"}
    )
    world.advance("1 hour")
    assert times == [0, 10, 30, 60]
    assert m.value == "failed"
    assert m.context["error"]["type"] == "OSError"
    assert m.context["error"]["attempts"] == 4


def test_ten_attempts_in_about_an_hour_by_default(world: World) -> None:
    world.effect("work", OSError("down"))
    m = started(world)
    begun = world.clock
    while m.value == "on":
        world.advance_to_next()
    assert m.effects[0].attempt == 10
    assert timedelta(minutes=50) < world.clock - begun < timedelta(minutes=70)


def test_key_is_the_same_for_all_attempts(world: World) -> None:
    keys = []
    world.effect("work", lambda effect: keys.append(effect.key) or 1 / 0)
    started(world)
    world.advance("1 minute")
    assert len(keys) > 2
    assert len(set(keys)) == 1


def test_permanent_failure_is_not_tried_again(world: World) -> None:
    world.effect("work", PermanentFailure("declined", code="card", data={"x": 1}))
    m = started(world)
    world.settle()
    error = m.context["error"]
    assert (error["code"], error["data"], error["permanent"]) == (
        "card",
        {"x": 1},
        True,
    )


def test_handler_says_when_to_try_again(world: World) -> None:
    world.effect("work", by_attempt(RetryAfter(90), "ok"))
    m = started(world)
    world.settle()
    assert m.effect("work").due_at - world.clock == timedelta(seconds=90)
    world.advance("90 seconds")
    assert m.context["output"] == "ok"


def test_failed_assertion_in_a_handler_is_the_tests_own(world: World) -> None:
    def work(effect: Effect) -> None:
        raise AssertionError("as expected")

    world.effect("work", work)
    m = started(world)
    with pytest.raises(AssertionError, match="as expected"):
        world.settle()
    assert m.effect("work").status == "pending"


def test_answer_may_take_time(world: World) -> None:
    world.effect("work", Takes("20 seconds", {"ok": True}))
    m = started(world)
    world.advance("19 seconds")
    assert (m.value, m.effect("work").status) == ("on", "running")
    world.advance("1 second")
    assert m.value == "done"


def test_attempt_that_takes_too_long_has_failed(world: World) -> None:
    world.effect("work", Takes("20 seconds", {"ok": True}))
    m = started(world, timeout="5s", retry={"attempts": 2, "backoff": "1s"})
    world.advance("5 seconds")
    assert m.effect("work").error["type"] == "timeout"
    world.advance("6 seconds")
    assert m.value == "failed"


def test_attempt_may_not_last_beyond_the_deadline(world: World) -> None:
    world.effect("work", Takes("1 hour", {"ok": True}))
    m = started(world, within="10 minutes", timeout="30 minutes")
    world.advance("10 minutes")
    assert (m.value, m.effects[0].error["type"]) == ("failed", "timeout")


def test_nobody_tries_after_the_deadline(world: World) -> None:
    world.effect("work", OSError("down"))
    m = started(world, within="1 minute")
    world.advance("1 minute")
    # after 0, 2, 8 and 26 seconds; the next were after 80
    assert (m.value, m.effects[0].attempt) == ("failed", 4)


def test_effect_that_waits_beyond_its_deadline_has_failed(world: World) -> None:
    m = started(world, within="1 minute")
    world.advance("59 seconds")
    assert m.value == "on"
    world.advance("1 second")
    assert m.context["error"]["type"] == "deadline"


def test_failure_that_no_transition_takes_stays_open_to_be_retried(
    world: World,
) -> None:
    document = working()
    del document["states"]["on"]["invoke"]["onError"]
    world.define(document, "m")
    m = world.start("m")
    m.fail("work", "down")
    assert (m.value, m.effects[0].status) == ("on", "failed")
    assert m.retry("1/1").status == "pending"
    assert m.complete("work").value == "done"


def test_effect_of_a_left_state_never_runs(world: World) -> None:
    world.effect("work", {"ran": True})
    m = started(world)
    m.send("leave")
    assert m.effects[0].status == "cancelled"
    assert world.settle() == 0
    with pytest.raises(Refused) as refusal:
        m.complete("1/1")
    assert refusal.value.sqlstate == "SM303"


def test_answer_that_is_refused_leaves_the_effect_as_it_was(world: World) -> None:
    document = working()
    document["states"]["done"] = {"entry": note("context.missing")}
    world.define(document, "m")
    m = world.start("m")
    before = world.dump()
    with pytest.raises(Refused, match="missing"):
        m.complete("work")
    assert world.dump() == before


def test_answer_that_is_refused_is_kept_with_its_error() -> None:
    world = World(failures="keep")
    document = working()
    document["states"]["done"] = {"entry": note("context.missing")}
    world.define(document, "m")
    m = world.start("m")
    m.complete("work", 7)
    (effect,) = m.effects
    assert (m.value, effect.status, effect.output) == ("on", "failed", 7)
    assert effect.error["type"] == "refused"


def test_action_s_effect_runs_whatever_becomes_of_its_state(world: World) -> None:
    effect = {"type": "effect", "name": "mail", "reply": "mailed"}
    on = {"mailed": {"actions": note("event.output.id")}}
    document = machine(
        {"a": {"entry": effect, "on": {"go": "b"}}, "b": {"on": on}},
        implementations={"effects": {"mail": {}}},
    )
    world.define(document, "m")
    m = world.start("m")
    m.send("go")
    world.effect("mail", {"id": 5})
    world.settle()
    assert m.notes == [5]


def test_failed_action_sends_no_event(world: World) -> None:
    effect = {"type": "effect", "name": "mail", "reply": "mailed"}
    document = machine(
        {"a": {"entry": effect}}, implementations={"effects": {"mail": {}}}
    )
    world.define(document, "m")
    m = world.start("m")
    m.fail("mail", "down")
    assert (m.revision, m.effects[0].status) == (1, "failed")


def mailing(**policy: Any) -> Any:
    """Each `go` sends a mail with its number."""
    effect = {"type": "effect", "name": "mail", "input": expr("event.data")}
    return machine(
        {"a": {"on": {"go": {"actions": effect}}}},
        implementations={"effects": {"mail": policy}},
    )


def test_ordered_effects_wait_for_each_other(world: World) -> None:
    ran = []

    def mail(effect: Effect) -> None:
        ran.append(effect.input["n"])
        if effect.input["n"] == 1 and effect.attempt == 1:
            raise OSError("down")

    world.effect("mail", mail)
    world.define(mailing(ordered=True), "ordered")
    world.define(mailing(), "free")
    for name in ("free", "ordered"):
        m = world.start(name)
        for n in (1, 2, 3):
            m.send("go", {"n": n})
        world.advance("1 minute")
    assert ran == [1, 2, 3, 1, 1, 1, 2, 3]


def test_effect_of_higher_priority_runs_first(world: World) -> None:
    ran: list[str] = []
    for name in ("low", "high"):
        world.effect(name, lambda effect: ran.append(effect.name))
    both = [{"type": "effect", "name": name} for name in ("low", "high")]
    document = machine(
        {"a": {"entry": both}},
        implementations={"effects": {"low": {}, "high": {"priority": 5}}},
    )
    world.start(world.define(document, "m"))
    world.settle()
    assert ran == ["high", "low"]


def test_business_key_is_the_idempotency_key(world: World) -> None:
    effect = {"type": "effect", "name": "mail", "key": expr("'order-' + str(7)")}
    document = machine(
        {"a": {"entry": effect}}, implementations={"effects": {"mail": {}}}
    )
    m = world.start(world.define(document, "m"))
    assert m.effects[0].key == "order-7"


def test_cancelled_effect_sends_no_event(world: World) -> None:
    m = started(world)
    assert m.cancel("work").status == "cancelled"
    assert (m.value, m.revision) == ("on", 1)


def test_answer_of_a_paused_instance_waits(world: World) -> None:
    m = started(world)
    m.pause()
    m.complete("work", 1)
    assert m.value == "on"
    m.resume()
    world.settle()
    assert m.value == "done"


def test_handler_may_send_events(world: World) -> None:
    def work(effect: Effect) -> str:
        world[effect.instance_id].send("leave")
        return "too late"

    world.effect("work", work)
    m = started(world)
    world.settle()
    assert (m.value, m.effects[0].status) == ("left", "late")
