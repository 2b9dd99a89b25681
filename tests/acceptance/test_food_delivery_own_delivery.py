"""Version 3: some restaurants deliver themselves."""

from __future__ import annotations

import pytest

from .world import Orders


@pytest.fixture
def order(orders_v3: Orders) -> str:
    """Accepted by a restaurant that delivers itself."""
    return orders_v3.accepted(restaurant="pizza-express")


def test_restaurant_gets_the_delivery_information(
    orders_v3: Orders, order: str
) -> None:
    (told,) = orders_v3.effects(order, "restaurant.delivery_information")
    assert told["input"] == {
        "to": "pizza@express.example",
        "order": order,
        "customer": "ada@example.com",
        "address": "Elm Street 1",
    }


def test_no_courier_is_sent(orders_v3: Orders, order: str) -> None:
    orders_v3.advance("1 day")
    assert orders_v3.effects(order, "courier.request") == []
    refusal = orders_v3.refuse(order, "courier.accept", courier="kim")
    assert refusal.sqlstate == "SM101"


def test_restaurant_delivers_what_is_ready(orders_v3: Orders, order: str) -> None:
    assert orders_v3.refuse(order, "restaurant.delivered").sqlstate == "SM101"
    orders_v3.send(order, "kitchen.ready")
    after = orders_v3.send(order, "restaurant.delivered")
    assert (after["status"], after["value"]) == ("done", "completed")
    assert after["output"] == {"total": 19, "courier": None}
    assert orders_v3.status(order) == "completed"


def test_other_restaurants_get_a_courier(orders_v3: Orders) -> None:
    order = orders_v3.accepted(restaurant="trattoria")
    assert "waiting" in orders_v3.leaves(order)
    assert orders_v3.effects(order, "restaurant.delivery_information") == []


def test_restaurant_cannot_deliver_what_a_courier_carries(orders_v3: Orders) -> None:
    order = orders_v3.carried("kim")
    assert orders_v3.refuse(order, "restaurant.delivered").sqlstate == "SM101"


def test_version_2_sends_a_courier_to_every_restaurant(orders_v2: Orders) -> None:
    order = orders_v2.accepted(restaurant="pizza-express")
    assert "waiting" in orders_v2.leaves(order)
