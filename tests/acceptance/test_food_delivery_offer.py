"""From the cart to the restaurant's answer: what holds in every version."""

from __future__ import annotations

from .world import Orders


def test_submitted_order_is_offered_to_the_restaurant(orders: Orders) -> None:
    order = orders.offered()
    assert orders.leaves(order) == {"offered"}
    (offer,) = orders.effects(order, "restaurant.offer")
    assert offer["input"]["to"] == "orders@trattoria.example"
    assert offer["input"]["order"] == order


def test_empty_cart_cannot_be_submitted(orders: Orders) -> None:
    order = orders.cart(items=[])
    refusal = orders.refuse(order, "order.submit")
    assert refusal.sqlstate == "SM101"
    assert "hasItems" in str(refusal.diag.message_detail) + str(refusal)


def test_total_is_exact(orders: Orders) -> None:
    items = [{"name": "Gum", "price": 0.1, "quantity": 3}]
    order = orders.cart(items=items)
    assert str(orders.instance(order)["context"]["total"]) in ("0.3", "0.30")
    total = orders.row(
        "select context -> 'total' = '0.3' as exact from pgsm.instances"
        " where instance_id = %s",
        order,
    )
    assert total["exact"]


def test_restaurant_accepts(orders: Orders) -> None:
    order = orders.accepted(eta=30)
    assert "preparing" in orders.leaves(order)
    assert orders.instance(order)["context"]["eta"] == 30
    assert orders.mails(order) == ["order_accepted"]


def test_order_is_accepted_once(orders: Orders) -> None:
    order = orders.accepted(eta=30)
    refusal = orders.refuse(order, "restaurant.accept", eta=5)
    assert refusal.sqlstate == "SM101"
    assert orders.order_row(order)["eta"] == 30
    assert orders.mails(order) == ["order_accepted"]


def test_rejected_order_is_over(orders: Orders) -> None:
    order = orders.offered()
    after = orders.send(order, "restaurant.reject", reason="out of dough")
    assert (after["status"], after["value"]) == ("done", "rejected")
    assert after["output"] == {"reason": "out of dough"}
    assert orders.refuse(order, "restaurant.accept", eta=5).sqlstate == "SM110"


def test_rejected_order_asks_for_no_courier(orders: Orders) -> None:
    order = orders.offered()
    orders.send(order, "restaurant.reject")
    orders.advance("1 day")
    assert orders.effects(order, "courier.request") == []


def test_order_expires_when_nobody_answers_for_ten_minutes(orders: Orders) -> None:
    order = orders.offered()
    orders.advance("9 minutes 59 seconds")
    assert orders.leaves(order) == {"offered"}
    orders.advance("1 second")
    assert orders.instance(order)["value"] == "expired"
    assert orders.status(order) == "expired"
    assert orders.mails(order) == ["order_expired"]


def test_expired_order_cannot_be_accepted(orders: Orders) -> None:
    order = orders.offered()
    orders.advance("10 minutes")
    assert orders.refuse(order, "restaurant.accept", eta=5).sqlstate == "SM110"


def test_accepted_order_never_expires(orders: Orders) -> None:
    order = orders.accepted(eta=30)
    assert "offered" not in {timer["state"] for timer in orders.timers(order)}
    orders.advance("1 day")
    assert orders.status(order) == "accepted"


def test_offer_that_nobody_sent_yet_is_cancelled_by_the_answer(orders: Orders) -> None:
    order = orders.accepted()
    (offer,) = orders.effects(order, "restaurant.offer")
    assert offer["status"] == "cancelled"
    assert orders.do_effects("restaurant.offer") == []


def test_restaurant_that_cannot_be_reached_rejects(orders: Orders) -> None:
    order = orders.offered()
    (offer,) = orders.rows(
        "select * from pgsm.claim_effects('test', '{restaurant.offer}', 1)"
    )
    orders.rows(
        "select pgsm.fail_effect(%s, %s, %s, %s, true)",
        order,
        offer["effect_id"],
        offer["lease_token"],
        '{"type": "SMTPRecipientsRefused", "message": "no such mailbox"}',
    )
    instance = orders.instance(order)
    assert instance["value"] == "rejected"
    assert instance["output"] == {"reason": "the restaurant cannot be reached"}


def test_row_of_the_order_moves_with_the_machine(orders: Orders) -> None:
    order = orders.cart()
    seen = [orders.status(order)]
    for event, data in (("order.submit", {}), ("restaurant.accept", {"eta": 5})):
        orders.send(order, event, **data)
        seen.append(orders.status(order))
    assert seen == ["cart", "offered", "accepted"]


def test_rolled_back_event_takes_the_row_and_the_mail_along(orders: Orders) -> None:
    order = orders.offered()
    with orders.connection.transaction(force_rollback=True):
        orders.send(order, "restaurant.accept", eta=5)
        assert orders.status(order) == "accepted"
    assert orders.status(order) == "offered"
    assert orders.leaves(order) == {"offered"}
    assert orders.mails(order) == []
