"""`pgsm explore`: its formats, its exit codes, and where it looks for files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pgsm.cli import main

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = [
    ROOT / "examples" / place
    for place in (
        "food_delivery/order.v1.json",
        "food_delivery/order.v3.json",
        "onboarding/onboarding.v1.json",
        "onboarding/onboarding.v2.json",
        "machines/approval.json",
        "machines/purchase.json",
    )
]
DOOR = {
    "id": "door",
    "initial": "open",
    "states": {
        "open": {"on": {"shut": "closed"}},
        "closed": {
            "on": {"open": "open", "lock": {"target": "locked", "guard": "known"}},
            "after": {"1 minute": "open"},
        },
        "locked": {},
    },
    "implementations": {"guards": {"known": {"expr": "event.data.key == 7"}}},
}
ORDER = {
    "initial": "paying",
    "states": {
        "paying": {"invoke": {"id": "p", "machine": "payment", "onDone": "paid"}},
        "paid": {"type": "final"},
    },
}
PAYMENT = {
    "id": "payment",
    "initial": "asking",
    "states": {"asking": {"on": {"confirm": "done"}}, "done": {"type": "final"}},
}


def explore(*arguments: Any, given: str | None = None) -> Result:
    return CliRunner().invoke(main, ["explore", *map(str, arguments)], input=given)


@pytest.fixture
def door(tmp_path: Path) -> Path:
    place = tmp_path / "door.json"
    place.write_text(json.dumps(DOOR))
    return place


def test_the_table_has_configurations_paths_and_findings(door: Path) -> None:
    result = explore(door)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].startswith(
        "door: 3 situations in 3 configurations, 6 moves tried ("
    )
    assert lines[1] == "guessed samples: input; events shut, open, lock"
    assert any(
        line.split() == ["locked", "1", "2", "shut", ">", "lock", '{"key":7}']
        for line in lines
    )
    assert "transitions: 4 of 4 are taken" in lines
    assert "deadlocks: 1" in lines


def test_strict_is_exit_code_1_for_deadlocks_and_states_not_reached(
    door: Path, tmp_path: Path
) -> None:
    assert explore(door, "--strict").exit_code == 1
    samples = tmp_path / "samples.yaml"
    samples.write_text("ends: [locked]\n")
    assert explore(door, "--strict", "--events", samples).exit_code == 0
    samples.write_text("events: {lock: [{key: 8}]}\n")
    result = explore(door, "--strict", "--events", samples)
    assert result.exit_code == 1
    assert "states that are unreachable: 1\n  locked\n" in result.stdout


def test_a_bound_that_ended_it_is_said_plainly(door: Path) -> None:
    result = explore(door, "--max-states", 2)
    assert "STOPPED EARLY: 2 situations were found; not looked at: 1" in result.stdout
    assert "states that are not reached so far: 1" in result.stdout
    assert result.exit_code == 0


def test_json_has_the_whole_graph(door: Path) -> None:
    found = json.loads(explore(door, "--format", "json").stdout)
    assert (found["complete"], len(found["situations"])) == (True, 3)
    assert found["situations"][0]["moves"] == [
        {"move": {"event": "shut"}, "to": 1, "outcome": "taken"}
    ]
    (deadlock,) = found["deadlocks"]
    assert [step["value"] for step in deadlock["path"]] == ["open", "closed", "locked"]
    assert found["derived"]["events"]["lock"] == [{"key": 7}, {"key": 8}]


def test_the_way_to_a_state_is_told_move_by_move(door: Path) -> None:
    result = explore(door, "--to", "locked")
    assert result.stdout.splitlines() == [
        "  0  start",
        "       → open",
        "  1  shut",
        "       → closed",
        '  2  lock {"key":7}',
        "       → locked",
    ]
    result = explore(door, "--to", "closed", "--simple-paths", "--format", "json")
    assert len(json.loads(result.stdout)) == 1


def test_a_state_that_is_not_reached_is_an_error_that_says_why(door: Path) -> None:
    result = explore(door, "--to", "loked")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        'error: "loked" is not reached',
        "hint: reached are open, closed, locked",
    ]
    result = explore(door, "--to", "locked", "--only-given")
    assert 'nothing sends "lock": there is no sample' in result.stderr or (
        "is not reached" in result.stderr
    )


def test_simple_paths_need_to_know_where_to(door: Path) -> None:
    assert explore(door, "--simple-paths").exit_code == 2


def test_children_are_found_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "order.json").write_text(json.dumps(ORDER))
    (tmp_path / "payment.json").write_text(json.dumps(PAYMENT))
    result = explore(tmp_path / "order.json", "--to", "paid")
    assert "  1  p: confirm" in result.stdout
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    child = (tmp_path / "payment.json").rename(elsewhere / "payment.json")
    assert "p: payment ends" in explore(tmp_path / "order.json", "--to", "paid").stdout
    result = explore(tmp_path / "order.json", "--machine", child, "--to", "paid")
    assert "  1  p: confirm" in result.stdout


def test_wrong_files_are_reported_without_a_traceback(tmp_path: Path) -> None:
    place = tmp_path / "m.json"
    assert "cannot be read" in explore(place).stderr
    place.write_text('{"initial": "x"}')
    result = explore(place)
    assert (result.exit_code, result.stderr.splitlines()[0][:17]) == (
        1,
        "error: $.initial:",
    )
    place.write_text("{}")
    samples = tmp_path / "s.yaml"
    samples.write_text("effect: {}")
    assert 'did you mean "effects"?' in explore(place, "--events", samples).stderr
    assert explore(place, "--input", "{").exit_code == 2


def test_a_machine_that_does_not_start_is_exit_code_1(tmp_path: Path) -> None:
    place = tmp_path / "m.json"
    place.write_text('{"context": {"a": {"expr": "input.a.b"}}}')
    result = explore(place, "--input", "{}")
    assert result.exit_code == 1
    assert "input" in result.stdout


def test_standard_input_and_scxml_are_read(tmp_path: Path) -> None:
    assert explore("-", given=json.dumps(DOOR)).exit_code == 0
    scxml = tmp_path / "door.scxml"
    scxml.write_text(
        '<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0">'
        '<state id="open"><transition event="door.shut" target="closed"/></state>'
        '<final id="closed"/></scxml>'
    )
    assert "  1  door.shut" in explore(scxml, "--to", "closed").stdout


def run_cases(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", folder],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_cases_of_pytest_pass_and_fail_when_the_machine_is_another(
    tmp_path: Path,
) -> None:
    names = {}
    (tmp_path / "tests").mkdir()
    for path in EXAMPLES:
        name = f"{path.parent.name}_{path.stem.replace('.', '_')}"
        names[name] = place = tmp_path / f"{name}.json"
        place.write_text(path.read_text("utf-8"), "utf-8")
        output = tmp_path / "tests" / f"test_{name}.py"
        found = explore(place, "--format", "pytest", "--max-states", 300, "-o", output)
        assert (found.exit_code, found.stdout) == (0, "")
    done = run_cases(tmp_path / "tests")
    assert done.returncode == 0, done.stdout
    changed = names["food_delivery_order_v3"]
    text = changed.read_text("utf-8").replace('"courier.pick_up"', '"courier.picks_up"')
    changed.write_text(text, "utf-8")
    done = run_cases(tmp_path / "tests")
    assert done.returncode == 1
    assert "courier.pick_up" in done.stdout


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_explored_from_what_they_say_themselves(path: Path) -> None:
    found = json.loads(explore(path, "--format", "json", "--max-states", 300).stdout)
    assert found["situations"]
    assert found["refusals"] == []
