"""What plpgsql_check finds, and what the sources may not hold."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from tests.databases import Connect

SCHEMAS = "array['pgsm', 'pgsm_private', 'pgsm_engine']::regnamespace[]"

# It takes an untyped literal for a text (42804), and does not know that a loop
# without an exit never ends (2F005).
FINDINGS = f"""
    select format('%s line %s: %s %s', p.oid::regprocedure, c.lineno, c.sqlstate,
        c.message)
    from pg_proc as p
    join pg_language as l on l.oid = p.prolang,
        lateral plpgsql_check_function_tb(
            p.oid, fatal_errors => false, performance_warnings => false,
            security_warnings => true
        ) as c
    where l.lanname = 'plpgsql' and p.pronamespace = any ({SCHEMAS})
        and (c.level = 'error' or c.sqlstate not in ('42804', '2F005'))
        -- it runs SQL whose names come from the catalogue
        and not (c.level = 'security' and p.proname like 'call_user%')"""

CRON = """
    create schema cron;
    create table cron.job (jobid bigint, jobname name, username text);
    create table cron.job_run_details (
        username text, database text, command text, end_time timestamptz
    );
    create function cron.schedule (text, text, text) returns bigint
      language sql as 'select 1::bigint';
    create function cron.unschedule (bigint) returns boolean
      language sql as 'select true'"""


def test_plpgsql_check_finds_nothing(db: psycopg.Connection) -> None:
    try:
        db.execute("create extension plpgsql_check")
    except (errors.UndefinedFile, errors.FeatureNotSupported):
        pytest.skip("plpgsql_check is not installed on the server")
    if db.execute("select to_regnamespace('cron')").fetchone() == (None,):
        db.execute(CRON)
    assert [finding for (finding,) in db.execute(FINDINGS)] == []


def test_user_sql_runs_inside_of_no_loop_over_a_query(connect: Connect) -> None:
    """It could fetch from the loop's cursor, whose name is easy to guess."""
    found = connect().execute(
        "select proname from pg_proc"
        f" where pronamespace = any ({SCHEMAS})"
        r" and prosrc ~* '\mfor\s+\w+\s+in\s+(select|with|execute)\M'"
        " order by proname"
    )
    # none of these runs anything of a machine's in its loop
    assert {name for (name,) in found} <= {
        "bury_turns",
        "check_document",
        "check_intervals",
        "claim_effects",
        "due_instances",
    }


def test_others_are_caught_only_where_fatal_classes_are_raised_again(
    connect: Connect,
) -> None:
    found = connect().execute(
        "select oid::regprocedure::text from pg_proc"
        f" where pronamespace = any ({SCHEMAS})"
        r" and prosrc ~* 'when others'"
        r" and prosrc !~* ('when others( or assert_failure)? then\s+'"
        r" || 'if pgsm_private\.is_fatal\(sqlstate\) then\s+raise;')"
    )
    assert found.fetchall() == []


def test_nothing_but_user_calls_and_the_partitions_is_dynamic_sql(
    connect: Connect,
) -> None:
    found = connect().execute(
        "select proname from pg_proc"
        f" where pronamespace = any ({SCHEMAS}) and prosrc ~* '(?w)^\\s*execute\\M'"
        " and prolang = (select oid from pg_language where lanname = 'plpgsql')"
    )
    partitions = {"make_log_partition", "drop_log_partition"}
    assert {name for (name,) in found} == {"call_user", "call_user_set"} | partitions


def test_inner_functions_set_no_search_path_and_outer_ones_all_do(
    connect: Connect,
) -> None:
    found = connect().execute(
        "select oid::regprocedure::text from pg_proc"
        " where pronamespace = 'pgsm_private'::regnamespace"
        " and array_to_string(proconfig, ' ') ~ 'search_path'"
    )
    assert found.fetchall() == []
