"""The fixture `engine`: one corpus through both doors."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from .doors import Engine, PostgresEngine, PythonEngine


@pytest.fixture(params=["python", "postgres"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "python":
        return PythonEngine()
    return PostgresEngine(request.getfixturevalue("db"))


@pytest.fixture
def postgres(db: psycopg.Connection[Any]) -> PostgresEngine:
    """For what only the database can show."""
    return PostgresEngine(db)
