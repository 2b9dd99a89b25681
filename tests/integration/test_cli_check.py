"""`pgsm check`: what it prints, where it points, how it ends."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pgsm.cli import main

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "how-to" / "check-a-definition.md").read_text(encoding="utf-8")
EXAMPLES = sorted((ROOT / "examples").glob("*/*.json"))

SOUND = {
    "id": "m",
    "initial": "a",
    "states": {"a": {"on": {"go": "b"}}, "b": {"type": "final"}},
}
WARNED = {**SOUND, "states": {**SOUND["states"], "c": {"type": "final"}}}  # type: ignore[dict-item]
BROKEN = {**SOUND, "initial": "z"}


def run(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(main, ["check", *arguments], input=given)


def write(directory: Path, document: Any, name: str = "m.json") -> str:
    path = directory / name
    text = document if isinstance(document, str) else json.dumps(document)
    path.write_text(text, encoding="utf-8")
    return str(path)


def found(document: str, kind: str = "problems", suffix: str = "") -> list[Any]:
    """What `--json` has to say about a document on standard input."""
    [file] = json.loads(run("-", "--json", given=document).output)["files"]
    return list(file[kind])


# ----------------------------------------------------------------------------- guide


GUIDE_PARTS = re.findall(
    r"```yaml\n(.*?)```\n+```console\n\$ pgsm check (.*?)\n(.*?)```", GUIDE, re.DOTALL
)


@pytest.mark.parametrize(("document", "arguments", "output"), GUIDE_PARTS)
def test_the_guide_shows_what_is_printed(
    document: str,
    arguments: str,
    output: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, document, "door.yaml")
    assert run(*arguments.split()).output == output


def test_the_guide_has_both_examples() -> None:
    assert len(GUIDE_PARTS) == 2


# ------------------------------------------------------------------------- exit codes


def test_a_sound_definition_ends_with_0(tmp_path: Path) -> None:
    result = run(write(tmp_path, SOUND), "--strict")
    assert (result.exit_code, result.output.count("\n")) == (0, 1)


def test_problems_end_with_1(tmp_path: Path) -> None:
    assert run(write(tmp_path, BROKEN)).exit_code == 1


def test_warnings_end_with_1_only_when_strict(tmp_path: Path) -> None:
    path = write(tmp_path, WARNED)
    assert (run(path).exit_code, run(path, "--strict").exit_code) == (0, 1)


@pytest.mark.parametrize("arguments", [[], ["no/such/file.json"], ["-", "-"]])
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_several_files_are_checked_whatever_is_wrong_with_the_first(
    tmp_path: Path,
) -> None:
    first = write(tmp_path, "{", "first.json")
    second = write(tmp_path, WARNED, "second.json")
    result = run(first, second)
    assert result.exit_code == 1
    assert f"{second}: no problems, 1 warning" in result.output


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_clean(path: Path) -> None:
    assert run(str(path), "--strict").exit_code == 0


# ------------------------------------------------------------------------------ places


def test_a_warning_points_at_the_key_in_json() -> None:
    text = json.dumps(WARNED, indent=2)
    line = 1 + next(n for n, t in enumerate(text.splitlines()) if '"c"' in t)
    [warning] = found(text, "warnings")
    assert (warning["path"], warning["line"]) == ("$.states.c", line)
    assert warning["column"] == 5


def test_tabs_do_not_move_a_place() -> None:
    text = json.dumps(WARNED, indent="\t")
    [warning] = found(text, "warnings")
    assert warning["column"] == 3


def test_a_problem_points_at_the_place_in_yaml() -> None:
    text = "initial: a\nstates:\n  a:\n    on:\n      go: [a, nowhere]\n"
    [problem] = found(text)
    assert (problem["path"], problem["line"], problem["column"]) == (
        "$.states.a.on.go[1]",
        5,
        15,
    )


def test_a_warning_has_the_path_of_the_source_not_of_the_normal_form() -> None:
    text = json.dumps(
        {
            "initial": "a",
            "states": {
                "a": {"on": {"e": {"target": "b", "guard": {"expr": "true"}}}},
                "b": {"type": "final"},
            },
        }
    )
    [warning] = found(text, "warnings")
    assert warning["path"] == "$.states.a.on.e.guard"


def test_xstate_s_names_keep_a_path_and_get_the_nearest_place() -> None:
    text = json.dumps(
        {
            "initial": "a",
            "states": {
                "a": {"on": {"xstate.done.actor.pay": "b", "go": "b"}},
                "b": {"type": "final"},
            },
        }
    )
    [warning] = found(text, "warnings")
    assert warning["path"] == '$.states.a.on["done.invoke.pay"][0]'
    assert warning["line"] == 1


@pytest.mark.parametrize("text", ["{", '{"a": 1, "a": 2}', "[]", "a: b: c"])
def test_what_is_no_document_is_a_problem(text: str) -> None:
    assert len(found(text)) == 1


# ------------------------------------------------------------------------------ schemas


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ({"inputSchema": {"type": "objekt"}}, "$.inputSchema.type"),
        ({"contextSchema": {"required": "n"}}, "$.contextSchema.required"),
        (
            {"eventSchemas": {"go.on": {"minimum": "1"}}},
            '$.eventSchemas["go.on"].minimum',
        ),
    ],
)
def test_a_schema_that_is_none_is_a_problem(parts: Any, path: str) -> None:
    [problem] = found(json.dumps({**SOUND, **parts}))
    assert (problem["code"], problem["path"]) == ("bad_schema", path)


def test_the_schemas_of_effects_are_checked_too() -> None:
    effects = {"effects": {"mail": {"inputSchema": {"type": 1}}}}
    problems = found(json.dumps({**SOUND, "implementations": effects}))
    assert [problem["code"] for problem in problems] == ["bad_schema"]


def test_sound_schemas_are_fine() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "number", "minimum": 0.5}}}
    assert found(json.dumps({**SOUND, "inputSchema": schema})) == []


# ------------------------------------------------------------------------------- SCXML


SCXML = """<scxml xmlns="http://www.w3.org/2005/07/scxml" initial="a">
  <state id="a"><transition event="e" target="b"/></state>
  <final id="b"/><final id="c"/>
