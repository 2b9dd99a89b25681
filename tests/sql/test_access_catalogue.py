"""What the catalogue says about access."""

from __future__ import annotations

from tests.databases import Connect

OURS = "array['pgsm', 'pgsm_private', 'pgsm_engine']::regnamespace[]"


def rows(connect: Connect, query: str) -> list[str]:
    return [row[0] for row in connect().execute(query).fetchall()]  # type: ignore[arg-type]


def test_nothing_is_executable_by_public(connect: Connect) -> None:
    found = rows(
        connect,
        "select p.oid::regprocedure::text from pg_proc as p,"
        " aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a"
        f" where p.pronamespace = any ({OURS}) and a.grantee = 0",
    )
    assert found == []


def test_nothing_is_readable_by_public(connect: Connect) -> None:
    found = rows(
        connect,
        "select c.oid::regclass::text from pg_class as c,"
        " aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) as a"
        f" where c.relnamespace = any ({OURS}) and c.relkind <> 'i' and a.grantee = 0"
        " union all"
        " select n.nspname::text from pg_namespace as n,"
        " aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) as a"
        f" where n.oid = any ({OURS}) and a.grantee = 0",
    )
    assert found == []


def test_the_owner_of_new_functions_grants_public_nothing(connect: Connect) -> None:
    connection = connect()
    with connection.transaction(force_rollback=True):
        connection.execute("set local role pgsm_owner")
        connection.execute(
            "create function pgsm.f () returns integer language sql as 'select 1'"
        )
        may = connection.execute(
            "select has_function_privilege('pgsm_client', 'pgsm.f()', 'execute')"
        )
        assert may.fetchone() == (False,)


def test_nobody_outside_has_anything_in_the_private_schemas(connect: Connect) -> None:
    found = rows(
        connect,
        "select format('%s %s', r.rolname, n.nspname)"
        " from pg_roles as r, pg_namespace as n"
        " where r.rolname like 'pgsm\\_%' and not r.rolsuper"
        " and r.rolname not in ('pgsm_owner')"
        " and n.nspname in ('pgsm_private', 'pgsm_engine')"
        " and (has_schema_privilege(r.oid, n.oid, 'usage')"
        "     or has_schema_privilege(r.oid, n.oid, 'create'))",
    )
    assert found == []


def test_every_security_definer_function_has_the_safe_search_path(
    connect: Connect,
) -> None:
    """pg_temp last: where it is not named, types are looked up there first."""
    found = rows(
        connect,
        "select p.oid::regprocedure::text from pg_proc as p"
        f" where p.pronamespace = any ({OURS}) and p.prosecdef"
        " and 'search_path=pg_catalog, pg_temp' = any (p.proconfig) is not true",
    )
    assert found == []


def test_every_public_function_is_security_definer_and_no_procedure_is(
    connect: Connect,
) -> None:
    found = rows(
        connect,
        "select p.oid::regprocedure::text from pg_proc as p"
        " where p.pronamespace = 'pgsm'::regnamespace"
        " and p.prosecdef <> (p.prokind = 'f')",
    )
    assert found == []


def test_inner_functions_are_no_security_definer(connect: Connect) -> None:
    found = rows(
        connect,
        "select p.oid::regprocedure::text from pg_proc as p"
        f" where p.pronamespace = any ({OURS}) and p.prosecdef"
        " and p.pronamespace <> 'pgsm'::regnamespace",
    )
    assert found == [
        "pgsm_engine.call_user(text,jsonb,text)",
        "pgsm_engine.call_user_set(text,jsonb[],text)",
    ]


def test_the_engine_belongs_to_a_superuser(connect: Connect) -> None:
    found = rows(
        connect,
        "select format('%s %s', o.name, r.rolname) from ("
        " select oid::regprocedure::text, proowner, proname, pronamespace from pg_proc"
        " union all"
        " select oid::regclass::text, relowner, relname, relnamespace from pg_class"
        " union all select nspname, nspowner, nspname, oid from pg_namespace"
        " ) as o (name, owner, short, schema) join pg_roles as r on r.oid = o.owner"
        " where o.schema = 'pgsm_engine'::regnamespace"
        " and o.short not in ('call_user', 'call_user_set') and not r.rolsuper",
    )
    assert found == []


def test_the_rest_belongs_to_the_owner(connect: Connect) -> None:
    found = rows(
        connect,
        "select format('%s %s', o.name, o.owner) from ("
        " select oid::regprocedure::text, proowner::regrole::text, pronamespace"
        " from pg_proc union all"
        " select oid::regclass::text, relowner::regrole::text, relnamespace"
        " from pg_class ) as o (name, owner, schema)"
        " where o.schema in ('pgsm'::regnamespace, 'pgsm_private'::regnamespace)"
        " and o.owner <> 'pgsm_owner'",
    )
    assert sorted(found) == [
        "pgsm.disable_cron() pgsm_scheduler",
        "pgsm.enable_cron(integer) pgsm_scheduler",
        "pgsm.purge_cron_log() pgsm_scheduler",
    ]


def test_no_pgsm_role_but_the_scheduler_can_log_in(connect: Connect) -> None:
    roles = connect().execute(
        "select rolname, rolcanlogin from pg_roles where rolname = any (array["
        "'pgsm_owner', 'pgsm_author', 'pgsm_client', 'pgsm_runner', 'pgsm_scheduler',"
        " 'pgsm_viewer', 'pgsm_operator', 'pgsm_caller'])"
        " and not (rolsuper or rolcreaterole or rolcreatedb or rolreplication"
        " or rolbypassrls)"
    )
    found = dict(roles.fetchall())
    assert len(found) == 8
    assert [role for role, may in found.items() if may] == ["pgsm_scheduler"]


def test_the_schedulers_timeout_stands_above_the_loops_duration(
    connect: Connect,
) -> None:
    found = connect().execute(
        "select s.setting, substring(p.prosrc from 'interval ''(6[0-9] seconds)''')"
        " from pg_proc as p, pg_roles as r, unnest(r.rolconfig) as s (setting)"
        " where p.proname = 'run_timers' and r.rolname = 'pgsm_scheduler'"
        " and s.setting like 'statement_timeout=%'"
    )
    ((setting, duration),) = found.fetchall()
    longer = connect().execute(
        "select split_part(%s, '=', 2)::interval > 2 * %s::interval",
        [setting, duration],
    )
    assert longer.fetchone() == (True,)


def test_every_view_is_a_security_barrier(connect: Connect) -> None:
    found = rows(
        connect,
        "select oid::regclass::text from pg_class"
        f" where relnamespace = any ({OURS}) and relkind = 'v' and not exists ("
        " select from pg_options_to_table(reloptions)"
        " where option_name = 'security_barrier' and option_value in ('true', 'on'))",
    )
    assert found == []


def test_nobody_may_write_through_a_view(connect: Connect) -> None:
    found = rows(
        connect,
        "select c.oid::regclass::text from pg_class as c, aclexplode(c.relacl) as a"
        " where c.relnamespace = 'pgsm'::regnamespace"
        " and a.grantee <> c.relowner and a.privilege_type <> 'SELECT'",
    )
    assert found == []
