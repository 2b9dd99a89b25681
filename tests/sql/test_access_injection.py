"""Texts that would like to be SQL: ids, names, keys, events."""

from __future__ import annotations

import json

import psycopg
import pytest
from psycopg.types.json import Jsonb

from .conftest import AsRole

HOSTILE = [
    "'; drop table pgsm_private.instances; --",
    '"; drop schema pgsm cascade; --',
    "$$; select 1; $$",
    "a\\'b",
    'a","b',
    "{a,b}",
    "NULL",
    "null",
    "\\",
    '"',
    "%s %I %L %",
    "x' || (select 1) || 'y",
    "ü😀",
    " ",
    "$1",
    "__proto__",
    "~0~1/",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_a_text_wherever_it_stands(
    as_role: AsRole, text: str
) -> None:
    state = text.replace(".", "_")
    event = text.replace("*", "_")
    document = {
        "initial": state,
        "context": {text: {"expr": "input.value"}},
        "keys": {text: {"expr": "input.value"}},
        "states": {
            state: {
                "tags": [text],
                "on": {
                    event: {
                        "target": f"{state} 2",
                        "actions": [
                            {
                                "type": "effect",
                                "name": text,
                                "input": {text: text},
                                "key": text,
                            },
                            {
                                "type": "raise",
                                "event": f"{event}.later",
                                "delay": "1 day",
                                "id": text,
                            },
                            {"type": "log", "message": text},
                        ],
                    }
                },
            },
            f"{state} 2": {"tags": [text]},
        },
        "implementations": {"effects": {text: {}}},
    }
    as_role("author").execute(
        "select pgsm.define_machine(%s, %s)", [text, json.dumps(document)]
    )
    client = as_role("client")
    client.execute(
        "select pgsm.start_instance(%s, %s, %s)", [text, text, Jsonb({"value": text})]
    )
    row = client.execute(
        "select instance_id, states, tags, context, outcome"
        " from pgsm.send_event(%s, %s, %s, event_id => %s)",
        [text, event, Jsonb({text: text}), text],
    ).fetchone()
    assert row == (text, [f"{state} 2"], [text], {text: text}, "taken")
    effect = client.execute(
        "select name, input from pgsm.effects where instance_id = %s", [text]
    ).fetchone()
    assert effect == (text, {text: text})
    timer = client.execute(
        "select send_id, event from pgsm.timers where instance_id = %s", [text]
    ).fetchone()
    assert timer == (text, f"{event}.later")
    logged = client.execute(
        "select event, data, event_id from pgsm.event_log"
        " where instance_id = %s and revision = 2",
        [text],
    ).fetchone()
    assert logged == (event, {text: text}, text)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_an_error_is_quoted_as_it_is(
    as_role: AsRole, text: str
) -> None:
    with pytest.raises(psycopg.DatabaseError) as refusal:
        as_role("client").execute("select pgsm.send_event(%s, 'e')", ["no " + text])
    assert refusal.value.sqlstate == "SM100"
    assert f'"no {text}"' in str(refusal.value)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_a_text_to_a_runner(as_role: AsRole, text: str) -> None:
    runner = as_role("runner")
    runner.execute("select pgsm.register_runner(%s, %s)", [text, [text]])
    claimed = runner.execute(
        "select * from pgsm.claim_effects(%s, %s, 1)", [text, ["no " + text]]
    )
    assert claimed.fetchall() == []
    outcome = runner.execute(
        "select outcome from pgsm.complete_effects(%s)",
        [Jsonb([{"instance_id": text, "effect_id": text, "lease_token": text}])],
    )
    assert outcome.fetchone() == ("lease_lost",)
    runner.execute("select pgsm.unregister_runner(%s)", [text])


@pytest.mark.parametrize("character", ["\n", "\t", "\r", "\x01", "\x7f"])
def test_state_keys_have_no_control_characters(as_role: AsRole, character: str) -> None:
    """States travel as lines of a text: a line break would make two of one."""
    document = {"initial": "a", "states": {"a": {}, f"a{character}b": {}}}
    found = as_role("author").execute(
        "select path from pgsm.check_definition(%s)", [json.dumps(document)]
    )
    assert len(found.fetchall()) == 1
