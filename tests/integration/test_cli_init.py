"""`pgsm init`: what a new project has, and where none is begun."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from pgsm import programs, sqitch_project
from pgsm.cli import init, main
from pgsm.engine import definition
from pgsm.formats import files

pytestmark = pytest.mark.skipif(not shutil.which("sqitch"), reason="needs sqitch")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("work") / "Web shop"
    result = run("init", str(directory))
    assert result.exit_code == 0, result.output
    for line in result.stdout.split("\n\nnext:")[0].splitlines():
        if line.startswith(str(directory)):
            assert Path(line).is_file()
    return directory


def test_it_is_a_sqitch_project_with_a_machine(project: Path) -> None:
    found = sqitch_project.find(project)
    assert (found.name, found.changes) == ("web_shop", ("tables", "order_v1"))
    assert found.versions("order") == {1: "order_v1"}
    deployed = files.read_definition(project / "machines" / "order.v1.json")
    assert deployed == files.read_definition(project / "order.yaml")
    assert definition.check(deployed).problems == []


def test_nothing_of_the_template_is_left_open(project: Path) -> None:
    for place in project.rglob("*"):
        if place.is_file():
            text = place.read_text("utf-8")
            assert "{{" not in text, place
            assert " \n" not in text, place


def test_all_templates_are_used() -> None:
    templates = Path(init.__file__).parents[1] / "project_template"
    scripts = {f"{kind}.sql.tmpl" for kind in ("deploy", "revert", "verify")}
    assert {place.name for place in templates.iterdir()} == {*init.FILES, *scripts}


def test_its_scenarios_cover_its_machine(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    assert run("check", "--strict", "order.yaml").exit_code == 0
    result = run("test", "tests", "--fail-under", "100")
    assert result.exit_code == 0, result.output


def test_its_tests_in_memory_pass(project: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "--deselect", DATABASE_TEST],
        cwd=project,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "2 passed, 1 deselected" in done.stdout


DATABASE_TEST = "tests/test_order.py::test_the_payment_is_a_row_of_the_database"


def test_its_handler_is_one_for_the_runner(project: Path) -> None:
    code = (
        "import web_shop.effects as e, asyncio\n"
        "print(e.effects.default_registry.names)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "card.charge" in done.stdout


def test_its_compose_file_names_what_is_there(project: Path) -> None:
    found = YAML(typ="safe").load((project / "compose.yaml").read_text("utf-8"))
    assert list(found["services"]) == ["postgres", "deploy", "runner"]
    runner = found["services"]["runner"]
    assert runner["command"] == ["pgsm", "runner", "web_shop.effects"]
    assert runner["environment"]["PGDATABASE"] == "web_shop"


def test_directory_with_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    result = run("init", str(tmp_path), "--name", "shop")
    assert result.exit_code == 2
    assert "is not empty" in result.stderr
    assert [place.name for place in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    "name", ["pgsm", "public", "class", "9th", "pg_shop", "a-b", ""]
)
def test_names_that_are_none_are_refused(name: str, tmp_path: Path) -> None:
    assert run("init", str(tmp_path / "x"), "--name", name).exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_half_a_project_is_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise programs.SetupError("sqitch add failed: Cannot find your name")

    monkeypatch.setattr(sqitch_project, "add", refuse)
    (tmp_path / "there").mkdir()
    for name in ("new", "there"):
        result = run("init", str(tmp_path / name), "--name", "shop")
        assert (result.exit_code, "your name" in result.stderr) == (1, True)
    assert [place.name for place in tmp_path.iterdir()] == ["there"]
    assert list((tmp_path / "there").iterdir()) == []
