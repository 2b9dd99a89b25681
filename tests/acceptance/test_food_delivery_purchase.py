"""Version 2: where there is no relationship, a courier goes first and buys."""

from __future__ import annotations

import pytest

from .world import Orders


@pytest.fixture(params=[2, 3], ids=["v2", "v3"])
def orders(request: pytest.FixtureRequest, food_dsn: str, db: object) -> Orders:
    return Orders(db, request.param)  # type: ignore[arg-type]


@pytest.fixture
def order(orders: Orders) -> str:
    """Submitted to a restaurant without a relationship."""
    return orders.offered("night-market")


def test_order_is_not_offered_to_the_restaurant(orders: Orders, order: str) -> None:
    assert orders.instance(order)["value"] == {"buying": "requesting"}
    assert orders.effects(order, "restaurant.offer") == []


def test_courier_is_requested_at_once_with_the_list_of_items(
    orders: Orders, order: str
) -> None:
    (request,) = orders.effects(order, "courier.request")
    assert request["input"]["buy"] == [{"name": "Pizza", "price": 9.5, "quantity": 2}]


@pytest.mark.parametrize("answer", ["restaurant.accept", "restaurant.reject"])
def test_restaurant_cannot_answer_before_the_courier_is_on_the_way(
    orders: Orders, order: str, answer: str
) -> None:
    assert orders.refuse(order, answer, eta=5).sqlstate == "SM101"


def test_acceptance_comes_after_the_courier_is_on_the_way(
    orders: Orders, order: str
) -> None:
    orders.send(order, "courier.accept", courier="kim")
    orders.send(order, "restaurant.accept", eta=15)
    assert orders.leaves(order) == {"preparing", "assigned"}
    assert orders.order_row(order)["eta"] == 15
    orders.advance("1 day")
    assert len(orders.effects(order, "courier.request")) == 1


def test_rejection_sends_the_courier_home(orders: Orders, order: str) -> None:
    orders.send(order, "courier.accept", courier="kim")
    after = orders.send(order, "restaurant.reject", reason="closed")
    assert after["value"] == "rejected"
    assert orders.order_of("kim") is None
    assert orders.status(order) == "rejected"


def test_courier_on_the_way_may_give_up(orders: Orders, order: str) -> None:
    orders.send(order, "courier.accept", courier="kim")
    orders.send(order, "courier.give_up", courier="kim")
    assert orders.refuse(order, "courier.accept", courier="kim").sqlstate == "SM101"
    orders.send(order, "courier.accept", courier="lee")
    assert orders.instance(order)["value"] == {"buying": "onTheWay"}


def test_items_are_bought_and_not_just_picked_up(orders: Orders, order: str) -> None:
    orders.send(order, "courier.accept", courier="kim")
    orders.send(order, "restaurant.accept", eta=15)
    orders.send(order, "kitchen.ready")
    assert orders.refuse(order, "courier.pick_up", courier="kim").sqlstate == "SM101"
    orders.send(order, "courier.buy", courier="kim", paid=18.75)
    assert str(orders.order_row(order)["paid"]) == "18.75"
    after = orders.send(order, "courier.complete", courier="kim")
    assert after["value"] == "completed"


def test_partners_food_is_not_bought(orders: Orders) -> None:
    order = orders.assigned("kim")
    orders.send(order, "kitchen.ready")
    refusal = orders.refuse(order, "courier.buy", courier="kim", paid=1)
    assert refusal.sqlstate == "SM101"


def test_order_that_no_courier_takes_expires(orders: Orders, order: str) -> None:
    orders.advance("10 minutes")
    assert orders.instance(order)["value"] == "expired"


def test_version_1_offers_to_every_restaurant(orders_v1: Orders) -> None:
    order = orders_v1.offered("night-market")
    assert orders_v1.instance(order)["value"] == "offered"


def test_versions_run_side_by_side(orders: Orders, order: str) -> None:
    orders.start_with("order", 1)
    old = orders.offered("night-market")
    assert orders.instance(old)["value"] == "offered"
    assert orders.instance(order)["value"] == {"buying": "requesting"}
    orders.send(old, "restaurant.accept", eta=10)
    orders.send(order, "courier.accept", courier="kim")
    assert orders.instance(old)["version"] == 1
    assert orders.instance(order)["version"] == orders.version
