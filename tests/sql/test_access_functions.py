"""Which SQL functions a machine may name, checked when it is defined."""

from __future__ import annotations

import json
import uuid
from typing import Any

import psycopg
import pytest

from tests.databases import Connect

from .conftest import AsRole

SHOP = """
create schema shop;
grant usage on schema shop to pgsm_caller, pgsm_author;
create function shop.f (text) returns text language sql as $$ select $1 $$;
create function shop.g () returns text language sql as $$ select 'g' $$;
create function shop.rows () returns setof text language sql as $$ select 'g' $$;
create aggregate shop.joined (text) (sfunc = textcat, stype = text);
create procedure shop.proc (text) language sql as $$ select $1 $$;
"""


@pytest.fixture(scope="module", autouse=True)
def shop(dsn: str) -> None:
    """Functions to name, and a machine to declare upgrades of."""
    with psycopg.connect(dsn) as admin:
        admin.execute(SHOP)
        for version in (1, 2):
            admin.execute(
                "select pgsm.define_machine('moving', %s, %s)",
                [
                    json.dumps({"initial": "a", "states": {"a": {"meta": version}}}),
                    version,
                ],
            )


def document(function: str, *arguments: Any) -> str:
    call = {
        "type": "call",
        "function": function,
        "args": list(arguments),
        "assign": "result",
    }
    return json.dumps(
        {
            "initial": "a",
            "context": {"result": None},
            "states": {"a": {"on": {"go": {"actions": call}}}},
        }
    )


def problems(
    author: psycopg.Connection, function: str, arguments: int = 0
) -> list[tuple[str, str]]:
    """What check_definition says about a use of the function: messages and hints."""
    found = author.execute(
        "select message, hint from pgsm.check_definition(%s)",
        [document(function, *["x"] * arguments)],
    )
    return found.fetchall()


def upgrade_refusal(author: psycopg.Connection, function: str) -> str:
    """Why define_upgrade, which the engine does not ask first, refuses a function."""
    with pytest.raises(psycopg.DatabaseError) as refusal:
        author.execute(
            "select pgsm.define_upgrade('moving', 1, 2, context => %s)", [function]
        )
    assert refusal.value.sqlstate == "SM401", refusal.value
    return refusal.value.diag.message_detail or ""


FORBIDDEN = [
    ("pgsm_private", "pgsm_private.now()"),
    ("pgsm_private", '"pgsm_private"."now"()'),
    ("pgsm_private", "pgsm_private.is_fatal(text)"),
    ("pgsm_engine", "pgsm_engine.call(text, text[])"),
    ("pgsm_engine", "pgsm_engine.call_user(text, jsonb, text)"),
    ("pgsm_engine", "pgsm_engine.call_user_set(text, jsonb[], text)"),
    ("information_schema", "information_schema._pg_char_max_length(oid, integer)"),
    ("pg_catalog", "pg_catalog.query_to_xml(text, boolean, boolean, text)"),
    ("pg_catalog", "query_to_xml(text, boolean, boolean, text)"),
    ("pg_catalog", '"pg_catalog" . "pg_sleep" (double precision)'),
    ("pg_catalog", "set_config(text, text, boolean)"),
]


@pytest.mark.parametrize(("schema", "function"), FORBIDDEN)
def test_functions_of_our_schemas_and_of_postgres_are_refused(
    as_role: AsRole, schema: str, function: str
) -> None:
    author = as_role("author")
    assert f"functions of schema {schema} may not be" in upgrade_refusal(
        author, function
    )
    assert problems(author, function)


def test_owner_of_a_private_function_may_not_let_it_be_named_either(
    as_role: AsRole, connect: Connect
) -> None:
    """Not even with the grants that user SQL would need."""
    admin = connect()
    admin.execute("grant usage on schema pgsm_private to pgsm_caller")
    admin.execute("grant execute on function pgsm_private.now() to pgsm_caller")
    try:
        message = upgrade_refusal(as_role("author"), "pgsm_private.now()")
    finally:
        admin.execute("revoke all on schema pgsm_private from pgsm_caller")
        admin.execute("revoke all on function pgsm_private.now() from pgsm_caller")
    assert "functions of schema pgsm_private may not be called" in message


