"""Whoever types \\d+ or \\df+ is told what a thing is."""

from __future__ import annotations

import re

from tests.databases import Connect

SCHEMAS = "array['pgsm', 'pgsm_private', 'pgsm_engine']::regnamespace[]"
ROLES = "'^pgsm_(owner|author|client|runner|scheduler|viewer|operator|caller)$'"


def names(connect: Connect, query: str) -> list[str]:
    return [str(name) for (name,) in connect().execute(query)]


def test_every_schema_and_role_has_a_comment(connect: Connect) -> None:
    missing = names(
        connect,
        "select nspname from pg_namespace"
        f" where oid = any ({SCHEMAS}) and obj_description(oid, 'pg_namespace') is null"
        " union all select rolname from pg_roles"
        f" where rolname ~ {ROLES} and shobj_description(oid, 'pg_authid') is null",
    )
    assert missing == []


def test_every_table_and_view_has_a_comment(connect: Connect) -> None:
    missing = names(
        connect,
        "select oid::regclass from pg_class"
        f" where relnamespace = any ({SCHEMAS}) and relkind in ('r', 'p', 'v', 'm')"
        " and not relispartition and obj_description(oid, 'pg_class') is null",
    )
    assert missing == []


def test_every_type_has_a_comment(connect: Connect) -> None:
    missing = names(
        connect,
        "select t.oid::regtype from pg_type as t"
        " left join pg_class as c on c.oid = t.typrelid"
        f" where t.typnamespace = any ({SCHEMAS}) and t.typelem = 0"
        " and coalesce(c.relkind, 'c') = 'c'"
        " and obj_description(t.oid, 'pg_type') is null",
    )
    assert missing == []


def test_every_function_has_a_comment(connect: Connect) -> None:
    missing = names(
        connect,
        "select oid::regprocedure from pg_proc"
        f" where pronamespace = any ({SCHEMAS})"
        " and obj_description(oid, 'pg_proc') is null",
    )
    assert missing == []


def test_comment_of_every_public_function_shows_a_call(connect: Connect) -> None:
    found = connect().execute(
        "select proname, obj_description(oid, 'pg_proc') from pg_proc"
        " where pronamespace = 'pgsm'::regnamespace"
    )
    call = r"^ {8}(select( \* from)?|call) pgsm\."
    missing = [
        name
        for name, comment in found
        if not re.search(rf"{call}{name}\(", comment, re.MULTILINE)
    ]
    assert missing == []


def test_comment_of_every_public_function_says_what_it_returns(
    connect: Connect,
) -> None:
    missing = names(
        connect,
        "select oid::regprocedure from pg_proc"
        " where pronamespace = 'pgsm'::regnamespace and prokind = 'f'"
        " and prorettype <> 'void'::regtype"
        " and obj_description(oid, 'pg_proc') !~ 'Returns[ :]'",
    )
    assert missing == []
