"""What user SQL, which runs as pgsm_caller, may not do."""

from __future__ import annotations

import psycopg
import pytest

from tests.databases import Connect

from . import user_sql
from .conftest import AsRole

REFUSED = "42501"

BECOMING_THE_OWNER = [
    "set role pgsm_owner",
    "set local role pgsm_owner",
    "set role none",
    "reset role",
    "select set_config('role', 'pgsm_owner', false)",
    "set session authorization pgsm_owner",
    "set session authorization default",
    "reset session authorization",
    "select set_config('session_authorization', 'pgsm_owner', true)",
    "grant pgsm_owner to pgsm_caller",
    "alter role pgsm_caller superuser",
    "alter role pgsm_owner login",
    "reassign owned by pgsm_caller to pgsm_owner",
    "reassign owned by pgsm_owner to pgsm_caller",
    "alter default privileges for role pgsm_owner grant all on tables to public",
]

CALL_USER = "pgsm_engine.call_user (text, jsonb, text)"
CALL_USER_SET = "pgsm_engine.call_user_set (text, jsonb[], text)"
REMAKING_THE_DOOR = [
    f"alter function {CALL_USER_SET} security invoker",
    f"alter function {CALL_USER_SET} owner to pgsm_owner",
    f"drop function {CALL_USER_SET}",
    f"grant execute on function {CALL_USER_SET} to public",
    "select pgsm_engine.call_user_set('now()', '{}', '')",
    f"alter function {CALL_USER} security invoker",
    f"alter function {CALL_USER} owner to pgsm_owner",
    f"alter function {CALL_USER} reset search_path",
    f"alter function {CALL_USER} rename to other",
    f"alter function {CALL_USER} set schema public",
    f"alter routine {CALL_USER} security invoker",
    f"drop function {CALL_USER}",
    f"grant execute on function {CALL_USER} to public",
    "grant execute on all functions in schema pgsm_engine to public",
    "grant usage on schema pgsm_engine to public",
    "alter schema pgsm_engine owner to pgsm_caller",
    "drop schema pgsm_engine cascade",
    "create function pgsm_engine.f () returns integer language sql as 'select 1'",
    """create or replace function pgsm_engine.call_user (
        function text, arguments jsonb, search_path text) returns jsonb
        language sql as 'select null::jsonb'""",
    "select pgsm_engine.call_user('now()', '[]', '')",
    "select pgsm_engine.call('enabled', '{}')",
]

REACHING_THE_REST = [
    "select * from pgsm_private.instances",
    "select * from pgsm_engine.modules",
    "update pgsm_private.settings set call_search_path = ''",
    "lock table pgsm_private.instances in access exclusive mode",
    "truncate pgsm_private.instances",
    "copy pgsm_private.instances to '/dev/null'",
    "copy (select 1) to program 'true'",
    "select pg_read_file('PG_VERSION')",
    "select pgsm_private.lock_instance('x')",
    "select * from pgsm.instances",
    "select * from pgsm.send_event('x', 'y')",
    "create function pgsm.f () returns integer language sql as 'select 1'",
    "create table pgsm_private.mine ()",
    "create view pgsm.mine as select 1",
    "create or replace view pgsm.machines as select 1",
    "create function shop.f () returns integer language plpython3u as 'return 1'",
    "create function f () returns integer language c as 'x', 'y'",
    "drop extension plpython3u",
    "create event trigger t on ddl_command_start execute function shop.run()",
]


@pytest.fixture(scope="module", autouse=True)
def shop(dsn: str) -> None:
    with psycopg.connect(dsn) as admin:
        user_sql.install(admin)


def attempt(client: psycopg.Connection, command: str) -> str:
    """The SQLSTATE that user SQL met, or "done"."""
    row = client.execute(
        "select context ->> 'result' from pgsm.send_event(%s, 'attempt',"
        " jsonb_build_object('command', %s::text))",
        [user_sql.start(client), command],
    ).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.parametrize("command", BECOMING_THE_OWNER)
def test_user_sql_cannot_become_anybody_else(as_role: AsRole, command: str) -> None:
    assert attempt(as_role("client"), command) == REFUSED


@pytest.mark.parametrize("command", REMAKING_THE_DOOR)
def test_user_sql_cannot_touch_the_function_that_it_runs_through(
    as_role: AsRole, command: str
) -> None:
    assert attempt(as_role("client"), command) == REFUSED


@pytest.mark.parametrize("command", REACHING_THE_REST)
def test_user_sql_reaches_nothing_of_pgsm(as_role: AsRole, command: str) -> None:
    assert attempt(as_role("client"), command) == REFUSED


def test_user_sql_reads_no_private_table(as_role: AsRole, connect: Connect) -> None:
    tables = connect().execute(
        "select oid::regclass::text from pg_class"
        " where relnamespace in ('pgsm_private'::regnamespace,"
        "     'pgsm_engine'::regnamespace)"
        " and relkind in ('r', 'p')"
    )
    client = as_role("client")
    for (table,) in tables.fetchall():
        assert attempt(client, f"select from {table}") == REFUSED


