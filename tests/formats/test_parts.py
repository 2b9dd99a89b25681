"""Differences of definitions in files are those that the database tells of versions."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads

from pgsm.cli import main
from pgsm.engine import definition, exact
from pgsm.formats import files
from pgsm.formats.parts import differences, parts

Json = Any
ROOT = Path(__file__).resolve().parents[2]
FAMILIES = {
    "order": sorted((ROOT / "examples" / "food_delivery").glob("order.v*.json")),
    "onboarding": sorted((ROOT / "examples" / "onboarding").glob("*.v*.json")),
}
OLD: Json = {
    "initial": "a",
    "context": {"n": None},
    "states": {
        "a": {
            "on": {
                "x": [
                    {"guard": {"expr": "context.n == 1"}, "target": "b"},
                    {"actions": {"type": "assign", "set": {"n": None}}},
                ],
                "x.*": "b",
            },
            "after": {"1 day": [{"guard": {"in": "a"}, "target": "b"}, "b"]},
            "exit": [{"type": "assign", "remove": ["n"]}],
        },
        "b": {"invoke": {"machine": "m", "onDone": "a", "onError": "b"}},
    },
    "x-mine": None,
}


def changed() -> Json:
    new = json.loads(json.dumps(OLD))
    actions = new["states"]["a"]["on"]["x"][1]["actions"]
    actions["set"] = {}
    del actions["set"]
    actions["remove"] = ["n"]
    new["states"]["b"]["invoke"]["input"] = {"a": None}
    new["timeZone"] = "Europe/Berlin"
    return new


def normal(document: Json) -> Json:
    checked = definition.check(document)
    assert checked.document is not None, checked.problems
    return checked.document


@pytest.fixture(scope="module")
def told(dsn: str) -> Any:
    """What the database says of the differences of two documents."""
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        set_json_loads(lambda text: exact.loads(text.decode()), connection)
        # what machines call is the application's; here it makes no difference
        for schema in ("food", "onboarding", "docs"):
            connection.execute(f"create schema if not exists {schema}")

        def tell(name: str, old: Json, new: Json) -> Json:
            for number, document in enumerate((old, new), 1):
                _insert(connection, name, number, document)
            found = connection.execute(
                "select kind, name, change, old, new from pgsm.diff_versions(%s, 1, 2)",
                [name],
            )
            return found.fetchall()

        yield tell


def _insert(connection: Any, name: str, number: int, document: Json) -> None:
    """A version's rows, whether its SQL functions are there or not."""
    text = exact.dumps(document)
    query = "select from pgsm.check_definition(%s::json) where code like '%%function%%'"
    if connection.execute(query, [text]).fetchone() is None:
        connection.execute(
            "select pgsm.define_machine(%s, %s::json, version => %s)",
            [name, text, number],
        )
        return
    stripped = exact.loads(text)
    _without_sql(stripped)
    _insert(connection, name, number, stripped)


def _without_sql(part: Json) -> None:
    """Take the functions out: they are not in this database."""
    items = part.values() if isinstance(part, dict) else part
    for item in list(items) if isinstance(part, (dict, list)) else ():
        if isinstance(item, dict) and "sql" in item:
            name = item.pop("sql")
            item.pop("args", None)
            item["expr"] = f"{name.split('(')[0].split('.')[1]!r} == ''"
        elif isinstance(item, dict) and item.get("type") == "call":
            name = item["function"]
            item.clear()
            item.update({"type": "log", "message": name})
        _without_sql(item)


def pairs() -> list[Any]:
    found = [
        pytest.param(name, a, b, id=f"{a.stem}-{b.stem}")
        for name, places in FAMILIES.items()
        for a, b in combinations(places, 2)
    ]
    assert len(found) == 4
    return found


def by_name(rows: Json) -> Json:
    return sorted(
        (exact.loads(exact.dumps(dict(row))) for row in rows),
        key=lambda row: (row["kind"], row["name"]),
    )


@pytest.mark.parametrize(("name", "a", "b"), pairs())
def test_examples_differ_as_in_the_database(
    told: Any, name: str, a: Path, b: Path
) -> None:
    documents = []
    for place in (a, b):
        document = files.read_definition(place)
        _without_sql(document)
        documents.append(document)
    name = f"{a.stem}-{b.stem}"
    here = differences(*map(normal, documents))
    assert here
    assert by_name(here) == by_name(told(name, *documents))


