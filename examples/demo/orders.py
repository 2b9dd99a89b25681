"""Food delivery: every request is an event, every answer the new state."""

from __future__ import annotations

import json
import time

from .stage import Row, Stage, expect, state_text

ITEMS = [
    {"name": "Pizza Diavola", "price": 9.50, "quantity": 2},
    {"name": "Tiramisu", "price": 5.00, "quantity": 1},
]
CRON_SECONDS = 75


def open_cart(
    stage: Stage, what: str, restaurant: str, patience: float = 600, eta: int = 0
) -> str:
    """A cart in the application's table and its machine; with an eta, accepted."""
    order = stage.name(what)
    stage.row(
        "select * from food.open_cart(%s, %s, %s, %s, %s::jsonb, %s)",
        order,
        restaurant,
        "ada@example.com",
        "Elm Street 1",
        json.dumps(ITEMS),
        patience,
    )
    if eta:
        stage.rows("select pgsm.send_event(%s, 'order.submit')", order)
        data = json.dumps({"eta": eta})
        stage.rows("select pgsm.send_event(%s, 'restaurant.accept', %s)", order, data)
    return order


def begin_expiring(stage: Stage) -> str:
    """An order that nobody answers within two seconds."""
    stage.rows("select pgsm.set_current_version('order', 1)")
    order = open_cart(stage, "unanswered", "trattoria", patience=2)
    stage.rows("select pgsm.send_event(%s, 'order.submit')", order)
    return order


def deliver_one(stage: Stage) -> None:
    """An order from the cart to the door, with what goes wrong on the way."""
    stage.heading("An order, from the cart to the customer's door")
    order = open_cart(stage, "order", "trattoria")
    stage.line("cart opened", state_text(stage.instance(order)["value"]))
    stage.refused(order, "courier.accept", "SM101", courier="kim")
    stage.send(order, "order.submit")
    stage.mail(order, "offer")
    stage.send(order, "restaurant.accept", eta=10)
    stage.refused(order, "restaurant.accept", "SM101", eta=60)
    stage.mail(order, "order_accepted")
    _request_courier(stage, order)
    stage.send(order, "courier.accept", courier="kim")
    stage.send(order, "kitchen.ready")
    stage.send(order, "courier.give_up", courier="kim")
    asked = stage.mail(order, "courier_request", nth=2)
    expect(len(asked) == 2, f"who gave up was asked again: {asked}")
    stage.refused(order, "courier.accept", "SM101", courier="kim")
    stage.send(order, "courier.accept", courier="lee")
    stage.send(order, "courier.pick_up", courier="lee")
    stage.refused(order, "courier.complete", "SM101", courier="kim")
    stage.send(order, "courier.complete", courier="lee")
    stage.mail(order, "order_completed")
    _check_row(stage, order, "completed")


def _request_courier(stage: Stage, order: str) -> None:
    """The timer "eta less ten minutes" is due at once; pg_cron or a runner fires it."""
    if "--timers" not in stage.runner_options:
        _wait_for_cron(stage)
    stage.wait(
        "the timer to request a courier",
        lambda: stage.inbox.of(order, "courier_request"),
        CRON_SECONDS,
    )
    stage.line("  ⏲ untilCourier", state_text(stage.instance(order)["value"]), "green")
    stage.mail(order, "courier_request")


def _wait_for_cron(stage: Stage) -> None:
    """pg_cron begins at the full minute after it was set up, and goes on for good."""
    if cron_runs(stage):
        return
    stage.say("The first time, pg_cron starts the timers' loop at the full minute.")
    with stage.console.status("") as status:

        def look() -> bool:
            status.update(f"in {60 - time.time() % 60:.0f} s")
            return cron_runs(stage)

        stage.wait("pg_cron to start the loop", look, CRON_SECONDS)


def cron_runs(stage: Stage) -> bool:
    return bool(
        stage.rows(
            "select 1 from pg_stat_activity where datname = current_database()"
            " and usename = 'pgsm_scheduler' and query like 'call pgsm.run_timers%%'"
            " and state <> 'idle'"
        )
    )


def _check_row(stage: Stage, order: str, status: str) -> None:
    row = stage.row(
        "select o.status, o.eta, i.output from food.orders as o"
        " join pgsm.instances as i on i.instance_id = o.order_id where order_id = %s",
        order,
    )
    stage.line("its row in food.orders", f"{row['status']}, eta {row['eta']}")
    if row["output"]:
        stage.line("output of the machine", json.dumps(row["output"]))
    expect(row["status"] == status, f"food.orders says {row['status']}, not {status}")


