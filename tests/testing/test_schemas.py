"""JSON Schemas of a document are checked in memory too."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pgsm.testing import Refused, World, questions

from .machines import assign, expr, machine, working

NUMBER = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def counting(**schemas: object) -> object:
    on = {"set": {"actions": assign(n=expr("event.data.n"))}}
    return machine({"a": {"on": on}}, context={"n": 0}, **schemas)


def test_input_must_be_of_its_schema(world: World) -> None:
    world.define(counting(inputSchema=NUMBER), "m")
    world.start("m", {"n": 1})
    with pytest.raises(Refused) as refusal:
        world.start("m", {"n": "one"})
    assert "'one' is not of type 'integer'" in refusal.value.detail
    assert len(world.instances()) == 1


def test_data_must_be_of_its_schema(world: World) -> None:
    world.define(counting(eventSchemas={"set": NUMBER}), "m")
    m = world.start("m")
    with pytest.raises(Refused, match="n"):
        m.send("set", {})
    assert m.send("set", {"n": 2}).context == {"n": 2}


def test_context_must_stay_of_its_schema(world: World) -> None:
    world.define(counting(contextSchema=NUMBER), "m")
    m = world.start("m")
    with pytest.raises(Refused):
        m.send("set", {"n": "x"})
    assert m.context == {"n": 0}


def test_output_must_be_of_its_schema(world: World) -> None:
    world.define(working(outputSchema=NUMBER), "m")
    m = world.start("m")
    with pytest.raises(Refused):
        m.complete("work", {"n": "x"})
    assert m.effect("work").status == "pending"
    m.complete("work", {"n": 3})
    assert m.value == "done"


@pytest.mark.parametrize(
    ("schema", "value", "good"),
    [
        ('{"type": "integer"}', Decimal("2.0"), True),
        ('{"type": "integer"}', Decimal("2.5"), False),
        ('{"type": "integer"}', True, False),
        ('{"type": "number", "multipleOf": 0.1}', Decimal("0.3"), True),
        ('{"type": "number", "maximum": 1}', Decimal("1.1"), False),
        ('{"enum": [1.5, "a"]}', Decimal("1.5"), True),
        ('{"prefixItems": [{"type": "string"}]}', ["a", 1], True),
    ],
)
def test_exact_numbers_are_numbers(schema: str, value: object, good: bool) -> None:
    assert (questions.violations(schema, value) == []) is good


def test_schema_reaches_nothing_outside_of_itself() -> None:
    schema = '{"$ref": "https://example.com/schema.json"}'
    (wrong,) = questions.violations(schema, {})
    assert "Unresolvable: https://example.com/schema.json" in wrong
