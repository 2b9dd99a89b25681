"""What both clients do, each through its own door."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import psycopg
import psycopg_pool
import pytest

import pgsm
from pgsm.client import NeverReached, WaitTimeout
from pgsm.client.verbs import AsyncVerb, Verb
from tests.databases import Connect

LONG = 60.0


class Door:
    """One client's methods called as functions, whichever client it is."""

    def __init__(self, kind: str, source: Any) -> None:
        self.kind = kind
        self.source = source

    def __call__(self, method: str, *args: Any, **kwargs: Any) -> Any:
        if self.kind == "sync":
            with pgsm.Client(self.source) as client:
                return getattr(client, method)(*args, **kwargs)

        async def ask() -> Any:
            async with pgsm.AsyncClient(self.source) as client:
                return await getattr(client, method)(*args, **kwargs)

        return asyncio.run(ask())

    def watch(self, instance_id: str, since: int, count: int) -> list[Any]:
        if self.kind == "sync":
            with pgsm.Client(self.source) as client:
                steps = client.watch(instance_id, since=since)
                return list(itertools.islice(steps, count))

        async def ask() -> list[Any]:
            found = []
            async with pgsm.AsyncClient(self.source) as client:
                async for step in client.watch(instance_id, since=since):
                    found.append(step)
                    if len(found) == count:
                        break
            return found

        return asyncio.run(ask())


@pytest.fixture(params=["sync", "async"])
def door(request: pytest.FixtureRequest, shop_dsn: str) -> Door:
    return Door(request.param, shop_dsn)


def test_an_order_goes_its_way(door: Door) -> None:
    begun = door("start", "order", input={"total": Decimal("12.50")})
    assert (begun.value, begun.tags, begun.revision) == ("offered", ["open"], 1)
    assert begun.context == {"total": Decimal("12.50"), "eta": None}
    order = begun.instance_id
    sent = door("send", order, "accept", {"eta": 20}, event_id="e-1")
    assert (sent.value, sent.outcome, sent.context["eta"]) == ("accepted", "taken", 20)
    assert door("send", order, "accept", {"eta": 20}, event_id="e-1") == sent
    assert door("snapshot", order).matches("accepted")
    enabled = {e.event: e.enabled for e in door("enabled_events", order)}
    assert enabled == {"deliver": "yes", "back": "yes"}
    would = door("simulate", order, "deliver")
    assert (would.outcome, would.snapshot.status) == ("taken", "done")
    assert door("snapshot", order).status == "active"
    log = door("history", order)
    assert [step.event for step in log] == ["pgsm.start", "accept"]
    assert log[1].emitted == [{"event": "cooking", "data": {"eta": 5}}]
    assert log[1].matches("accepted")
    assert door("history", order, since=1, limit=5) == log[1:]


def test_operators_verbs(door: Door, order: str) -> None:
    assert door("pause", order).status == "paused"
    with pytest.raises(pgsm.errors.InstancePaused):
        door("send", order, "accept", {"eta": 1})
    assert door("resume", order).status == "active"
    stopped = door("stop", order, "ordered twice")
    assert (stopped.status, stopped.ended) == ("stopped", True)


def test_the_other_ways_to_send(door: Door, order: str) -> None:
    event = {"event": "accept", "data": {"eta": 1.5}}
    (one, two) = door(
        "send_many",
        [{"instance_id": order, **event}, {"instance_id": order, "event": "back"}],
    )
    assert (one.context["eta"], two.value) == (Decimal("1.5"), "offered")
    new = f"{order}-{door.kind}"
    begun = door(
        "start_or_send", "order", new, "accept", {"eta": 1}, input={"total": 77}
    )
    assert begun.value == "accepted"
    assert door("send_by_key", "order", "shelf", "77", "deliver").status == "done"
    assert new in {s.instance_id for s in door("find", "order", "shelf", "77")}
    assert door("post", order, "accept", {"eta": 1}, event_id="p") == "p"
    assert door("post", order, "back", delay=timedelta(hours=1)).startswith("tx")


def test_refusals_are_typed(door: Door, order: str) -> None:
    with pytest.raises(pgsm.errors.UnknownInstance):
        door("send", "nobody", "accept")
    with pytest.raises(pgsm.errors.EventRefused) as refusal:
        door("send", order, "deliver", on_unhandled="refuse")
    assert refusal.value.sqlstate == "SM101"
    with pytest.raises(pgsm.errors.RevisionMismatch):
        door("send", order, "accept", expected_revision=9)
    with pytest.raises(ValueError, match="nan is not"):
        door("send", order, "accept", {"eta": float("nan")})


