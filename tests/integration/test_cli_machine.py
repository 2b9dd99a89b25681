"""`pgsm machine`: define, list, show."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .operated import ORDER, done, lines, refused, run, write


def test_defining_the_same_twice_makes_one_version(
    fresh_dsn: str, tmp_path: Path
) -> None:
    file = write(tmp_path, ORDER, "order.v1.json")
    assert done(fresh_dsn, "machine", "define", file) == (
        "order is version 1, current\n"
    )
    assert done(fresh_dsn, "machine", "define", file) == (
        "order is version 1 already, current\n"
    )
    [found] = lines(fresh_dsn, "machine", "list")
    assert (found["machine"], found["current_version"], found["versions"]) == (
        "order",
        1,
        1,
    )


def test_a_version_that_is_not_current_is_shown_by_its_number(
    fresh_dsn: str, tmp_path: Path
) -> None:
    done(fresh_dsn, "machine", "define", write(tmp_path, ORDER, "order.json"))
    changed = {**ORDER, "initial": "paid"}
    file = write(tmp_path, changed, "changed.json")
    assert done(fresh_dsn, "machine", "define", file, "--no-current") == (
        "order is version 2\n"
    )
    shown = [
        json.loads(done(fresh_dsn, "machine", "show", "order", *which, "--json"))
        for which in ([], ["--version", "2"])
    ]
    assert [s["version"] for s in shown] == [1, 2]
    assert [s["definition"]["initial"]["target"] for s in shown] == [
        ["offered"],
        ["paid"],
    ]


def test_show_has_states_and_where_they_lead(fresh_dsn: str, tmp_path: Path) -> None:
    done(fresh_dsn, "machine", "define", write(tmp_path, ORDER, "order.json"))
    shown = done(fresh_dsn, "machine", "show", "order").splitlines()
    assert "version:   1, current" in shown
    assert "  offered" in shown
    accept = "accept → charging if event.data.eta <= 60"
    assert f"      {accept} / assign, log, emit order.accepted" in shown
    assert "      after 10 minutes → cancelled" in shown
    assert "  paid (final)" in shown


def test_what_definition_prints_defines_the_same(
    fresh_dsn: str, tmp_path: Path
) -> None:
    done(fresh_dsn, "machine", "define", write(tmp_path, ORDER, "order.json"))
    printed = done(fresh_dsn, "machine", "show", "order", "--definition")
    said = done(fresh_dsn, "machine", "define", "-", "--name", "order", given=printed)
    assert said == "order is version 1 already, current\n"


def test_numbers_arrive_as_they_are_written(fresh_dsn: str, tmp_path: Path) -> None:
    file = tmp_path / "price.json"
    file.write_text(
        '{"context": {"price": 12.50}, "initial": "a", "states": {"a": {}}}'
    )
    done(fresh_dsn, "machine", "define", str(file))
    assert "12.50" in done(fresh_dsn, "machine", "show", "price", "--definition")


def test_yaml_is_named_after_its_file(fresh_dsn: str, tmp_path: Path) -> None:
    file = tmp_path / "door.yaml"
    file.write_text("initial: a\nstates:\n  a: {on: {go: b}}\n  b: {}\n")
    assert done(fresh_dsn, "machine", "define", str(file)).startswith(
        "door is version 1"
    )


def test_all_problems_of_a_definition_are_told(fresh_dsn: str, tmp_path: Path) -> None:
    wrong = {"initial": "x", "states": {"a": {"on": {"go": "nowhere"}}}}
    said = refused(fresh_dsn, "machine", "define", write(tmp_path, wrong, "wrong.json"))
    assert "(SM001)" in said
    assert "$.initial" in said
    assert "$.states.a.on.go" in said
    assert "hint: " in said


def test_unknown_machine_is_refused(dsn: str) -> None:
    assert "(SM002)" in refused(dsn, "machine", "show", "nothing")


def test_no_machine_is_no_error(dsn: str) -> None:
    result = run(dsn, "machine", "list")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "no machine\n")


@pytest.mark.parametrize("arguments", [["nowhere.json"], [], ["a.scxml"], ["-"]])
def test_wrong_usage_ends_with_2(arguments: list[str], dsn: str) -> None:
    given = '{"states": {"a": {}}}'
    assert run(dsn, "machine", "define", *arguments, given=given).exit_code == 2


def test_database_without_pgsm_gets_a_hint(server_dsn: str) -> None:
    for verb in (["machine", "list"], ["machine", "show", "order"]):
        said = refused(server_dsn, *verb)
        assert "not deployed" in said
        assert "hint: pgsm deploy" in said
