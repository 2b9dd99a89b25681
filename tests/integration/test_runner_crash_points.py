"""Runner, server or connections are lost, each at each point of an effect's way.

The runner is a real process that waits at the point until it is told to go on; in the
middle of a batch it is the server that waits, for a row that the test has locked.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pgsm import devdb

from . import crashing, outbox, runners

POINTS = ["before claim", "after claim", "in handler", "before complete", "in batch"]
JOBS = [f"job-{n}" for n in range(6)]
LOCKED = JOBS[-1]  # the last of a batch, which goes by instances
LEASE = {"runner": "2", "server": "30", "connections": "30"}

HANDLERS = """
import asyncio, os
from pathlib import Path

from pgsm import effects
from pgsm.runner.database import Database

MARK = Path(os.environ["MARK"])
GO = MARK.with_suffix(".go")
claim, complete = Database.claim, Database.complete


async def reach(point):
    if point == os.environ["POINT"] and not MARK.exists():
        MARK.touch()
        while not GO.exists():
            await asyncio.sleep(0.01)


async def stopping_claim(self, *arguments):
    await reach("before claim")
    claims = await claim(self, *arguments)
    if claims:
        await reach("after claim")
    return claims


async def stopping_complete(self, completions, *arguments):
    ids = [completion.claim.instance_id for completion in completions]
    if len(ids) > 2 and os.environ["LOCKED"] in ids:
        await reach("before complete")
    return await complete(self, completions, *arguments)


begun, all_begun = set(), asyncio.Event()


async def together():
    # until the point is reached all end at once, and are told in one batch
    begun.add(asyncio.current_task())
    if len(begun) == int(os.environ["JOBS"]):
        all_begun.set()
    if not MARK.exists():
        await all_begun.wait()


Database.claim, Database.complete = stopping_claim, stopping_complete


@effects.handler("test.work")
async def work(effect, input):
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(f"{effect.key} {effect.attempt} {os.getpid()}\\n")
    await reach("in handler")
    await together()
"""


@pytest.fixture(scope="module")
def cluster(
    tmp_path_factory: pytest.TempPathFactory, dsn: str
) -> Iterator[devdb.DevCluster]:
    with crashing.cluster(tmp_path_factory.mktemp("crash") / "cluster") as made:
        crashing.deploy(made, dsn)
        yield made


@pytest.fixture
def own_dsn(cluster: devdb.DevCluster) -> str:
    """The cluster's one database, in which nothing but the jobs is left."""
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute(
            "truncate pgsm_private.effects, pgsm_private.runners, pgsm_private.timers,"
            " pgsm_private.instances, pgsm_private.event_log cascade"
        )
        outbox.define(connection, outbox.job())
        outbox.start(connection, *JOBS)
    return cluster.dsn


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("fault", ["runner", "server", "connections"])
def test_nothing_is_lost_or_done_twice(
    cluster: devdb.DevCluster, own_dsn: str, tmp_path: Path, fault: str, point: str
) -> None:
    mark = tmp_path / "mark"
    reached = "before complete" if point == "in batch" else point
    options = ("--lease", LEASE[fault], "--poll", "0.1", "--id", "runner-1")
    variables = {
        "MARK": str(mark),
        "POINT": reached,
        "LOCKED": LOCKED,
        "JOBS": str(len(JOBS)),
    }
    with runners.process(
        own_dsn, tmp_path, *options, handlers=HANDLERS, **variables
    ) as first:
        runners.until(mark.exists)
        with psycopg.connect(own_dsn) as session:
            if point == "in batch":
                _hold_up_the_batch(session, own_dsn, mark)
            _happen(fault, cluster, own_dsn, first)
            mark.with_suffix(".go").touch()
            if fault != "server":
                session.rollback()
            session.close()
        if fault == "runner":
            with runners.process(
                own_dsn, tmp_path, *options, handlers=HANDLERS, **variables
            ):
                _wait(own_dsn)
        else:
            _wait(own_dsn)
        calls = first.notes()
    attempts = _check(own_dsn)
    assert sorted({n for _, n, _ in calls} | {1}) == sorted({1, *attempts})
    assert len(set(calls)) == len(calls), "no attempt is begun twice"
    if fault != "runner" or point == "before claim":
        assert set(attempts) == {1}
    elif point == "after claim":
        assert set(attempts) == {2}
    elif point == "in batch":
        # the server may end what it has begun for a client that is gone
        assert set(attempts) <= {1, 2}
    else:
        assert 2 in attempts
        assert set(attempts) <= {1, 2}


def test_a_server_that_stops_in_a_sweep_loses_nothing(
    cluster: devdb.DevCluster, own_dsn: str
) -> None:
    with psycopg.connect(own_dsn, autocommit=True) as connection:
        assert len(outbox.claim(connection, lease="1 microsecond")) == len(JOBS)
    sweeping = psycopg.connect(own_dsn)
    # the sweep has taken them back, and the same claim has leased them
    assert len(outbox.claim(sweeping)) == len(JOBS)
    crashing.crash(cluster)
    sweeping.close()
    with psycopg.connect(own_dsn, autocommit=True) as connection:
        claims = outbox.claim(connection)
        assert {claimed.attempt for claimed in claims} == {2}
        assert set(outbox.complete(connection, *claims)) == {"succeeded"}
    assert _check(own_dsn) == [2] * len(JOBS)


def _hold_up_the_batch(session: psycopg.Connection, dsn: str, mark: Path) -> None:
    session.execute(
        "select from pgsm_private.effects where instance_id = %s for update", [LOCKED]
    )
    mark.with_suffix(".go").touch()
    with psycopg.connect(dsn, autocommit=True) as watching:
        runners.until(
            lambda: outbox.scalar(
                watching,
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
                " and query like '%%complete_effects%%'",
            )
        )


def _happen(
    fault: str, cluster: devdb.DevCluster, dsn: str, runner: runners.Process
) -> None:
    if fault == "runner":
        runner.signal(signal.SIGKILL)
        runner.wait()
    elif fault == "server":
        crashing.crash(cluster)
    else:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                " where application_name = 'pgsm runner'"
            )


def _wait(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        runners.until(
            lambda: (
                outbox.scalar(
                    connection,
                    "select count(*) from pgsm.effects where status = 'succeeded'",
                )
                == len(JOBS)
            )
        )


def _check(dsn: str) -> list[int]:
    """Each invoke's event came once; the attempts of each effect."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        events = connection.execute(
            "select instance_id, count(*) from pgsm.event_log"
            " where event = 'done.invoke.work' group by instance_id order by 1"
        ).fetchall()
        assert events == [(job, 1) for job in JOBS]
        found = connection.execute("select attempt from pgsm.effects").fetchall()
    return [attempt for (attempt,) in found]
