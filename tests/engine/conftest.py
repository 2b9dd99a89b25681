"""Fixtures of the engine's tests."""

from __future__ import annotations

import pytest

from pgsm.engine.definition import NOT_YET


@pytest.fixture(autouse=True)
def whole_language(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checker is tested for all of the language, run by this release or not."""
    if request.module.__name__.rpartition(".")[2].startswith(
        ("test_definition", "test_rows")
    ):
        for feature in list(NOT_YET):
            monkeypatch.delitem(NOT_YET, feature)