def show_expired(stage: Stage, order: str) -> None:
    stage.heading("An order that nobody answers expires, fired by pg_cron")
    stage.wait_for_state(order, "expired", CRON_SECONDS)
    fired = stage.row(
        "select l.event, l.clock, o.changed_at + interval '2 s' as due_at"
        " from pgsm.event_log as l join food.orders as o on o.order_id = l.instance_id"
        " where l.instance_id = %s and l.origin = 'timer'",
        order,
    )
    submitted = stage.row(
        "select clock + interval '2 seconds' as due_at from pgsm.event_log"
        " where instance_id = %s and event = 'order.submit'",
        order,
    )
    late = (fired["clock"] - submitted["due_at"]).total_seconds() * 1000
    stage.line("due at", f"{submitted['due_at']:%H:%M:%S.%f}"[:-3])
    stage.line(
        f"fired: {fired['event']}", f"{fired['clock']:%H:%M:%S.%f}"[:-3], "green"
    )
    stage.line("late by", f"{late:.0f} ms")
    _show_job(stage)
    stage.mail(order, "order_expired")
    _check_row(stage, order, "expired")


def _show_job(stage: Stage) -> None:
    job = stage.row(
        "select j.jobname, j.schedule, j.command, d.username, d.status"
        " from cron.job as j join cron.job_run_details as d using (jobid)"
        " where j.command like 'call pgsm.run_timers%' order by d.runid desc limit 1"
    )
    stage.line("by the job", f"{job['command']}  [{job['status']}]")
    expect(
        job["username"] == "pgsm_scheduler",
        f"the job runs as {job['username']}, not as pgsm_scheduler",
    )


def upgrade_running(stage: Stage) -> None:
    """Orders of version 1 become those of version 3, and go on."""
    stage.heading("Version 2 and 3, while orders of version 1 are running")
    market = open_cart(stage, "market", "night-market")
    pizza = open_cart(stage, "pizza", "pizza-express")
    stage.rows("select pgsm.send_event(%s, 'order.submit')", pizza)
    pasta = open_cart(stage, "pasta", "trattoria", eta=40)
    orders = [market, pizza, pasta]
    _upgrade(stage, orders, 2)
    stage.say("Version 2: no relationship, so a courier goes first and buys.")
    _buy_at_the_market(stage, market)
    _upgrade(stage, [pizza, pasta], 3)
    stage.say("Version 3: the restaurant delivers itself and is told where to.")
    _let_the_restaurant_deliver(stage, pizza)
    _upgrade_directly(stage)
    stage.rows("select pgsm.stop_instance(%s, 'the demo is over')", pasta)


def _upgrade(stage: Stage, orders: list[str], version: int) -> None:
    before = _running(stage, orders)
    stage.rows("select pgsm.set_current_version('order', %s)", version)
    stage.rows(
        "call pgsm.upgrade_instances('order', %s, instances => %s)", version, orders
    )
    after = _running(stage, orders)
    stage.table(
        ["order", "version", "state", "timer due"],
        (_upgrade_row(old, new) for old, new in zip(before, after, strict=True)),
    )
    for old, new in zip(before, after, strict=True):
        expect(new["version"] == version, f"{new['instance_id']} was not upgraded")
        expect(new["due_at"] == old["due_at"], "the upgrade moved a due time")


def _running(stage: Stage, orders: list[str]) -> list[Row]:
    return stage.rows(
        "select i.instance_id, i.version, i.value, t.due_at from pgsm.instances as i"
        " left join pgsm.timers as t using (instance_id)"
        " where i.instance_id = any (%s) order by i.started_at",
        orders,
    )


def _upgrade_row(old: Row, new: Row) -> list[str]:
    state = state_text(new["value"])
    if old["value"] != new["value"]:
        state = f"{state_text(old['value'])}\n→ {state}"
    due = "—" if new["due_at"] is None else f"{new['due_at']:%H:%M:%S}, kept"
    return [new["instance_id"], f"{old['version']} → {new['version']}", state, due]


def _buy_at_the_market(stage: Stage, order: str) -> None:
    stage.send(order, "order.submit")
    stage.mail(order, "courier_request")
    stage.refused(order, "restaurant.accept", "SM101", eta=15)
    stage.send(order, "courier.accept", courier="sam")
    stage.send(order, "restaurant.accept", eta=15)
    stage.send(order, "kitchen.ready")
    stage.send(order, "courier.buy", courier="sam", paid=23.8)
    stage.send(order, "courier.complete", courier="sam")
    _check_row(stage, order, "completed")


def _let_the_restaurant_deliver(stage: Stage, order: str) -> None:
    stage.send(order, "restaurant.accept", eta=15)
    stage.mail(order, "delivery_information")
    stage.refused(order, "courier.accept", "SM101", courier="kim")
    stage.send(order, "kitchen.ready")
    stage.send(order, "restaurant.delivered")
    _check_row(stage, order, "completed")


def _upgrade_directly(stage: Stage) -> None:
    stage.say("And one from version 1 to 3 at once, its courier on the way:")
    stage.rows("select pgsm.set_current_version('order', 1)")
    order = open_cart(stage, "late", "trattoria", eta=10)
    stage.wait_for_state(order, "fulfilling.delivery.requesting", CRON_SECONDS)
    stage.send(order, "courier.accept", courier="lee")
    _upgrade(stage, [order], 3)
    stage.send(order, "kitchen.ready")
    stage.send(order, "courier.pick_up", courier="lee")
    stage.send(order, "courier.complete", courier="lee")
    _check_row(stage, order, "completed")
