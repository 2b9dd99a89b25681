"""The how-tos about upgrades do what they say, from edit to undo."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from pgsm.cli import upgrade_run

from . import sessions

# sqitch is started a dozen times
pytestmark = pytest.mark.timeout(600)

PAGES = ["upgrade-a-machine.md", "hot-fix-a-guard.md", "roll-a-version-back.md"]


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A run thinks that it has a terminal, and does not print JSON; its bar is lost."""
    monkeypatch.chdir(tmp_path)
    lost = Console(file=io.StringIO(), force_terminal=True)
    monkeypatch.setattr(upgrade_run, "console", lambda: lost)


@pytest.mark.parametrize("page", PAGES)
def test_commands_print_what_the_page_shows(page: str, fresh_dsn: str) -> None:
    sessions.play(page, fresh_dsn, {})


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = (sessions.HOW_TO / page).read_text("utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (sessions.HOW_TO / target).exists(), target
