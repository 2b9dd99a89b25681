"""`pgsm test`: exit codes, reports, which files and which scenarios."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import junitparser
import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg import conninfo

from pgsm.cli import main
from pgsm.scenarios.reading import schema

from . import files

DOOR = """
    initial: closed
    states:
      closed: {on: {open: opened}}
      opened: {on: {shut: closed}}
"""
TWO = """
    machine: door
    scenarios:
      - name: it opens
        steps: [{send: open, expect: {value: opened}}]
      - name: it sticks
        steps:
          - send: open
            expect:
              value: closed
"""


def run(*arguments: Any, given: str | None = None) -> Result:
    return CliRunner().invoke(main, ["test", *map(str, arguments)], input=given)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    files.write(tmp_path, "door.yaml", DOOR)
    files.write(tmp_path, "door.scenarios.yaml", TWO)
    return tmp_path


def test_a_failure_is_told_with_file_and_line(folder: Path) -> None:
    result = run("door.scenarios.yaml")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "ok    it opens  door.scenarios.yaml",
        "FAIL  it sticks  door.scenarios.yaml",
        '      door.scenarios.yaml:9: value: expected "closed", found "opened"',
        "        in step 1: send open",
        "        then door-1 is active in opened, context {}",
        "2 scenarios: 1 passed, 1 failed",
    ]


def test_what_passes_ends_with_0(folder: Path) -> None:
    result = run("door.scenarios.yaml", "-k", "opens")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (
        0,
        "1 scenario: 1 passed",
    )
    assert run("door.scenarios.yaml", "-k", "flies").exit_code == 2


def test_a_directory_is_its_files_of_scenarios(folder: Path) -> None:
    inner = folder / "tests" / "deep"
    inner.mkdir(parents=True)
    files.write(inner, "other.scenario.json", '{"machine": {}, "steps": []}')
    assert "2 scenarios" in run("door.scenarios.yaml").stdout
    assert "3 scenarios" in run(folder).stdout
    assert run(inner.parent).exit_code == 0
    (folder / "empty").mkdir()
    assert run(folder / "empty").exit_code == 2


def test_first_failure_ends_it_with_x(folder: Path) -> None:
    assert "2 scenarios: 1 passed, 1 failed" in run("-x", folder).stdout
    text = TWO.replace("it opens", "a").replace("value: opened", "value: x")
    files.write(folder, "door.scenarios.yaml", text)
    assert "1 scenario: 0 passed, 1 failed" in run("-x", folder).stdout


def test_json_has_all_of_it(folder: Path) -> None:
    found = json.loads(run(folder, "--json", "--coverage").stdout)
    assert (found["passed"], found["failed"]) == (1, 1)
    (good, bad) = found["scenarios"]
    assert good["passed"]
    assert (bad["line"], bad["step"]) == (5, 1)
    assert bad["failures"] == [
        {"line": 9, "what": "value", "expected": '"closed"', "found": '"opened"'}
    ]
    assert found["coverage"]["percent"] == 75.0
    (machine,) = found["coverage"]["machines"]
    assert machine["missing"] == [
        {"kind": "transition", "place": "$.states.opened.on.shut[0]"}
    ]


def test_junit_is_read_by_others(folder: Path) -> None:
    assert run("door.scenarios.yaml", "--junit", "report.xml").exit_code == 1
    (suite,) = junitparser.JUnitXml.fromfile("report.xml")
    (good, bad) = suite
    assert (suite.tests, suite.failures) == (2, 1)
    assert (good.name, good.is_passed) == ("it opens", True)
    assert 'expected "closed", found "opened"' in bad.result[0].text


def test_coverage_below_the_threshold_is_exit_code_1(folder: Path) -> None:
    only = ("-k", "opens", "door.scenarios.yaml")
    assert run(*only, "--fail-under", 75).exit_code == 0
    result = run(*only, "--fail-under", 75.1)
    assert result.exit_code == 1
    assert "the coverage is 75.0 %, less than 75.1 %" in result.stderr
    assert "door, version 1: 2 of 2 states, 1 of 2 transitions" in result.stdout


def test_another_machine_takes_the_place(folder: Path) -> None:
    files.write(folder, "other.yaml", DOOR.replace("open: opened", "open: closed"))
    only = ("-k", "opens", "door.scenarios.yaml")
    assert run(*only, "--machine", "door.yaml").exit_code == 0
    result = run(*only, "--machine", "other.yaml")
    assert 'expected "opened", found "closed"' in result.stdout


def test_standard_input_is_read(folder: Path) -> None:
    result = run("-", given="machine: door.yaml\nsteps: [{send: open}]\n")
    assert result.exit_code == 0


def test_wrong_files_are_told_without_a_traceback(folder: Path) -> None:
    files.write(folder, "bad.yaml", "machine: door\nsteps: [{sned: open}]\n")
    result = run("bad.yaml")
    assert (result.exit_code, result.stderr.splitlines()) == (
        1,
        [
            "error: bad.yaml:2: steps[0].sned: there is no such key",
            'hint: did you mean "send"?',
        ],
    )
    assert run("nothing.yaml").exit_code == 2
    assert run().exit_code == 2


def test_schema_is_printed_for_editors() -> None:
    assert json.loads(run("--schema").stdout) == schema()


def test_machines_of_a_database_are_named(
    folder: Path, fresh_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {"PGSM_DSN": fresh_dsn}
    define = ["machine", "define", "door.yaml", "--name", "gate"]
    assert CliRunner().invoke(main, define, env=environment).exit_code == 0
    text = "machine: gate\nversion: 1\nsteps: [{send: open, expect: {value: opened}}]\n"
    files.write(folder, "gate.scenarios.yaml", text)
    result = run("gate.scenarios.yaml", "--dsn", fresh_dsn)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (
        0,
        "1 scenario: 1 passed",
    )
    result = run("gate.scenarios.yaml")
    assert 'there is no file and no machine "gate"' in result.stdout


def test_a_role_that_may_not_move_the_clock_is_told_so(folder: Path, dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(
            "create role scenario_client login password 'x' in role pgsm_client"
        )
        mine = conninfo.make_conninfo(dsn, user="scenario_client", password="x")
        result = run("door.scenarios.yaml", "--dsn", mine)
        admin.execute("drop role scenario_client")
    assert result.exit_code == 1
    assert 'permission denied to set role "pgsm_owner"' in result.stderr
