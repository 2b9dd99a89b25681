"""docs/how-to/simulate.md shows what the commands print."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgsm.cli.simulate_verbs import HELP

from . import pages

PAGE = "simulate.md"


def test_commands_print_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert pages.play(PAGE, tmp_path) == 2


def test_help_has_the_commands_of_the_page() -> None:
    text = (pages.HOW_TO / PAGE).read_text("utf-8")
    for line in HELP.splitlines():
        for word in line[:24].replace(",", " ").split()[:1]:
            assert f"`{word}" in text, line
