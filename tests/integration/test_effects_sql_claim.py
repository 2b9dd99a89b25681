"""Claiming: who gets which effects, and how many."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg
import pytest

from . import outbox

Connect = Callable[..., psycopg.Connection]


def test_claim_never_returns_more_than_asked(db: psycopg.Connection) -> None:
    outbox.define(db, outbox.job())
    outbox.start(db, *(f"job-{n}" for n in range(7)))
    assert len(outbox.claim(db, 3)) == 3
    assert len(outbox.claim(db, 0)) == 0
    assert len(outbox.claim(db, 10)) == 4


def test_claim_asks_no_more_than_it_wants_even_by_a_nested_loop(
    db: psycopg.Connection,
) -> None:
    outbox.define(db, outbox.job())
    outbox.start(db, *(f"job-{n}" for n in range(20)))
    for way in ("hashjoin", "mergejoin", "seqscan", "bitmapscan"):
        db.execute(f"set local enable_{way} = off")
    assert len(outbox.claim(db, 1)) == 1


def test_limits_bound_each_name(db: psycopg.Connection) -> None:
    outbox.define(db, outbox.job(name="a"), "machine-a")
    outbox.define(db, outbox.job(name="b"), "machine-b")
    outbox.start(db, "a1", "a2", "a3", machine="machine-a")
    outbox.start(db, "b1", "b2", "b3", machine="machine-b")
    rows = db.execute(
        "select name from pgsm.claim_effects("
        "'runner-1', '{a,b,nothing}', 10, limits => '{1,2,5}')"
    ).fetchall()
    assert sorted(rows) == [("a",), ("b",), ("b",)]


def test_a_claim_carries_what_a_handler_needs(db: psycopg.Connection) -> None:
    outbox.define(db, outbox.job({"retry": {"attempts": 3}}))
    outbox.start(db, "job-1", task={"to": "ada"})
    (claimed,) = outbox.claim(db)
    assert claimed.input == {"to": "ada"}
    assert (claimed.attempt, claimed.attempts) == (1, 3)
    assert claimed.key


def test_other_names_are_left_alone(db: psycopg.Connection) -> None:
    outbox.define(db, outbox.job())
    outbox.start(db, "job-1")
    assert outbox.claim(db, names=("other",)) == []
    assert outbox.claim(db, names=()) == []


def test_higher_priority_comes_first(db: psycopg.Connection) -> None:
    outbox.define(db, outbox.job({"priority": 5}), "urgent")
    outbox.define(db, outbox.job())
    outbox.start(db, "job-1")
    outbox.start(db, "urgent-1", machine="urgent")
    assert [c.instance_id for c in outbox.claim(db, 1)] == ["urgent-1"]


def test_two_runners_never_get_the_same_effect(dsn: str, connect: Connect) -> None:
    connection = connect()
    outbox.define(connection, outbox.job())
    outbox.start(connection, *(f"shared-{n}" for n in range(60)))
    found: list[str] = []

    def claim_all(runner: str) -> None:
        with psycopg.connect(dsn, autocommit=True) as own:
            while claims := outbox.claim(own, 3, runner=runner):
                found.extend(claimed.instance_id for claimed in claims)

    threads = [
        threading.Thread(target=claim_all, args=[f"runner-{n}"]) for n in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ours = [instance_id for instance_id in found if instance_id.startswith("shared-")]
    assert len(ours) == len(set(ours)) == 60


def test_effects_of_a_paused_version_wait(db: psycopg.Connection) -> None:
    outbox.define(db, outbox.job())
    outbox.start(db, "job-1")
    db.execute("update pgsm_private.machine_versions set paused = true")
    assert outbox.claim(db) == []
    db.execute("update pgsm_private.machine_versions set paused = false")
    assert len(outbox.claim(db)) == 1


def test_the_invoke_of_a_paused_instance_waits(db: psycopg.Connection) -> None:
    outbox.define(db, outbox.job())
    outbox.start(db, "job-1")
    db.execute("update pgsm_private.instances set status = 'paused'")
    assert outbox.claim(db) == []
    db.execute("update pgsm_private.instances set status = 'active'")
    assert len(outbox.claim(db)) == 1


def test_nothing_is_claimed_in_a_copy_that_was_not_adopted(
    db: psycopg.Connection,
) -> None:
    outbox.define(db, outbox.job())
    outbox.start(db, "job-1")
    db.execute("update pgsm_private.settings set database_oid = 1")
    with pytest.raises(psycopg.Error) as refused:
        outbox.claim(db)
    assert refused.value.sqlstate == "SM302"


@pytest.mark.parametrize(
    ("at_most", "lease"), [(-1, "30 seconds"), (1, "0 seconds"), (1, "-1 second")]
)
def test_a_claim_that_makes_no_sense_is_refused(
    db: psycopg.Connection, at_most: int, lease: str
) -> None:
    with pytest.raises(psycopg.Error) as refused:
        outbox.claim(db, at_most, lease=lease)
    assert refused.value.sqlstate == "SM304"
