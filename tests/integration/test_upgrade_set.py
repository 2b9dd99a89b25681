"""Many upgraded by few statements and one after the other come to the same rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.charts.parts import call, expr
from tests.databases import Connect

Json = Any
Connection = psycopg.Connection[Any]

SQL = """
    create schema shop;
    grant usage on schema shop to pgsm_caller;
    create table shop.seen (what text);
    grant select, insert on shop.seen to pgsm_caller;
    create function shop.note (what text) returns text language sql
      as $$ insert into shop.seen values (what) returning what $$;
    create function shop.widen (id text, context jsonb, old text[], new text[])
      returns jsonb
      language plpgsql
    as $$
    begin
        insert into shop.seen values (id);
        if context ->> 'n' in ('7', '17') then
            raise exception 'not number %', context ->> 'n' using errcode = 'PX001';
        elsif context ->> 'n' = '11' then
            return '[]';
        end if;
        return context
            || jsonb_build_object('old', old, 'new', new, 'role', current_user);
    end;
    $$;
    create function shop.place (state text, context jsonb) returns text language sql
      as $$ select case when (context ->> 'n')::int < 3 then 'busy' end $$;
"""
WIDEN = "shop.widen(text, jsonb, text[], text[])"
EFFECTS = {"mail": {}, "ship": {"ordered": True}}
TABLES = (
    "instances", "instance_keys", "timers", "effects", "event_log",
    "upgrade_preimages", "upgrade_failures",
)  # fmt: skip


def chart(**more: Json) -> Json:
    """Waiting (a timer, a call to mail), busy (ordered effects), on in two regions."""
    mail = {"invoke": {"src": "mail", "id": "mail", "input": expr("context.n")}}
    return {
        "initial": "waiting",
        "context": expr("input"),
        "keys": {"number": expr("context.n"), "tenant": expr("context.tenant")},
        "sensitive": ["secret"],
        "implementations": {"effects": EFFECTS},
        "on": {
            "move": ".busy",
            "split": ".both",
            "hold": ".holding",
            "end": ".end",
            "ship": {"actions": {"type": "effect", "name": "ship"}},
        },
        "states": {
            "waiting": {"after": {"1 day": "busy"}, **mail},
            "busy": {
                "defer": ["later"],
                "after": {"2 days": "waiting"},
                "invoke": {"src": "ship", "id": "ship"},
            },
            "both": {
                "type": "parallel",
                "states": {
                    "left": {"initial": "x", "states": {"x": {}, "y": {}}},
                    "right": {"after": {"3 days": {}}},
                },
            },
            "holding": {
                "initial": "first",
                "on": {"next": ".second"},
                "states": {
                    "first": {},
                    "second": {},
                    "before": {"type": "history"},
                },
            },
            "end": {"type": "final"},
        },
        **more,
    }


def renamed(**states: Json) -> Json:
    """The same with other states, and a step that the settling takes."""
    new = chart(description="new")
    new["states"].update(states)
    return new


MOVED = renamed(
    waiting={
        "entry": {"type": "effect", "name": "mail"},
        "after": {"1 day": "busy", "5 days": "busy"},
        "invoke": {"src": "mail", "id": "mail", "input": 1},
    },
    busy={"always": {"guard": expr("context.n > 9"), "target": "waiting"}},
)
CALLING = renamed(
    busy={"always": {"target": "end", "actions": call("shop.note(text)", "x")}}
)
LOUD = renamed(
    busy={
        "always": {
            "target": "waiting",
            "actions": {
                "type": "send",
                "to": {"instance": "somebody"},
                "event": "hello",
            },
        }
    }
)
KIDS = renamed(
    waiting={"invoke": {"machine": "kid", "id": "kid", "input": expr("context")}}
)
CHECKED = chart(
    contextSchema={"type": "object", "properties": {"n": {"maximum": 12}}},
    keys={"other": expr("context.n + 1"), "number": expr("context.n")},
)
AGAIN = {**chart(), "description": "again"}
DROPPED = {"timers": "drop", "effects": "cancel", "history": "forget"}

TEMPLATE = '{"set": {"new": {"expr": "context.n / (context.n - 4)"}}}'
PLACE = "shop.place(text, jsonb)"
THIRD = {**AGAIN, "description": "third"}
TURNED = {"waiting": "busy", "busy": "waiting", "both": "waiting"}

# name: the versions after the first, and what is declared from one to the next
SCENARIOS: dict[str, tuple[list[Json], list[dict[str, Json]]]] = {
    "nothing declared": ([AGAIN], [{}]),
    "a context function": ([AGAIN], [{"context": WIDEN}]),
    "a context template": ([AGAIN], [{"context": TEMPLATE}]),
    "a state function": (
        [AGAIN],
        [{"state": PLACE, "context": WIDEN, "timers": "drop"}],
    ),
    "refused by name": (
        [AGAIN],
        [{"states": {"busy": None, "both": None}, "context": WIDEN}],
    ),
    "states exchanged": ([MOVED], [{"states": TURNED, **DROPPED, "entry": True}]),
    "steps of its own": (
        [MOVED],
        [{"timers": {"default": "drop"}, "effects": "restart"}],
    ),
    "timers recomputed": ([AGAIN], [{"timers": "recompute"}]),
    "timers restarted": ([AGAIN], [{"timers": "restart", "context": WIDEN}]),
    "a call when it settles": ([CALLING], [{"timers": "drop", "context": WIDEN}]),
    "messages": ([LOUD], [{"timers": "drop"}]),
    "children": ([KIDS], [{"timers": "drop"}]),
    "a schema and other keys": ([CHECKED], [{"context": WIDEN}]),
    "two hops": ([AGAIN, MOVED], [{"context": WIDEN}, {"timers": "drop"}]),
    "two hops, the second refuses": (
        [AGAIN, THIRD],
        [{"context": WIDEN}, {"states": {"busy": None}, "context": WIDEN}],
    ),
}

PREPARED = """
    select pgsm.send_event(format('i-%s', lpad(n::text, 2, '0')), event)
    from (values (2, 'move'), (3, 'move'), (4, 'split'), (5, 'hold'), (5, 'next'),
        (5, 'move'), (6, 'move'), (6, 'later'), (8, 'ship'), (8, 'ship'), (9, 'split'),
        (10, 'move'), (12, 'move'), (12, 'move'), (13, 'hold'), (14, 'end'),
        (15, 'ship'), (16, 'move'), (18, 'split'), (19, 'move')) as e (n, event);
    select pgsm.pause_instance('i-03'), pgsm.pause_instance('i-09');
    select pgsm.stop_instance('i-20');
    select pgsm.fail_effect(effect_id => e.effect_id, instance_id => e.instance_id,
        lease_token => e.lease_token, error => '{"message": "no"}', permanent => true)
    from pgsm.claim_effects('r', '{mail}', 3) as e;
    select count(*) from pgsm.claim_effects('r', '{mail,ship}', 4);