def test_wait_is_over_when_the_state_is_reached(
    door: Door, client: pgsm.Client, order: str
) -> None:
    assert door("wait_for", order, state="offered").revision == 1
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(door, "wait_for", order, state="accepted", timeout=LONG)
        client.send(order, "accept", {"eta": 1})
        assert waiting.result(LONG).value == "accepted"
        done = pool.submit(door, "wait_for", order, done=True, timeout=LONG)
        client.send(order, "deliver")
        assert done.result(LONG).status == "done"


def test_wait_that_is_in_vain_ends(door: Door, order: str, client: pgsm.Client) -> None:
    with pytest.raises(WaitTimeout, match="offered"):
        door("wait_for", order, tag="closed", timeout=0.05)
    client.stop(order)
    with pytest.raises(NeverReached, match="stopped"):
        door("wait_for", order, lambda s: s.context["eta"] is not None)


def test_watch_shows_every_step_once(
    door: Door, client: pgsm.Client, order: str
) -> None:
    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(door.watch, order, 0, 1000)
        for _ in range(20):
            client.send(order, "accept", {"eta": 1})
            client.send(order, "back")
        client.stop(order)
        steps = watching.result(LONG)
    assert [step.revision for step in steps] == list(range(1, 43))
    assert steps[-1].event == "pgsm.stop"


def test_watch_can_be_left(door: Door, client: pgsm.Client, order: str) -> None:
    client.send(order, "accept", {"eta": 1})
    assert [step.event for step in door.watch(order, 1, 1)] == ["accept"]


def test_watch_begins_where_it_is_called(client: pgsm.Client, order: str) -> None:
    steps = client.watch(order)
    client.send(order, "accept", {"eta": 1})
    assert next(steps).event == "accept"
    steps.close()
    with pytest.raises(pgsm.errors.UnknownInstance):
        client.watch("nobody")


def test_watch_is_woken(client: pgsm.Client, order: str, shop_dsn: str) -> None:
    """Well before the poll behind the notifications, which is far away here."""
    slow = pgsm.Client(shop_dsn, poll=10_000)
    steps = slow.watch(order, since=0)
    assert next(steps).event == "pgsm.start"
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(next, steps)
        client.send(order, "accept", {"eta": 1})
        assert found.result(LONG).event == "accept"
    steps.close()


# ------------------------------------------------------------------- where it runs


def test_a_joined_connection_is_left_to_its_owner(
    client: pgsm.Client, order: str, shop_dsn: str
) -> None:
    with psycopg.connect(shop_dsn) as connection:
        joined = pgsm.Client(connection)
        joined.send(order, "accept", {"eta": 1})
        assert joined.connection is connection
        assert client.snapshot(order).value == "offered"
        joined.close()
        connection.rollback()
    assert client.snapshot(order).value == "offered"


def test_calls_of_a_transaction_are_one(client: pgsm.Client, order: str) -> None:
    def send_twice() -> None:
        with client.transaction() as both:
            both.send(order, "accept", {"eta": 1})
            assert both.connection.execute("select 1").fetchone() == (1,)
            both.send(order, "accept", on_unhandled="refuse")

    with pytest.raises(pgsm.errors.EventRefused):
        send_twice()
    assert client.snapshot(order).value == "offered"
    with client.transaction() as both:
        both.send(order, "accept", {"eta": 1})
    assert client.snapshot(order).value == "accepted"


def test_a_savepoint_undoes_a_refusal_only(
    client: pgsm.Client, order: str, shop_dsn: str
) -> None:
    with psycopg.connect(shop_dsn) as connection:
        joined = pgsm.Client(connection)
        joined.send(order, "accept", {"eta": 1})
        with pytest.raises(pgsm.errors.EventRefused), joined.transaction() as inner:
            inner.send(order, "accept", on_unhandled="refuse")
        connection.commit()
    assert client.snapshot(order).value == "accepted"


async def test_async_transaction(shop_dsn: str, order: str) -> None:
    async with pgsm.AsyncClient(shop_dsn) as client:
        async with client.transaction() as both:
            await both.send(order, "accept", {"eta": 1})
            connection = await both.connection()
            await connection.execute("select 1")
        assert (await client.snapshot(order)).value == "accepted"
        with pytest.raises(TypeError):
            await client.connection()


