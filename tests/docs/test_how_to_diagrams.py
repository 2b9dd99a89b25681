"""docs/how-to/draw-a-machine.md shows what is true; its commands and its SQL run."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from pgsm.cli import main

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "how-to" / "draw-a-machine.md").read_text("utf-8")
FILES = ("parcel.json", "parcel2.json", "map.json")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.M | re.S)


def run(command: str) -> str:
    result = CliRunner().invoke(main, shlex.split(command.removeprefix("pgsm ")))
    assert result.exit_code == 0, (command, result.output)
    return result.stdout


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, block in zip(FILES, blocks("json"), strict=True):
        (tmp_path / name).write_text(block)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def defined(folder: Path, fresh_dsn: str, monkeypatch: pytest.MonkeyPatch) -> str:
    old, new, states = ((folder / name).read_text() for name in FILES)
    with psycopg.connect(fresh_dsn, autocommit=True) as connection:
        connection.execute("select pgsm.define_machine('parcel', %s::json)", [old])
        connection.execute(
            "select pgsm.start_instance('parcel', instance_id => 'parcel-1')"
        )
        connection.execute("select pgsm.define_machine('parcel', %s::json)", [new])
        connection.execute(
            "select pgsm.define_upgrade('parcel', 1, 2, states => %s)", [states]
        )
    monkeypatch.setenv("PGSM_DSN", fresh_dsn)
    return fresh_dsn


def test_its_mermaid_is_what_the_command_prints(folder: Path) -> None:
    assert blocks("mermaid") == [run(blocks("sh")[0])]


@pytest.mark.skipif(not shutil.which("dot"), reason="needs graphviz's dot")
def test_its_commands_draw_files_instances_and_upgrades(
    folder: Path, defined: str
) -> None:
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    for command in commands:
        run(command)
    written = {path.name for path in folder.iterdir()} - set(FILES)
    assert written == {
        command.split(" -o ")[1] for command in commands if " -o " in command
    }


def test_its_sql_gives_diagrams(defined: str) -> None:
    current, instance = blocks("sql")
    with psycopg.connect(defined) as connection:
        for statement in [*current.split(";")[:2], instance]:
            ((text,),) = connection.execute(statement.encode()).fetchall()
            assert text.startswith("---\ntitle: ")
    assert "class s_packing active" in text
