"""docs/how-to/share-definitions.md shows what the commands print."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import pages


def test_commands_print_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert pages.play("share-definitions.md", tmp_path) == 4