async def test_async_joined_connection(shop_dsn: str, order: str) -> None:
    async with await psycopg.AsyncConnection.connect(shop_dsn) as connection:
        joined = pgsm.AsyncClient(connection)
        await joined.send(order, "accept", {"eta": 1})
        found = await joined.wait_for(order, state="accepted", timeout=LONG)
        assert found.value == "accepted"
        await connection.rollback()
        assert (await joined.snapshot(order)).value == "offered"


def test_a_given_pool_is_used_and_given_back_as_it_was(
    shop_dsn: str, order: str, client: pgsm.Client
) -> None:
    with psycopg_pool.ConnectionPool(shop_dsn, min_size=1, max_size=1) as pool:
        pooled = pgsm.Client(pool)
        assert pooled.send(order, "accept", {"eta": 1}).value == "accepted"
        assert client.snapshot(order).value == "accepted"
        assert (
            pooled.wait_for(order, state="accepted", timeout=LONG).value == "accepted"
        )
        steps = pooled.watch(order, since=0)
        assert next(steps).event == "pgsm.start"
        steps.close()
        pooled.close()
        with pool.connection() as connection:
            assert not connection.autocommit
            listens = connection.execute("select pg_listening_channels()").fetchall()
            assert listens == []


async def test_a_given_async_pool(shop_dsn: str, order: str) -> None:
    async with psycopg_pool.AsyncConnectionPool(
        shop_dsn, min_size=1, max_size=1, open=False
    ) as pool:
        pooled = pgsm.AsyncClient(pool)
        await pooled.send(order, "accept", {"eta": 1})
        found = await pooled.wait_for(order, state="accepted", timeout=LONG)
        assert found.value == "accepted"
        async with pool.connection() as connection:
            assert not connection.autocommit


def test_waiting_in_a_transaction_holds_no_instance(
    client: pgsm.Client, order: str, shop_dsn: str
) -> None:
    """A registration in the caller's transaction would keep the sender waiting."""
    with psycopg.connect(shop_dsn) as connection, ThreadPoolExecutor(1) as pool:
        joined = pgsm.Client(connection, poll=0.05)
        found = pool.submit(joined.wait_for, order, state="accepted", timeout=LONG)
        client.send(order, "accept", {"eta": 1})
        assert found.result(LONG).value == "accepted"


def test_one_client_serves_many_threads(client: pgsm.Client, order: str) -> None:
    barrier = threading.Barrier(8)

    def look() -> str:
        barrier.wait(LONG)
        return str(client.snapshot(order).value)

    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(look) for _ in range(8)]
        assert {f.result(LONG) for f in found} == {"offered"}


def test_numbers_can_be_floats(shop_dsn: str, order: str) -> None:
    with pgsm.Client(shop_dsn, numbers="float") as client:
        assert client.snapshot(order).context["total"] == 12.5
        assert isinstance(client.snapshot(order).context["total"], float)


def test_rows_and_json_of_a_joined_connection_are_its_owners(
    order: str, connect: Connect, shop_dsn: str
) -> None:
    from psycopg.rows import dict_row
    from psycopg.types.json import set_json_loads

    connection = connect(shop_dsn, row_factory=dict_row)
    set_json_loads(lambda _: "something else", connection)
    found = pgsm.Client(connection).snapshot(order)
    assert found.context == {"total": Decimal("12.5"), "eta": None}


def test_what_is_no_connection_is_refused() -> None:
    with pytest.raises(TypeError, match="not a int"):
        pgsm.Client(42).snapshot("i")


def test_both_clients_have_the_same_verbs() -> None:
    def verbs(client: type, kind: type) -> dict[str, Any]:
        found = vars(client).items()
        return {name: verb.build for name, verb in found if isinstance(verb, kind)}

    assert verbs(pgsm.Client, Verb) == verbs(pgsm.AsyncClient, AsyncVerb)
    for method in ("wait_for", "watch", "__init__"):
        one, other = getattr(pgsm.Client, method), getattr(pgsm.AsyncClient, method)
        assert inspect.signature(one).parameters == inspect.signature(other).parameters


def test_importing_the_package_loads_no_driver() -> None:
    code = "import sys, pgsm; print(*{'psycopg', 'click'}.intersection(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("name", pgsm.__all__)
def test_each_name_of_the_package_is_there_at_once(name: str) -> None:
    code = f"import pgsm; pgsm.{name}"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_ids_are_drawn_where_none_are_given(client: pgsm.Client) -> None:
    one, other = (client.start("order", None, {"total": 1}) for _ in range(2))
    assert one.instance_id != other.instance_id
