"""A step is a function: of its arguments, whatever else has happened or is cached."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from hypothesis import given

from pgsm.engine import exact

from . import door, walking
from .examples import examples
from .machines import FAILURE, machines, walks, without_what_fails

Json = Any


@given(machines(), walks)
@examples(25)
def test_the_same_step_gives_the_same_bytes(document: Json, script: Any) -> None:
    machine = door.Machine.of(document)
    outcomes = list(walking.walk(machine, script))
    for outcome in outcomes:
        assert outcome.call(outcome.answers) == outcome.text
    for outcome in reversed(outcomes):
        door.forget_plans()
        assert outcome.call(outcome.answers) == outcome.text


REPLAY = """
import json, sys
from pgsm.engine import step
for line in sys.stdin:
    operation, arguments, text = json.loads(line)
    assert step.call(operation, arguments) == text, (operation, arguments, text)
    print("same")
"""


def test_another_process_gives_the_same_bytes() -> None:
    lines: list[str] = []

    @given(machines(), walks)
    @examples(25)
    def collect(document: Json, script: Any) -> None:
        for outcome in walking.walk(door.Machine.of(document), script):
            call = outcome.call
            arguments = [*call.arguments, exact.dumps(outcome.answers)]
            lines.append(json.dumps([call.operation, arguments, outcome.text]))

    collect()
    assert len(lines) > 20
    for seed in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-c", REPLAY],
            input="\n".join(lines),
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(__file__).parents[2],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("same") == len(lines)


@given(machines(), walks)
@examples(25)
def test_a_snapshot_that_went_through_jsonb_goes_on_as_itself(
    document: Json, script: Any
) -> None:
    machine = door.Machine.of(document)
    for outcome in walking.walk(machine, script):
        if outcome.call.operation != "step":
            continue
        stored = door.Call("step", tuple(map(as_stored, outcome.call.arguments)))
        again = exact.loads(stored(as_stored_value(outcome.answers)))
        if outcome.refused:  # messages list keys in their order, which jsonb changes
            assert again["error"]["code"] == outcome.result["error"]["code"]
        else:
            assert jsonb(again) == jsonb(outcome.result)


def as_stored(argument: str | None) -> str | None:
    """A JSON text as jsonb would give it back; the definition is no jsonb."""
    if argument is None or not argument.startswith("{") or '"states"' in argument:
        return argument
    return jsonb(exact.loads(argument))


def as_stored_value(value: Json) -> Json:
    return exact.loads(jsonb(value))


def jsonb(value: Json) -> str:
    """The text with keys sorted as jsonb sorts them, and blanks."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        members = (f"{exact.dumps(key)}: {jsonb(value[key])}" for key in keys)
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(jsonb, value)) + "]"
    return exact.dumps(value)


@given(machines(), walks)
@examples(25)
def test_the_kept_answers_give_the_same_step_without_a_question(
    document: Json, script: Any
) -> None:
    for outcome in walking.walk(door.Machine.of(document), script):
        if outcome.moved:
            kept = outcome.result.get("answers", [])
            assert kept == outcome.answers
            assert outcome.call(kept) == outcome.text


@given(machines(), walks)
@examples(25)
def test_a_refused_step_changes_nothing(document: Json, script: Any) -> None:
    """Neither for the host, nor in what the engine keeps between two calls."""
    machine = door.Machine.of(document)
    outcomes = list(walking.walk(machine, script))
    for outcome in outcomes:
        if outcome.refused:
            assert outcome.result.keys() == {"error"}
            assert outcome.after == outcome.before
        elif not outcome.moved:
            assert outcome.result.keys() == {"outcome", "details"}
        elif "deferred" in outcome.result:  # kept for later, by a step of its own
            assert outcome.result == {"transitions": [], "deferred": True}
    door.forget_plans()
    for outcome in outcomes:
        if not outcome.refused:
            assert outcome.call(outcome.answers) == outcome.text


@given(machines(), walks)
@examples(30)
def test_a_block_that_fails_leaves_no_trace(document: Json, script: Any) -> None:
    """All that it has done before it failed might as well not be there."""
    machine = door.Machine.of(document)
    other = door.Machine.of(without_what_fails(document))
    mine, theirs = walking.walk(machine, script), walking.walk(other, script)
    for one, two in zip(mine, theirs, strict=True):
        assert one.refused == two.refused
        if not one.refused:
            assert seen(one) == seen(two)


def seen(outcome: door.Outcome) -> Json:
    """The result, without what the database was asked.

    Times of entry are kept only where a document arms a delay again, undone or not.
    """
    work = exact.loads(outcome.after.work or "{}")
    work.pop("entered", None)
    own = ("answers", "work")
    return [{k: v for k, v in outcome.result.items() if k not in own}, work]


def test_the_failure_that_blocks_end_with_fails() -> None:
    document = {"id": "m", "context": {}, "entry": [FAILURE]}
    assert door.start(door.Machine.of(document)).refused
