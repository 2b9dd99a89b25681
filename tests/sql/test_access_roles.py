"""What each role may do, tried for real; what is refused is 42501."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from tests.databases import Connect

from .conftest import AsRole

DEFINE = """
    select pgsm.define_machine('door', '{"initial": "a", "states": {"a": {}}}')"""
SEND = "select pgsm.send_event('i', 'e')"
POST = "select pgsm.post_event('i', 'e')"
START = "select pgsm.start_instance('door')"
READ = "select * from pgsm.instances"
GET = "select pgsm.get_instance('i')"
CLAIM = "select pgsm.claim_effects('r', '{x}', 1)"
FIRE = "select pgsm.fire_timers()"
RUN = "call pgsm.run_timers('0 seconds')"
STOP = "select pgsm.stop_timers(false)"
PAUSE = "select pgsm.pause_instance('i')"
RETRY = "select pgsm.retry_effect('i', '1/0')"
ADOPT = "select pgsm.adopt_database()"
CRON = "select pgsm.enable_cron()"
UPGRADE = "select pgsm.upgrade_instance('i', 2)"
DECLARE = "select pgsm.define_upgrade('door', 1, 2)"
CURRENT = "select pgsm.set_current_version('door', 1)"
PARTITIONS = "select pgsm.make_log_partitions()"
KEEP = "select pgsm.set_retention('timers', '1 year')"
RETENTION = "call pgsm.run_retention()"

EVERYTHING = {
    call
    for name, call in globals().items()
    if name.isupper() and isinstance(call, str) and "pgsm." in call
}
READS = {READ, GET}
MAY = {
    "author": READS | {DEFINE, DECLARE, CURRENT, UPGRADE},
    "client": READS | {START, SEND, POST},
    "operator": EVERYTHING - {DEFINE, DECLARE, CLAIM},
    "runner": {CLAIM, FIRE, PARTITIONS, RETENTION},
    "scheduler": {FIRE, RUN, STOP, PARTITIONS, RETENTION, CRON},  # the last one it owns
    "viewer": READS,
    "nobody": set[str](),
}
ALLOWED = [(kind, call) for kind, calls in MAY.items() for call in sorted(calls)]
FORBIDDEN = [
    (kind, call) for kind, calls in MAY.items() for call in sorted(EVERYTHING - calls)
]


@pytest.fixture(scope="module", autouse=True)
def door(dsn: str) -> None:
    with psycopg.connect(dsn) as admin:
        admin.execute(DEFINE)


@pytest.mark.parametrize(("kind", "call"), FORBIDDEN)
def test_role_is_refused(as_role: AsRole, kind: str, call: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        as_role(kind).execute(call)


@pytest.mark.parametrize(("kind", "call"), ALLOWED)
def test_role_is_let_in(as_role: AsRole, kind: str, call: str) -> None:
    try:
        as_role(kind).execute(call)
    except psycopg.DatabaseError as error:
        assert (error.sqlstate or "")[:2] == "SM", error  # noqa: PT017


@pytest.mark.parametrize("kind", MAY)
@pytest.mark.parametrize(
    "command",
    [
        "select * from pgsm_private.instances",
        "select pgsm_private.now()",
        "select * from pgsm_engine.modules",
        "select pgsm_engine.call('step', '{}')",
        "select pgsm_engine.call_user('pg_catalog.now()', '[]', '')",
        "select pgsm_engine.call_user_set('pg_catalog.now()', '{}', '')",
        "update pgsm.machines set current_version = 7",
        "create function pgsm.f () returns integer language sql as 'select 1'",
        "create table pgsm_private.t ()",
        "set role pgsm_owner",
        "set role pgsm_caller",
    ],
)
def test_nobody_reaches_what_lies_behind_the_functions(
    as_role: AsRole, kind: str, command: str
) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        as_role(kind).execute(command)


@pytest.mark.parametrize(
    "command",
    [
        "create function pgsm_engine.f () returns integer language sql as 'select 1'",
        """create or replace function pgsm_engine.call (
            operation text, arguments text[]) returns text
            language sql as $$ select 'x' $$""",
        "drop function pgsm_engine.call",
        "drop function pgsm_engine.call_user",
        "drop function pgsm_engine.call_user_set",
        "alter function pgsm_engine.call_user_set security invoker",
        "alter function pgsm_engine.call_user security invoker",
        "alter function pgsm_engine.call rename to other",
        "alter function pgsm_engine.call reset all",
        "create table pgsm_engine.t ()",
        "insert into pgsm_engine.modules values ('0.1', 'evil', '')",
        "update pgsm_engine.modules set source = ''",
        "delete from pgsm_engine.modules",
        "truncate pgsm_engine.modules",
        "update pgsm_engine.bytecode set code = ''",
        "insert into pgsm_engine.bytecode values ('0.1', 'evil', '', '')",
        "alter table pgsm_engine.modules add column x integer",
        """create trigger t before insert on pgsm_engine.modules
            execute function suppress_redundant_updates_trigger()""",
        "drop table pgsm_engine.modules",
        "drop schema pgsm_engine cascade",
        "grant create on schema pgsm_engine to pgsm_owner",
        "alter schema pgsm_engine rename to other",
        "create function pgsm.f () returns integer language plpython3u as 'return 1'",
        "set role pgsm_caller",
    ],
)
def test_the_owner_cannot_touch_the_engine(connect: Connect, command: str) -> None:
    connection = connect()
    connection.execute("set session authorization pgsm_owner")
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(command)
            # Postgres only warns of a grant that grants nothing
            assert command.startswith("grant")
            may = "select has_schema_privilege('pgsm_owner', 'pgsm_engine', 'create')"
            assert connection.execute(may).fetchone() == (False,)
    except errors.InsufficientPrivilege:
        return


def test_a_member_speaks_for_itself_and_is_recorded_as_who_it_is(
    as_role: AsRole, logins: dict[str, str], connect: Connect
) -> None:
    as_role("client").execute("select pgsm.start_instance('door', 'mine')")
    actor = connect().execute(
        "select actor ->> 'role' from pgsm.event_log where instance_id = 'mine'"
    )
    assert actor.fetchone() == (logins["client"],)


def test_the_role_that_was_set_is_the_one_that_counts(
    as_role: AsRole, connect: Connect
) -> None:
    client = as_role("client")
    client.execute("set role pgsm_client")
    client.execute("select pgsm.start_instance('door', 'set')")
    actor = connect().execute(
        "select actor ->> 'role' from pgsm.event_log where instance_id = 'set'"
    )
    assert actor.fetchone() == ("pgsm_client",)


def test_cron_functions_run_as_the_scheduler_whoever_calls_them(
    as_role: AsRole, connect: Connect
) -> None:
    """A job runs as the role that schedules it."""
    admin = connect()
    if admin.execute("select to_regnamespace('cron')").fetchone() != (None,):
        pytest.skip("pg_cron is in this database")
    # a schema of that name without the extension is somebody's trap
    admin.execute(
        "create schema cron; grant usage on schema cron to public;"
        "create function cron.schedule (text, text, text) returns integer"
        " language plpgsql as $$ begin raise exception 'as %', current_user; end $$"
    )
    with pytest.raises(psycopg.DatabaseError) as refusal:
        as_role("operator").execute("select pgsm.enable_cron()")
    assert refusal.value.sqlstate == "SM202"
    admin.execute("drop schema cron cascade")