def test_small_things_differ_as_in_the_database(told: Any) -> None:
    here = differences(normal(OLD), normal(changed()))
    assert by_name(here) == by_name(told("small", OLD, changed()))
    assert [(row["change"], row["kind"], row["name"]) for row in here] == [
        ("added", "machine", "timeZone"),
        ("changed", "transition", "a on x #2"),
        ("changed", "invocation", "b b"),
    ]


def test_a_null_in_an_action_is_a_difference(told: Any) -> None:
    """Removing a key is not setting it to null."""
    new = json.loads(json.dumps(OLD))
    new["states"]["a"]["on"]["x"][1]["actions"]["set"] = {"m": 1}
    old = json.loads(json.dumps(new))
    old["states"]["a"]["on"]["x"][1]["actions"]["set"] = {"m": 1, "n": None}
    (row,) = told("nulls", old, new)
    assert (row["kind"], row["name"]) == ("transition", "a on x #2")
    assert by_name(differences(normal(old), normal(new))) == by_name([row])


def test_the_same_written_in_other_ways_is_no_difference() -> None:
    turned = dict(reversed(OLD.items()))
    assert differences(normal(OLD), normal(turned)) == []
    assert parts(normal(OLD)).keys() == parts(normal(turned)).keys()


# -- the command -----------------------------------------------------------------------


def run(*arguments: str, given: str | None = None, dsn: str = "") -> Result:
    environment = {"PGSM_DSN": dsn}
    return CliRunner().invoke(main, ["diff", *arguments], input=given, env=environment)


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("old.json").write_text(json.dumps(OLD))
    Path("new.yaml").write_text(files.to_yaml(changed()))


LINES = [
    "+ machine timeZone",
    "~ transition a on x #2",
    '    actions[0].set: {"n":null} → nothing',
    '    actions[0].remove: nothing → ["n"]',
    "~ invocation b b",
    '    input: nothing → {"a":null}',
]


@pytest.mark.usefixtures("two")
def test_text_has_a_line_a_difference() -> None:
    result = run("old.json", "new.yaml")
    assert (result.exit_code, result.stdout.splitlines()) == (0, LINES)
    assert run("old.json", "new.yaml", "--exit-code").exit_code == 1
    same = run("old.json", "old.json", "--exit-code")
    assert (same.exit_code, same.stdout) == (0, "")
    assert "the two versions are the same" in same.stderr


@pytest.mark.usefixtures("two")
def test_json_has_old_and_new() -> None:
    for option in (["--json"], ["--format", "json"]):
        rows = [
            json.loads(line)
            for line in run("old.json", "new.yaml", *option).stdout.splitlines()
        ]
        assert rows[0] == {
            "kind": "machine",
            "name": "timeZone",
            "change": "added",
            "old": None,
            "new": "Europe/Berlin",
        }
        assert len(rows) == 3


@pytest.mark.usefixtures("two")
def test_markdown_has_both_diagrams_or_the_map_between() -> None:
    said = run("old.json", "new.yaml", "--format", "markdown").stdout
    assert said.startswith("### `old.json` to `new.yaml`\n\n| | what |")
    assert said.count("```mermaid") == 2
    Path("map.json").write_text('{"states": {"a": "b"}}')
    mapped = ("--format", "markdown", "--map", "map.json")
    assert run("old.json", "new.yaml", *mapped).stdout.count("```mermaid") == 1


@pytest.mark.usefixtures("two")
def test_versions_of_a_database_are_compared_with_files(fresh_dsn: str) -> None:
    with psycopg.connect(fresh_dsn, autocommit=True) as connection:
        for document in (OLD, changed()):
            connection.execute(
                "select pgsm.define_machine('m', %s::json)", [json.dumps(document)]
            )
    assert run("m:1", "m:2", dsn=fresh_dsn).stdout.splitlines() == LINES
    assert run("m", "new.yaml", "--exit-code", dsn=fresh_dsn).exit_code == 0
    assert "(SM003)" in run("m", "m:3", dsn=fresh_dsn).stderr
    given = Path("old.json").read_text()
    assert run("-", "m:2", dsn=fresh_dsn, given=given).stdout.splitlines() == LINES


@pytest.mark.usefixtures("two")
def test_wrong_files_are_told_without_a_traceback() -> None:
    Path("bad.json").write_text('{"initial": "x"}')
    assert "bad.json has problems; the first" in run("bad.json", "old.json").stderr
    assert run("no.json", "old.json").exit_code == 2
    assert run("-", "-").exit_code == 2
