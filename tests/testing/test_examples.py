"""What docstrings and the how-to show works as printed."""

from __future__ import annotations

import doctest
import inspect
from pathlib import Path

import pytest

import pgsm.testing

ROOT = Path(__file__).resolve().parents[2]


def test_the_package_s_example_prints_what_it_shows() -> None:
    results = doctest.testmod(pgsm.testing)
    assert results.attempted > 10
    assert results.failed == 0


@pytest.mark.parametrize("cls", [pgsm.testing.World, pgsm.testing.Instance])
def test_every_public_method_says_what_it_does(cls: type) -> None:
    methods = {
        name: member
        for name, member in inspect.getmembers(cls, inspect.isroutine)
        if not name.startswith("_")
    }
    assert [name for name, member in methods.items() if not member.__doc__] == []
