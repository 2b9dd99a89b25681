"""`pgsm machine add`: versions of machines as changes of the user's sqitch project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from pgsm import sqitch, sqitch_project
from pgsm.cli import main
from pgsm.engine import exact
from pgsm.programs import SetupError

from . import shop

pytestmark = pytest.mark.timeout(600)  # sqitch, several times a test


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project; commands run in it."""
    directory = shop.project(tmp_path / "a shop")
    monkeypatch.chdir(directory)
    return directory


def add(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["machine", "add", *arguments])


def added(*arguments: str) -> Any:
    result = add(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return exact.loads(result.stdout)


def refused(*arguments: str) -> str:
    result = add(*arguments)
    assert result.exit_code == 1, result.output
    return result.stderr


def test_first_version_deploys_and_requires_what_it_calls(
    project: Path, fresh_dsn: str
) -> None:
    done = added(shop.write(project / "order.json", shop.OLD))
    assert (done["machine"], done["version"], done["change"]) == (
        "order",
        1,
        "order_v1",
    )
    assert done["requires"] == ["pgsm:roles/grants", "notes"]
    assert done["missing"] == []
    assert [str(Path(f).relative_to(project)) for f in done["files"]] == [
        "machines/order.v1.json",
        "deploy/order_v1.sql",
        "revert/order_v1.sql",
        "verify/order_v1.sql",
    ]
    assert sqitch.deploy(fresh_dsn, project)[-1] == "order_v1"
    shop.start(fresh_dsn, "o-1")
    assert shop.where(fresh_dsn) == {"o-1": (1, "offered")}
    assert sqitch.verify(fresh_dsn, project)[-1] == "order_v1"


def test_verify_fails_when_the_database_has_another_document(
    project: Path, fresh_dsn: str
) -> None:
    added(shop.write(project / "order.json", shop.OLD))
    sqitch.deploy(fresh_dsn, project)
    shop.write(project / "machines" / "order.v1.json", {**shop.OLD, "description": "x"})
    with pytest.raises(SetupError, match='"order" is another document'):
        sqitch.verify(fresh_dsn, project)


def test_deploy_without_the_document_fails(project: Path, fresh_dsn: str) -> None:
    added(shop.write(project / "order.json", shop.OLD))
    (project / "machines" / "order.v1.json").unlink()
    with pytest.raises(SetupError, match=r"order\.v1\.json"):
        sqitch.deploy(fresh_dsn, project)
    with psycopg.connect(fresh_dsn) as connection:
        assert connection.execute("select from pgsm.machines").fetchall() == []


def test_revert_lists_those_that_run_and_goes_once_none_does(
    project: Path, fresh_dsn: str
) -> None:
    added(shop.write(project / "order.json", shop.OLD))
    added(shop.write(project / "order.json", {**shop.OLD, "description": "two"}))
    sqitch.deploy(fresh_dsn, project)
    shop.start(fresh_dsn, "o-1", "o-2")
    with pytest.raises(SetupError) as error:
        sqitch.revert(fresh_dsn, project, to="order_v1")
    said = error.value.message
    assert 'version 2 of machine "order" has 2 running instances' in said
    assert "o-1, o-2" in said
    with psycopg.connect(fresh_dsn, autocommit=True) as connection:
        connection.execute("select pgsm.stop_instance(instance_id) from pgsm.instances")
    assert sqitch.revert(fresh_dsn, project, to="order_v1") == ["order_v2"]
    shop.start(fresh_dsn, "o-3")
    assert shop.where(fresh_dsn)["o-3"] == (1, "offered")
    assert sqitch.deploy(fresh_dsn, project) == ["order_v2"]


def test_next_version_requires_the_last_and_keeps_its_document(project: Path) -> None:
    file = shop.write(project / "order.json", shop.OLD)
    added(file)
    assert "is version 1 of order already" in refused(file)
    shop.write(project / "order.json", shop.NEW)
    done = added(file, "--requires", "schema", "--no-current")
    assert (done["version"], done["requires"]) == (2, ["order_v1", "notes", "schema"])
    assert sorted(p.name for p in (project / "machines").iterdir()) == [
        "order.v1.json",
        "order.v2.json",
    ]
    deploy = (project / "deploy" / "order_v2.sql").read_text()
    assert "2, make_current => false);" in deploy


def test_document_of_a_version_stays_where_it_is(project: Path) -> None:
    done = added(shop.write(project / "charts" / "order.v3.json", shop.OLD))
    assert (done["version"], done["change"]) == (3, "order_v3")
    assert not (project / "machines").exists()
    deploy = (project / "deploy" / "order_v3.sql").read_text()
    assert "`cat charts/order.v3.json`" in deploy


def test_names_that_are_odd_are_quoted(project: Path, fresh_dsn: str) -> None:
    file = shop.write(project / "odd.json", {**shop.OLD, "id": "Pat's 100% \\ order"})
    done = added(file)
    assert done["change"] == "Pat_s_100_order_v1"
    sqitch.deploy(fresh_dsn, project)
    with psycopg.connect(fresh_dsn, autocommit=True) as connection:
        connection.execute("select pgsm.start_instance(%s, 'o-1')", [done["machine"]])
    with pytest.raises(SetupError, match=r"Pat's 100% \\ order.* has 1 running"):
        sqitch.revert(fresh_dsn, project, to="notes")


def test_yaml_becomes_json(project: Path, fresh_dsn: str) -> None:
    (project / "door.yaml").write_text(
        "initial: a\ncontext: {price: 12.50}\nstates:\n  a: {on: {go: b}}\n  b: {}\n"
    )
    assert added("door.yaml")["machine"] == "door"
    assert "12.50" in (project / "machines" / "door.v1.json").read_text()
    assert sqitch.deploy(fresh_dsn, project)[-1] == "door_v1"


def test_what_is_included_is_in_the_versions_document(project: Path) -> None:
    shop.write(project / "lib.json", {"open": {"on": {"close": "closed"}}})
    states = {"open": {"$include": "lib.json#/open"}, "closed": {}}
    file = shop.write(project / "door.v1.json", {"initial": "open", "states": states})
    done = added(file)
    written = (project / "machines" / "door.v1.json").read_text()
    assert done["files"][0].endswith("machines/door.v1.json")
    assert exact.loads(written)["states"]["open"] == {"on": {"close": "closed"}}


def test_children_are_required_and_unknown_functions_are_told(project: Path) -> None:
    added(shop.write(project / "review.json", {"initial": "a", "states": {"a": {}}}))
    parent = {
        "initial": "a",
        "states": {
            "a": {
                "entry": {"type": "call", "function": "bank.charge(text)", "args": [1]},
                "invoke": {"id": "r", "machine": "review"},
            }
        },
    }
    result = add(shop.write(project / "parent.json", parent))
    assert result.exit_code == 0, result.output
    assert "requires pgsm:roles/grants, review_v1" in result.stdout
    assert "no change of the plan creates bank.charge" in result.stderr


def test_project_is_found_from_below_and_by_its_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = shop.project(tmp_path / "db")
    (directory / "sqitch.plan").rename(directory / "shop.plan")
    for kind in ("deploy", "revert", "verify"):
        (directory / kind).rename(tmp_path / kind)
        (directory / "sql").mkdir(exist_ok=True)
        (tmp_path / kind).rename(directory / "sql" / kind)
    settings = "[core]\n\tengine = pg\n\tplan_file = shop.plan\n\ttop_dir = sql\n"
    (directory / "sqitch.conf").write_text(settings)
    below = directory / "web" / "src"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    done = added(shop.write(below / "order.json", shop.OLD))
    assert str(directory / "sql" / "deploy" / "order_v1.sql") in done["files"]
    assert done["requires"] == ["pgsm:roles/grants", "notes"]
    assert "order_v1 [pgsm:roles/grants notes]" in (directory / "shop.plan").read_text()


def test_what_is_in_the_way_is_told(project: Path) -> None:
    file = shop.write(project / "order.json", shop.OLD)
    assert "has a change" in refused(file, "--change", "notes")
    shop.write(project / "machines" / "order.v1.json", {"other": 1})
    assert "machines/order.v1.json exists and reads differently" in refused(file)
    wrong = shop.write(project / "wrong.json", {"initial": "x", "states": {"a": {}}})
    assert "$.initial" in refused(wrong)
    assert add("nowhere.json").exit_code == 2
    assert add(file, "-o", "x.sql").exit_code == 2


def test_no_project_is_told_with_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = refused(shop.write(tmp_path / "order.json", shop.OLD))
    assert "there is no sqitch project" in said
    assert "--format sql" in said


def test_pgsms_own_project_is_not_added_to() -> None:
    with pytest.raises(SetupError, match="pgsm's own"):
        sqitch_project.find(sqitch.project_directory())


# -------------------------------------------------------------------------- plain SQL


def test_plain_sql_defines_the_version(tmp_path: Path, fresh_dsn: str) -> None:
    document = {"initial": "a", "states": {"a": {"description": "$definition$ it's"}}}
    file = shop.write(tmp_path / "door.json", document)
    assert added(file, "--format", "sql")["file"] == str(tmp_path / "door_v1.sql")
    document["context"] = {"n": 1}
    shop.write(tmp_path / "door.json", document)
    assert added(file, "--format", "sql")["version"] == 2
    with psycopg.connect(fresh_dsn, autocommit=True) as connection:
        for number in (1, 2):
            text = (tmp_path / f"door_v{number}.sql").read_text()
            connection.execute(text.encode())
        found = connection.execute(
            "select version, is_current from pgsm.machine_versions order by version"
        ).fetchall()
    assert found == [(1, False), (2, True)]


def test_plain_sql_goes_where_it_is_wanted(tmp_path: Path) -> None:
    file = shop.write(tmp_path / "door.json", {"initial": "a", "states": {"a": {}}})
    target = tmp_path / "V7__door.sql"
    assert add(file, "--format", "sql", "-o", str(target)).exit_code == 0
    assert target.read_text().startswith("-- Version 1 of machine door\n")
    assert "exists" in refused(file, "--format", "sql", "-o", str(target))
    printed = add(file, "--format", "sql", "-o", "-")
    assert printed.stdout == target.read_text()
