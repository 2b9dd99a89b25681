"""What docstrings and the how-to show works as printed."""

from __future__ import annotations

import doctest
import inspect
import os
import re
import subprocess
import sys
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


def test_how_to_s_tests_pass(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "how-to" / "test-a-machine.md").read_text("utf-8")
    (document,) = re.findall(r"^```json\n(.*?)^```$", text, re.M | re.S)
    (tmp_path / "order.json").write_text(document)
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
    (tmp_path / "test_order.py").write_text("\n\n".join(blocks))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    # blocks with a title are those of tests/plugin
    assert f"{''.join(blocks).count('def test_')} passed" in done.stdout
