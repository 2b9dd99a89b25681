"""The example that is wrapped step by step: its callers notice nothing of it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgsm.testing.clock import set_clock

WRAPPING = Path(__file__).resolve().parents[2] / "examples" / "wrapping"
STEPS = (0, 1, 2, 3)
# What is run to come to a step, from the one before.
SCRIPTS: dict[int, tuple[str, ...]] = {
    1: ("adopt.sql",),
    2: ("upgrade_2.sql",),
    3: ("upgrade_3.sql",),
}


class Shop:
    """The application at a step, called as its callers do."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.step = 0
        self.sql("schema.sql")
        self._start()

    def _start(self) -> None:
        module = importlib.import_module(f"examples.wrapping.app_{self.step}")
        self.expire: Callable[[str], None] | None = getattr(module, "expire", None)
        self.app = module.create_app(self.dsn)

    def close(self) -> None:
        self.app.extensions["close"]()

    def sql(self, name: str) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            for statement in statements((WRAPPING / name).read_text("utf-8")):
                connection.execute(statement.encode())

    def define(self, version: int) -> None:
        text = (WRAPPING / f"order.v{version}.json").read_text("utf-8")
        with psycopg.connect(self.dsn) as connection:
            connection.execute("select pgsm.define_machine('order', %s)", [text])

    def go_to(self, step: int) -> None:
        """Release the next steps, with all orders that there are."""
        while self.step < step:
            self.step += 1
            if self.step == 2:
                self.sql("guards.sql")
            self.define(self.step)
            for script in SCRIPTS[self.step]:
                self.sql(script)
            self.close()
            self._start()

    def post(self, path: str, **data: Any) -> tuple[int, Any]:
        answer = self.app.test_client().post(f"/orders{path}", json=data)
        return answer.status_code, answer.get_json(silent=True)

    def place(self, items: int = 1) -> int:
        status, order = self.post("", items=items)
        assert status == 201
        return int(order["order_id"])

    def show(self, order: int) -> Any:
        answer = self.app.test_client().get(f"/orders/{order}")
        return answer.get_json() if answer.status_code == 200 else answer.status_code


def statements(script: str) -> Iterator[str]:
    """`call` of a procedure that commits wants to be alone."""
    parts = script.split("call pgsm.upgrade_instances")
    yield parts[0]
    for part in parts[1:]:
        call, _, rest = part.partition(";\n")
        yield f"call pgsm.upgrade_instances{call};"
        yield rest


@pytest.fixture
def shop(fresh_dsn: str) -> Iterator[Shop]:
    shop = Shop(fresh_dsn)
    yield shop
    shop.close()


def offer(shop: Shop) -> int:
    return shop.place()


def accept(shop: Shop) -> int:
    order = shop.place()
    assert shop.post(f"/{order}/accept", eta=20)[0] == 200
    return order


def test_callers_see_the_same_at_each_step(shop: Shop) -> None:
    """With new orders, and with those that were begun at the step before."""
    begun: list[tuple[int, str]] = []
    for step in STEPS:
        shop.go_to(step)
        for order, where in begun:
            if where == "offered":
                finish(shop, order, f"old-{order}", 20)
            else:
                deliver(shop, order, f"old-{order}", 20)
        finish(shop, shop.place(), f"new-{step}", 7)
        empty = shop.place(0)
        assert shop.post(f"/{empty}/accept", eta=5)[0] == 409
        assert shop.show(empty) == {"status": "offered", "courier": None, "eta": None}
        assert shop.show(99) == 404
        assert shop.post("/99/accept", eta=5)[0] == 404
        begun = [(offer(shop), "offered"), (accept(shop), "accepted")]


def finish(shop: Shop, order: int, courier: str, eta: int) -> None:
    assert shop.post(f"/{order}/deliver")[0] == 409
    status, shown = shop.post(f"/{order}/accept", eta=eta)
    assert (status, shown["status"]) == (200, "accepted")
    assert shop.post(f"/{order}/accept", eta=99)[0] == 409
    deliver(shop, order, courier, eta)


def deliver(shop: Shop, order: int, courier: str, eta: int) -> None:
    other = accept(shop)
    assert shop.post(f"/{order}/deliver")[0] == 409
    assert shop.post(f"/{order}/assign", courier=courier)[0] == 200
    assert shop.post(f"/{order}/assign", courier="bob")[0] == 409
    assert shop.post(f"/{other}/assign", courier=courier)[0] == 409  # is busy
    assert shop.post(f"/{order}/deliver")[0] == 200
    assert shop.post(f"/{order}/deliver")[0] == 409
    shown = shop.show(order)
    assert (shown["courier"], shown["eta"]) == (courier, eta)
    assert shop.post(f"/{other}/assign", courier=courier)[0] == 200
    assert shop.post(f"/{other}/deliver")[0] == 200


@pytest.mark.parametrize("step", [0, 1, 2])
def test_the_script_expires_offers(shop: Shop, step: int) -> None:
    shop.go_to(step)
    order, other = shop.place(), accept(shop)
    with psycopg.connect(shop.dsn) as connection:
        connection.execute("update shop.orders set offered_at = now() - interval '1 h'")
    assert shop.expire is not None
    shop.expire(shop.dsn)
    assert shop.post(f"/{order}/accept", eta=1)[0] == 409
    assert shop.post(f"/{other}/assign", courier="ada")[0] == 200


def test_a_timer_expires_offers_of_before_and_of_now(shop: Shop) -> None:
    shop.go_to(2)
    before = shop.place()
    shop.go_to(3)
    now, other = shop.place(), accept(shop)
    assert shop.expire is None
    with psycopg.connect(shop.dsn, autocommit=True) as connection:
        row = connection.execute(
            "select instance_id, due_at - offered_at from pgsm.timers"
            " join shop.orders on instance_id = 'order-' || order_id"
            " where order_id = %s",
            [before],
        ).fetchone()
        assert row is not None
        assert row[1].total_seconds() == 600
        set_clock(connection, "2100-01-01")
        connection.execute("select pgsm.fire_timers()")
    assert [shop.show(order)["status"] for order in (before, now, other)] == [
        "expired",
        "expired",
        "accepted",
    ]


@pytest.mark.parametrize("step", [1, 2, 3])
def test_of_two_who_accept_at_once_one_is_refused(shop: Shop, step: int) -> None:
    """As it was, both had read "offered"; the machine's row is locked for a step."""
    shop.go_to(step)
    order = shop.place()
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(shop.post, f"/{order}/accept", eta=n) for n in range(4)]
        statuses = sorted(answer.result()[0] for answer in answers)
    assert statuses == [200, 409, 409, 409]


def test_an_adopted_order_is_in_its_state(shop: Shop) -> None:
    orders = [offer(shop), accept(shop), accept(shop)]
    shop.post(f"/{orders[2]}/assign", courier="ada")
    shop.go_to(1)
    with psycopg.connect(shop.dsn) as connection:
        found = connection.execute(
            "select instance_id, value from pgsm.instances order by instance_id"
        ).fetchall()
    states = ["offered", "accepted", "assigned"]
    assert found == [(f"order-{o}", s) for o, s in zip(orders, states, strict=True)]
    shop.sql("adopt.sql")  # once more does no harm


def test_what_is_wrong_is_said_in_the_last_step(shop: Shop) -> None:
    shop.go_to(3)
    status, answer = shop.post(f"/{shop.place()}/accept", eta="soon")
    assert status == 400
    assert "is not of its schema" in answer["error"]
