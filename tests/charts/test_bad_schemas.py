"""JSON Schemas that are none, or that cannot be used: said at the soonest."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from pgsm.testing import DefinitionError

from .doors import Engine

CYCLE = {
    "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}},
    "$ref": "#/$defs/a",
}


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/nowhere"},
        {"$ref": "https://example.com/x"},
        {"properties": {"n": {"pattern": "("}}},
        CYCLE,
    ],
)
def test_schema_that_cannot_be_used_refuses_the_event(
    engine: Engine, schema: Any
) -> None:
    chart = engine.start({"on": {"go": {}}, "eventSchemas": {"go": schema}})
    refusal = chart.refuse("go", {"n": "a"})
    assert refusal.sqlstate == "SM104"
    assert "the schema cannot be used" in refusal.detail


@pytest.mark.parametrize(
    "schema", [{"type": "strin"}, {"required": "name"}, {"properties": {"n": 5}}]
)
def test_what_is_no_schema_is_a_problem_of_the_definition(
    engine: Engine, schema: Any
) -> None:
    with pytest.raises((DefinitionError, psycopg.Error), match="no JSON Schema"):
        engine.start({"on": {"go": {}}, "eventSchemas": {"go": schema}})


def test_schema_is_of_the_draft_that_it_names(engine: Engine) -> None:
    draft7 = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "properties": {"list": {"items": [{"type": "string"}]}},
    }
    chart = engine.start({"on": {"go": {}}, "eventSchemas": {"go": draft7}})
    assert chart.refuse("go", {"list": [1]}).sqlstate == "SM104"
    assert chart.send("go", {"list": ["a", 1]}).status == "active"
