"""`pgsm diagram` and pgsm.diagram: files, machines, instances and upgrades."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from pgsm.cli import main
from pgsm.engine import definition, diagram

DOOR: dict[str, Any] = {
    "id": "door",
    "initial": "closed",
    "states": {
        "closed": {"on": {"open": "opened"}},
        "opened": {"after": {"60000": "closed"}, "on": {"break": "broken"}},
        "broken": {"type": "final"},
    },
}
GATE: dict[str, Any] = {
    "id": "door",
    "initial": "shut",
    "states": {
        "shut": {"on": {"open": "opened"}},
        "opened": {"on": {"close": "shut"}},
    },
}
MAP = {"closed": "shut", "broken": None}
ACTIVE = "class s_opened active"

needs_dot = pytest.mark.skipif(not shutil.which("dot"), reason="needs graphviz's dot")


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(main, ["diagram", *map(str, arguments)])


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    places = tmp_path / "old.json", tmp_path / "new.json", tmp_path / "map.json"
    for place, content in zip(places, (DOOR, GATE, MAP), strict=True):
        place.write_text(json.dumps(content))
    return places


@pytest.fixture
def defined(fresh_dsn: str) -> str:
    """A database with both versions, the map between them, and an opened door."""
    with psycopg.connect(fresh_dsn, autocommit=True) as connection:
        define = "select pgsm.define_machine('door', %s::json)"
        connection.execute(define, [json.dumps(DOOR)])
        connection.execute("select pgsm.start_instance('door', instance_id => 'd')")
        connection.execute("select pgsm.send_event('d', 'open')")
        connection.execute(define, [json.dumps(GATE)])
        connection.execute(
            "select pgsm.define_upgrade('door', 1, 2, states => %s)", [json.dumps(MAP)]
        )
    return fresh_dsn


def normal(document: dict[str, Any]) -> dict[str, Any]:
    return definition.normalise(document)


def test_a_file_is_drawn_as_mermaid(files: tuple[Path, ...]) -> None:
    result = run(files[0])
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == diagram.mermaid(normal(DOOR))
    assert "s_opened --> s_closed : after 1 min" in result.stdout


def test_scxml_is_drawn_too(tmp_path: Path) -> None:
    place = tmp_path / "light.scxml"
    place.write_text(
        '<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" name="light">'
        '<state id="off"><transition event="press.* push" target="on"/></state>'
        '<state id="on"/></scxml>'
    )
    result = run(place)
    assert result.exit_code == 0, result.stderr
    assert "s_off --> s_on : press." in result.stdout


@needs_dot
@pytest.mark.parametrize(
    ("name", "begins"), [("door.svg", b"<?xml"), ("door.png", b"\x89PNG")]
)
def test_a_picture_is_written(
    files: tuple[Path, ...], tmp_path: Path, name: str, begins: bytes
) -> None:
    result = run(files[0], "-o", tmp_path / name)
    assert (result.exit_code, result.output) == (0, "")
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_where_dot_is_missing_it_is_said_what_to_install(
    files: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    result = run(files[0], "--format", "svg")
    assert result.exit_code == 1
    assert "apt-get install graphviz" in result.stderr


def test_two_files_are_drawn_with_the_map_between_them(
    files: tuple[Path, ...],
) -> None:
    old, new, mapping = files
    result = run(old, new, "--map", mapping)
    assert result.exit_code == 0, result.stderr
    assert "old_closed --> new_shut : upgrade" in result.stdout
    assert "old_broken --> old_broken_refused : upgrade" in result.stdout


def test_a_file_with_problems_is_not_drawn(tmp_path: Path) -> None:
    place = tmp_path / "bad.json"
    place.write_text('{"initial": "nowhere", "states": {"here": {}}}')
    result = run(place)
    assert result.exit_code == 1
    assert "pgsm check" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a.json", "b.json", "c.json"],
        ["a.json", "--map", "m.json"],
        ["a.json", "--upgrade", "1:2"],
        ["order", "--upgrade", "1:2", "--version", "1"],
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_a_machine_of_the_database_is_drawn_at_its_version(defined: str) -> None:
    current = run("door", "--dsn", defined)
    first = run("door", "--version", 1, "--dsn", defined)
    assert current.stdout == diagram.mermaid(normal(GATE))
    assert first.stdout == diagram.mermaid(normal(DOOR))


def test_an_instance_has_its_active_states_in_colour(defined: str) -> None:
    result = run("--instance", "d", "--dsn", defined)
    assert result.exit_code == 0, result.stderr
    assert ACTIVE in result.stdout
    other = run("gate", "--instance", "d", "--dsn", defined)
    assert 'is of machine "door", not "gate"' in other.stderr


def test_an_upgrade_is_drawn_from_its_declaration(defined: str) -> None:
    result = run("door", "--upgrade", "1:2", "--dsn", defined)
    assert result.exit_code == 0, result.stderr
    assert "door, version 1" in result.stdout
    assert "old_closed --> new_shut : upgrade" in result.stdout


def test_sql_gives_the_same_text_as_the_command(defined: str) -> None:
    with psycopg.connect(defined) as connection:
        row = connection.execute(
            "select pgsm.diagram('door'), pgsm.diagram('door', 1),"
            " pgsm.diagram_instance('d')"
        ).fetchone()
    assert row is not None
    assert row[:2] == (diagram.mermaid(normal(GATE)), diagram.mermaid(normal(DOOR)))
    assert ACTIVE in row[2]


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("diagram('nothing')", "SM002"),
        ("diagram('door', 7)", "SM003"),
        ("diagram_instance('nothing')", "SM100"),
    ],
)
def test_what_is_not_there_is_refused_by_its_code(
    defined: str, call: str, code: str
) -> None:
    with (
        psycopg.connect(defined) as connection,
        pytest.raises(psycopg.Error) as refused,
    ):
        connection.execute(f"select pgsm.{call}".encode())
    assert refused.value.sqlstate == code
