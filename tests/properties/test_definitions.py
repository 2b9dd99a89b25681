"""A definition that is exported and defined again is itself."""

from __future__ import annotations

import json
from typing import Any

import psycopg
from hypothesis import given

from pgsm.engine import definition, exact
from pgsm.engine import step as engine

from .examples import examples
from .machines import machines
from .test_numbers import collected

Json = Any


@given(machines())
@examples(25)
def test_what_is_exported_is_what_was_defined(document: Json) -> None:
    defined = exact.loads(engine.call("define", [exact.dumps(document)]))
    assert defined["problems"] == []
    exported = engine.call("document", [exact.dumps(defined["rows"])])
    assert exported == exact.dumps(definition.normalise(document))
    again = exact.loads(engine.call("define", [exported]))
    for part in ("problems", "checksum", "rows", "unhandled", "time_zone"):
        assert exact.dumps(again[part]) == exact.dumps(defined[part])


@given(machines())
@examples(15)
def test_blanks_and_the_order_of_an_actions_keys_mean_nothing(document: Json) -> None:
    checksum = definition.check(exact.dumps(document)).checksum
    other = json.dumps(turned(document), indent=2, default=float)
    assert definition.check(other).checksum == checksum


def turned(value: Json) -> Json:
    """The document with the keys of its actions in another order."""
    if isinstance(value, list):
        return [turned(item) for item in value]
    if isinstance(value, dict):
        keys = list(value)
        if "type" in value and keys[0] == "type":
            keys.reverse()
        return {key: turned(value[key]) for key in keys}
    return value


def test_the_database_gives_back_what_was_defined(
    db: psycopg.Connection[Any],
) -> None:
    """Defining that again is the version that is there, and no new one."""
    pure = machines(calls=False)  # no function must exist
    for number, document in enumerate(collected(pure, 8)):
        name = f"m{number}"
        define = "select pgsm.define_machine(%s, %s::json)"
        first = db.execute(define, [name, exact.dumps(document)]).fetchone()
        export = "select pgsm.machine_definition(%s, 1)::text"
        (text,) = db.execute(export, [name]).fetchone() or ("",)
        assert exact.loads(text) == definition.normalise(document)
        assert db.execute(define, [name, text]).fetchone() == first
        count = "select count(*) from pgsm.machine_versions where machine = %s"
        assert db.execute(count, [name]).fetchone() == (1,)
