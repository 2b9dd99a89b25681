"""Samples: what may be given, and what a definition suggests."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pgsm.engine import definition
from pgsm.testing import Samples, SamplesError, explore
from pgsm.testing.explore_derive import derive
from pgsm.testing.explore_guess import minimal
from pgsm.testing.explore_samples import read

Json = Any


def suggested(document: Json) -> Samples:
    return derive(definition.normalise(document))


def events_of(guard: str, **more: Json) -> list[Json]:
    document = {"on": {"e": {"actions": "note", "guard": {"expr": guard}}}, **more}
    document["implementations"] = {"actions": {"note": {"type": "log", "message": "x"}}}
    return suggested(document).events["e"]


def test_samples_come_from_yaml(tmp_path: Path) -> None:
    place = tmp_path / "samples.yaml"
    place.write_text(
        "input: {total: 12}\n"
        "events:\n"
        "  accept: [{eta: 20}, {eta: 90}]\n"
        "  cancel:\n"
        "  note: {text: x}\n"
        "effects:\n"
        "  charge: [{receipt: 7}, {error: declined}, {output: {error: 1}}]\n"
        "waits: 5 minutes\n"
    )
    found = read(place)
    assert found.inputs == [{"total": 12}]
    assert found.events == {
        "accept": [{"eta": 20}, {"eta": 90}],
        "cancel": [{}],
        "note": [{"text": "x"}],
    }
    assert found.effects["charge"] == [
        {"output": {"receipt": 7}},
        {"error": "declined"},
        {"output": {"error": 1}},
    ]
    assert found.waits == ["5 minutes"]
    assert read(found.as_json()) == found


def test_events_may_be_a_list_of_names() -> None:
    assert read({"events": ["a", "b"]}).events == {"a": [{}], "b": [{}]}


def test_an_unknown_key_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(SamplesError, match='did you mean "events"'):
        read({"event": {}})
    with pytest.raises(SamplesError, match="object of lists"):
        read({"effects": []})


def test_given_samples_come_before_suggested_ones() -> None:
    document = {"on": {"e": {}, "f": {}}, "id": "m"}
    found = explore(document, {"events": {"e": [{"n": 1}]}}, events={"f": [{"n": 2}]})
    assert found.samples.events == {"e": [{"n": 1}], "f": [{"n": 2}]}
    assert found.derived.events == {}
    found = explore(document, derive=False)
    assert found.samples.events == {}


@pytest.mark.parametrize(
    ("guard", "values"),
    [
        ("event.data.n > 100", [101, 100]),
        ("100 >= event.data.n", [100, 101]),
        ("event.data.n == 'gold'", ["gold", "other"]),
        ("event.data.n != null", [1, None]),
        ("event.data.n in ['a', 'b']", ["a", "b", "other"]),
        ("event.data.n == context.who", [1, "other"]),
        ("event.data.n", [True, False]),
        ("not event.data.n", [True, False]),
        ("len(event.data.n) > 0", [[1], []]),
        ("sum([line.price for line in event.data.n]) > 1", [[{"price": 1}], [1], []]),
    ],
)
def test_data_is_on_both_sides_of_what_it_is_compared_with(
    guard: str, values: list[Json]
) -> None:
    assert [data["n"] for data in events_of(guard)] == values


def test_values_that_are_kept_are_compared_where_the_context_is() -> None:
    document = {
        "context": {"kind": {"expr": "input.kind"}},
        "on": {
            "e": {
                "actions": {"type": "assign", "set": {"kind": {"expr": "event.data.k"}}}
            },
            "f": {"guard": {"expr": "context.kind == 'vip'"}},
        },
    }
    found = suggested(document)
    assert [data["k"] for data in found.events["e"]] == ["vip", "other"]
    assert found.inputs == [{"kind": "vip"}]


def test_a_schema_s_examples_come_first() -> None:
    schema: Json = {"examples": [{"n": 3}, {"n": 4}]}
    assert events_of("event.data.n > 9", eventSchemas={"e": schema}) == [
        {"n": 3},
        {"n": 4},
    ]
    schema = {"required": ["n"], "properties": {"n": {"type": "integer", "minimum": 7}}}
    assert events_of("event.data.x > 9", eventSchemas={"e": schema}) == [
        {"n": 7, "x": 10},
        {"n": 7, "x": 9},
    ]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"const": 3}, 3),
        ({"enum": ["a", "b"]}, "a"),
        ({"type": "string", "minLength": 3}, "aaa"),
        ({"type": "array", "minItems": 2, "items": {"type": "boolean"}}, [True, True]),
        ({"type": ["number", "null"], "exclusiveMinimum": 4}, 5),
        ({"anyOf": [{"type": "integer", "maximum": 0}, {}]}, 0),
        ({"type": "object", "required": ["a"]}, {"a": {}}),
        (True, {}),
    ],
)
def test_a_small_value_of_a_schema(schema: Json, value: Json) -> None:
    assert minimal(schema) == value


def test_what_only_the_machine_itself_makes_is_not_sent_to_it() -> None:
    document = {
        "internalEvents": ["inner.*"],
        "on": {
            name: {}
            for name in ("go", "inner.x", "raised", "late.*", "answer", "a.*", "*")
        },
        "entry": [
            {"type": "raise", "event": "raised"},
            {"type": "effect", "name": "ask", "reply": "answer"},
        ],
        "implementations": {"effects": {"ask": {}}},
    }
    found = explore(document).samples
    assert list(found.events) == ["go", "a", "something.else"]
    assert list(found.effects) == ["ask"]


def test_effects_have_the_outputs_and_errors_that_are_read() -> None:
    document = {
        "invoke": {
            "id": "check",
            "src": "credit.check",
            "onDone": [
                {"guard": {"expr": "event.output.score >= 600"}, "actions": []},
            ],
            "onError": {"guard": {"expr": "event.error.code == 'none'"}},
        },
        "implementations": {"effects": {"credit.check": {}}},
    }
    assert suggested(document).effects["check"] == [
        {"output": {"score": 600}},
        {"output": {"score": 599}},
        {"error": {"message": "failed", "code": "none"}},
        {"error": {"message": "failed", "code": "other"}},
    ]


def test_an_effect_is_known_by_its_invoke_id_or_by_its_name() -> None:
    document = {
        "id": "m",
        "initial": "a",
        "states": {
            "a": {"invoke": {"id": "ask", "src": "s", "onDone": "b", "onError": "c"}},
            "b": {},
            "c": {},
        },
        "implementations": {"effects": {"s": {}}},
    }
    for key in ("ask", "s"):
        found = explore(document, effects={key: [{"x": 1}]})
        assert found.to("b") is not None
        assert found.to("c") is None


def test_who_sends_is_tried_where_guards_ask() -> None:
    guard = {"expr": "auth.claims.sub == context.owner"}
    document = {
        "id": "m",
        "initial": "a",
        "context": {"owner": {"expr": "input.owner"}},
        "states": {"a": {"on": {"go": {"target": "b", "guard": guard}}}, "b": {}},
    }
    path = explore(document).to("b")
    assert str(path) == 'go by {"role":"test","claims":{"sub":1}}'
    who = {"role": "member", "claims": {"sub": "anna"}}
    path = explore(document, auth=[who], input={"owner": "anna"}).to("b")
    assert path is not None
    assert path.moves[0].auth == who


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ({"events": {"goo": [{}]}}, 'no transition takes the event "goo"'),
        ({"effects": {"chrage": [1]}}, 'did you mean "charge"?'),
    ],
)
def test_sample_of_what_no_machine_has_is_refused(samples: Any, message: str) -> None:
    document = {
        "initial": "a",
        "states": {
            "a": {"on": {"go": "b"}},
            "b": {"invoke": {"id": "charge", "src": "card.charge", "onDone": "a"}},
        },
        "implementations": {"effects": {"card.charge": {}}},
    }
    with pytest.raises(SamplesError, match=re.escape(message)):
        explore(document, samples=samples)
    named = {"events": {"go": [{}]}, "effects": {"card.charge": [1]}}
    assert explore(document, samples=named).complete
