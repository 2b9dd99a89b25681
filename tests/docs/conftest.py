"""Fixtures of the tests of documentation."""

from __future__ import annotations

import pytest

from pgsm.engine.definition import NOT_YET


@pytest.fixture
def whole_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checker takes all of the language, run by this release or not."""
    for feature in list(NOT_YET):
        monkeypatch.delitem(NOT_YET, feature)
