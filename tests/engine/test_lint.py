"""Warnings as a whole: their order, what takes them back, what deserves none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pgsm.engine import definition, lint, step

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").rglob("*.json"))

TWO_WARNINGS: dict[str, Any] = {
    "initial": "a",
    "states": {"a": {"on": {"go": "b"}}, "b": {}, "c": {}},
}


def warned(document: Any) -> list[tuple[str, str]]:
    """The code and path of each warning."""
    found = lint.lint(definition.normalise(document))
    return [(warning.code, warning.path) for warning in found]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_have_no_warnings(path: Path) -> None:
    assert warned(path.read_text(encoding="utf-8")) == []


def test_warnings_come_in_the_order_of_the_document() -> None:
    assert warned(TWO_WARNINGS) == [
        ("no_way_out", "$.states.b"),
        ("unreachable_state", "$.states.c"),
    ]


def test_each_warning_says_what_to_do() -> None:
    for warning in lint.lint(definition.normalise(TWO_WARNINGS)):
        assert warning.message
        assert not warning.message.endswith(".")
        assert warning.hint


def test_the_door_gives_warnings_as_json() -> None:
    document = definition.normalise(TWO_WARNINGS)
    found = json.loads(step.call("lint", [json.dumps(document)]))
    assert [item["code"] for item in found] == ["no_way_out", "unreachable_state"]
    assert list(found[0]) == ["path", "code", "message", "hint"]


@pytest.mark.parametrize("where", ["state", "root"])
@pytest.mark.parametrize("given", [["no_way_out"], "no_way_out"])
def test_x_ignore_takes_a_warning_back_at_its_object_and_inside(
    where: str, given: Any
) -> None:
    document = json.loads(json.dumps(TWO_WARNINGS))
    (document["states"]["b"] if where == "state" else document)["x-ignore"] = given
    assert warned(document) == [("unreachable_state", "$.states.c")]


def test_x_ignore_of_another_state_takes_nothing_back() -> None:
    document = json.loads(json.dumps(TWO_WARNINGS))
    document["states"]["a"]["x-ignore"] = ["no_way_out"]
    assert len(warned(document)) == 2


def test_a_transition_can_have_x_ignore() -> None:
    to_itself = {"target": "a", "reenter": True, "x-ignore": "self_rearming_delay"}
    assert (
        warned({"initial": "a", "states": {"a": {"after": {"5 s": to_itself}}}}) == []
    )


def test_the_inside_of_an_unreachable_state_is_not_looked_at() -> None:
    inside = {"initial": "x", "states": {"x": {}, "y": {}}}
    document = {"initial": "a", "states": {"a": {"type": "final"}, "b": inside}}
    assert warned(document) == [("unreachable_state", "$.states.b")]


def test_every_code_is_tested() -> None:
    tests = Path(__file__).parent.glob("test_lint_*.py")
    text = "".join(path.read_text(encoding="utf-8") for path in tests)
    assert [code for code in lint.CODES if f'"{code}"' not in text] == []


def test_every_code_is_explained() -> None:
    guide = ROOT / "docs" / "how-to" / "check-a-definition.md"
    text = guide.read_text(encoding="utf-8")
    assert [code for code in lint.CODES if f"`{code}`" not in text] == []


@pytest.mark.parametrize(
    "state",
    [
        {"on": {"next": "NEXT"}},
        {"always": "NEXT"},
        {"always": {"target": "NEXT", "guard": {"expr": "context.n > NUMBER"}}},
        {"entry": {"type": "raise", "event": "eNUMBER"}, "on": {"next": "NEXT"}},
    ],
)
def test_a_large_machine_is_looked_at_without_delay(state: Any) -> None:
    text = json.dumps(state)
    states = {
        f"s{n}": json.loads(text.replace("NEXT", f"s{n + 1}").replace("NUMBER", str(n)))
        for n in range(1000)
    }
    document = {
        "initial": "s0",
        "context": {"n": 1},
        "on": {
            f"e{n}": {"actions": {"type": "log", "message": n}} for n in range(1000)
        },
        "states": {**states, "s1000": {"type": "final"}},
    }
    assert warned(document) == []


def test_a_large_parallel_machine_is_no_problem_for_recursion() -> None:
    region = {"initial": "a", "states": {"a": {"always": "b"}, "b": {"type": "final"}}}
    regions = {f"p{n}": region for n in range(1500)}
    assert warned({"type": "parallel", "states": regions}) == []
