"""What keeps the big tables fit for many rows, and for Citus."""

from __future__ import annotations

import pytest

from tests.databases import Connect

BIG = [
    "archived_instances",
    "effect_extensions",
    "effects",
    "event_ids",
    "event_log",
    "instance_keys",
    "instances",
    "timers",
    "upgrade_failures",
    "upgrade_preimages",
]


@pytest.mark.parametrize("table", BIG)
def test_every_key_of_a_big_table_begins_with_the_instance(
    connect: Connect, table: str
) -> None:
    keys = connect().execute(
        "select i.indexrelid::regclass::text, a.attname"
        " from pg_index as i join pg_attribute as a"
        "     on a.attrelid = i.indrelid and a.attnum = i.indkey[0]"
        " where i.indisunique and i.indrelid = ('pgsm_private.' || %s)::regclass",
        [table],
    )
    found = keys.fetchall()
    assert found
    assert {column for _, column in found} == {"instance_id"}


@pytest.mark.parametrize("table", BIG)
def test_big_tables_have_no_trigger_rule_or_foreign_key(
    connect: Connect, table: str
) -> None:
    found = connect().execute(
        "select tgname::text from pg_trigger where tgrelid = %(table)s::regclass"
        " union all select rulename from pg_rewrite"
        " where ev_class = %(table)s::regclass"
        " union all select conname from pg_constraint"
        " where contype = 'f' and %(table)s::regclass in (conrelid, confrelid)",
        {"table": f"pgsm_private.{table}"},
    )
    assert found.fetchall() == []


def test_there_are_no_sequences(connect: Connect) -> None:
    found = connect().execute(
        "select oid::regclass::text from pg_class where relkind = 'S'"
        " and relnamespace in ('pgsm'::regnamespace, 'pgsm_private'::regnamespace)"
    )
    assert found.fetchall() == []


def test_instance_ids_have_one_collation(connect: Connect) -> None:
    """Set functions lock in its order."""
    found = connect().execute(
        "select a.attrelid::regclass::text from pg_attribute as a"
        " join pg_class as c on c.oid = a.attrelid"
        " where a.attname = 'instance_id' and c.relkind in ('r', 'p')"
        " and c.relnamespace = 'pgsm_private'::regnamespace"
        """ and a.attcollation <> '"C"'::regcollation"""
    )
    assert found.fetchall() == []


def test_no_index_of_instances_is_on_a_column_that_every_event_changes(
    connect: Connect,
) -> None:
    found = connect().execute(
        "select distinct a.attname from pg_index as i join pg_attribute as a"
        " on a.attrelid = i.indrelid and a.attnum = any (i.indkey::smallint[])"
        " where i.indrelid = 'pgsm_private.instances'::regclass"
    )
    changing = {"revision", "clock", "states", "value", "context", "history", "tags"}
    assert {column for (column,) in found}.isdisjoint(changing)


def test_due_indexes_hold_only_what_may_fall_due(connect: Connect) -> None:
    found = connect().execute(
        "select indexrelid::regclass::text, pg_get_expr(indpred, indrelid)"
        " from pg_index where indpred is not null"
        " and indrelid in ('pgsm_private.timers'::regclass,"
        "     'pgsm_private.effects'::regclass)"
    )
    predicates = dict(found.fetchall())
    assert "armed" in predicates["pgsm_private.timers_due_idx"]
    assert "pending" in predicates["pgsm_private.effects_due_idx"]
    assert "running" in predicates["pgsm_private.effects_lease_idx"]


def test_the_log_is_partitioned_ahead_and_its_default_is_empty(
    connect: Connect,
) -> None:
    found = connect().execute(
        "select count(*), count(*) filter ("
        "     where pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT')"
        " from pg_inherits as i join pg_class as c on c.oid = i.inhrelid"
        " where i.inhparent = 'pgsm_private.event_log'::regclass"
    )
    assert found.fetchone() == (6, 1)
    left = connect().execute("select 1 from pgsm_private.event_log_default")
    assert left.fetchall() == []
