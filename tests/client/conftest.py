"""A machine that can be watched, in one database for each module of tests."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator

import psycopg
import pytest

import pgsm

MACHINE = {
    "context": {"total": {"expr": "input.total"}, "eta": None},
    "keys": {"shelf": {"expr": "str(context.total)"}},
    "initial": "offered",
    "states": {
        "offered": {
            "tags": ["open"],
            "on": {
                "accept": {
                    "target": "accepted",
                    "guard": {"expr": "context.total > 0"},
                    "actions": {
                        "type": "assign",
                        "set": {"eta": {"expr": "event.data.eta"}},
                    },
                }
            },
        },
        "accepted": {
            "entry": {"type": "emit", "event": "cooking", "data": {"eta": 5}},
            "on": {"deliver": "delivered", "back": "offered"},
        },
        "delivered": {"type": "final"},
    },
    "implementations": {
        "actions": {
            "note": {"type": "assign", "set": {"eta": {"expr": "event.data.eta"}}}
        }
    },
}
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def shop_dsn(dsn: str) -> str:
    """`dsn` with the machine `order`."""
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "select pgsm.define_machine('order', %s)", [json.dumps(MACHINE)]
        )
    return dsn


@pytest.fixture(scope="module")
def client(shop_dsn: str) -> Iterator[pgsm.Client]:
    with pgsm.Client(shop_dsn) as client:
        yield client


@pytest.fixture
def order(client: pgsm.Client) -> str:
    """A new order's id."""
    return client.start("order", f"order-{next(_numbers)}", {"total": 12.5}).instance_id


@pytest.fixture
def other(client: pgsm.Client) -> Callable[[], str]:
    return lambda: (
        client.start("order", f"order-{next(_numbers)}", {"total": 12.5}).instance_id
    )