</scxml>
"""


def test_an_scxml_document_is_imported_and_checked(tmp_path: Path) -> None:
    result = run(write(tmp_path, SCXML, "m.scxml"))
    assert result.exit_code == 0
    assert "$.states.c: no transition that can be taken leads to" in result.output


def test_an_scxml_document_that_is_none_is_a_problem(tmp_path: Path) -> None:
    assert run(write(tmp_path, "<scxml>", "m.scxml")).exit_code == 1


# ---------------------------------------------------------------------------- terminal


def test_in_a_terminal_the_line_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    path = write(tmp_path, json.dumps(WARNED, indent=2))
    output = re.sub(r"\x1b\[[0-9;]*m", "", run(path).output)
    assert "warning unreachable_state: no transition" in output
    assert re.search(r'\d+ │ +"c": \{\n +│ +\^\n', output)


def test_markup_in_a_document_is_printed_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    states = {"a": {"on": {"[red]": "b"}}, "b": {}}
    path = write(tmp_path, json.dumps({**SOUND, "states": states}))
    assert "[red]" in run(path).output


# ----------------------------------------------------------------------- the database

CALLS = {
    **SOUND,
    "states": {
        "a": {
            "entry": {"type": "call", "function": "shop.missing(text)", "args": ["x"]},
            "after": {"10 minutes": "b"},
        },
        "b": {"type": "final"},
    },
}


def test_without_a_database_it_says_what_is_left_to_check(tmp_path: Path) -> None:
    output = run(write(tmp_path, CALLS)).output
    assert "with --dsn a database checks 1 SQL function and 1 delay" in output


def test_the_database_checks_functions_and_nothing_is_defined(
    tmp_path: Path, dsn: str
) -> None:
    import psycopg

    result = run(write(tmp_path, CALLS), "--dsn", dsn)
    assert result.exit_code == 1
    assert "$.states.a.entry.function: " in result.output
    assert "nothing is defined" in result.output
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select from pgsm.machines").fetchall() == []


def test_what_both_find_is_reported_once(tmp_path: Path, dsn: str) -> None:
    result = run(write(tmp_path, BROKEN), "--dsn", dsn, "--json")
    [file] = json.loads(result.output)["files"]
    assert (len(file["problems"]), file["database"]) == (1, True)


def test_a_database_that_is_not_there_ends_with_1(tmp_path: Path) -> None:
    result = run(write(tmp_path, SOUND), "--dsn", "host=127.0.0.1 port=1")
    assert result.exit_code == 1
    assert "error: " in result.output


def test_lint_machine_gives_the_warnings_of_a_version(dsn: str) -> None:
    import psycopg

    with psycopg.connect(dsn) as connection:
        define = "select pgsm.define_machine('m', %s::json)"
        connection.execute(define, [json.dumps(WARNED)])
        rows = connection.execute(
            "select path, code, hint is null from pgsm.lint_machine('m')"
        ).fetchall()
        connection.rollback()
    assert rows == [("$.states.c", "unreachable_state", False)]


def test_lint_machine_of_no_machine_is_refused(dsn: str) -> None:
    import psycopg

    from pgsm import errors

    with psycopg.connect(dsn) as connection, pytest.raises(errors.PgsmError) as refused:
        connection.execute("select pgsm.lint_machine('nothing')")
    assert refused.value.sqlstate == "SM002"
