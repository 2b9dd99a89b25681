"""Deleting takes the instance out; erasing takes the person out and leaves the fact."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from psycopg import sql

from pgsm import errors
from tests.databases import Connect

from .conftest import AsRole

PERSON = "Ada Löwe-4711"
NAME = {"expr": "context.name"}
DOCUMENT = {
    "initial": "open",
    "context": {"name": {"expr": "input.name"}, "answer": None},
    "keys": {"tenant": {"expr": "input.name"}, "name": NAME},
    "on": {
        "tell": {"actions": {"type": "send", "to": {"instance": "other"}, "event": "hi",
                             "id": "told", "data": {"name": NAME}}},
        "ask": {"actions": {"type": "call", "function": "shop.greet(text)",
                            "args": [NAME], "assign": "answer"}},
        "mail": {"actions": {"type": "effect", "name": "mail", "key": NAME,
                             "input": {"to": NAME}}},
        "note": {"actions": [{"type": "log", "message": NAME},
                             {"type": "emit", "event": "named", "data": {"n": NAME}}]},
        "wait": {"actions": {"type": "raise", "event": "hi", "delay": "1 day",
                             "data": {"n": NAME}}},
        "end": ".over",
    },
    "states": {
        "open": {
            "invoke": [{"id": "job", "src": "job", "input": {"who": NAME}},
                       {"id": "kid", "machine": "kid"}],
            "after": {"1 hour": "over"},
            "defer": ["later"],
        },
        "over": {"type": "final"},
    },
    "output": {"name": NAME},
    "implementations": {"effects": {"mail": {"retry": {"attempts": 1}}, "job": {}}},
}  # fmt: skip
SHOP = """
create schema shop; grant usage on schema shop to pgsm_caller;
create function shop.greet (text) returns text language sql as $$ select 'hi ' || $1 $$;
"""


@pytest.fixture(scope="module", autouse=True)
def machines(dsn: str) -> None:
    with psycopg.connect(dsn) as admin:
        admin.execute(SHOP)
        kid = {"initial": "a", "states": {"a": {}}}
        for name, document in (
            ("kid", kid),
            ("person", {**DOCUMENT, "meta": 1}),
            ("person", DOCUMENT),
        ):
            admin.execute(
                "select pgsm.define_machine(%s, %s)", [name, json.dumps(document)]
            )
        admin.execute("select pgsm.register_runner('r', '{mail,job}')")


def person(value: str = PERSON) -> str:
    return json.dumps({"name": value})


@pytest.fixture
def lived(db: psycopg.Connection) -> psycopg.Connection:
    """An instance whose person is wherever user data can be."""
    db.execute("select pgsm.start_instance('kid', 'other')")
    db.execute("select set_config('request.jwt.claims', %s, true)", [person()])
    db.execute("select pgsm.start_instance('person', 'p', %s, 1)", [person()])
    for event in ("tell", "ask", "mail", "mail", "mail", "note", "wait", "later"):
        db.execute(
            "select pgsm.send_event('p', %s, %s, %s)",
            [event, person(), f"{PERSON} {event}" if event != "mail" else None],
        )
    leases = db.execute(
        "select effect_id, lease_token from pgsm.claim_effects('r', '{mail}', 2)"
    ).fetchall()
    db.execute(
        "select pgsm.complete_effects(jsonb_build_array(jsonb_build_object("
        "'instance_id', 'p', 'effect_id', %s::text, 'lease_token', %s::text,"
        " 'output', %s::jsonb)))",
        [*leases[0], person()],
    )
    db.execute(
        "select pgsm.fail_effect('p', %s, %s, %s)",
        [*leases[1], json.dumps({"type": "Bad", "message": PERSON})],
    )
    db.execute("select pgsm.claim_effects('r', '{job}', 1)")
    db.execute(
        "select pgsm.heartbeat_effects('r', jsonb_agg(to_jsonb(e)"
        " || jsonb_build_object('progress', %s::jsonb)))"
        " from pgsm_private.effects as e where e.status = 'running'",
        [person()],
    )
    db.execute("select pgsm.post_event('p', 'ask', %s, %s)", [person(), PERSON])
    db.execute("select pgsm.upgrade_instance('p', 2)")
    db.execute(
        "insert into pgsm_private.upgrade_failures"
        " values ('p', 3, 'person', 2, %s, now())",
        [json.dumps({"message": PERSON})],
    )
    return db


def places(connection: psycopg.Connection, value: str) -> set[str]:
    """Each column of a table of pgsm's in which the value is."""
    columns = connection.execute(
        "select c.table_schema, c.table_name, c.column_name"
        " from information_schema.columns as c join pg_class as t"
        " on t.oid = format('%I.%I', c.table_schema, c.table_name)::regclass"
        " where c.table_schema in ('pgsm_private') and t.relkind in ('r', 'p')"
        " and not t.relispartition"
    ).fetchall()
    found = set()
    escaped = json.dumps(value)[1:-1]
    for schema, table, column in columns:
        query = sql.SQL(
            "select from {} where position(%(v)s in {}::text) > 0"
            " or position(%(e)s in {}::text) > 0 limit 1"
        ).format(
            sql.Identifier(schema, table),
            sql.Identifier(column),
            sql.Identifier(column),
        )
        if connection.execute(query, {"v": value, "e": escaped}).rowcount:
            found.add(f"{table}.{column}")
    return found


