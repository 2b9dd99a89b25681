"""The examples' own sqitch projects: they verify, revert, and notice edited files."""

from __future__ import annotations

import json
import re
import shutil
import uuid
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgsm import sqitch
from tests import templates

from .world import EXAMPLES, Orders

PROJECTS = ["food_delivery", "onboarding"]
# examples/machines has no sqitch project of its own
# those of the examples that are sqitch projects
DOCUMENTS = sorted(
    path for path in EXAMPLES.glob("*/*.json") if (path.parent / "sqitch.plan").exists()
)


@pytest.fixture(params=PROJECTS)
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy, to edit."""
    return Path(shutil.copytree(EXAMPLES / request.param, tmp_path / request.param))


def test_project_deploys_verifies_reverts_and_deploys_again(
    fresh_dsn: str, project: Path
) -> None:
    for _ in range(2):
        sqitch.deploy(fresh_dsn, project)
        sqitch.verify(fresh_dsn, project)
        assert sqitch.status(fresh_dsn, project).pending == []
        sqitch.revert(fresh_dsn, project)
        assert sqitch.status(fresh_dsn, project).change is None


def test_project_is_not_deployed_without_pgsm(server_dsn: str, project: Path) -> None:
    name = f"pgsm_test_without_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server_dsn, autocommit=True) as admin:
        admin.execute(f"create database {name}")
        try:
            with pytest.raises(sqitch.SetupError) as failure:
                sqitch.deploy(templates.in_database(server_dsn, name), project)
        finally:
            admin.execute(f"drop database {name} with (force)")
    assert "pgsm:roles/grants" in failure.value.message


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_verify_fails_when_the_document_is_not_the_deployed_one(
    request: pytest.FixtureRequest, tmp_path: Path, document: Path
) -> None:
    dsn = request.getfixturevalue(f"{document.parent.name.split('_')[0]}_dsn")
    project = Path(shutil.copytree(document.parent, tmp_path / "project"))
    sqitch.verify(dsn, project)
    edited = json.loads(document.read_text())
    edited["description"] = "edited after it was deployed"
    (project / document.name).write_text(json.dumps(edited))
    with pytest.raises(sqitch.SetupError) as failure:
        sqitch.verify(dsn, project)
    assert re.search("another document|Errors: *1", failure.value.message)


def test_verify_leaves_nothing_behind(food_dsn: str, connect: Any) -> None:
    count = "select count(*) from pgsm.machine_versions"
    before = connect(food_dsn).execute(count).fetchone()
    sqitch.verify(food_dsn, EXAMPLES / "food_delivery")
    assert connect(food_dsn).execute(count).fetchone() == before


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_deployed_document_comes_back_as_it_was_written(
    request: pytest.FixtureRequest, connect: Any, document: Path
) -> None:
    dsn = request.getfixturevalue(f"{document.parent.name.split('_')[0]}_dsn")
    machine, version, _ = document.name.split(".")
    connection = connect(dsn)
    (back,) = connection.execute(
        "select pgsm.machine_definition(%s, %s)", [machine, int(version[1:])]
    ).fetchone()
    (again,) = connection.execute(
        "select pgsm.define_machine(%s, %s::json, make_current => false)",
        [machine, json.dumps(back)],
    ).fetchone()
    assert again == int(version[1:])


def test_revert_is_refused_while_orders_run(fresh_dsn: str, connect: Any) -> None:
    project = EXAMPLES / "food_delivery"
    sqitch.deploy(fresh_dsn, project)
    orders = Orders(connect(fresh_dsn), 3)
    order = orders.offered()
    with pytest.raises(sqitch.DeployError) as failure:
        sqitch.revert(fresh_dsn, project)
    assert failure.value.change == "order_v3"
    assert orders.instance(order)["value"] == "offered"
    orders.send(order, "restaurant.reject")
    sqitch.revert(fresh_dsn, project)


@pytest.mark.parametrize(
    "query",
    [
        "update food.orders set status = 'completed'",
        "insert into food.couriers values ('eve', 'eve@example.com')",
        "select * from pgsm_private.instances",
    ],
)
def test_user_sql_may_do_nothing_but_call_the_functions(
    food_dsn: str, db: psycopg.Connection[Any], query: str
) -> None:
    db.execute("set local role pgsm_caller")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        db.execute(query)


def test_client_role_can_run_an_order(
    food_dsn: str, db: psycopg.Connection[Any]
) -> None:
    db.execute("select pgsm.set_current_version('order', 3)")
    db.execute("set local role pgsm_client")
    orders = Orders.__new__(Orders)
    orders.connection, orders.version, orders._opened = db, 3, 0
    order = orders.accepted(eta=10)
    assert orders.leaves(order) == {"preparing", "waiting"}
    assert orders.status(order) == "accepted"
