"""What a subscription writes into the shop's own tables."""

from __future__ import annotations

from typing import Any

import psycopg

from pgsm.testing import PermanentFailure

from . import shop
from .stage import Database


def test_invoices_are_written_in_the_transaction_of_the_step(
    db: psycopg.Connection[Any],
) -> None:
    stage = Database(db)
    stage.functions(shop.SQL, shop.FAKES)
    stage.define("subscription")
    stage.effect("card.charge", PermanentFailure("declined"))
    given = {"customer": "ann", "card": "old", "plan": "team"}
    stage.start("subscription", "s-1", given)
    stage.advance("14 days")
    (invoice,) = stage.rows("select number, invoice, paid from billing.invoices")
    assert (invoice["number"], invoice["paid"]) == (1, False)
    assert str(invoice["invoice"]["total"]) == "49.90"
    stage.effect("card.charge", {})
    stage.advance("3 days")
    assert stage.rows("select paid from billing.invoices") == [{"paid": True}]
