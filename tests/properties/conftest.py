"""The fixture `engine`: the same claims through both doors."""

from __future__ import annotations

import pytest

from tests.charts.doors import Engine, PostgresEngine, PythonEngine


@pytest.fixture(params=["python", "postgres"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "python":
        return PythonEngine()
    return PostgresEngine(request.getfixturevalue("db"))
