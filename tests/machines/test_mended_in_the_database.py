"""What the machines found in the SQL shell only."""

from __future__ import annotations

from typing import Any

import psycopg

from . import shop
from .stage import Database


def test_time_that_a_function_returns_has_the_form_of_now_in_any_session(
    db: psycopg.Connection[Any],
) -> None:
    stage = Database(db)
    stage.functions(shop.SQL, shop.FAKES)
    db.execute("set local timezone to 'Asia/Tokyo'")
    args = [{"expr": "now"}, 1]
    end = {"sql": "billing.add_months(timestamptz, integer)", "args": args}
    stage.define("m", {"context": {"end": end}})
    after = stage.start("m", "i", {})
    assert after.context["end"] == "2030-02-01T12:00:00.000000Z"
