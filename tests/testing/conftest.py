"""The fixture `world`: empty, at noon of 2030-01-01."""

from __future__ import annotations

import pytest

from pgsm.testing import World


@pytest.fixture
def world() -> World:
    return World()