def test_the_person_is_everywhere_before_and_nowhere_after(
    lived: psycopg.Connection,
) -> None:
    before = places(lived, PERSON)
    assert before >= {
        "instances.context", "instances.tenant", "instance_keys.value",
        "event_log.data", "event_log.event_id", "event_log.actor",
        "event_log.changes", "event_log.answers", "event_log.notes",
        "event_log.emitted", "event_ids.event_id", "event_ids.data",
        "event_ids.answer", "timers.data", "timers.timer_id", "timers.event_id",
        "timers.actor", "effects.input", "effects.output", "effects.error",
        "effects.progress", "effects.key", "effects.tenant",
        "upgrade_preimages.instance", "upgrade_preimages.timers",
        "upgrade_preimages.effects", "upgrade_failures.error",
    }  # fmt: skip
    lived.execute("select set_config('request.jwt.claims', '', true)")
    lived.execute(
        "select pgsm.erase_instance(instance_id, 'request 17')"
        " from pgsm.instance_tree('p')"
    )
    assert places(lived, PERSON) == set()
    assert "event_log.data" in places(lived, "request 17")


def test_the_fact_stays(lived: psycopg.Connection) -> None:
    query = (
        "select revision, origin, event, source_states, target_states, actor -> 'role'"
        " from pgsm.event_log where instance_id = 'p' order by revision"
    )
    before = lived.execute(query).fetchall()
    erased = lived.execute(
        "select status, states, context, output from pgsm.erase_instance('p')"
    ).fetchone()
    assert erased == ("stopped", ["open"], {}, None)
    after = lived.execute(query).fetchall()
    assert after[:-1] == before
    assert after[-1][1:3] == ("repair", "pgsm.erase")


