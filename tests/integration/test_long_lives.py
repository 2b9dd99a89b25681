"""What an event costs does not grow with what its instance has done before."""

from __future__ import annotations

import psycopg
import pytest

from tests.databases import Connect

from .keeping import MACHINE, Connection, column, define, send, start

EVER = 2000
BUSY = {
    **MACHINE,
    "states": {
        name: {
            "invoke": {"id": "work", "src": "note"},
            "after": {"1 day": after},
            "on": {"next": after},
        }
        for name, after in (("a", "b"), ("b", "a"))
    }
    | {"over": {"type": "final"}},
    "initial": "a",
}
READ = """
    select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::integer
    from pg_stat_xact_user_tables
    where schemaname = 'pgsm_private' and relname = %s
"""


@pytest.fixture
def old(fresh_dsn: str, connect: Connect) -> Connection:
    """a has done much: effects, log rows, event ids."""
    one = connect(fresh_dsn)
    define(one, BUSY)
    start(one, "a")
    one.execute(
        "insert into pgsm_private.effects select (jsonb_populate_record(e,"
        " jsonb_build_object('effect_id', '0/' || n, 'status', 'succeeded',"
        " 'finished_at', now()))).*"
        " from pgsm_private.effects as e, generate_series(1, %s) as n",
        [EVER],
    )
    one.execute(
        "insert into pgsm_private.event_ids select 'a', n, 'next', '{}', '{}', now()"
        " from generate_series(1, %s) as n",
        [EVER],
    )
    one.execute(
        "insert into pgsm_private.event_log select (jsonb_populate_record(l,"
        " jsonb_build_object('revision', -n))).*"
        " from pgsm_private.event_log as l, generate_series(1, %s) as n",
        [EVER],
    )
    one.execute("analyze")
    return one


@pytest.mark.parametrize("table", ["effects", "event_ids", "event_log", "timers"])
def test_an_event_reads_few_rows_of_a_long_history(
    old: Connection, table: str, fresh_dsn: str
) -> None:
    with psycopg.connect(fresh_dsn) as session:
        # plans of functions are made anew for the first five calls, and then kept
        for number in range(7):
            send(session, "a", "next", f"e-{number}")
        (before,) = column(session, READ, table)
        assert send(session, "a", "next", "e-7") == ("taken", 9)
        (after,) = column(session, READ, table)
    assert (after or 0) - (before or 0) < 50
