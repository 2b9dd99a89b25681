"""Couriers: requested in time, one at a time, only the right one."""

from __future__ import annotations

import pytest

from .world import Orders


def test_courier_is_requested_ten_minutes_before_the_food_is_ready(
    orders: Orders,
) -> None:
    order = orders.accepted(eta=30)
    orders.advance("19 minutes 59 seconds")
    assert orders.effects(order, "courier.request") == []
    orders.advance("1 second")
    (request,) = orders.effects(order, "courier.request")
    assert request["status"] == "pending"


def test_courier_is_requested_at_once_for_quick_food(orders: Orders) -> None:
    order = orders.accepted(eta=3)
    orders.fire()
    assert len(orders.effects(order, "courier.request")) == 1


@pytest.mark.parametrize("stage", ["cart", "offered", "accepted"])
def test_courier_cannot_accept_early(orders: Orders, stage: str) -> None:
    order = getattr(orders, stage)()
    refusal = orders.refuse(order, "courier.accept", courier="kim")
    assert refusal.sqlstate == "SM101"
    assert orders.order_of("kim") is None


def test_all_free_couriers_are_asked(orders: Orders) -> None:
    busy = orders.assigned("kim")
    order = orders.requesting()
    (request,) = orders.effects(order, "courier.request")
    assert request["input"]["to"] == ["lee@couriers.example", "sam@couriers.example"]
    assert orders.order_of("kim") == busy


def test_courier_accepts_and_is_busy(orders: Orders) -> None:
    order = orders.assigned("kim")
    assert "assigned" in orders.leaves(order)
    assert orders.order_of("kim") == order
    assert orders.instance(order)["context"]["courier"] == "kim"


def test_second_courier_cannot_accept(orders: Orders) -> None:
    order = orders.assigned("kim")
    refusal = orders.refuse(order, "courier.accept", courier="lee")
    assert refusal.sqlstate == "SM101"
    assert orders.order_of("lee") is None


def test_busy_courier_cannot_accept_another_order(orders: Orders) -> None:
    orders.assigned("kim")
    order = orders.requesting()
    refusal = orders.refuse(order, "courier.accept", courier="kim")
    assert refusal.sqlstate == "SM102"
    assert 'courier "kim" is busy' in str(refusal)
    assert "requesting" in orders.leaves(order)


def test_after_a_courier_gave_up_another_is_assigned(orders: Orders) -> None:
    order = orders.assigned("kim")
    orders.send(order, "courier.give_up", courier="kim")
    assert orders.order_of("kim") is None
    first, second = orders.effects(order, "courier.request")
    assert "kim@couriers.example" in first["input"]["to"]
    assert "kim@couriers.example" not in second["input"]["to"]
    orders.send(order, "courier.accept", courier="lee")
    assert orders.order_of("lee") == order


def test_courier_who_gave_up_cannot_accept_again(orders: Orders) -> None:
    order = orders.assigned("kim")
    orders.send(order, "courier.give_up", courier="kim")
    refusal = orders.refuse(order, "courier.accept", courier="kim")
    assert refusal.sqlstate == "SM101"
    assert orders.order_of("kim") is None


def test_courier_who_gave_up_cannot_complete(orders: Orders) -> None:
    order = orders.assigned("kim")
    orders.send(order, "courier.give_up", courier="kim")
    orders.send(order, "courier.accept", courier="lee")
    orders.send(order, "kitchen.ready")
    assert orders.refuse(order, "courier.pick_up", courier="kim").sqlstate == "SM101"
    orders.send(order, "courier.pick_up", courier="lee")
    assert orders.refuse(order, "courier.complete", courier="kim").sqlstate == "SM101"
    after = orders.send(order, "courier.complete", courier="lee")
    assert after["output"]["courier"] == "lee"


def test_only_the_assigned_courier_can_give_up(orders: Orders) -> None:
    order = orders.assigned("kim")
    assert orders.refuse(order, "courier.give_up", courier="lee").sqlstate == "SM101"
    assert orders.order_of("kim") == order


def test_kitchen_and_delivery_go_on_side_by_side(orders: Orders) -> None:
    early, late = orders.requesting(), orders.requesting()
    orders.send(early, "kitchen.ready")
    orders.send(early, "courier.accept", courier="kim")
    orders.send(late, "courier.accept", courier="lee")
    orders.send(late, "kitchen.ready")
    assert orders.leaves(early) == orders.leaves(late) == {"ready", "assigned"}


def test_food_that_is_not_ready_cannot_be_picked_up(orders: Orders) -> None:
    order = orders.assigned("kim")
    assert orders.refuse(order, "courier.pick_up", courier="kim").sqlstate == "SM101"
    orders.send(order, "kitchen.ready")
    orders.send(order, "courier.pick_up", courier="kim")
    assert "carrying" in orders.leaves(order)
    assert orders.status(order) == "on its way"


def test_order_that_is_not_picked_up_cannot_be_completed(orders: Orders) -> None:
    order = orders.assigned("kim")
    orders.send(order, "kitchen.ready")
    assert orders.refuse(order, "courier.complete", courier="kim").sqlstate == "SM101"


def test_completed_order_frees_its_courier_and_tells_the_customer(
    orders: Orders,
) -> None:
    order = orders.carried("kim")
    after = orders.send(order, "courier.complete", courier="kim")
    assert (after["status"], after["value"]) == ("done", "completed")
    assert after["output"] == {"total": 19, "courier": "kim"}
    assert orders.status(order) == "completed"
    assert orders.order_of("kim") is None
    assert orders.mails(order) == ["order_accepted", "order_completed"]


def test_order_is_completed_once(orders: Orders) -> None:
    order = orders.carried("kim")
    orders.send(order, "courier.complete", courier="kim")
    assert orders.refuse(order, "courier.complete", courier="kim").sqlstate == "SM110"


def test_event_without_its_courier_is_refused_and_says_what_is_missing(
    orders: Orders,
) -> None:
    order = orders.assigned("kim")
    refusal = orders.refuse(order, "courier.give_up")
    assert refusal.sqlstate == "SM102"
    assert "courier" in str(refusal)
    assert str(orders.version) in str(refusal.diag.message_detail)
