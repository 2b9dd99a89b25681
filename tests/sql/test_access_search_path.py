"""User SQL that changes search_path, by every way in and with every trick."""

from __future__ import annotations

import contextlib

import psycopg
import pytest

from tests.databases import Connect

from . import evil, user_sql
from .conftest import AsRole

# The last statement shows that the trick worked, inside.
LEAKS = {
    "session": "set search_path = evil, pg_catalog; select 'a'::name = 'b'",
    "local": "set local search_path = evil, pg_catalog; select 'a'::name = 'b'",
    "set_config": (
        "select set_config('search_path', 'evil, pg_catalog', false);"
        " select 'a'::name = 'b'"
    ),
    "in disguise": (
        "set search_path = evil, pg_catalog; select 'a'::name = 'b';"
        " set local search_path = pg_catalog, pg_temp"
    ),
    "failing": (
        "set search_path = evil, pg_catalog; select 'a'::name = 'b'; select 1 / 0"
    ),
    "failing inside": """
        do $$ begin
            set search_path = evil, pg_catalog;
            perform 'a'::name = 'b';
            begin perform 1 / 0; exception when others then null; end;
        end $$""",
    "temporary types": evil.TEMPORARY + "select 'a'::pg_temp.text",
}
# Stable functions may not "set", but call set_config.
READING_LEAK = """
    select 'a'::name operator(evil.=) 'b'
    from set_config('search_path', 'evil, pg_catalog', false)"""

CASES = [
    pytest.param(door, leak, id=f"{door}, {name}")
    for door in user_sql.DOORS
    if door not in user_sql.READING
    for name, leak in LEAKS.items()
] + [pytest.param(door, READING_LEAK, id=door) for door in user_sql.READING]


SEND = """
    select pgsm.send_event(
        %s, %s, pg_catalog.jsonb_build_object('command', %s::pg_catalog.text))"""


def listen(connection: psycopg.Connection) -> list[str]:
    """The notices that the connection gets from now on."""
    notices: list[str] = []
    connection.add_notice_handler(lambda n: notices.append(n.message_primary or ""))
    return notices


@pytest.fixture(scope="module")
def shop(dsn: str) -> None:
    with psycopg.connect(dsn) as admin:
        evil.install(admin)
        user_sql.install(admin)


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(("door", "leak"), CASES)
def test_search_path_of_user_sql_reaches_nothing_that_runs_as_the_owner(
    as_role: AsRole, door: str, leak: str
) -> None:
    sender, notices = user_sql.through(as_role, door, leak)
    assert evil.ran_as(notices) == {"pgsm_caller"}
    if leak != LEAKS["in disguise"]:
        path = sender.execute("select pg_catalog.current_setting('search_path')")
        assert path.fetchone() == ('"$user", public',)


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
def test_what_follows_in_the_same_transaction_is_safe_too(
    as_role: AsRole, leak: str
) -> None:
    client = as_role("client")
    first, second = user_sql.start(client), user_sql.start(client)
    leaked = psycopg.sql.Literal(leak).as_string()
    notices = listen(client)
    with client.transaction():
        for instance, command in (
            (first, leak),
            (second, f"select shop.run({leaked})"),
        ):
            with contextlib.suppress(psycopg.DatabaseError), client.transaction():
                client.execute(SEND, [instance, "attempt", command])
        client.execute("select pgsm.post_event(%s, 'call')", [second])
        client.execute("select * from pgsm.enabled_events(%s)", [first])
        client.execute("select * from pgsm.instances")
    client.execute(SEND, [first, "attempt", "select 1"])
    assert "pgsm_owner" not in evil.ran_as("\n".join(notices))


@pytest.mark.usefixtures("shop")
def test_function_that_sets_search_path_for_the_session_is_refused_by_name(
    as_role: AsRole,
) -> None:
    client = as_role("client")
    with pytest.raises(psycopg.DatabaseError, match=r"shop\.run\(text\) sets search"):
        client.execute(
            "select pgsm.send_event(%s, 'call', %s)",
            [user_sql.start(client), '{"command": "set search_path = evil"}'],
        )


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("kind", ["operator", "author"])
def test_procedures_look_nothing_up_by_the_search_path(
    as_role: AsRole, kind: str
) -> None:
    ready = [user_sql.start(as_role("client"), "select 1") for _ in range(2)]
    failing = user_sql.start(as_role("client"), "select 1 / 0")
    connection = as_role(kind)
    notices = listen(connection)
    connection.execute(evil.TEMPORARY)
    connection.execute("set search_path = evil, pg_catalog, pg_temp")
    connection.execute(
        "call pgsm.upgrade_instances(%s, 2, batch => 1, instances => %s,"
        " max_instances => 10)",
        ["probe", [*ready, failing]],
    )
    if kind == "operator":
        connection.execute("call pgsm.run_timers(interval '0.03 seconds')")
    assert evil.ran_as("\n".join(notices)) <= {"pgsm_caller"}
    assert any("upgraded 2 of 3" in notice for notice in notices)


@pytest.mark.usefixtures("shop")
def test_search_path_of_user_sql_is_a_row_that_no_session_overrides(
    as_role: AsRole, dsn: str, connect: Connect
) -> None:
    connect(dsn).execute(
        "create table shop.paths (path text);"
        "grant insert, select on shop.paths to pgsm_caller, pgsm_client;"
        "grant usage on schema shop to pgsm_client"
    )
    client = as_role("client")
    client.execute("set search_path = evil, pg_catalog")
    client.execute("set pgsm.call_search_path = 'evil'")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        client.execute("update pgsm_private.settings set call_search_path = 'evil'")
    insert = "insert into shop.paths values (current_setting('search_path'))"
    client.execute(SEND, [user_sql.start(client), "call", insert])
    paths = client.execute("select path from shop.paths").fetchall()
    assert paths == [("pg_catalog, pg_temp",)]


@pytest.mark.usefixtures("shop")
def test_evil_takes_the_place_of_the_real_operators_where_it_can(
    connect: Connect,
) -> None:
    """The control: without it, the tests above might pass for nothing."""
    connection = connect()
    notices = listen(connection)
    tricks = [
        "select 'a'::pg_catalog.text = 'b'",
        """select '{"a": 1}'::pg_catalog.jsonb ? 'a'""",
        """select '{"a": 1}'::pg_catalog.jsonb ->> 'a'""",
        "select 'a'::pg_catalog.text || 'b'",
        "select current_setting('role')",
        "select 'a'::text",
    ]
    connection.execute("set search_path = evil, pg_catalog")
    for number, trick in enumerate(tricks, 1):
        connection.execute(trick)
        assert len(notices) == number, trick
