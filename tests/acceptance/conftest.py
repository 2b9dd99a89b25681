"""The examples, deployed by their own sqitch projects beside pgsm."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from pgsm import sqitch

from .world import EXAMPLES, Orders, World


@pytest.fixture(scope="module")
def food_dsn(dsn: str) -> str:
    sqitch.deploy(dsn, EXAMPLES / "food_delivery")
    return dsn


@pytest.fixture(scope="module")
def onboarding_dsn(dsn: str) -> str:
    sqitch.deploy(dsn, EXAMPLES / "onboarding")
    return dsn


@pytest.fixture(params=[1, 2, 3], ids=["v1", "v2", "v3"])
def orders(
    request: pytest.FixtureRequest, food_dsn: str, db: psycopg.Connection[Any]
) -> Orders:
    """For what is true of an order in every version."""
    return Orders(db, request.param)


@pytest.fixture
def orders_v1(food_dsn: str, db: psycopg.Connection[Any]) -> Orders:
    return Orders(db, 1)


@pytest.fixture
def orders_v2(food_dsn: str, db: psycopg.Connection[Any]) -> Orders:
    return Orders(db, 2)


@pytest.fixture
def orders_v3(food_dsn: str, db: psycopg.Connection[Any]) -> Orders:
    return Orders(db, 3)


@pytest.fixture
def crm(onboarding_dsn: str, db: psycopg.Connection[Any]) -> World:
    return World(db)
