"""Bad input: each mistake raises its own class, and nothing has changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Json

from pgsm import errors

LAMP = {
    "initial": "off",
    "context": {"presses": 0, "watts": {"expr": "get(input, 'watts', 40)"}},
    "states": {
        "off": {
            "on": {
                "press": {
                    "target": "on",
                    "actions": [
                        {"type": "raise", "event": "click"},
                        {
                            "type": "assign",
                            "set": {"presses": {"expr": "context.presses + 1"}},
                        },
                        {
                            "type": "assign",
                            "set": {"load": {"expr": "event.data.volts / 0"}},
                        },
                    ],
                },
                "dim": {"target": "on", "guard": {"expr": "context.nothing.at.all"}},
                "spin": "spinning",
                "later": {
                    "actions": {
                        "type": "raise",
                        "event": "press",
                        "delay": {"expr": "event.data.delay"},
                    }
                },
            },
            "after": {"1 day": "on"},
        },
        "on": {"on": {"press": "off"}},
        "spinning": {
            "always": {
                "actions": {
                    "type": "assign",
                    "set": {"presses": {"expr": "context.presses + 1"}},
                }
            }
        },
        "broken": {"type": "final"},
    },
}

FIVE_MISTAKES = {
    "initial": "nowhere",
    "states": {
        "a": {
            "on": {"go": "missing", "stay": {"guard": {"expr": "1 +"}}},
            "entry": {"type": "assing", "set": {"x": 1}},
            "after": {"ten minutes or so": "a"},
        }
    },
}


@pytest.fixture
def lamp(db: psycopg.Connection) -> str:
    define(db, "lamp", LAMP)
    db.execute("select pgsm.start_instance('lamp', 'lamp-1')")
    return "lamp-1"


def define(db: psycopg.Connection, machine: str, document: Any, **named: Any) -> int:
    options = "".join(f", {name} => %({name})s" for name in named)
    row = db.execute(
        f"select pgsm.define_machine(%(machine)s, %(document)s{options})",
        {"machine": machine, "document": Json(document), **named},
    ).fetchone()
    assert row is not None
    version: int = row[0]
    return version


def refused(
    db: psycopg.Connection, error: type[errors.PgsmError], query: str, *values: Any
) -> psycopg.errors.Diagnostic:
    """Run a query that raises exactly this class; what the server said."""
    with pytest.raises(errors.PgsmError) as caught, db.transaction():
        db.execute(query, values)
    assert type(caught.value) is error
    assert caught.value.sqlstate == error.sqlstate
    return caught.value.diag


def everything(db: psycopg.Connection) -> list[Any]:
    """All that a step could have written."""
    return [
        db.execute(f"select x::text from pgsm.{view} as x order by 1").fetchall()
        for view in ("instances", "event_log", "timers", "effects")
    ]


@pytest.fixture
def unchanged(db: psycopg.Connection, lamp: str) -> Iterator[None]:
    before = everything(db)
    yield
    assert everything(db) == before


START = "select pgsm.start_instance(%s)"
SEND = "select pgsm.send_event(%s, %s)"
SEND_DATA = "select pgsm.send_event(%s, %s, %s)"


# definitions


def test_five_mistakes_are_reported_at_once_and_nothing_is_defined(
    db: psycopg.Connection,
) -> None:
    said = refused(
        db,
        errors.DefinitionRefused,
        "select pgsm.define_machine('wrong', %s)",
        json.dumps(FIVE_MISTAKES),
    )
    assert said.message_primary == 'the definition of machine "wrong" has 5 problems'
    paths = [
        line.partition(": ")[0] for line in (said.message_detail or "").split("\n")
    ]
    assert sorted(paths) == [
        "$.initial",
        '$.states.a.after["ten minutes or so"]',
        "$.states.a.entry",
        "$.states.a.on.go",
        "$.states.a.on.stay.guard.expr",
    ]
    assert db.execute("select from pgsm.machines where machine = 'wrong'").rowcount == 0
    assert db.execute("select from pgsm.states where machine = 'wrong'").rowcount == 0


def test_a_definition_is_needed(db: psycopg.Connection) -> None:
    refused(db, errors.DefinitionRefused, "select pgsm.define_machine('none', null)")


def test_a_taken_version_is_not_another_document(db: psycopg.Connection) -> None:
    define(db, "lamp", LAMP, version=3)
    with pytest.raises(errors.VersionTaken), db.transaction():
        define(db, "lamp", {**LAMP, "initial": "on"}, version=3)
    assert define(db, "lamp", LAMP, version=3) == 3


def test_a_version_with_instances_is_not_replaced(
    db: psycopg.Connection, lamp: str
) -> None:
    with pytest.raises(errors.VersionInUse), db.transaction():
        define(db, "lamp", {**LAMP, "initial": "on"}, version=1, replace=True)


@pytest.mark.parametrize(("machine", "version"), [("", None), ("lamp", 0), ("a\n", 1)])
def test_names_and_numbers_of_machines_are_checked(
    db: psycopg.Connection, machine: str, version: int | None
) -> None:
    with pytest.raises(errors.BadMachineName), db.transaction():
        define(db, machine, LAMP, version=version)


def test_unknown_machine(db: psycopg.Connection) -> None:
    said = refused(db, errors.UnknownMachine, START, "lapm")
    assert said.message_primary == 'machine "lapm" does not exist'


def test_unknown_version(db: psycopg.Connection, lamp: str) -> None:
    query = "select pgsm.start_instance('lamp', version => 7)"
    said = refused(db, errors.UnknownVersion, query)
    assert said.message_primary == 'machine "lamp" has no version 7'


def test_a_machine_without_a_current_version(db: psycopg.Connection) -> None:
    define(db, "lamp", LAMP, make_current=False)
    said = refused(db, errors.UnknownVersion, START, "lamp")
    assert said.message_primary == 'machine "lamp" has no current version'


# instances


def test_unknown_instance(db: psycopg.Connection) -> None:
    said = refused(db, errors.UnknownInstance, SEND, "lamp-9", "press")
    assert said.message_primary == 'instance "lamp-9" does not exist'
    refused(db, errors.UnknownInstance, "select pgsm.get_instance('lamp-9')")
    refused(db, errors.UnknownInstance, "select pgsm.post_event('lamp-9', 'press')")


def test_a_taken_instance_id(
    db: psycopg.Connection, lamp: str, unchanged: None
) -> None:
    said = refused(
        db, errors.InstanceExists, "select pgsm.start_instance('lamp', %s)", lamp
    )
    assert said.message_primary == 'instance "lamp-1" exists already'
    assert 'machine "lamp" version 1' in (said.message_detail or "")


@pytest.mark.parametrize("instance_id", ["", "a\tb", "x" * 501, None])
def test_what_is_no_instance_id(
    db: psycopg.Connection, lamp: str, instance_id: str | None, unchanged: None
) -> None:
    query = "select pgsm.start_instance('lamp', %s)"
    refused(db, errors.BadInstanceId, query, instance_id)


def test_an_input_that_is_no_object(
    db: psycopg.Connection, lamp: str, unchanged: None
) -> None:
    query = "select pgsm.start_instance('lamp', 'lamp-2', %s)"
    said = refused(db, errors.BadInput, query, "[1]")
    assert said.message_primary == "the input is a JSON object, not array"


def test_words_that_are_no_option(
    db: psycopg.Connection, lamp: str, unchanged: None
) -> None:
    query = "select pgsm.start_instance('lamp', 'lamp-2', if_exists => 'ignore')"
    refused(db, errors.BadOption, query)
    query = "select pgsm.send_event(%s, 'nothing', on_unhandled => 'defer')"
    refused(db, errors.BadOption, query, lamp)


# events


@pytest.mark.parametrize(
    "event", ["", "a\nb", "x" * 501, "done.invoke.a", "after.1.off", "pgsm.start"]
)
def test_what_is_no_event(
    db: psycopg.Connection, lamp: str, event: str, unchanged: None
) -> None:
    refused(db, errors.BadEvent, SEND, lamp, event)
    refused(db, errors.BadEvent, "select pgsm.post_event(%s, %s)", lamp, event)


@pytest.mark.parametrize("data", ["[1]", "1", '"text"', "null", None])
def test_data_that_is_no_object(
    db: psycopg.Connection, lamp: str, data: str | None, unchanged: None
) -> None:
    said = refused(db, errors.BadEvent, SEND_DATA, lamp, "press", data)
    assert said.message_primary is not None
    assert said.message_primary.endswith("the data of an event is a JSON object")


def test_an_event_that_no_transition_takes(
    db: psycopg.Connection, lamp: str, unchanged: None
) -> None:
    query = "select pgsm.send_event(%s, 'sing', on_unhandled => 'refuse')"
    said = refused(db, errors.EventRefused, query, lamp)
    assert said.message_primary == (
        'instance "lamp-1" does not take event "sing" in state "off"'
    )


def test_a_failing_action_is_named_and_undoes_the_whole_event(
    db: psycopg.Connection, lamp: str, unchanged: None
) -> None:
    said = refused(db, errors.EventFailed, SEND_DATA, lamp, "press", '{"volts": 230}')
    assert said.message_primary is not None
    assert said.message_primary.startswith(
        'event "press" of instance "lamp-1" is refused: '
    )
    detail = said.message_detail or ""
    assert 'machine "lamp" version 1' in detail
    assert 'state "off"' in detail
    assert 'transition "$.states.off.on.press[0]"' in detail
    assert "at $.states.off.on.press[0].actions[2]" in detail


def test_a_failing_guard_is_named(
    db: psycopg.Connection, lamp: str, unchanged: None
) -> None:
    said = refused(db, errors.EventFailed, SEND, lamp, "dim")
    assert "at $.states.off.on.dim[0].guard" in (said.message_detail or "")
    assert "context.nothing" in (said.message_primary or "")


def test_a_failing_function_is_refused_with_its_own_sqlstate(
    db: psycopg.Connection,
) -> None:
    db.execute("""
        create schema shop;
        grant usage on schema shop to pgsm_caller;
        create function shop.charge (amount numeric) returns void
        language plpgsql as $$
        begin
            raise exception 'no money left' using errcode = 'P0042';
        end $$;
        grant execute on function shop.charge to pgsm_caller;
    """)
    call = {"type": "call", "function": "shop.charge(numeric)", "args": [1]}
    states = {"a": {"on": {"pay": {"target": "b", "actions": call}}}, "b": {}}
    define(db, "till", {"initial": "a", "states": states})
    db.execute("select pgsm.start_instance('till', 'till-1')")
    before = everything(db)
    said = refused(db, errors.EventFailed, SEND, "till-1", "pay")
    assert "no money left" in (said.message_primary or "")
    assert "SQLSTATE P0042" in (said.message_detail or "")
    assert everything(db) == before


def test_a_first_step_that_fails_starts_nothing(
    db: psycopg.Connection, lamp: str, unchanged: None
) -> None:
    states = {"a": {"entry": {"type": "assign", "set": {"x": {"expr": "1 / 0"}}}}}
    define(db, "broken", {"initial": "a", "states": states})
    refused(db, errors.EventFailed, "select pgsm.start_instance('broken', 'b-1')")


def test_a_machine_that_never_settles(
    db: psycopg.Connection, lamp: str, unchanged: None
) -> None:
    said = refused(db, errors.NeverSettles, SEND, lamp, "spin")
    assert "states.spinning.always[0]" in (said.message_detail or "")


def test_a_computed_delay_that_is_none(
    db: psycopg.Connection, lamp: str, unchanged: None
) -> None:
    refused(db, errors.BadDelay, SEND_DATA, lamp, "later", '{"delay": "soon"}')
    refused(db, errors.BadDelay, SEND_DATA, lamp, "later", '{"delay": "-1 hour"}')


def test_a_posted_delay_that_is_negative(
    db: psycopg.Connection, lamp: str, unchanged: None
) -> None:
    query = "select pgsm.post_event(%s, 'press', delay => '-1 hour')"
    refused(db, errors.BadDelay, query, lamp)


# at the wrong time


def test_a_call_that_changes_its_own_instance(db: psycopg.Connection) -> None:
    db.execute("""
        create schema shop;
        grant usage on schema shop to pgsm_caller;
        grant pgsm_client to pgsm_caller;
        create function shop.echo (instance_id text) returns void
        language sql as $$ select pgsm.send_event($1, 'back') $$;
        grant execute on function shop.echo to pgsm_caller;
    """)
    call = {
        "type": "call",
        "function": "shop.echo(text)",
        "args": [{"expr": "instance.id"}],
    }
    states = {"a": {"on": {"go": {"target": "b", "actions": call}, "back": "b"}}}
    define(db, "echo", {"initial": "a", "states": {**states, "b": {}}})
    db.execute("select pgsm.start_instance('echo', 'echo-1')")
    before = everything(db)
    refused(db, errors.ChangedByOwnCall, SEND, "echo-1", "go")
    assert everything(db) == before


def test_an_event_id_names_one_event(db: psycopg.Connection, lamp: str) -> None:
    query = "select pgsm.send_event(%s, %s, %s, 'id-1')"
    db.execute(query, [lamp, "sing", "{}"])
    db.execute(query, [lamp, "sing", "{}"])
    refused(db, errors.EventIdTaken, query, lamp, "sing", '{"song": 1}')
    refused(db, errors.EventIdTaken, query, lamp, "dance", "{}")


def test_an_instance_that_has_moved_on(
    db: psycopg.Connection, lamp: str, unchanged: None
) -> None:
    query = "select pgsm.send_event(%s, 'press', expected_revision => 0)"
    said = refused(db, errors.RevisionMismatch, query, lamp)
    assert said.message_primary == 'instance "lamp-1" is at revision 1, not 0'


def test_paused_and_ended_instances_take_no_event(
    db: psycopg.Connection, lamp: str
) -> None:
    db.execute("select pgsm.pause_instance(%s)", [lamp])
    refused(db, errors.InstancePaused, SEND, lamp, "press")
    db.execute("select pgsm.stop_instance(%s)", [lamp])
    refused(db, errors.InstanceEnded, SEND, lamp, "press")
    refused(db, errors.InstanceEnded, "select pgsm.resume_instance(%s)", lamp)


# upgrades and the rest


def test_an_upgrade_map_with_mistakes(db: psycopg.Connection, lamp: str) -> None:
    define(db, "lamp", {"initial": "lit", "states": {"lit": {}}})
    query = "select pgsm.define_upgrade('lamp', 1, 2, %s)"
    said = refused(db, errors.MapRefused, query, '{"off": "dark", "on": "lit"}')
    assert "dark" in (said.message_detail or "")
    refused(db, errors.UpgradeRefused, "select pgsm.upgrade_instance(%s)", lamp)


def test_an_effect_that_is_not_there(db: psycopg.Connection, lamp: str) -> None:
    refused(db, errors.UnknownEffect, "select pgsm.retry_effect(%s, '9/9')", lamp)


def test_cron_that_is_not_there(db: psycopg.Connection) -> None:
    said = refused(db, errors.CronMissing, "select pgsm.enable_cron()")
    assert "pgsm runner --timers" in (said.message_hint or "")


def test_refused_access_is_not_an_error_of_pgsm(
    db: psycopg.Connection, lamp: str
) -> None:
    db.execute("set local role pgsm_viewer")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        db.execute(SEND, [lamp, "press"])


def test_an_error_survives_being_pickled() -> None:
    import pickle

    before = errors.EventRefused("no")
    after = pickle.loads(pickle.dumps(before))
    assert type(after) is errors.EventRefused
    assert after.sqlstate == "SM101"
