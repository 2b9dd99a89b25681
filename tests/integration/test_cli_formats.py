"""`pgsm import` and `pgsm export`: where things go, and what the exit code says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pgsm.cli import main
from pgsm.engine import definition, exact
from pgsm.formats import files

EXAMPLES = sorted(Path(__file__).parents[2].glob("examples/*/*.json"))
PLAIN = '{"id": "door", "initial": "open", "states": {"open": {}}}'
NAMED = '{"id": "door", "on": {"go": {"guard": "rich"}}}'
CHILD = {"id": "in/side", "initial": "x", "states": {"x": {}}}
TWO = json.dumps({"id": "order", "invoke": {"src": CHILD}})
WRONG = '{"initial": "x", "states": {"a": {}}}'


def pgsm(*arguments: Any, given: str | None = None) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)), input=given)


def test_a_definition_comes_from_standard_input_to_standard_output() -> None:
    result = pgsm("import", "xstate", given=PLAIN)
    assert result.exit_code == 0
    assert result.stderr.startswith("note: JSON.stringify drops a guard")
    assert exact.loads(result.stdout) == definition.normalise(PLAIN)


def test_warnings_are_on_standard_error_with_what_to_write() -> None:
    result = pgsm("import", "xstate", "-", given=NAMED)
    assert result.exit_code == 0
    warning, hint, _note = result.stderr.splitlines()
    assert warning.startswith('warning: $.on.go.guard: the guard "rich" has no impl')
    assert hint.strip().startswith('write "implementations"."guards"."rich": {"expr"')
    assert exact.loads(result.stdout)["implementations"]


def test_strict_writes_nothing_when_there_are_warnings(tmp_path: Path) -> None:
    output = tmp_path / "door.json"
    strict = ("import", "xstate", "--strict", "-o", output)
    result = pgsm(*strict, given=NAMED)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "warning: $.on.go.guard" in result.stderr
    assert not output.exists()
    assert pgsm(*strict, given=PLAIN).exit_code == 0
    assert output.exists()


def test_problems_are_all_reported_and_end_with_exit_code_1() -> None:
    result = pgsm("import", "xstate", given=WRONG)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: $.initial")


def test_the_name_of_the_output_decides_how_it_is_written(tmp_path: Path) -> None:
    output = tmp_path / "door.yaml"
    assert pgsm("import", "xstate", "-o", output, given=PLAIN).exit_code == 0
    assert output.read_text().startswith("id: door\n")
    assert files.read_definition(output) == definition.normalise(PLAIN)
    result = pgsm("import", "xstate", "--format", "yaml", given=PLAIN)
    assert result.stdout == output.read_text()


def test_further_machines_are_written_beside_the_first(tmp_path: Path) -> None:
    output = tmp_path / "order.json"
    result = pgsm("import", "xstate", "-o", output, "--format", "json", given=TWO)
    assert result.exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"order.json", "in_side.json"}
    result = pgsm("import", "xstate", given=TWO)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "there are 2 machines: order, in/side" in result.stderr


def test_json_has_machines_warnings_and_problems() -> None:
    report = json.loads(pgsm("import", "xstate", "--json", given=TWO).stdout)
    assert list(report["machines"]) == ["order", "in/side"]
    report = json.loads(pgsm("import", "xstate", "--json", given=NAMED).stdout)
    (warning,) = report["warnings"]
    assert (warning["path"], warning["code"]) == (
        "$.on.go.guard",
        "needs_implementation",
    )
    result = pgsm("import", "xstate", "--json", given=WRONG)
    assert result.exit_code == 1
    (problem,) = json.loads(result.stdout)["problems"]
    assert problem["path"] == "$.initial"


def test_name_is_what_the_machine_is_called() -> None:
    result = pgsm("import", "xstate", "--json", "--name", "gate", given=PLAIN)
    assert list(json.loads(result.stdout)["machines"]) == ["gate"]


def test_a_file_that_is_not_there_is_reported() -> None:
    for command in ("import", "export"):
        for language in ("xstate", "scxml"):
            result = pgsm(command, language, "nothing-here.json")
            assert result.exit_code == 1
            assert "nothing-here.json" in result.stderr


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_what_was_exported_can_be_imported(path: Path, tmp_path: Path) -> None:
    output = tmp_path / "machine.json"
    exported = pgsm("export", "xstate", path, "-o", output)
    assert (exported.exit_code, exported.stdout) == (0, "")
    result = pgsm("import", "xstate", output, "--strict")
    assert result.exit_code == 0
    assert exact.loads(result.stdout) == definition.normalise(path.read_text())
    assert result.stderr == ""


def test_an_export_reports_as_json_too() -> None:
    given = '{"context": {"a": {"expr": "input.a"}}}'
    report = json.loads(pgsm("export", "xstate", "--json", given=given).stdout)
    assert json.loads(report["text"])["context"] == {"a": None}
    assert [w["code"] for w in report["warnings"]] == ["expression"]
    strict = pgsm("export", "xstate", "--strict", given=given)
    assert (strict.exit_code, strict.stdout) == (1, "")


def test_scxml_is_imported_with_the_files_beside_it(tmp_path: Path) -> None:
    scxml = '<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0">{}</scxml>'
    (tmp_path / "door.scxml").write_text(scxml.format('<state id="open"/>'))
    result = pgsm("import", "scxml", tmp_path / "door.scxml")
    assert result.exit_code == 0
    assert exact.loads(result.stdout)["semantics"] == "scxml"
    assert pgsm("import", "scxml", given="<scxml").exit_code == 1


def test_scxml_comes_back_as_the_same_definition(tmp_path: Path) -> None:
    given = pgsm("import", "xstate", given=PLAIN).stdout
    scxml = tmp_path / "door.scxml"
    assert pgsm("export", "scxml", "-o", scxml, given=given).exit_code == 0
    assert "<scxml" in scxml.read_text()
    first = pgsm("import", "scxml", scxml)
    assert first.exit_code == 0
    again = pgsm("export", "scxml", given=first.stdout)
    assert exact.loads(pgsm("import", "scxml", given=again.stdout).stdout)["states"]
