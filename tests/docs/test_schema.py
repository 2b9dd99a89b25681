"""pgsm/machine.schema.json takes whatever the parser takes, and refuses mistakes."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgsm.engine import definition, exact
from scripts import build_schema, reference
from tests.conformance import data, w3c, xstate
from tests.engine.test_definition_generated import any_json, fast, machines

from .examples import examples

pytestmark = pytest.mark.usefixtures("whole_language")

SCHEMA = json.loads(build_schema.SCHEMA.read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
MACHINES = sorted((reference.ROOT / "examples").rglob("*.json"))
REFERENCE = [
    exact.loads(text)
    for example in examples(reference.PAGE.read_text("utf-8"))
    for text in example.definitions
]
Json = Any
quick = settings(fast, max_examples=25)


def errors(document: Json) -> list[str]:
    """What the schema has against a document, given with exact numbers."""
    plain = json.loads(exact.dumps(document))
    return [f"{e.json_path}: {e.message}" for e in VALIDATOR.iter_errors(plain)]


def test_schema_is_generated_from_the_parser_and_the_reference() -> None:
    assert build_schema.build(reference.tables()) == SCHEMA, (
        "run: python scripts/build_schema.py"
    )


def test_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_each_key_has_a_description() -> None:
    shapes = {"root": SCHEMA, **SCHEMA["$defs"]}
    silent = [
        f"{name}.{key}"
        for name, shape in shapes.items()
        for key, schema in shape.get("properties", {}).items()
        if key != "$schema" and "const" not in schema and "description" not in schema
    ]
    assert silent == []


# ----------------------------------------------------------- what it accepts


def accepted(document: Json) -> None:
    """A document that the parser takes, and its normal form, are of the schema."""
    checked = definition.check(document)
    assert checked.problems == []
    assert errors(document) == []
    assert errors(checked.document) == []


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.name)
def test_machines_of_the_examples_are_accepted(path: Path) -> None:
    accepted(exact.loads(path.read_text("utf-8")))


def test_machines_of_the_reference_are_accepted() -> None:
    for document in REFERENCE:
        accepted(document)


@pytest.mark.parametrize("name", ["scenarios", "transitions"])
def test_machines_of_xstates_own_tests_are_accepted(name: str) -> None:
    scenarios = data.lines(f"xstate/{name}.jsonl")
    if not scenarios:
        pytest.skip(f"no {data.directory()}/xstate")
    for scenario in scenarios:
        accepted(xstate.document(scenario))


@pytest.mark.parametrize("name", ["mandatory_auto", "optional_mapped"])
def test_machines_of_the_w3cs_tests_are_accepted(name: str) -> None:
    tests = w3c.tests(name)
    if not tests:
        pytest.skip(f"no {data.directory()}/w3c")
    for test in tests:
        for document in w3c.machines(test).values():
            accepted(document)


@given(machines())
@quick
def test_generated_machines_are_accepted(machine: Json) -> None:
    accepted(machine)


@given(machines() | st.sampled_from(REFERENCE), st.data())
@quick
def test_damaged_machines_are_accepted_where_the_parser_takes_them(
    machine: Json, drawn: st.DataObject
) -> None:
    machine = copy.deepcopy(machine)  # parts of it are the strategies' own
    place: Json = machine
    while isinstance(place, (dict, list)) and place:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = drawn.draw(st.sampled_from(keys))
        if not isinstance(place[key], (dict, list)) or drawn.draw(st.booleans()):
            place[key] = drawn.draw(any_json)
            break
        place = place[key]
    assert definition.check(machine).problems or errors(machine) == []


XSTATE_SPELLINGS = [
    {"entry": {"type": "sendTo", "to": "#_internal", "event": {"type": "e", "n": 1}}},
    {"entry": {"type": "xstate.assign", "params": {"assignment": {"a": 1}}}},
    {"entry": {"type": "assign", "assignment": {"a": 1}}},
    {"entry": {"type": "log", "value": 1}},
    {"entry": [{"type": "cancel", "sendId": "s"}, {"type": "stop", "actorRef": "a"}]},
    {"entry": {"type": "choose", "conds": [{"cond": {"expr": "1"}, "actions": []}]}},
    {"entry": {"type": "raise", "event": {"type": "e"}}},
    {"entry": {"type": "stopChild", "actorId": "a"}},
    {"on": {"e": {"cond": {"type": "xstate.not", "guards": [{"expr": "1"}]}}}},
    {"on": {"xstate.done.actor.i": {}}, "id": "m"},
    {"entry": {"type": "emit", "event": {"type": "e", "n": 1}}},
]


@pytest.mark.parametrize("document", XSTATE_SPELLINGS)
def test_xstates_spellings_are_accepted(document: Json) -> None:
    accepted(document)


# ------------------------------------------------------------ what it refuses


def state(**keys: Json) -> Json:
    return {"initial": "a", "states": {"a": keys, "b": {}}}


def action(kind: str, **keys: Json) -> Json:
    effects = {"effects": {"e": {}}}
    return {"entry": {"type": kind, **keys}, "implementations": effects}


def effect(**keys: Json) -> Json:
    return {"implementations": {"effects": {"e": keys}}}


REFUSED: dict[str, Json] = {
    # unknown keys
    "of the root": {"initital": "a"},
    "of a state": state(enter=[]),
    "of a transition": state(on={"e": {"to": "b"}}),
    "of an invocation": state(invoke={"machine": "m", "onSnapshot": "b"}),
    "of an action": action("log", message=1, level="info"),
    "of a named action": {
        "entry": {"type": "n", "x": 1},
        "implementations": {"actions": {"n": []}},
    },
    "of a guard": state(on={"e": {"guard": {"expr": "1", "params": {}}}}),
    "of a delay": {
        "implementations": {"delays": {"d": {"expr": "1", "units": "days"}}}
    },
    "of an effect": effect(retries=3),
    "of retry": effect(retry={"tries": 3}),
    "of a value": {"context": {"a": {"expr": "1", "else": 2}}},
    "of a receiver": action("send", event="e", to={"instanceId": "i"}),
    "of implementations": {"implementations": {"actors": {}}},
    # wrong types
    "a list as root": [],
    "states as a list": {"states": [{}]},
    "a number as target": state(on={"e": 1}),
    "null as transition": state(on={"e": None}),
    "a number as state": {"initial": "a", "states": {"a": 1}},
    "a text as context": {"context": "a"},
    "a boolean as guard": state(on={"e": {"guard": True}}),
    "a number as expression": {"context": {"a": {"expr": 1}}},
    "a text as boolean": state(on={"e": {"target": "b", "reenter": "yes"}}),
    "a number as tag": state(tags=[1]),
    "a list as after": state(after=["1s"]),
    "a text as arguments": action("call", function="s.f(text)", args="a"),
    "a number as name of an action": {"entry": [1]},
    "a text as schema": {"inputSchema": "object"},
    "a text as meta of an action list": {"entry": {"type": "choose", "branches": "a"}},
    # words, numbers and forms
    "a type that is none": state(type="orthogonal"),
    "a final root": {"type": "final"},
    "a history that is none": state(history="medium"),
    "unhandled": {"unhandled": "raise"},
    "a unit": {
        "implementations": {"delays": {"d": {"expr": "1", "unit": "fortnights"}}}
    },
    "no attempt": effect(retry={"attempts": 0}),
    "half an attempt": effect(retry={"attempts": 1.5}),
    "jitter above one": effect(retry={"jitter": 2}),
    "a negative length of time": effect(timeout=-1),
    "late": effect(late="drop"),
    "a wildcard in the middle": state(on={"a.*.b": "b"}),
    "an event without a name": state(on={"": "b"}),
    "an event with an empty part": state(on={"a..b": "b"}),
    "a dot in the name of a state": {"initial": "a", "states": {"a": {}, "b.c": {}}},
    "a name that is empty": {"implementations": {"guards": {"": {"expr": "1"}}}},
    "two forms of a guard": state(
        on={"e": {"guard": {"expr": "1", "not": {"expr": "1"}}}}
    ),
    "two receivers": action("send", event="e", to={"instance": "i", "child": "c"}),
    "until nothing": state(invoke={"machine": "m", "each": [], "until": 0}),
    # missing keys
    "no initial state": {"states": {"a": {}}},
    "no states of a parallel state": {"type": "parallel"},
    "no type of an action": {"entry": {"event": "e"}},
    "no event to raise": action("raise"),
    "no assignment": action("assign"),
    "no branches": action("choose", branches=[]),
    "no work of an invocation": state(invoke={"id": "i"}),
    "two works of an invocation": {
        **state(invoke={"src": "e", "machine": "m"}),
        **effect(),
    },
    "a form of a guard": state(on={"e": {"guard": {"params": {}}}}),
    "a form of a delay": action("raise", event="e", delay={"sql": "s.f()"}),
    # misplaced keys
    "transitions of a final state": state(type="final", on={"e": "b"}),
    "entry of a history state": state(type="history", entry=[]),
    "onDone of the root": {**state(), "onDone": "a"},
    "onDone of an atomic state": state(onDone="b"),
    "output of a state": state(output=1),
    "initial of a parallel state": state(
        type="parallel", initial="c", states={"c": {}}
    ),
    "a loop's key without a loop": state(invoke={"machine": "m", "item": "i"}),
    "binding of XState's semantics": {"binding": "late"},
}


@pytest.mark.parametrize("why", REFUSED)
def test_mistakes_are_refused_by_both(why: str) -> None:
    document = REFUSED[why]
    assert definition.check(document).problems != []
    assert list(VALIDATOR.iter_errors(document)) != []


def objects(value: Json) -> Iterator[dict[str, Json]]:
    """All the objects in a value, the outermost first."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from objects(item)


def test_a_key_that_the_parser_does_not_know_is_refused_wherever_it_stands() -> None:
    refused = 0
    for document in REFERENCE:
        if "xstate." in exact.dumps(document):
            continue  # its spellings are left to the parser
        for number, _ in enumerate(objects(document)):
            changed = copy.deepcopy(document)
            list(objects(changed))[number]["nonsense"] = "a"
            codes = {problem.code for problem in definition.check(changed).problems}
            if codes & {"unknown_key", "ambiguous_value"}:
                refused += 1
                assert errors(changed) != [], changed
    assert refused > 300
