"""The shop as it was: each endpoint checks a status, and a script runs each minute."""

from __future__ import annotations

import psycopg
from flask import Flask, abort, request
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool


def create_app(dsn: str) -> Flask:
    app = Flask(__name__)
    pool = ConnectionPool(dsn, kwargs={"row_factory": dict_row}, min_size=1, open=True)
    app.extensions["close"] = pool.close
    connect = pool.connection  # a transaction, rolled back where an endpoint aborts

    def find(connection, order_id):
        query = "select * from shop.orders where order_id = %s"
        return connection.execute(query, [order_id]).fetchone() or abort(404)

    @app.get("/orders/<int:order_id>")
    def show(order_id):
        with connect() as connection:
            order = find(connection, order_id)
        return {name: order[name] for name in ("status", "courier", "eta")}

    @app.post("/orders")
    def place():
        query = "insert into shop.orders (items) values (%s) returning order_id"
        with connect() as connection:
            order = connection.execute(query, [request.json["items"]]).fetchone()
        return {"order_id": order["order_id"]}, 201

    @app.post("/orders/<int:order_id>/accept")
    def accept(order_id):
        with connect() as connection:
            order = find(connection, order_id)
            if order["status"] != "offered":
                abort(409)
            if order["items"] == 0:
                abort(409)
            connection.execute(
                "update shop.orders set status = 'accepted', eta = %s"
                " where order_id = %s",
                [request.json["eta"], order_id],
            )
        return show(order_id)

    @app.post("/orders/<int:order_id>/assign")
    def assign(order_id):
        courier = request.json["courier"]
        with connect() as connection:
            order = find(connection, order_id)
            if order["status"] != "accepted" or order["courier"] is not None:
                abort(409)
            busy = "select from shop.orders where courier = %s and status = 'accepted'"
            if connection.execute(busy, [courier]).rowcount:
                abort(409)
            connection.execute(
                "update shop.orders set courier = %s where order_id = %s",
                [courier, order_id],
            )
        return show(order_id)

    @app.post("/orders/<int:order_id>/deliver")
    def deliver(order_id):
        with connect() as connection:
            order = find(connection, order_id)
            if order["status"] != "accepted" or order["courier"] is None:
                abort(409)
            connection.execute(
                "update shop.orders set status = 'delivered' where order_id = %s",
                [order_id],
            )
        return show(order_id)

    return app


def expire(dsn: str) -> None:
    """What cron called each minute."""
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "update shop.orders set status = 'expired' where status = 'offered'"
            " and offered_at < now() - interval '10 minutes'"
        )