@pytest.mark.parametrize("door", user_sql.DOORS)
def test_user_sql_runs_as_the_caller_role_through_every_door(
    as_role: AsRole, door: str
) -> None:
    command = "do $$ begin raise notice 'I am %', current_user; end $$"
    if door in user_sql.READING:  # no "do" there
        command = "select shop.say('I am ' || current_user)"
    _, notices = user_sql.through(as_role, door, command)
    assert notices.splitlines()[0] == "I am pgsm_caller"


def test_privileges_granted_to_the_caller_are_all_that_user_sql_has(
    as_role: AsRole, connect: Connect
) -> None:
    client = as_role("client")
    connect().execute("create table shop.orders (id integer)")
    assert attempt(client, "insert into shop.orders values (1)") == REFUSED
    connect().execute("grant insert on shop.orders to pgsm_caller")
    assert attempt(client, "insert into shop.orders values (1)") == "done"
    assert attempt(client, "select * from shop.orders") == REFUSED


def test_caller_owns_its_two_doors_and_is_a_member_of_nothing(connect: Connect) -> None:
    owned = connect().execute(
        "select d.classid::regclass::text, d.objid::regprocedure::text"
        " from pg_shdepend as d where d.refobjid = 'pgsm_caller'::regrole"
        " and d.deptype = 'o'"
        " and d.dbid = (select oid from pg_database where datname = current_database())"
    )
    assert sorted(owned.fetchall()) == [
        ("pg_proc", "pgsm_engine.call_user(text,jsonb,text)"),
        ("pg_proc", "pgsm_engine.call_user_set(text,jsonb[],text)"),
    ]
    members = connect().execute(
        "select roleid::regrole::text from pg_auth_members"
        " where member = any (array['pgsm_caller', 'pgsm_owner']::regrole[])"
        " or roleid = 'pgsm_owner'::regrole"
    )
    assert members.fetchall() == []


@pytest.mark.parametrize(
    "command", ["select 1 / 0", "do $$ begin assert false; end $$", "nonsense"]
)
def test_error_of_user_sql_fails_its_own_timer_and_no_other(
    as_role: AsRole, command: str
) -> None:
    client = as_role("client")
    failing, other = user_sql.start(client), user_sql.start(client)
    for instance, text in ((failing, command), (other, "select 1")):
        client.execute(
            "select pgsm.post_event(%s, 'call',"
            " jsonb_build_object('command', %s::text))",
            [instance, text],
        )
    as_role("scheduler").execute("select pgsm.fire_timers()")
    left = client.execute(
        "select instance_id, attempts from pgsm.timers where instance_id = any (%s)",
        [[failing, other]],
    )
    assert left.fetchall() == [(failing, 1)]


def test_dropping_the_door_stops_user_sql_and_opens_no_other(
    as_role: AsRole, connect: Connect
) -> None:
    """ "drop owned" cannot be refused; what it leaves is safe."""
    client, owner = as_role("client"), connect()
    instance = user_sql.start(client)
    with client.transaction(force_rollback=True):
        assert attempt(client, "drop owned by pgsm_caller cascade") == "done"
        with pytest.raises(psycopg.DatabaseError, match="does not exist"):
            client.execute(
                "select pgsm.send_event(%s, 'call', %s)",
                [instance, '{"command": "select 1"}'],
            )
    owner.execute("set session authorization pgsm_owner")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute(
            "create function pgsm_engine.call_user (text, jsonb) returns jsonb"
            " language sql as 'select null::jsonb'"
        )


# A cursor belongs to the session: whoever knows its name may fetch from it.
EAVESDROP = """
do $$
declare
    v_way  text;
    v_row  record;
begin
    foreach v_way in array array['', 'backward'] loop
        for v_number in 1 .. 30 loop
            begin
                for v_row in execute format(
                    'fetch %s all from "<unnamed portal %s>"', v_way, v_number)
                loop
                    raise notice 'heard %', v_row;
                end loop;
            exception
                when others then null;
            end;
        end loop;
    end loop;
end;
$$
"""


def begin_work(client: psycopg.Connection, count: int, command: str) -> None:
    for _ in range(count):
        client.execute(
            "select pgsm.send_event(%s, 'begin')", [user_sql.start(client, command)]
        )


def test_user_sql_hears_nothing_of_the_other_completions_of_its_batch(
    as_role: AsRole,
) -> None:
    runner, heard = as_role("runner"), list[str]()
    begin_work(as_role("client"), 15, EAVESDROP)
    runner.add_notice_handler(lambda n: heard.append(n.message_primary or ""))
    outcomes = runner.execute(
        "select count(*) from pgsm.complete_effects((select jsonb_agg(to_jsonb(c))"
        " from pgsm.claim_effects('r', '{probe.work}', 50) as c))"
        " where outcome = 'succeeded'"
    ).fetchone()
    assert outcomes == (15,)
    assert heard == []
