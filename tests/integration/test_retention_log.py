"""The log's partitions: made ahead, dropped behind, and no event waits for that."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.databases import Connect

from .keeping import Connection, column, define, keep, run, send, start

OLD = "date_trunc('month', now() at time zone 'UTC') - %s * interval '1 month'"


@pytest.fixture
def one(fresh_dsn: str, connect: Connect) -> Connection:
    connection = connect(fresh_dsn)
    define(connection)
    start(connection, "a", "b")
    return connection


def months(connection: Connection) -> list[str]:
    return column(
        connection,
        "select inhrelid::regclass::text from pg_inherits"
        " where inhparent = 'pgsm_private.event_log'::regclass order by 1",
    )


def log_in_the_past(connection: Connection, *ago: int) -> None:
    """A step of each month so many months ago, in a partition of its own."""
    for number in ago:
        connection.execute(
            "insert into pgsm_private.event_log select (jsonb_populate_record(l,"
            " jsonb_build_object('revision', 1000 + %s, 'recorded_at',"
            f" ({OLD} + interval '3 days')))).*"
            " from pgsm_private.event_log as l"
            " where instance_id = 'a' and revision = 1",
            [number, number],
        )
    connection.execute("select pgsm.make_log_partitions()")


def without_partitions(connection: Connection) -> None:
    """As where nobody has made any for months, or the clock is far ahead."""
    for name in months(connection):
        if "default" not in name:
            connection.execute(f"drop table {name}".encode())


def rows_in_default(connection: Connection) -> int:
    (count,) = column(connection, "select count(*) from pgsm_private.event_log_default")
    return int(count)


def test_an_event_without_a_partition_is_taken_and_is_in_the_log(
    one: Connection,
) -> None:
    without_partitions(one)
    assert send(one, "a", "note") == ("taken", 2)
    look = "select event from pgsm.event_log where instance_id = 'a'"
    assert column(one, look) == ["note"]
    assert rows_in_default(one) == 1


def test_what_lies_in_the_default_partition_moves_to_its_month(one: Connection) -> None:
    without_partitions(one)
    send(one, "a", "note")
    assert column(one, "select pgsm.make_log_partitions()") == [5]
    assert rows_in_default(one) == 0
    look = "select event from pgsm.event_log where instance_id = 'a'"
    assert column(one, look) == ["note"]
    assert column(one, "select partitions_ahead from pgsm.timer_status()") == [4]


def test_months_that_are_over_get_their_partitions_too(one: Connection) -> None:
    log_in_the_past(one, 3, 5)
    assert rows_in_default(one) == 0
    assert len(months(one)) == 8  # five, the default, and these


def test_a_crowded_month_stays_where_it_is_till_it_is_over(one: Connection) -> None:
    """Senders would wait while it is moved."""
    without_partitions(one)
    one.execute(
        "insert into pgsm_private.event_log select (jsonb_populate_record("
        "null::pgsm_private.event_log, to_jsonb(l) || jsonb_build_object('revision', n,"
        " 'recorded_at', now()))).*"
        " from generate_series(1, 10001) as n, (select jsonb_build_object("
        "'instance_id', 'c', 'machine', 'm', 'version', 1, 'origin', 'event', 'event',"
        " 'e', 'data', '{}'::jsonb, 'clock', now(), 'actor', '{}'::jsonb,"
        " 'source_states', '[]'::jsonb, 'target_states', '[]'::jsonb, 'transitions',"
        " '[]'::jsonb, 'release', 'x') as l) as l"
    )
    assert column(one, "select pgsm.make_log_partitions()") == [4]
    assert rows_in_default(one) == 10001
    assert send(one, "a", "note") == ("taken", 2)


def test_months_older_than_the_retention_are_dropped(one: Connection) -> None:
    log_in_the_past(one, 1, 2, 5, 14)
    assert run(one) == {}
    keep(one, "log", "4 months")
    before = len(months(one))
    assert run(one) == {"log": 2}
    assert len(months(one)) == before - 2
    left = "select revision from pgsm.event_log where revision > 1000 order by 1"
    assert column(one, left) == [1001, 1002]
    assert send(one, "a", "note") == ("taken", 2)


def test_this_month_and_those_ahead_are_never_dropped(one: Connection) -> None:
    before = months(one)
    keep(one, "log", "0")
    assert run(one) == {}
    assert months(one) == before


def test_senders_go_on_while_a_month_cannot_be_dropped(
    one: Connection, fresh_dsn: str, connect: Connect
) -> None:
    """A long transaction has written to the log; the run tries again and again."""
    log_in_the_past(one, 14)
    keep(one, "log", "1 year")
    long, sender = connect(fresh_dsn), connect(fresh_dsn)
    removed: list[Any] = []
    with long.transaction():
        send(long, "b", "note")
        tries = threading.Thread(target=lambda: removed.append(run(one)))
        tries.start()
        for number in range(50):
            assert send(sender, "a", "note") == ("taken", number + 2)
        assert removed == []
    tries.join(60)
    assert removed == [{"log": 1}]


def test_a_month_that_is_not_to_be_had_is_said_so(
    one: Connection, fresh_dsn: str, connect: Connect
) -> None:
    log_in_the_past(one, 14)
    keep(one, "log", "1 year")
    long = connect(fresh_dsn)
    with long.transaction():
        send(long, "b", "note")
        assert column(one, "select pgsm.prune('log')") == [None]
    assert column(one, "select pgsm.prune('log')") == [1]
    assert column(one, "select pgsm.prune('log')") == [0]


def test_partitions_are_not_made_while_someone_reads_the_log_and_nobody_waits_long(
    one: Connection, fresh_dsn: str, connect: Connect
) -> None:
    without_partitions(one)
    reader, sender = connect(fresh_dsn), connect(fresh_dsn)
    with reader.transaction():
        reader.execute("select count(*) from pgsm.event_log")
        assert column(one, "select pgsm.make_log_partitions()") == [0]
        assert send(sender, "a", "note") == ("taken", 2)
    assert column(one, "select pgsm.make_log_partitions()") == [5]


def test_a_vacuum_of_a_month_does_not_hold_up_the_making_of_others(
    one: Connection, fresh_dsn: str, connect: Connect
) -> None:
    vacuum = connect(fresh_dsn)
    month = months(one)[0]
    with vacuum.transaction():
        # what a vacuum holds
        vacuum.execute(f"lock table {month} in share update exclusive mode".encode())
        assert column(one, "select pgsm.make_log_partitions(6)") == [2]


def test_an_instance_is_undone_sent_to_and_replayed_without_its_old_log(
    one: Connection,
) -> None:
    """Its state, timers and effects are not in the log."""
    send(one, "a", "note")
    one.execute("select pgsm.set_state('a', '{open}', reason => 'test')")
    one.execute("truncate pgsm_private.event_log")
    assert column(one, "select revision from pgsm.undo_upgrade('a')") == [4]
    assert send(one, "a", "note") == ("taken", 5)


def test_several_sessions_make_partitions_at_once(
    one: Connection, fresh_dsn: str, connect: Connect
) -> None:
    without_partitions(one)
    sessions = [connect(fresh_dsn) for _ in range(4)]
    said: list[Any] = []

    def make(session: Connection) -> None:
        said.append(column(session, "select pgsm.make_log_partitions()"))

    threads = [threading.Thread(target=make, args=[session]) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(said) == [[0], [0], [0], [5]]
