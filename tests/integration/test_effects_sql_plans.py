"""A claim reads by its indexes and little, beside 100,000 waiting and 1,000,000 done.

Asserted by the shape of the plans and by how many rows they touched, not by the time.
"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from . import outbox, plans

# Plans of functions are made anew for the first five calls, and then kept.
CALLS = 7
FILL = """
    alter table pgsm_private.effects set unlogged;
    alter table pgsm_private.effects drop constraint effects_pkey;
    insert into pgsm_private.effects (
        instance_id, effect_id, machine, version, name, kind, key, policy,
        status, due_at, created_at, claimed_at, finished_at
    )
    select
        'done-' || n, '1/1', 'job', 1, (array['a', 'b', 'c'])[1 + n % 3], 'action',
        'k' || n, '{}', 'succeeded', t.early, t.early, t.early, t.early
    from generate_series(1, 1000000) as n,
        (select now() - interval '1 hour' as early) as t;
    insert into pgsm_private.effects (
        instance_id, effect_id, machine, version, name, kind, key, policy,
        status, priority, due_at, deadline_at, created_at
    )
    select
        'wait-' || n, '1/1', 'job', 1, (array['a', 'b', 'c'])[1 + n % 3], 'action',
        'k' || n, '{}', case n % 2 when 0 then 'pending' else 'retrying' end, n % 5,
        -- of the highest priority none is due
        t.early + n * interval '1 millisecond'
            + case n % 5 when 4 then interval '1 day' else '0' end,
        case n % 10 when 0 then t.early + interval '1 day' end, t.early
    from generate_series(1, 100000) as n,
        (select now() - interval '1 hour' as early) as t;
    insert into pgsm_private.effects (
        instance_id, effect_id, machine, version, name, kind, key, policy,
        status, due_at, created_at, place, held_back
    )
    select
        'ordered-' || n / 1000, n % 1000 || '/1', 'job', 1, 'ordered', 'action',
        'k' || n, '{"ordered": true}', 'pending', t.early, t.early,
        array[n % 1000, 1], n % 1000 > 0
    from generate_series(0, 9999) as n,
        (select now() - interval '1 hour' as early) as t;
    alter table pgsm_private.effects add constraint effects_pkey
        primary key (instance_id, effect_id);
"""


@pytest.fixture(scope="module")
def full_dsn(dsn: str) -> str:
    with psycopg.connect(dsn) as connection:
        outbox.define(connection, outbox.job())
        connection.execute(FILL)
    return dsn


@pytest.fixture(params=["without statistics", "analyzed"])
def queue(
    request: pytest.FixtureRequest, full_dsn: str
) -> Iterator[psycopg.Connection]:
    with psycopg.connect(full_dsn) as connection:
        if request.param == "analyzed":
            connection.execute("analyze pgsm_private.effects")
        yield connection
        connection.rollback()


@pytest.mark.parametrize(
    ("names", "setting", "claimed"),
    [
        (("a",), "", 10),
        (("a", "b", "c", "ordered", "none"), "", 10),
        (("ordered",), "", 10 - CALLS),
        (("a", "b"), "select pgsm.pause_effects('a')", 10),
        (("a",), "select pgsm.pause_effects('a')", 0),
        (("a", "b"), "select pgsm.limit_effects('a', 1000, 100000)", 10),
        (("a",), "select pgsm.limit_effects('a', 40)", 0),
        (("none",), "", 0),
    ],
)
def test_a_claim_reads_by_indexes_and_little(
    queue: psycopg.Connection, names: tuple[str, ...], setting: str, claimed: int
) -> None:
    if setting:
        queue.execute(setting)  # type: ignore[call-overload]
    for _ in range(CALLS):
        outbox.claim(queue, 1 if names == ("ordered",) else 10, names)
    with plans.explained(queue) as explained:
        found = outbox.claim(queue, 10, names)
    assert len(found) == claimed
    scans = explained.scans("effects")
    assert any("effects_due_idx" in scan for scan in scans)
    assert not any("Seq Scan" in scan for scan in scans)
    assert explained.rows_touched("effects") < 500


def test_statistics_read_what_is_not_over_by_indexes(full_dsn: str) -> None:
    with psycopg.connect(full_dsn) as connection:
        connection.execute("analyze pgsm_private.effects")
        with plans.explained(connection) as explained:
            rows = connection.execute("select * from pgsm.effect_stats").fetchall()
    assert {row[0] for row in rows} == {"a", "b", "c", "ordered"}
    assert not any("Seq Scan" in scan for scan in explained.scans("effects"))
    # twice where a bitmap of them is made first
    assert explained.rows_touched("effects") < 250_000