def test_listed_functions_of_pg_catalog_are_let_in_as_they_are_listed(
    as_role: AsRole, connect: Connect
) -> None:
    connect().execute(
        "update pgsm_private.settings"
        " set catalog_functions = '{pg_catalog.upper(text)}'"
    )
    author = as_role("author")
    assert problems(author, "pg_catalog.upper(text)", 1) == []
    assert len(problems(author, "pg_catalog.lower(text)", 1)) == 1


def test_listing_a_function_lets_in_none_of_another_schema(
    as_role: AsRole, connect: Connect
) -> None:
    connect().execute(
        "update pgsm_private.settings set catalog_functions ="
        " '{pgsm_private.now(),pg_temp.f()}'"
    )
    author = as_role("author")
    author.execute(
        "create function pg_temp.f () returns text language sql as 'select 1'"
    )
    for name in ("pgsm_private.now()", "pg_temp.f()"):
        assert "may not be called" in upgrade_refusal(author, name)


def test_temporary_function_is_refused_since_each_session_has_its_own(
    as_role: AsRole,
) -> None:
    author = as_role("author")
    author.execute(
        "create function pg_temp.f () returns text language sql as $$ select 'x' $$"
    )
    assert "functions of schema pg_temp" in upgrade_refusal(author, "pg_temp.f()")


@pytest.mark.parametrize(
    "signature",
    [
        "shop.f(text); drop schema shop cascade",
        "shop.f(text) || pg_sleep(100)::text",
        "shop.f(text)--",
        "shop.f('x')",
        "shop.f(select 1)",
        'shop."f(text)',
        "shop.f(text",
        "shop.f",
        "shop.f()) from pg_sleep(100) as g(",
        "",
        " ",
        ".",
        "().()",
        "a.b.c.d.e(text)",
        "nowhere.f(text)",
        "shop.f(nowhere.type)",
        "shop.f(no_such_type)",
        "otherdb.shop.f(text)",
        "shop.f(text, text)",
        "-1",
        "1247",
        "shop.f(text[99999999999])",
        "shop.f(varchar(-1))",
        "é.ü(😀)",
        "shop.f(" + ", ".join(["text"] * 200) + ")",
        "s" * 500 + ".f(text)",
    ],
)
def test_what_is_no_signature_is_a_problem_and_is_not_run(
    as_role: AsRole, signature: str
) -> None:
    author = as_role("author")
    assert "$.context: " in upgrade_refusal(author, signature)
    assert problems(author, signature)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [("shop.rows()", 0), ("shop.joined(text)", 1), ("shop.proc(text)", 1)],
)
def test_only_a_function_of_one_value_may_be_called(
    as_role: AsRole, function: str, arguments: int
) -> None:
    ((message, _),) = problems(as_role("author"), function, arguments)
    assert message == f"{function} is not a function that returns one value"


def hidden(connect: Connect) -> tuple[psycopg.Connection, str]:
    """A schema and a function in it on which nobody has any privilege."""
    admin, schema = connect(), f"Hidden {uuid.uuid4().hex[:8]}"
    admin.execute(
        f'create schema "{schema}"; create function "{schema}".f (text) returns text'
        " language sql as $$ select $1 $$;"
        f'revoke all on function "{schema}".f (text) from public'
    )
    return admin, f'"{schema}".f(text)'


def test_each_missing_privilege_is_named_with_the_grant_to_type(
    as_role: AsRole, connect: Connect, logins: dict[str, str]
) -> None:
    admin, function = hidden(connect)
    author, name = as_role("author"), logins["author"]
    said: list[str] = []
    while found := problems(author, function, 1):
        ((message, hint),) = found
        said.append(message)
        assert hint.startswith("grant ")
        admin.execute(hint)
    assert [message.replace(function, "f") for message in said] == [
        "pgsm_caller may not look up f: permission denied for schema "
        + function.split('"')[1],
        "pgsm_caller may not execute f",
        f'"{name}" may not use the schema of f',
        f'"{name}" may not execute f',
    ]
    author.execute(
        "select pgsm.define_machine('hidden', %s)", [document(function, "x")]
    )


