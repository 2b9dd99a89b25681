"""The rules under which the schema can be distributed by Citus, on the catalogue.

Keys, foreign keys, triggers and sequences are in test_structure_tables; here is what a
statement inside of a function may not do on a distributed table.
"""

from __future__ import annotations

import re

import pytest

from tests.databases import Connect

from .test_structure_tables import BIG

SCHEMAS = "('pgsm', 'pgsm_private')"
DEFINITIONS = [
    "actions",
    "implementations",
    "invocations",
    "machine_versions",
    "machines",
    "states",
    "transitions",
    "upgrades",
]

# What of one event runs: rows of one instance, by equality.
HOT = [
    "apply_event",
    "cancel_invocations",
    "end_state_work",
    "first_answer",
    "insert_effects",
    "insert_timers",
    "keep_answer",
    "keep_deferred",
    "lock_instance",
    "send_event",
    "take_event",
    "write_commands",
    "write_keys",
    "write_step",
]

# Bulk work over many instances in one statement, claims, and what watches: these run
# as they are on one server only, see docs/explanation/scaling.md.
MANY = {
    "claim_named_effects",
    "release_effects",
    "log_retries",
    "retry_effects",
    "watch_instance",
    "write_moved_instances",
    "write_moves",
    "write_round",
    "migrate_round",
}
VOLATILE = re.compile(
    r"pgsm_private\.now\(\)|clock_timestamp\(\)|random\(\)|gen_random_uuid\(\)"
)


def bodies(connect: Connect) -> dict[str, tuple[str, str]]:
    """Of each function of ours, without comments: its language and source."""
    found = connect().execute(
        "select p.proname, l.lanname, coalesce(p.prosrc, '')"
        "     || coalesce(pg_get_function_sqlbody(p.oid), '')"
        " from pg_proc as p join pg_language as l on l.oid = p.prolang"
        f" where p.pronamespace::regnamespace::text in {SCHEMAS}"
    )
    return {
        name: (language, re.sub(r"--.*", "", source))
        for name, language, source in found
    }


def test_instance_id_is_a_text_that_is_given(connect: Connect) -> None:
    found = connect().execute(
        "select c.relname, format_type(a.atttypid, null), a.attnotnull, a.atthasdef,"
        "     a.attidentity::text || a.attgenerated::text"
        " from pg_attribute as a join pg_class as c on c.oid = a.attrelid"
        " where c.relnamespace = 'pgsm_private'::regnamespace"
        "     and c.relkind in ('r', 'p') and a.attname = 'instance_id'"
    )
    rows = found.fetchall()
    assert {row[0] for row in rows} >= set(BIG)
    assert {row[1:] for row in rows} == {("text", True, False, "")}


def test_big_tables_are_those_that_have_an_instance(connect: Connect) -> None:
    found = connect().execute(
        "select c.relname"
        " from pg_attribute as a join pg_class as c on c.oid = a.attrelid"
        " where c.relnamespace = 'pgsm_private'::regnamespace"
        "     and c.relkind in ('r', 'p') and not c.relispartition"
        "     and a.attname = 'instance_id'"
    )
    assert sorted(name for (name,) in found) == BIG


@pytest.mark.parametrize("table", DEFINITIONS)
def test_definition_tables_may_be_reference_tables(
    connect: Connect, table: str
) -> None:
    found = connect().execute(
        "select exists (select from pg_index where indrelid = %(t)s::regclass"
        "     and indisprimary),"
        " exists (select from pg_trigger where tgrelid = %(t)s::regclass"
        "     and not tgisinternal),"
        " exists (select from pg_attribute where attrelid = %(t)s::regclass"
        "     and attidentity <> '')",
        {"t": f"pgsm_private.{table}"},
    )
    assert found.fetchone() == (True, False, False)


def test_no_function_of_language_sql_reads_a_big_table(connect: Connect) -> None:
    tables = re.compile(rf"(from|join)\s+pgsm_private\.({'|'.join(BIG)})\b")
    found = [
        name
        for name, (language, source) in bodies(connect).items()
        if language == "sql" and tables.search(source)
    ]
    assert found == []


def test_no_statement_that_changes_a_big_table_calls_a_volatile_function(
    connect: Connect,
) -> None:
    change = re.compile(
        rf"\b(?:update|delete from) pgsm_private\.(?:{'|'.join(BIG)})\b.*?;", re.S
    )
    found = {
        name
        for name, (_, source) in bodies(connect).items()
        if any(VOLATILE.search(statement) for statement in change.findall(source))
    }
    assert found - MANY == set()


@pytest.mark.parametrize("name", HOT)
def test_of_one_event_no_statement_is_what_citus_refuses(
    connect: Connect, name: str
) -> None:
    _, source = bodies(connect)[name]
    inserts = re.findall(r"insert into pgsm_private\.\w+.*?;", source, re.S)
    for statement in inserts:
        values = statement.partition("values")[2]
        assert not re.search(r"\(\s*select\b|array\(", values), statement
        assert "do update" not in statement
    # a whole row's lock would deadlock senders, and many at once are not locked
    assert not re.search(r"\bfor update\b(?!\s+(of \w+ )?skip locked)", source)
    assert not re.search(r"\btableoid\b|\bctid\b|constraint_name", source)


def test_no_function_looks_at_what_is_the_shard_s_own(connect: Connect) -> None:
    """A shard's table, constraint and rows have other names than those of the whole."""
    found = [
        name
        for name, (_, source) in bodies(connect).items()
        if re.search(r"\btableoid\b|\bctid\b|\bconstraint_name\b", source)
    ]
    assert found == []
