from __future__ import annotations

import pytest

from .stage import Database, Memory, Stage


@pytest.fixture(params=["memory", "database"])
def stage(request: pytest.FixtureRequest) -> Stage:
    """Each play is given on both stages."""
    if request.param == "memory":
        return Memory()
    return Database(request.getfixturevalue("db"))