def test_upgrade_function_needs_the_same_privileges(
    as_role: AsRole, connect: Connect
) -> None:
    _, function = hidden(connect)
    assert "grant usage on schema" in upgrade_refusal(as_role("author"), function)


def test_privilege_that_is_taken_away_counts_when_the_machine_runs(
    as_role: AsRole, connect: Connect
) -> None:
    author, client, admin = as_role("author"), as_role("client"), connect()
    author.execute("select pgsm.define_machine('late', %s)", [document("shop.g()")])
    client.execute("select pgsm.start_instance('late', 'late')")
    client.execute("select pgsm.send_event('late', 'go')")
    admin.execute("revoke execute on function shop.g() from public")
    with pytest.raises(psycopg.DatabaseError) as refusal:
        client.execute("select pgsm.send_event('late', 'go')")
    assert refusal.value.sqlstate == "SM102"
    assert "SQLSTATE 42501" in (refusal.value.diag.message_detail or "")


def test_arguments_reach_the_declared_function_whatever_its_overloads(
    as_role: AsRole, connect: Connect
) -> None:
    connect().execute(
        "create function shop.over (text, text) returns text language sql"
        " as $$ select 'two' $$;"
        "create function shop.over (variadic text[]) returns text language sql"
        " as $$ select 'list ' || cardinality($1) $$;"
        "create function shop.over (json) returns text language sql"
        " as $$ select 'json ' || ($1 ->> 0) $$"
    )
    author, client = as_role("author"), as_role("client")
    for signature, arguments, result in (
        ("shop.over(text, text)", ["a", "b"], "two"),
        ("shop.over(text[])", [["a", "b"]], "list 2"),
        ("shop.over(json)", [["a", "b"]], "json a"),
    ):
        name = f"over {signature}"
        author.execute(
            "select pgsm.define_machine(%s, %s)",
            [name, document(signature, *arguments)],
        )
        client.execute("select pgsm.start_instance(%s, %s)", [name, name])
        row = client.execute(
            "select context ->> 'result' from pgsm.send_event(%s, 'go')", [name]
        )
        assert row.fetchone() == (result,)


def test_type_of_the_same_name_in_another_schema_chooses_no_other_overload(
    as_role: AsRole, connect: Connect
) -> None:
    connect().execute(
        "create schema trap; grant usage on schema trap to public;"
        "create domain trap.text as pg_catalog.text;"
        "create function shop.which (text) returns text language sql"
        " as $$ select 'the right one' $$;"
        "create function shop.which (trap.text) returns text language sql"
        " as $$ select 'a trap' $$"
    )
    author, client = as_role("author"), as_role("client")
    for session in (author, client):
        session.execute("set search_path = trap, pg_catalog")
        session.execute("create domain pg_temp.text as pg_catalog.text")
    author.execute(
        "select pgsm.define_machine('which', %s)", [document("shop.which(text)", "x")]
    )
    client.execute("select pgsm.start_instance('which', 'which')")
    row = client.execute(
        "select context operator(pg_catalog.->>) 'result'"
        " from pgsm.send_event('which', 'go')"
    )
    assert row.fetchone() == ("the right one",)


def test_the_author_is_who_defines_not_who_owns_the_definer(
    as_role: AsRole, connect: Connect, logins: dict[str, str]
) -> None:
    as_role("author").execute(
        "select pgsm.define_machine('authored', %s)", [document("shop.f(text)", "x")]
    )
    row = connect().execute(
        "select author from pgsm.machine_versions where machine = 'authored'"
    )
    assert row.fetchone() == (logins["author"],)
