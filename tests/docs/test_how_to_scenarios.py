"""docs/how-to/test-with-scenarios.md shows what the commands print."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from pgsm.scenarios import reading

from . import pages

PAGE = "test-with-scenarios.md"


def test_commands_print_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh_dsn: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = (text for language, _, text in pages.blocks(PAGE) if language == "sql")
    with psycopg.connect(fresh_dsn, autocommit=True) as connection:
        connection.execute(block.encode())
    dsn = psycopg.conninfo.make_conninfo(fresh_dsn)
    assert pages.play(PAGE, tmp_path, {"PGSM_DSN": f"'{dsn}'"}) == 4


def test_all_keys_are_on_the_page() -> None:
    text = (pages.HOW_TO / PAGE).read_text("utf-8")
    known = json.loads(reading.SCHEMA.read_text("utf-8"))["$defs"]
    missing = [
        key
        for part in ("file", "step", "expect")
        for key in known[part]["properties"]
        if f"`{key}" not in text and f"{key}:" not in text and f'"{key}"' not in text
    ]
    assert missing == ["description"]
