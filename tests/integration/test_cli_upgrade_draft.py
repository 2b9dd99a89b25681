"""`pgsm upgrade draft`: the upgrade as a change of the user's sqitch project."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import conninfo

from pgsm import sqitch, upgrade_draft
from pgsm.cli import main
from pgsm.engine import definition
from pgsm.programs import SetupError
from tests import templates

from . import shop
from .operated import done, lines, refused, run

STATES = (
    ('"waiting": "TODO"', '"waiting": "delivery.waiting"'),
    ('"offered/10 minutes": "TODO"', '"offered/10 minutes": "offered/20 minutes"'),
)
BACK = ('"delivery.waiting": null', '"delivery.waiting": "waiting"')

pytestmark = pytest.mark.timeout(600)  # sqitch, several times a test

MINE = """
alter table shop.notes add column eta integer;
insert into shop.notes values ('all have one', 5);
"""


def edit(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


@pytest.fixture(scope="module")
def deployed(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 2 is deployed in `dsn`; o-1 and o-2 run on version 1, o-2 waits."""
    directory = shop.project(tmp_path_factory.mktemp("shop"))
    for document in (shop.OLD, shop.NEW):
        file = shop.write(directory / "order.json", document)
        where = ("--project", str(directory))
        result = CliRunner().invoke(main, ["machine", "add", file, *where])
        assert result.exit_code == 0, result.output
        sqitch.deploy(dsn, directory)
        if document is shop.OLD:
            shop.start(dsn, "o-1", "o-2")
            shop.send(dsn, "o-2", "accept")
    return directory


