"""JSON Schemas of input, context, events, effects; paths that are never logged."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from .doors import Engine, PostgresEngine
from .parts import assign, expr

Json = Any

PERSON = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
}


def test_event_s_data_must_be_of_its_schema(engine: Engine) -> None:
    chart = engine.start(
        {
            "context": {"name": None},
            "on": {"person.*": {"actions": assign(name=expr("event.data.name"))}},
            "eventSchemas": {"person.*": PERSON, "person.raw": True},
        }
    )
    refusal = chart.refuse("person.new", {"name": 7})
    assert refusal.sqlstate == "SM104"
    assert "$.name" in refusal.detail
    assert chart.send("person.new", {"name": "ann"}).context == {"name": "ann"}
    assert chart.send("person.raw", {"name": 7}).context == {"name": 7}


def test_context_must_be_of_its_schema_after_a_step(engine: Engine) -> None:
    chart = engine.start(
        {
            "context": {"name": "ann"},
            "on": {"set": {"actions": assign(name=expr("event.data.name"))}},
            "contextSchema": PERSON,
        }
    )
    assert chart.refuse("set", {"name": 7}).sqlstate == "SM102"
    assert chart.send("set", {"name": "bob"}).context == {"name": "bob"}


def test_input_of_an_effect_must_be_of_its_schema(engine: Engine) -> None:
    effect = {"type": "effect", "name": "greet", "input": expr("event.data")}
    chart = engine.start(
        {
            "on": {"greet": {"actions": effect}},
            "implementations": {"effects": {"greet": {"inputSchema": PERSON}}},
        }
    )
    refusal = chart.refuse("greet", {"name": 7})
    assert refusal.sqlstate == "SM102"
    assert 'the input of "greet" is not of its schema' in refusal.message
    chart.send("greet", {"name": "ann"})
    assert [effect.input for effect in chart.effects()] == [{"name": "ann"}]


def test_input_must_be_of_its_schema(db: psycopg.Connection[Any]) -> None:
    engine = PostgresEngine(db)
    with pytest.raises(psycopg.Error) as caught:
        engine.start({"inputSchema": PERSON}, {"name": 7})
    assert caught.value.sqlstate == "SM114"


# -- sensitive ------------------------------------------------------------------------

SECRETIVE = {
    "context": {"card": {"number": None, "holder": None}},
    "sensitive": ["card.number"],
    "on": {
        "card": {"actions": assign(card=expr("event.data.card"))},
        "number": {
            "actions": {
                "type": "assign",
                "set": {"card.number": expr("event.data.card.number")},
            }
        },
    },
}


def test_sensitive_paths_never_enter_the_log(engine: Engine) -> None:
    chart = engine.start(SECRETIVE)
    card = {"number": "4111", "holder": "ann"}
    assert chart.send("card", {"card": card}).context == {"card": card}
    chart.send("number", {"card": {"number": "4222"}})
    assert chart.snapshot().context["card"]["number"] == "4222"
    log = chart.log()
    assert "4111" not in str(log)
    assert "4222" not in str(log)
    assert log[1]["changes"]["set"] == {"/card": {"holder": "ann"}}
    assert log[1]["data"] == {"card": {"holder": "ann"}}
    assert log[2]["changes"] == {"redacted": ["/card/number"]}


def test_sensitive_paths_are_not_kept_with_event_ids(postgres: PostgresEngine) -> None:
    chart = postgres.start(SECRETIVE)
    data = {"card": {"number": "4111", "holder": "ann"}}
    first = chart.send("card", data, event_id="e-1")
    again = chart.send("card", data, event_id="e-1")
    assert first.context["card"]["number"] == "4111"
    assert (again.revision, again.context) == (2, {"card": {"holder": "ann"}})
    kept = chart.rows("select data, answer from pgsm_private.event_ids")
    assert "4111" not in str(kept)


def test_schema_never_reaches_for_files_or_the_network(engine: Engine) -> None:
    chart = engine.start(
        {
            "on": {"x": {}},
            "eventSchemas": {"x": {"$ref": "file:///etc/hostname"}},
        }
    )
    with pytest.raises(Exception, match=r"(?i)hostname"):
        chart.send("x")
