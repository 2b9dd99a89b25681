"""The food delivery's order in memory; through PostgreSQL it is in tests/acceptance."""

from __future__ import annotations

from typing import Any

import pytest

from pgsm.testing import FunctionError, Instance, PermanentFailure, Refused, World

from .stage import EXAMPLES

Json = Any
CART = {
    "restaurant": "roma",
    "customer": "ann@example.org",
    "address": "Rose Lane 3",
    "items": [
        {"item": "pizza", "price": 9.50, "quantity": 2},
        {"item": "water", "price": 1.99, "quantity": 1},
    ],
}


@pytest.fixture
def world() -> World:
    """Three restaurants (roma, a stranger, one that delivers itself), one courier."""
    world = World()
    world.define(EXAMPLES / "food_delivery" / "order.v3.json", "order")
    world.data.update(busy={}, paid={})

    def assign_courier(order: str, courier: str) -> None:
        if world.data["busy"].get(courier):
            raise FunctionError(f'courier "{courier}" is busy or unknown')
        world.data["busy"][courier] = order

    def record_purchase(order: str, paid: Json) -> None:
        world.data["paid"][order] = paid

    def release_courier(order: str) -> None:
        busy = world.data["busy"]
        world.data["busy"] = {who: what for who, what in busy.items() if what != order}

    for name, fake in {
        "food.has_relationship(text)": lambda name: name != "stranger",
        "food.delivers_itself(text)": lambda name: name == "own wheels",
        "food.restaurant_email(text)": lambda name: f"{name}@example.org",
        "food.free_couriers(text[])": lambda gave_up: sorted(
            {"carl", "cora"} - {*gave_up}
        ),
        "food.set_order_status(text, text)": None,
        "food.accept_order(text, numeric)": None,
        "food.record_purchase(text, numeric)": record_purchase,
        "food.assign_courier(text, text)": assign_courier,
        "food.release_courier(text)": release_courier,
    }.items():
        world.function(name, fake)
    for name in ("restaurant.offer", "restaurant.delivery_information"):
        world.effect(name, {})
    for name in ("courier.request", "email.send"):
        world.effect(name, {})
    return world


def ordered(world: World, restaurant: str = "roma", **more: Json) -> Instance:
    order = world.start("order", {**CART, "restaurant": restaurant, **more})
    order.send("order.submit")
    world.settle()
    return order


def delivery(order: Instance) -> Json:
    return order.value["fulfilling"]["delivery"]


def mails(order: Instance) -> list[str]:
    sent = [e for e in order.effects if e.name == "email.send"]
    return [mail.input["template"] for mail in sent]


def test_order_is_offered_cooked_fetched_and_brought(world: World) -> None:
    order = ordered(world)
    assert (order.value, str(order.context["total"])) == ("offered", "20.99")
    order.send("restaurant.accept", {"eta": 25})
    assert delivery(order) == {"byCourier": "waiting"}
    world.advance("15 minutes")
    assert delivery(order) == {"byCourier": "requesting"}
    order.send("courier.accept", {"courier": "carl"})
    order.send("kitchen.ready")
    order.send("courier.pick_up", {"courier": "carl"})
    order.send("courier.complete", {"courier": "carl"})
    assert (order.value, order.output["courier"]) == ("completed", "carl")
    assert mails(order) == ["order_accepted", "order_completed"]
    assert world.data["busy"] == {}


def test_cart_without_items_is_not_submitted(world: World) -> None:
    order = world.start("order", {**CART, "items": []})
    with pytest.raises(Refused, match="does not take"):
        order.send("order.submit")


def test_restaurant_has_ten_minutes(world: World) -> None:
    order = ordered(world)
    world.advance("10 minutes")
    assert (order.value, mails(order)) == ("expired", ["order_expired"])
    with pytest.raises(Refused, match="is done"):
        order.send("restaurant.accept", {"eta": 10})


def test_restaurant_that_cannot_be_reached_rejects(world: World) -> None:
    world.effect("restaurant.offer", PermanentFailure("mailbox full"))
    order = ordered(world)
    assert order.output == {"reason": "the restaurant cannot be reached"}


def test_courier_who_is_busy_cannot_accept_and_nothing_has_changed(
    world: World,
) -> None:
    first, second = ordered(world), ordered(world)
    for order in (first, second):
        order.send("restaurant.accept", {"eta": 5})
    world.settle()
    first.send("courier.accept", {"courier": "carl"})
    with pytest.raises(Refused, match="busy") as refusal:
        second.send("courier.accept", {"courier": "carl"})
    assert refusal.value.sqlstate == "SM102"
    assert delivery(second) == {"byCourier": "requesting"}
    assert second.context["courier"] is None


def test_who_gave_up_is_not_asked_again(world: World) -> None:
    order = ordered(world)
    order.send("restaurant.accept", {"eta": 5})
    world.settle()
    order.send("courier.accept", {"courier": "carl"})
    order.send("courier.give_up", {"courier": "carl"})
    last = [e for e in order.effects if e.name == "courier.request"][-1]
    assert last.input["to"] == ["cora"]
    with pytest.raises(Refused, match="does not take"):
        order.send("courier.accept", {"courier": "carl"})


def test_courier_buys_where_there_is_no_relationship(world: World) -> None:
    order = ordered(world, "stranger")
    assert order.value == {"buying": "requesting"}
    order.send("courier.accept", {"courier": "cora"})
    order.send("restaurant.accept", {"eta": 20})
    assert delivery(order) == {"byCourier": "assigned"}
    order.send("kitchen.ready")
    with pytest.raises(Refused, match="does not take"):
        order.send("courier.pick_up", {"courier": "cora"})
    order.send("courier.buy", {"courier": "cora", "paid": 20.99})
    order.send("courier.complete", {"courier": "cora"})
    assert (order.value, str(world.data["paid"][order.id])) == ("completed", "20.99")


def test_restaurant_with_own_wheels_needs_no_courier(world: World) -> None:
    order = ordered(world, "own wheels")
    order.send("restaurant.accept", {"eta": 20})
    world.settle()
    assert not order.can("restaurant.delivered")
    order.send("kitchen.ready")
    order.send("restaurant.delivered")
    assert (order.value, order.output["courier"]) == ("completed", None)
