"""Waking: only who waits is notified, and nobody is missed."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import psycopg
import pytest

from . import outbox, runners

Connect = Callable[..., psycopg.Connection]


class Answer(NamedTuple):
    is_registered: bool
    horizon: str | None
    may_sleep: bool
    next_in: float | None
    is_limited: bool


@pytest.fixture
def sender(fresh_dsn: str, connect: Connect) -> psycopg.Connection:
    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job())
    return connection


@pytest.fixture
def runner(fresh_dsn: str, connect: Connect) -> psycopg.Connection:
    connection = connect(fresh_dsn)
    connection.execute("listen pgsm_effects")
    connection.execute("select pgsm.register_runner('runner-1', '{test.work}')")
    return connection


def test_nobody_is_notified_while_nobody_waits(
    sender: psycopg.Connection, runner: psycopg.Connection
) -> None:
    outbox.start(sender, "job-1")
    assert _notifications(runner) == 0


def test_a_waiting_runner_is_notified(
    sender: psycopg.Connection, runner: psycopg.Connection
) -> None:
    _wait(runner)
    outbox.start(sender, "job-1")
    assert _notifications(runner) == 1


def test_a_runner_that_found_something_waits_no_more(
    sender: psycopg.Connection, runner: psycopg.Connection
) -> None:
    _wait(runner)
    outbox.start(sender, "job-1")
    _notifications(runner)
    assert len(outbox.claim(runner)) == 1
    outbox.start(sender, "job-2")
    assert _notifications(runner) == 0


def test_a_runner_that_stopped_waiting_is_left_alone(
    sender: psycopg.Connection, runner: psycopg.Connection
) -> None:
    _wait(runner)
    runner.execute("select pgsm.stop_waiting('runner-1')")
    outbox.start(sender, "job-1")
    assert _notifications(runner) == 0


def test_an_old_snapshot_always_notifies(
    sender: psycopg.Connection, runner: psycopg.Connection
) -> None:
    sender.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    with sender.transaction():
        sender.execute("select 1")
        _wait(runner)
        outbox.start(sender, "job-1")
    assert _notifications(runner) == 1


def test_notifying_can_be_switched_off(
    sender: psycopg.Connection, runner: psycopg.Connection
) -> None:
    _wait(runner)
    sender.execute("set pgsm.notify = off")
    outbox.start(sender, "job-1")
    assert _notifications(runner) == 0


def test_a_runner_may_not_sleep_while_a_sender_could_have_missed_it(
    sender: psycopg.Connection, runner: psycopg.Connection
) -> None:
    with sender.transaction():
        outbox.start(sender, "job-1")  # nobody waits, so nobody is notified
        assert _wait(runner).horizon is None
        asked = _wait(runner)
        assert asked.horizon is not None
        assert asked.may_sleep is False
        assert outbox.claim(runner) == []
        assert _wait(runner, asked.horizon).may_sleep is False
    _until_it_may_sleep(runner, asked.horizon)
    assert len(outbox.claim(runner)) == 1


def test_a_sender_that_begins_after_the_flag_keeps_nobody_awake(
    sender: psycopg.Connection, runner: psycopg.Connection
) -> None:
    _wait(runner)
    horizon = _wait(runner).horizon
    with sender.transaction():
        outbox.start(sender, "job-1")
        _until_it_may_sleep(runner, horizon)
    assert _notifications(runner) == 1


def test_a_runner_that_is_not_registered_is_told(runner: psycopg.Connection) -> None:
    runner.execute("select pgsm.unregister_runner('runner-1')")
    assert _wait(runner) == Answer(False, None, False, None, False)


def test_a_runner_is_told_when_the_next_attempt_is_due(
    sender: psycopg.Connection, runner: psycopg.Connection
) -> None:
    outbox.start(sender, "job-1", "job-2")
    for claimed, wait in zip(outbox.claim(runner), ("1 hour", "1 day"), strict=True):
        outbox.fail(runner, claimed, retry_after=wait)
    assert 3000 < (_wait(runner).next_in or 0) <= 3600
    sender.execute("select pgsm.pause_effects('test.work')")
    assert _wait(runner).next_in is None


def test_what_is_due_later_is_seen_behind_what_is_due_and_waits(
    sender: psycopg.Connection, runner: psycopg.Connection
) -> None:
    # an invoke of a paused instance, which was not put aside
    outbox.start(sender, "job-1", "job-2")
    (claimed, _) = outbox.claim(runner)
    outbox.fail(runner, claimed, retry_after="1 hour")
    sender.execute(
        "select pgsm.release_effects('r', (select jsonb_agg(e) from"
        " (select instance_id, effect_id, lease_token from pgsm_private.effects"
        " where status = 'running') as e))"
    )
    sender.execute("update pgsm_private.instances set status = 'paused'")
    assert outbox.claim(runner) == []
    assert 3000 < (_wait(runner).next_in or 0) <= 3600


def test_a_runner_is_told_when_a_rate_lets_the_next_one_go(
    sender: psycopg.Connection, runner: psycopg.Connection
) -> None:
    sender.execute("select pgsm.limit_effects('test.work', rate => 1, per => '1 hour')")
    outbox.start(sender, "job-1", "job-2")
    assert len(outbox.claim(runner)) == 1
    answer = _wait(runner)
    assert 3000 < (answer.next_in or 0) <= 3600
    assert not answer.is_limited


def test_a_runner_is_told_that_one_waits_for_another_to_end(
    sender: psycopg.Connection, runner: psycopg.Connection
) -> None:
    sender.execute("select pgsm.limit_effects('test.work', concurrency => 1)")
    outbox.start(sender, "job-1", "job-2")
    (claimed,) = outbox.claim(runner)
    answer = _wait(runner)
    assert (answer.next_in, answer.is_limited) == (None, True)
    outbox.complete(runner, claimed)
    outbox.complete(runner, *outbox.claim(runner))
    assert not _wait(runner).is_limited


def test_the_views_show_who_lives_and_who_waits(runner: psycopg.Connection) -> None:
    _wait(runner)
    row = runner.execute(
        "select runner_id, names, is_waiting, is_alive from pgsm.runners"
    ).fetchone()
    assert row == ("runner-1", ["test.work"], True, True)


def test_effect_names_say_what_nobody_handles(
    sender: psycopg.Connection, runner: psycopg.Connection
) -> None:
    outbox.define(sender, outbox.job(name="unknown"), "other")
    rows = sender.execute(
        "select name, machine, is_handled from pgsm.effect_names order by name"
    ).fetchall()
    assert rows == [("test.work", "job", True), ("unknown", "other", False)]


def _wait(connection: psycopg.Connection, since: str | None = None) -> Answer:
    row = connection.execute(
        "select is_registered, horizon::text, may_sleep, next_in, is_limited"
        " from pgsm.wait_for_effects('runner-1', %s::text::xid8)",
        [since],
    ).fetchone()
    assert row is not None
    return Answer(*row)


def _until_it_may_sleep(connection: psycopg.Connection, since: str | None) -> None:
    # transactions of the server's other databases count, too, and may be under way
    runners.until(lambda: _wait(connection, since).may_sleep)


def _notifications(connection: psycopg.Connection) -> int:
    """How many there were until now, which a last one marks."""
    connection.execute("notify pgsm_effects, 'the last one'")
    for before, notification in enumerate(connection.notifies(timeout=60)):
        if notification.payload:
            return before
    raise AssertionError("the last one did not arrive")
