"""Step 3: the machine has the data; an endpoint is an event."""

from __future__ import annotations

from flask import Flask, request

import pgsm


def create_app(dsn: str) -> Flask:
    app = Flask(__name__)
    machines = pgsm.Client(dsn)
    app.extensions["close"] = machines.close

    def as_json(order):
        names = ("courier", "eta")
        return {"status": order.value, **{n: order.context[n] for n in names}}

    @app.errorhandler(pgsm.errors.EventRefused)
    @app.errorhandler(pgsm.errors.InstanceEnded)
    def refused(refusal):
        return {"error": refusal.diag.message_primary}, 409

    @app.errorhandler(pgsm.errors.BadEvent)
    def bad(refusal):
        return {"error": refusal.diag.message_primary}, 400

    @app.errorhandler(pgsm.errors.UnknownInstance)
    def unknown(refusal):
        return {"error": refusal.diag.message_primary}, 404

    @app.get("/orders/<int:order_id>")
    def show(order_id):
        return as_json(machines.snapshot(f"order-{order_id}"))

    @app.post("/orders")
    def place():
        query = "insert into shop.orders (items) values (%s) returning order_id"
        with machines.transaction() as tx:
            row = tx.connection.execute(query, [request.json["items"]]).fetchone()
            tx.start("order", f"order-{row[0]}")
        return {"order_id": row[0]}, 201

    @app.post("/orders/<int:order_id>/<event>")
    def send(order_id, event):
        data = request.get_json(silent=True)
        return as_json(machines.send(f"order-{order_id}", event, data))

    return app