@pytest.mark.parametrize("function", ["delete_instance", "erase_instance"])
def test_all_that_was_to_come_is_over(lived: psycopg.Connection, function: str) -> None:
    call = sql.SQL("select pgsm.{}('p')").format(sql.Identifier(function))
    running = lived.execute(
        "select effect_id, lease_token from pgsm_private.effects"
        " where status = 'running'"
    ).fetchone()
    lived.execute(call)
    rows = lived.execute(
        "select status, count(*) from pgsm.effects where instance_id = 'p' group by 1"
    ).fetchall()
    # one was done, one failed, one waited and the job ran
    assert dict(rows) == {"succeeded": 1, "cancelled": 3}
    assert running is not None
    verdict = lived.execute(
        "select verdict from pgsm.heartbeat_effects('r', %s)",
        [
            json.dumps(
                [
                    {
                        "instance_id": "p",
                        "effect_id": running[0],
                        "lease_token": str(running[1]),
                        "progress": {"n": PERSON},
                    }
                ]
            )
        ],
    ).fetchall()
    assert verdict == [("lost",)]
    outcome = lived.execute(
        "select outcome from pgsm.complete_effects(jsonb_build_array("
        "jsonb_build_object('instance_id', 'p', 'effect_id', %s::text,"
        " 'lease_token', %s::text, 'output', '\"x\"')))",
        running,
    ).fetchone()
    assert outcome == ("lease_lost",)
    armed = (
        "select count(*) from pgsm.timers where instance_id = 'p' and status = 'armed'"
    )
    assert lived.execute(armed).fetchone() == (0,)
    stops = lived.execute(
        "select count(*) from pgsm.timers as t join pgsm.instances as i"
        " using (instance_id) where t.event = 'pgsm.stop' and i.machine = 'kid'"
    )
    assert stops.fetchone() == (1,)
    assert lived.execute("select fired from pgsm.fire_timers(50)").fetchone() == (2,)
    assert lived.execute(
        "select status from pgsm.instances where parent_invoke = 'kid'"
    ).fetchone() == ("stopped",)


def test_deleted_instance_is_gone_and_says_so(lived: psycopg.Connection) -> None:
    row = lived.execute(
        "select status, context, states from pgsm.delete_instance('p', 'a test')"
    ).fetchone()
    assert row == ("deleted", {}, [])
    assert lived.execute(
        "select count(*) from pgsm.instances where instance_id = 'p'"
    ).fetchone() == (0,)
    for call in (
        "get_instance('p')",
        "send_event('p', 'ask')",
        "send_event('p', 'ask', '{}', 'e')",
        'send_events(\'[{"instance_id": "p", "event": "ask"}]\')',
        "post_event('p', 'ask')",
        "simulate_event('p', 'ask')",
        "pause_instance('p')",
        "resume_instance('p')",
        "stop_instance('p')",
        "delete_instance('p')",
        "upgrade_instance('p', 1)",
        "start_instance('person', 'p')",
        "start_instance('person', 'p', if_exists => 'return')",
        "start_or_send('person', 'p', 'ask')",
        "enabled_events('p')",
        "instance_tree('p')",
    ):
        with pytest.raises(errors.InstanceDeleted), lived.transaction():
            lived.execute("select pgsm." + call)
    log = lived.execute(
        "select event, data from pgsm.event_log where instance_id = 'p'"
        " order by revision desc limit 1"
    ).fetchone()
    assert log == ("pgsm.delete", {"reason": "a test"})


def test_messages_to_a_deleted_instance_are_undeliverable(
    lived: psycopg.Connection,
) -> None:
    """What it had been sent before, what it deferred, and what comes later."""
    lived.execute("select pgsm.delete_instance('p')")
    lived.execute(
        "insert into pgsm_private.timers"
        " (instance_id, timer_id, kind, event, sender, due_at, armed_at)"
        " values ('p', 'm', 'message', 'hi', 'other', now(), now())"
    )
    lived.execute("select pgsm.fire_timers(50)")
    rows = lived.execute(
        "select event, status, last_error ->> 'code' from pgsm.timers"
        " where instance_id = 'p' order by 1"
    ).fetchall()
    assert rows == [
        ("ask", "undeliverable", "SM110"),
        ("hi", "undeliverable", "SM110"),
        ("later", "undeliverable", "SM110"),
    ]


