"""docs/how-to/explore-a-machine.md shows what is true, and its tests pass."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from pgsm.cli import main
from pgsm.testing.explore_samples import KEYS

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "how-to" / "explore-a-machine.md").read_text("utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", TEXT, re.M | re.S)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    order, counter = blocks("json")
    (samples,) = blocks("yaml")
    (tmp_path / "order.json").write_text(order)
    (tmp_path / "counter.json").write_text(counter)
    (tmp_path / "samples.yaml").write_text(samples)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def without_times(text: str) -> str:
    return re.sub(r"\(\d+\.\d\d s\)", "(0.01 s)", text)


def test_commands_print_what_is_shown(folder: Path) -> None:
    shown = blocks("console")
    assert len(shown) == 4
    for block in shown:
        command, output = block.split("\n", 1)
        arguments = shlex.split(command.removeprefix("$ pgsm "))
        result = CliRunner().invoke(main, arguments)
        assert without_times(result.stdout) == without_times(output), command


def test_its_tests_and_those_that_it_writes_pass(folder: Path) -> None:
    (folder / "test_order.py").write_text("\n\n".join(blocks("python")))
    (command,) = blocks("sh")
    result = CliRunner().invoke(main, shlex.split(command.removeprefix("pgsm ")))
    assert result.exit_code == 0
    assert (folder / "test_order_paths.py").exists()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_every_key_of_samples_is_in_its_table() -> None:
    rows = re.findall(r"^\| (`.*?) \|", TEXT, re.M)
    assert {key for row in rows for key in re.findall(r"`(\w+)`", row)} == set(KEYS)
