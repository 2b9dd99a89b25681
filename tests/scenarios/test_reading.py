"""Scenario files: what is wrong with one is said with its line, all of it at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pgsm.scenarios.model import VERBS
from pgsm.scenarios.reading import ScenarioError, read, schema

from . import files

STATUSES = "active, paused, done, stopped, failed"


def problems(folder: Path, text: str, name: str = "s.yaml") -> list[str]:
    file = files.write(folder, name, text)
    with pytest.raises(ScenarioError) as refused:
        read(file)
    return [line.removeprefix(f"{file}:").strip() for line in refused.value.lines()]


def test_all_mistakes_are_told_with_their_lines(tmp_path: Path) -> None:
    assert problems(
        tmp_path,
        """
        machine: order.yaml
        scenarios:
          - name: one
            steps:
              - send: accept
                expct: {value: a}
              - {send: accept, advance: 1 day}
              - {advance: 1 day, data: {}}
              - {expect: {staus: done, status: dome}}
          - name: two
            steps: {}
        """,
    ) == [
        "6: scenarios[0].steps[0].expct: there is no such key",
        "9: scenarios[0].steps[3].expect.staus: there is no such key",
        f'9: scenarios[0].steps[3].expect.status: "dome" is none of {STATUSES}',
        "11: scenarios[1].steps: this is an object, and a list is wanted",
    ]


def test_steps_do_one_thing_each(tmp_path: Path) -> None:
    assert problems(
        tmp_path,
        """
        machine: order.yaml
        steps:
          - {send: accept, advance: 1 day}
          - {advance: 1 day, data: {}}
        """,
    ) == [
        '3: steps[0]: "send" and "advance" are two steps',
        '4: steps[1].data: "data" goes with "send" or "post" or "error" or "retry"',
    ]


def test_a_close_key_is_suggested(tmp_path: Path) -> None:
    file = files.write(tmp_path, "s.yaml", "machine: a\nsteps: [{expct: {}}]\n")
    with pytest.raises(ScenarioError) as refused:
        read(file)
    assert refused.value.problems[0][2] == 'did you mean "expect"?'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("machine: a\n", 'neither "steps" nor "scenarios" is there'),
        ("steps: []\n", 'there is no "machine"'),
        ("steps: [\n", "$: the text is not YAML"),
        ("[]\n", "this is a list, and an object is wanted"),
        ("a: 1\na: 2\nsteps: []\n", 'the key "a" stands twice'),
    ],
)
def test_what_is_no_file_of_scenarios(tmp_path: Path, text: str, said: str) -> None:
    assert said in problems(tmp_path, text)[0]


def test_json_is_read_too_and_lines_count_there(tmp_path: Path) -> None:
    (one, two) = read(
        files.write(
            tmp_path,
            "two.json",
            """
            {"machine": "order.json", "functions": {"a.b()": 1}, "scenarios": [
              {"name": "first", "steps": [
                {"send": "go"}
              ]},
              {"steps": [], "functions": {"c.d()": 2}, "machine": "other.json"}
            ]}
            """,
        )
    )
    assert (one.name, one.line, one.steps[0].line) == ("first", 2, 3)
    assert (two.name, two.machine) == ("two 2", "other.json")
    assert two.functions == {"a.b()": 1, "c.d()": 2}


def test_schema_is_one_and_has_all_verbs() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    known = schema()["$defs"]["step"]["properties"]
    assert {*VERBS, *(key for keys in VERBS.values() for key in keys)} == {*known} - {
        "name",
        "expect",
    }


def test_a_scenario_may_have_all_that_a_file_of_one_has() -> None:
    definitions: dict[str, Any] = json.loads(json.dumps(schema()))["$defs"]
    of_file = {**definitions["file"]["properties"]}
    del of_file["scenarios"], of_file["$schema"]
    assert of_file == definitions["scenario"]["properties"]