"""


def fill(connection: Connection, versions: list[Json], rules: list[Json]) -> None:
    define = "select pgsm.define_machine(%s, %s::json, make_current => %s)"
    kid = {"context": expr("input"), "initial": "k", "states": {"k": {}}}
    connection.execute(define, ["kid", json.dumps(kid), True])
    for number, document in enumerate([chart(), *versions]):
        connection.execute(define, ["m", json.dumps(document), number == 0])
    connection.execute(
        "select pgsm.start_instance('m', format('i-%s', lpad(n::text, 2, '0')),"
        " jsonb_build_object('n', n, 'secret', 's', 'tenant', 't' || n % 3))"
        " from generate_series(1, 20) as n"
    )
    connection.execute(PREPARED)
    for old, declared in enumerate(rules, 1):
        named = "".join(f", {name} => %s" for name in declared)
        texts = [
            value
            if name in ("context", "state", "history", "entry")
            else json.dumps(value)
            for name, value in declared.items()
        ]
        connection.execute(
            f"select pgsm.define_upgrade('m', {old}, {old + 1}{named})".encode(), texts
        )


def rows(connection: Connection) -> Json:
    """All rows of all tables, but for what is real time or drawn by lot."""
    found: dict[str, Json] = {}
    for table in TABLES:
        query = (
            "select to_jsonb(t) - '{recorded_at,incarnation}'::text[]"
            f" from pgsm_private.{table} as t"
        )
        every = [row for (row,) in connection.execute(query.encode())]
        for row in every:
            for name in ("timers", "effects", "keys", "timers_after"):
                if isinstance(row.get(name), list):
                    row[name] = sorted(
                        json.dumps(one, sort_keys=True) for one in row[name]
                    )
        found[table] = sorted(json.dumps(row, sort_keys=True) for row in every)
    seen = connection.execute("select what from shop.seen order by what")
    found["seen"] = seen.fetchall()
    return found


def together(connection: Connection, version: int) -> None:
    connection.execute("select pgsm.upgrade_batch('m', %s, 1000)", [version])


def one_by_one(connection: Connection, version: int) -> None:
    # as in a public function
    connection.execute("set local search_path = pg_catalog, pg_temp")
    connection.execute(
        """
        with alone as (
            select a.failed
            from pgsm_private.upgrade_alone(
                array(select instance_id from pgsm.instances
                    where machine = 'm' and version <> %(version)s order by 1),
                %(version)s, pgsm_private.actor()
            ) as a
        )
        select pgsm_private.record_upgrade_failure(i, %(version)s, f.error)
        from alone as a
        cross join jsonb_each(a.failed) as f (id, error)
        join pgsm_private.instances as i on i.instance_id = f.id
        """,
        {"version": version},
    )


def outcome(db: Connection, upgrade: Callable[[], None]) -> Json:
    """The rows that an upgrade makes, which is undone."""
    db.execute("savepoint before")
    upgrade()
    found = rows(db)
    db.execute("rollback to before")
    return found


@pytest.fixture
def fixed(db: Connection, set_clock: Callable[..., None]) -> Connection:
    set_clock(db, "2030-01-01 12:00+00")
    db.execute(SQL)
    return db


@pytest.mark.parametrize("name", SCENARIOS)
def test_both_ways_come_to_the_same_rows(fixed: Connection, name: str) -> None:
    versions, rules = SCENARIOS[name]
    fill(fixed, versions, rules)
    last = len(versions) + 1
    many = outcome(fixed, lambda: together(fixed, last))
    each = outcome(fixed, lambda: one_by_one(fixed, last))
    for table in many:
        assert many[table] == each[table], table
    assert any(f'"version": {last}' in row for row in many["instances"])


def test_batch_ends_before_an_instance_that_is_locked(
    fresh_dsn: str, connect: Connect
) -> None:
    admin, other = connect(fresh_dsn), connect(fresh_dsn, autocommit=False)
    admin.execute(SQL)
    fill(admin, [AGAIN], [{}])
    other.execute("select pgsm.send_event('i-05', 'move')")
    batch = "select tried, last_id from pgsm.upgrade_batch('m', 2, 1000, %s)"
    assert admin.execute(batch, [""]).fetchone() == (4, "i-04")
    other.commit()
    assert admin.execute(batch, ["i-04"]).fetchone() == (14, "i-19")
    assert admin.execute(batch, ["i-19"]).fetchone() == (0, None)


def test_failures_cost_few_subtransactions(fixed: Connection) -> None:
    fill(fixed, [AGAIN], [{"context": WIDEN}])
    fixed.execute(
        "select pgsm.start_instance('m', 'more-' || n,"
        " jsonb_build_object('n', n % 100, 'tenant', 't'))"
        " from generate_series(1, 400) as n"
    )
    row = fixed.execute(
        "select upgraded, failed from pgsm.upgrade_batch('m', 2, 1000)"
    ).fetchone()
    assert row == (403, 15)
    # each row has the subtransaction that has written it: those that are not undone
    row = fixed.execute(
        "select count(distinct w.id) from ("
        " select xmin::text from pgsm_private.instances where version = 2"
        " union all select xmin::text from pgsm_private.upgrade_failures"
        " union all select xmin::text from shop.seen) as w (id)"
    ).fetchone()
    assert row is not None
    assert row[0] < 6


def test_effect_of_an_action_goes_along_to_a_version_that_is_not_paused(
    fixed: Connection,
) -> None:
    fill(fixed, [AGAIN], [{}])
    claim = "select count(*) from pgsm.claim_effects('late', '{ship}', 100)"
    fixed.execute("select pgsm.pause_machine('m', 1)")
    assert fixed.execute(claim).fetchone() == (0,)
    fixed.execute("select pgsm.upgrade_all('m', 2)")
    (claimed,) = fixed.execute(claim).fetchone() or (0,)
    assert claimed > 0
    left = fixed.execute(
        "select count(*) from pgsm.effects where kind = 'action' and version = 1"
        " and status in ('pending', 'retrying', 'running', 'failed')"
    )
    assert left.fetchone() == (0,)
