"""Step 2: the checks are the machine's guards; the endpoints only write."""

from __future__ import annotations

import psycopg
from flask import Flask, abort, request
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

import pgsm


def create_app(dsn: str) -> Flask:
    app = Flask(__name__)
    pool = ConnectionPool(dsn, kwargs={"row_factory": dict_row}, min_size=1, open=True)
    app.extensions["close"] = pool.close
    connect = pool.connection  # a transaction, rolled back where an endpoint aborts

    def send(connection, order_id, event, data=None):
        pgsm.Client(connection).send(f"order-{order_id}", event, data)

    @app.errorhandler(pgsm.errors.EventRefused)
    @app.errorhandler(pgsm.errors.InstanceEnded)
    def refused(refusal):
        return {"error": refusal.diag.message_primary}, 409

    @app.errorhandler(pgsm.errors.UnknownInstance)
    def unknown(refusal):
        return {"error": refusal.diag.message_primary}, 404

    @app.get("/orders/<int:order_id>")
    def show(order_id):
        query = "select status, courier, eta from shop.orders where order_id = %s"
        with connect() as connection:
            return connection.execute(query, [order_id]).fetchone() or abort(404)

    @app.post("/orders")
    def place():
        query = "insert into shop.orders (items) values (%s) returning order_id"
        with connect() as connection:
            order = connection.execute(query, [request.json["items"]]).fetchone()
            pgsm.Client(connection).start("order", f"order-{order['order_id']}")
        return {"order_id": order["order_id"]}, 201

    @app.post("/orders/<int:order_id>/accept")
    def accept(order_id):
        with connect() as connection:
            send(connection, order_id, "accept", request.json)
            connection.execute(
                "update shop.orders set status = 'accepted', eta = %s"
                " where order_id = %s",
                [request.json["eta"], order_id],
            )
        return show(order_id)

    @app.post("/orders/<int:order_id>/assign")
    def assign(order_id):
        with connect() as connection:
            send(connection, order_id, "assign", request.json)
            connection.execute(
                "update shop.orders set courier = %s where order_id = %s",
                [request.json["courier"], order_id],
            )
        return show(order_id)

    @app.post("/orders/<int:order_id>/deliver")
    def deliver(order_id):
        with connect() as connection:
            send(connection, order_id, "deliver")
            connection.execute(
                "update shop.orders set status = 'delivered' where order_id = %s",
                [order_id],
            )
        return show(order_id)

    return app


def expire(dsn: str) -> None:
    """What cron calls each minute."""
    with psycopg.connect(dsn) as connection:
        expired = connection.execute(
            "update shop.orders set status = 'expired' where status = 'offered'"
            " and offered_at < now() - interval '10 minutes' returning order_id"
        ).fetchall()
        for (order_id,) in expired:
            pgsm.Client(connection).send(f"order-{order_id}", "expire")
