from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import conninfo

from pgsm import programs, sqitch
from pgsm.cli import main

from . import tiny


def test_deploy_reports_each_change_in_order(
    empty_dsn: str, tiny_project: Path
) -> None:
    seen: list[str] = []
    done = sqitch.deploy(empty_dsn, tiny_project, seen.append)
    assert done == seen == ["schema", "table", "view"]


def test_change_that_prints_something_is_reported_too(
    empty_dsn: str, tmp_path: Path
) -> None:
    noisy = "do $$ begin raise notice 'ok'; end $$; create table tiny.things (id int);"
    project = tiny.write_project(tmp_path, table=noisy)
    assert sqitch.deploy(empty_dsn, project) == ["schema", "table", "view"]


def test_second_deploy_does_nothing(empty_dsn: str, tiny_project: Path) -> None:
    sqitch.deploy(empty_dsn, tiny_project)
    assert sqitch.deploy(empty_dsn, tiny_project) == []


def test_deploy_takes_the_password_from_the_dsn_and_shows_it_to_nobody(
    empty_dsn: str, tiny_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = conninfo.conninfo_to_dict(empty_dsn).get("password")
    commands = []
    run = subprocess.Popen

    def spy(command: list[str], **options: object) -> object:
        commands.append(command)
        return run(command, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", spy)
    sqitch.deploy(empty_dsn, tiny_project)
    assert password
    assert str(password) not in str(commands)


def test_deploy_works_on_libpq_s_own_environment(
    empty_dsn: str, tiny_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in sqitch.environment(empty_dsn).items():
        if name.startswith("PG"):
            monkeypatch.setenv(name, value)
    assert sqitch.deploy("", tiny_project)
    assert sqitch.status("", tiny_project).pending == []


def test_failing_change_is_named_with_the_server_s_message(
    empty_dsn: str, tmp_path: Path
) -> None:
    project = tiny.write_project(tmp_path, table="select tiny.nothing();")
    with pytest.raises(sqitch.DeployError) as failed:
        sqitch.deploy(empty_dsn, project)
    assert failed.value.change == "table"
    assert "function tiny.nothing() does not exist" in failed.value.message
    assert "unexpectedly" not in failed.value.message


def test_deploy_goes_on_after_the_failing_change_is_mended(
    empty_dsn: str, tmp_path: Path
) -> None:
    project = tiny.write_project(tmp_path, table="select tiny.nothing();")
    with pytest.raises(sqitch.DeployError):
        sqitch.deploy(empty_dsn, project)
    tiny.write_project(tmp_path)
    assert sqitch.deploy(empty_dsn, project) == ["table", "view"]


def test_change_whose_verify_script_fails_is_not_deployed(
    empty_dsn: str, tmp_path: Path
) -> None:
    project = tiny.write_project(tmp_path, view="create view tiny.other as select 1;")
    with pytest.raises(sqitch.DeployError) as failed:
        sqitch.deploy(empty_dsn, project)
    assert 'relation "tiny.seen" does not exist' in failed.value.message
    assert sqitch.status(empty_dsn, project).pending == ["view"]


def test_status_tells_pending_modified_and_unknown_changes(
    empty_dsn: str, tiny_project: Path
) -> None:
    assert sqitch.status(empty_dsn, tiny_project).pending == ["schema", "table", "view"]
    sqitch.deploy(empty_dsn, tiny_project)
    script = tiny_project / "sql" / "deploy" / "table.sql"
    script.write_text(script.read_text() + "-- changed\n")
    plan = tiny_project / "sqitch.plan"
    plan.write_text(plan.read_text().replace("view [table]", "other [table]"))
    status = sqitch.status(empty_dsn, tiny_project)
    assert (status.version, status.change) == ("v1.0", "table")
    assert status.pending == ["other"]
    assert status.modified == ["table"]
    assert status.unknown == ["view"]


def test_revert_stops_at_the_named_change(empty_dsn: str, tiny_project: Path) -> None:
    sqitch.deploy(empty_dsn, tiny_project)
    assert sqitch.revert(empty_dsn, tiny_project, to="schema") == ["view", "table"]
    assert sqitch.status(empty_dsn, tiny_project).change == "schema"


def test_verify_names_the_change_that_is_broken(
    empty_dsn: str, tiny_project: Path
) -> None:
    sqitch.deploy(empty_dsn, tiny_project)
    assert sqitch.verify(empty_dsn, tiny_project) == ["schema", "table", "view"]
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute("drop view tiny.seen")
    with pytest.raises(programs.SetupError, match=r"view failed: .*tiny\.seen"):
        sqitch.verify(empty_dsn, tiny_project)


def test_missing_sqitch_names_the_packages(
    empty_dsn: str, tiny_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(programs.SetupError) as refused:
        sqitch.deploy(empty_dsn, tiny_project)
    assert "apt-get install sqitch libdbd-pg-perl" in str(refused.value.hint)


def test_user_without_superuser_is_told_before_anything_happens(
    empty_dsn: str,
) -> None:
    dsn = conninfo.make_conninfo(empty_dsn, options="-c role=pg_monitor")
    with pytest.raises(programs.SetupError, match="only a superuser"):
        sqitch.prepare(dsn)


@pytest.mark.parametrize("command", ["deploy", "status"])
def test_unreachable_database_is_a_message_and_exit_code_1(
    command: str, tiny_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqitch, "project_directory", lambda: tiny_project)
    result = CliRunner().invoke(main, [command, "--dsn", "host=127.0.0.1 port=1"])
    assert result.exit_code == 1
    assert "cannot connect" in result.stderr
    assert "--dsn" in result.stderr
    assert "Traceback" not in result.output


def test_wrong_usage_is_exit_code_2() -> None:
    assert CliRunner().invoke(main, ["nonsense"]).exit_code == 2
    assert CliRunner().invoke(main, ["dev", "up", "--port", "x"]).exit_code == 2
