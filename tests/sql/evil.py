"""Operators, functions and types that tell as whom they run, by a notice.

They stand in the schema evil and take the places of those of pg_catalog wherever a
search_path lets them.
"""

from __future__ import annotations

import psycopg

RAN = "evil ran as "

# Every operator and function of pg_catalog on the types that pgsm handles.  They do
# what the original does, so that the attack goes on to the end.
_SCHEMA = r"""
create schema evil;
grant usage on schema evil to public;

create function evil.tell () returns boolean
  language plpgsql
as $$
begin
    raise notice 'evil ran as %', current_user;
    return true;
end;
$$;

do $$
declare
    v_types  oid[] := array[
        'text', 'text[]', 'jsonb', 'json', 'integer', 'bigint', 'boolean',
        'timestamptz', 'interval', 'uuid', 'name', 'oid'
    ]::regtype[]::oid[];
    v_one    record;
    v_body   text := 'begin perform evil.tell(); return %s; end';
begin
    for v_one in
        select o.oid, o.oprname, o.oprleft::regtype as l, o.oprright::regtype as r,
            o.oprresult::regtype as result
        from pg_operator as o
        where o.oprnamespace = 'pg_catalog'::regnamespace
            and o.oprleft = any (v_types) and o.oprright = any (v_types)
    loop
        execute format(
            'create function evil.operator_%s (%s, %s) returns %s '
                'language plpgsql as %L',
            v_one.oid, v_one.l, v_one.r, v_one.result,
            format(v_body, format('$1 operator(pg_catalog.%s) $2', v_one.oprname)));
        execute format(
            'create operator evil.%s '
                '(function = evil.operator_%s, leftarg = %s, rightarg = %s)',
            v_one.oprname, v_one.oid, v_one.l, v_one.r);
    end loop;
    for v_one in
        select p.proname, pg_get_function_identity_arguments(p.oid) as arguments,
            p.prorettype::regtype as result,
            (select string_agg('$' || n, ', ') from generate_series(1, p.pronargs) as n)
                as given
        from pg_proc as p
        where p.pronamespace = 'pg_catalog'::regnamespace and p.prokind = 'f'
            and not p.proretset and p.provariadic = 0
            and p.prorettype = any (v_types) and p.proargtypes::oid[] <@ v_types
            and p.proargmodes is null
            and p.proname ~ ('^(set_config|current_setting|left|length|now|array_'
                '|jsonb?_|to_|clock_|gen_|lower|quote_|char_length|timezone|has_'
                '|pg_current|date_trunc)')
    loop
        execute format(
            'create function evil.%I (%s) returns %s language plpgsql as %L',
            v_one.proname, v_one.arguments, v_one.result,
            format(v_body, format('pg_catalog.%I(%s)', v_one.proname, v_one.given)));
    end loop;
end;
$$;

create domain evil.text as pg_catalog.text check (evil.tell());
create domain evil.jsonb as pg_catalog.jsonb check (evil.tell());
create domain evil.json as pg_catalog.json check (evil.tell());
create domain evil.timestamptz as pg_catalog.timestamptz check (evil.tell());
create domain evil.oid as pg_catalog.oid check (evil.tell());
create domain evil.uuid as pg_catalog.uuid check (evil.tell());
create domain evil.snapshot as pg_catalog.text check (evil.tell());
create domain evil.instances as pg_catalog.text check (evil.tell());
"""

TEMPORARY = """
create function pg_temp.tell () returns boolean
  language plpgsql
as $$
begin
    raise notice 'evil ran as %', current_user;
    return true;
end;
$$;
create domain pg_temp.text as pg_catalog.text check (pg_temp.tell());
create domain pg_temp.jsonb as pg_catalog.jsonb check (pg_temp.tell());
create domain pg_temp.json as pg_catalog.json check (pg_temp.tell());
create domain pg_temp.timestamptz as pg_catalog.timestamptz check (pg_temp.tell());
create domain pg_temp.oid as pg_catalog.oid check (pg_temp.tell());
create domain pg_temp.uuid as pg_catalog.uuid check (pg_temp.tell());
create domain pg_temp.regprocedure as pg_catalog.regprocedure check (pg_temp.tell());
create domain pg_temp.regtype as pg_catalog.regtype check (pg_temp.tell());
"""


def install(connection: psycopg.Connection) -> None:
    connection.execute(_SCHEMA)


def ran_as(notices: str) -> set[str]:
    """The roles as which anything evil ran."""
    lines = notices.splitlines()
    return {line.removeprefix(RAN) for line in lines if line.startswith(RAN)}