@pytest.fixture
def project(deployed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project; commands run in it."""
    directory = tmp_path / "shop"
    shutil.copytree(deployed, directory)
    monkeypatch.chdir(directory)
    return directory


@pytest.fixture
def copy(deployed: Path, dsn: str, server_dsn: str) -> Iterator[str]:
    """A copy of the database that the project is deployed in."""
    name = str(conninfo.conninfo_to_dict(dsn)["dbname"])
    with templates.clone(server_dsn, name) as clone:
        yield clone


def test_draft_names_what_is_left_and_proposes(project: Path, copy: str) -> None:
    result = run(copy, "upgrade", "draft", "order", "1", "2")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "change order_v1_to_v2 of project shop",
        "  requires order_v2",
        "  deploy/order_v1_to_v2.sql",
        "  revert/order_v1_to_v2.sql",
        "  verify/order_v1_to_v2.sql",
    ]
    assert result.stderr.splitlines() == [
        "3 states are in both versions; to do in deploy/order_v1_to_v2.sql:",
        '  state "waiting": perhaps "delivery.waiting"',
        '  timer "offered/10 minutes": perhaps "offered/20 minutes"',
    ]
    deploy = (project / "deploy" / "order_v1_to_v2.sql").read_text()
    assert '        "offered": "offered",\n' in deploy
    assert "-- + state kitchen (atomic)\n" in deploy
    assert '{"set":{"eta":5,"by":null},"remove":[]}' in deploy


def test_deploy_fails_while_something_is_to_do(project: Path, copy: str) -> None:
    done(copy, "upgrade", "draft", "order", "1", "2")
    with pytest.raises(SetupError) as error:
        sqitch.deploy(copy, project)
    said = error.value.message
    assert '$.states["waiting"]: the new version has no state "TODO"' in said
    assert '$.timers["offered/10 minutes"]: there is no timer "TODO"' in said
    assert {version for version, _ in shop.where(copy).values()} == {1}


def test_deploy_and_revert_take_instances_there_and_back(
    project: Path, copy: str
) -> None:
    done(copy, "upgrade", "draft", "order", "1", "2")
    edit(project / "deploy" / "order_v1_to_v2.sql", *STATES)
    assert sqitch.deploy(copy, project) == ["order_v1_to_v2"]
    assert shop.where(copy) == {
        "o-1": (2, "offered"),
        "o-2": (2, {"delivery": "waiting"}),
    }
    # as it is written, the way back refuses what version 1 has not, by name
    with pytest.raises(SetupError) as error:
        sqitch.revert(copy, project, to="order_v2")
    said = error.value.message
    assert '2 of 2 instances of machine "order" cannot go to version 1' in said
    assert 'the map refuses state "delivery.waiting"' in said
    assert 'timer "offered/20 minutes" has no counterpart' in said
    assert {version for version, _ in shop.where(copy).values()} == {2}

    timers = (
        "}$map$);",
        '}$map$,\n    timers => \'{"offered/20 minutes": "offered/10 minutes"}\');',
    )
    edit(project / "revert" / "order_v1_to_v2.sql", BACK, timers)
    assert sqitch.revert(copy, project, to="order_v2") == ["order_v1_to_v2"]
    assert shop.where(copy) == {"o-1": (1, "offered"), "o-2": (1, "waiting")}
    assert sqitch.deploy(copy, project) == ["order_v1_to_v2"]


def test_tables_rows_and_instances_change_together_or_not_at_all(
    project: Path, copy: str
) -> None:
    done(copy, "upgrade", "draft", "order", "1", "2")
    script = project / "deploy" / "order_v1_to_v2.sql"
    mine = ("begin;\n", f"begin;\n{MINE}\n")
    template = '{"set": {"eta": {"expr": "context.missing + 1"}}}'
    context = ("}$map$);", f"}}$map$,\n    context => '{template}');")
    edit(script, mine, *STATES, context)
    with pytest.raises(SetupError, match="2 of 2 instances of machine"):
        sqitch.deploy(copy, project)
    with psycopg.connect(copy, autocommit=True) as connection:
        columns = connection.execute("select * from shop.notes").description or []
        assert [column.name for column in columns] == ["note"]
        assert connection.execute("select from pgsm.upgrades").fetchall() == []
        assert {version for version, _ in shop.where(copy).values()} == {1}
        edit(script, ("context.missing + 1", "5"))
        sqitch.deploy(copy, project)
        found = connection.execute("select note, eta from shop.notes").fetchall()
        assert found == [("all have one", 5)]
        assert {version for version, _ in shop.where(copy).values()} == {2}


def test_draft_in_plain_sql_is_one_file(project: Path, copy: str) -> None:
    command = ("upgrade", "draft", "order", "1", "2", "--format", "sql")
    assert lines(copy, *command)[0]["open"] == {
        "states": {"waiting": ["delivery.waiting"]},
        "timers": {"offered/10 minutes": ["offered/20 minutes"]},
    }
    script = project / "order_v1_to_v2.sql"
    assert "exists" in refused(copy, *command)
    assert done(copy, *command, "-o", "-") == script.read_text()
    edit(script, *STATES)
    assert "commit" not in script.read_text().replace("committed", "")
    with psycopg.connect(copy) as connection:
        connection.execute(script.read_text().encode())
    assert {version for version, _ in shop.where(copy).values()} == {2}


def test_unknown_version_writes_nothing(project: Path, copy: str) -> None:
    assert "(SM003)" in refused(copy, "upgrade", "draft", "order", "1", "3")
    assert not list(project.glob("*/order_v1_to*"))


# -------------------------------------------------------------------------- proposals


def drafted(old: dict[str, Any], new: dict[str, Any]) -> upgrade_draft.Draft:
    def normal(states: dict[str, Any]) -> dict[str, Any]:
        return definition.normalise({"initial": next(iter(states)), "states": states})

    return upgrade_draft.draft(normal(old), normal(new))


def test_state_that_was_moved_or_renamed_is_proposed() -> None:
    old = {"a": {"on": {"go": "charging"}}, "charging": {"on": {"ok": "z"}}, "z": {}}
    new = {
        "a": {"on": {"go": "paying"}},
        "paying": {"on": {"ok": "z"}},
        "sleeping": {"on": {"wake": "z"}},
        "z": {},
    }
    assert drafted(old, new).open_states == {"charging": ["paying"]}
    moved = {"a": {}, "b": {"initial": "charging", "states": {"charging": {}}}}
    assert drafted({"a": {}, "charging": {}}, moved).open_states == {
        "charging": ["b.charging"]
    }


def test_state_like_nothing_gets_no_proposal() -> None:
    old = {"a": {}, "legacy": {"on": {"x": "a"}}}
    new = {"a": {}, "quiz": {"on": {"y": "a"}}}
    found = drafted(old, new)
    assert (found.states, found.open_states) == (["a"], {"legacy": []})


def test_end_is_not_proposed_for_what_goes_on() -> None:
    old = {"a": {}, "paid": {}}
    assert drafted(old, {"a": {}, "payed": {"type": "final"}}).open_states == {
        "paid": []
    }
