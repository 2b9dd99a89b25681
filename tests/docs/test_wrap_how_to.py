"""The how-to about wrapping shows the example, which the acceptance tests run."""

from __future__ import annotations

import re
from pathlib import Path

from .pages import blocks

WRAPPING = Path(__file__).resolve().parents[2] / "examples" / "wrapping"


def test_each_block_is_a_part_of_its_file() -> None:
    shown = list(blocks("wrap-an-existing-app.md"))
    assert len(shown) > 10
    for _, title, text in shown:
        assert title is not None
        file = (WRAPPING / title).read_text("utf-8")
        assert flat(text) in flat(file), title


def flat(text: str) -> str:
    """Without the margin and the line breaks, which a formatter sets anew."""
    return re.sub(r"\s+", " ", re.sub(r'"\s+"', "", text))


def test_every_file_of_the_example_is_shown() -> None:
    shown = {title for _, title, _ in blocks("wrap-an-existing-app.md")}
    files = {p.name for p in WRAPPING.iterdir() if p.is_file()}
    assert files - shown == {"__init__.py", "schema.sql"}
