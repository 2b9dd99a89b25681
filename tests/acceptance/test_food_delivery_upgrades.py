"""Running orders of one version become orders of the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from pgsm import sqitch

from .world import EXAMPLES, Orders

STAGES = ["cart", "offered", "accepted", "requesting", "assigned", "carried"]


def upgrade(orders: Orders, order: str, version: int) -> None:
    after = orders.row("select * from pgsm.upgrade_instance(%s, %s)", order, version)
    assert after["version"] == version
    assert after["status"] == "active"


def facts(orders: Orders, order: str) -> dict[str, Any]:
    """What an upgrade must not change."""
    effects = orders.rows(
        "select effect_id, name, key, status from pgsm.effects"
        " where instance_id = %s order by effect_id",
        order,
    )
    return {
        "leaves": orders.leaves(order),
        "due": [(t["delay"], t["due_at"]) for t in orders.timers(order)],
        "effects": effects,
        "row": orders.order_row(order),
    }


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("path", [(2,), (3,), (2, 3)], ids=["1-2", "1-3", "1-2-3"])
def test_upgrade_keeps_state_due_times_and_effects(
    orders_v1: Orders, stage: str, path: tuple[int, ...]
) -> None:
    orders = orders_v1
    order = getattr(orders, stage)()
    before = facts(orders, order)
    for version in path:
        upgrade(orders, order, version)
    assert facts(orders, order) == before


@pytest.mark.parametrize("stage", STAGES)
def test_order_of_version_1_is_completed_by_version_3(
    orders_v1: Orders, stage: str
) -> None:
    orders = orders_v1
    order = getattr(orders, stage)()
    upgrade(orders, order, 3)
    rest = {
        "cart": lambda: orders.send(order, "order.submit"),
        "offered": lambda: orders.send(order, "restaurant.accept", eta=30),
        "accepted": lambda: orders.advance("20 minutes"),
        "requesting": lambda: orders.send(order, "courier.accept", courier="kim"),
        "assigned": lambda: (
            orders.send(order, "kitchen.ready"),
            orders.send(order, "courier.pick_up", courier="kim"),
        ),
        "carried": lambda: orders.send(order, "courier.complete", courier="kim"),
    }
    for step in STAGES[STAGES.index(stage) :]:
        rest[step]()
    assert orders.instance(order)["value"] == "completed"
    assert orders.status(order) == "completed"
    assert orders.order_of("kim") is None


def test_courier_who_gave_up_in_version_1_cannot_accept_in_version_3(
    orders_v1: Orders,
) -> None:
    order = orders_v1.assigned("kim")
    orders_v1.send(order, "courier.give_up", courier="kim")
    upgrade(orders_v1, order, 3)
    refusal = orders_v1.refuse(order, "courier.accept", courier="kim")
    assert refusal.sqlstate == "SM101"


def test_upgraded_cart_is_dealt_with_by_the_new_rules(orders_v1: Orders) -> None:
    order = orders_v1.cart("night-market")
    upgrade(orders_v1, order, 2)
    orders_v1.send(order, "order.submit")
    assert orders_v1.instance(order)["value"] == {"buying": "requesting"}


def test_order_that_was_offered_already_stays_a_partners(orders_v1: Orders) -> None:
    order = orders_v1.offered("night-market")
    upgrade(orders_v1, order, 2)
    assert orders_v1.instance(order)["context"]["hasRelationship"] is True
    orders_v1.send(order, "restaurant.accept", eta=5)
    orders_v1.fire()
    orders_v1.send(order, "courier.accept", courier="kim")
    orders_v1.send(order, "kitchen.ready")
    orders_v1.send(order, "courier.pick_up", courier="kim")


def test_order_that_is_accepted_after_its_upgrade_is_delivered_by_the_restaurant(
    orders_v1: Orders,
) -> None:
    order = orders_v1.offered("pizza-express")
    upgrade(orders_v1, order, 3)
    orders_v1.send(order, "restaurant.accept", eta=5)
    (told,) = orders_v1.effects(order, "restaurant.delivery_information")
    assert told["input"]["address"] == "Elm Street 1"


def test_courier_goes_on_with_an_order_that_was_accepted_before_its_upgrade(
    orders_v1: Orders,
) -> None:
    order = orders_v1.accepted(restaurant="pizza-express")
    upgrade(orders_v1, order, 3)
    assert orders_v1.leaves(order) == {"preparing", "waiting"}
    orders_v1.advance("20 minutes")
    assert len(orders_v1.effects(order, "courier.request")) == 1


def test_order_with_a_buying_courier_goes_on_in_version_3(orders_v2: Orders) -> None:
    order = orders_v2.offered("night-market")
    orders_v2.send(order, "courier.accept", courier="kim")
    upgrade(orders_v2, order, 3)
    orders_v2.send(order, "restaurant.accept", eta=5)
    orders_v2.send(order, "kitchen.ready")
    orders_v2.send(order, "courier.buy", courier="kim", paid=18)
    after = orders_v2.send(order, "courier.complete", courier="kim")
    assert after["value"] == "completed"


def test_request_that_a_runner_has_taken_is_not_made_again(orders_v1: Orders) -> None:
    order = orders_v1.requesting()
    assert len(orders_v1.do_effects("courier.request")) == 1
    upgrade(orders_v1, order, 3)
    assert orders_v1.do_effects("courier.request") == []
    assert len(orders_v1.effects(order, "courier.request")) == 1


def test_procedure_upgrades_all_running_orders(
    fresh_dsn: str, connect: Callable[[str], psycopg.Connection[Any]]
) -> None:
    sqitch.deploy(fresh_dsn, EXAMPLES / "food_delivery")
    orders = Orders(connect(fresh_dsn), 1)
    running = [orders.offered(), orders.accepted(), orders.cart()]
    ended = orders.offered()
    orders.send(ended, "restaurant.reject")
    orders.start_with("order", 3)
    orders.rows("call pgsm.upgrade_instances('order', 3, batch => 2)")
    versions = {order: orders.instance(order)["version"] for order in running}
    assert versions == dict.fromkeys(running, 3)
    assert orders.instance(ended)["version"] == 1
    assert orders.rows("select * from pgsm.upgrade_failures") == []