def test_id_is_free_again_when_the_history_is_gone(lived: psycopg.Connection) -> None:
    lived.execute("select pgsm.delete_instance('p')")
    lived.execute("delete from pgsm_private.event_log where instance_id = 'p'")
    with pytest.raises(errors.InstanceDeleted), lived.transaction():
        lived.execute("select pgsm.start_instance('person', 'p', %s)", [person()])
    lived.execute("delete from pgsm_private.effects where instance_id = 'p'")
    row = lived.execute(
        "select revision from pgsm.start_instance('person', 'p', %s)", [person("new")]
    ).fetchone()
    assert row == (1,)


def test_deleted_instance_can_be_erased(lived: psycopg.Connection) -> None:
    lived.execute("select set_config('request.jwt.claims', '', true)")
    lived.execute("select pgsm.delete_instance('p')")
    assert "event_log.data" in places(lived, PERSON)
    row = lived.execute("select status from pgsm.erase_instance('p')").fetchone()
    assert row == ("deleted",)
    lived.execute(
        "select pgsm.erase_instance(instance_id) from pgsm.instances"
        " where parent_id = 'p'"
    )
    assert places(lived, PERSON) == set()


def test_done_instance_stays_done_when_it_is_erased(lived: psycopg.Connection) -> None:
    lived.execute("select pgsm.send_event('p', 'end')")
    lived.execute("select set_config('request.jwt.claims', '', true)")
    assert "instances.output" in places(lived, PERSON)
    row = lived.execute(
        "select status, output from pgsm.erase_instance('p')"
    ).fetchone()
    assert row == ("done", None)
    lived.execute(
        "select pgsm.erase_instance(instance_id) from pgsm.instances"
        " where parent_id = 'p'"
    )
    assert places(lived, PERSON) == set()
    again = lived.execute("select status from pgsm.erase_instance('p')").fetchone()
    assert again == ("done",)


@pytest.mark.parametrize("function", ["delete_instance", "erase_instance"])
@pytest.mark.parametrize("name", ["nobody", "", None, "' or true --"])
def test_what_is_not_there_is_refused(
    db: psycopg.Connection, function: str, name: str | None
) -> None:
    call = sql.SQL("select pgsm.{}(%s)").format(sql.Identifier(function))
    with pytest.raises(errors.UnknownInstance):
        db.execute(call, [name])


def test_only_operators_delete_and_erase(as_role: AsRole) -> None:
    for kind in ("author", "client", "runner", "scheduler", "viewer"):
        for call in ("delete_instance('x')", "erase_instance('x')"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                as_role(kind).execute("select pgsm." + call)


def test_event_ids_are_forgotten_by_age_a_batch_at_a_time(
    lived: psycopg.Connection,
) -> None:
    def forget(*arguments: Any) -> int:
        places = ", ".join(["%s"] * len(arguments))
        row = lived.execute(
            f"select pgsm.forget_event_ids({places})",
            arguments,
        ).fetchone()
        assert row is not None
        return int(row[0])

    assert forget() == 0
    lived.execute(
        "update pgsm_private.event_ids set recorded_at = now() - interval '31 days'"
        " where event <> 'note'"
    )
    assert [forget("30 days", 3), forget("30 days", 3), forget()] == [3, 1, 0]
    assert forget("0") == 1
    for arguments in (("-1 day",), (None,), ("1 day", 0), ("1 day", None)):
        with pytest.raises(errors.BadBatch), lived.transaction():
            forget(*arguments)


def test_deleting_waits_for_a_step_and_the_next_step_sees_it(
    connect: Connect, as_role: AsRole
) -> None:
    admin, holder, operator = connect(), connect(autocommit=False), as_role("operator")
    admin.execute("select pgsm.start_instance('kid', 'busy')")
    holder.execute("select pgsm.send_event('busy', 'x')")
    operator.execute("set lock_timeout = '50ms'")
    with pytest.raises(psycopg.errors.LockNotAvailable):
        operator.execute("select pgsm.delete_instance('busy')")
    holder.commit()
    operator.execute("select pgsm.delete_instance('busy')")
    with pytest.raises(errors.InstanceDeleted):
        holder.execute("select pgsm.send_event('busy', 'x')")
