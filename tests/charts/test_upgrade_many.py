"""upgrade_instances: many at once; who cannot go does not hold up the others."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from tests.databases import Connect

from .parts import expr

OLD = {
    "initial": "a",
    "context": {"n": expr("input.n")},
    "states": {"a": {"on": {"end": "end"}}, "end": {"type": "final"}},
}
NEW = {**OLD, "description": "new"}
CHECK = """
    create schema shop;
    grant usage on schema shop to pgsm_caller;
    create table shop.bad (n int);
    grant select on shop.bad to pgsm_caller;
    create function shop.check (id text, context jsonb, old text[], new text[])
      returns jsonb
      language plpgsql
    as $$
    begin
        if exists (select from shop.bad where n = (context ->> 'n')::int) then
            raise exception 'bad: %', context ->> 'n';
        end if;
        return context || '{"checked": true}';
    end;
    $$;
"""


@pytest.fixture
def many(fresh_dsn: str, connect: Connect) -> psycopg.Connection[Any]:
    """Twenty instances of version 1, of which numbers 7 and 13 cannot go."""
    connection = connect(fresh_dsn)
    connection.execute(CHECK)
    connection.execute("insert into shop.bad values (7), (13)")
    for document, current in ((OLD, True), (NEW, False)):
        connection.execute(
            "select pgsm.define_machine('m', %s, make_current => %s)",
            [json.dumps(document), current],
        )
    connection.execute(
        "select pgsm.start_instance('m', format('i-%s', lpad(n::text, 2, '0')),"
        " jsonb_build_object('n', n)) from generate_series(1, 20) as n"
    )
    connection.execute(
        "select pgsm.define_upgrade('m', 1, 2,"
        " context => 'shop.check(text, jsonb, text[], text[])')"
    )
    return connection


def versions(connection: psycopg.Connection[Any]) -> dict[str, int]:
    found = connection.execute("select instance_id, version from pgsm.instances")
    return dict(found.fetchall())


def failures(connection: psycopg.Connection[Any]) -> list[Any]:
    return connection.execute(
        "select instance_id, code, message from pgsm.upgrade_failures order by 1"
    ).fetchall()


@pytest.mark.parametrize("batch", [1, 6, 1000])
def test_all_others_go_and_the_failures_are_listed(
    many: psycopg.Connection[Any], batch: int
) -> None:
    many.execute("call pgsm.upgrade_instances('m', 2, batch => %s)", [batch])
    stayed = {name for name, version in versions(many).items() if version == 1}
    assert stayed == {"i-07", "i-13"}
    (first, second) = failures(many)
    assert first[:2] == ("i-07", "SM402")
    assert "bad: 7" in first[2]
    assert second[0] == "i-13"


def test_next_call_tries_the_failed_again(many: psycopg.Connection[Any]) -> None:
    many.execute("call pgsm.upgrade_instances('m', 2)")
    many.execute("delete from shop.bad where n = 7")
    many.execute("call pgsm.upgrade_instances('m', 2)")
    assert [row[0] for row in failures(many)] == ["i-13"]
    assert versions(many)["i-07"] == 2


def test_canary_stops_after_so_many(many: psycopg.Connection[Any]) -> None:
    many.execute("call pgsm.upgrade_instances('m', 2, batch => 2, max_instances => 5)")
    assert sum(version == 2 for version in versions(many).values()) == 5


def test_named_instances_only(many: psycopg.Connection[Any]) -> None:
    many.execute("call pgsm.upgrade_instances('m', 2, instances => '{i-03,i-04}')")
    gone = {name for name, version in versions(many).items() if version == 2}
    assert gone == {"i-03", "i-04"}


def test_ended_instances_stay_as_they_are(many: psycopg.Connection[Any]) -> None:
    many.execute("select pgsm.send_event('i-01', 'end'), pgsm.stop_instance('i-02')")
    many.execute("call pgsm.upgrade_instances('m', 2)")
    assert versions(many)["i-01"] == 1
    assert versions(many)["i-02"] == 1
    with pytest.raises(psycopg.Error) as refusal:
        many.execute("select pgsm.upgrade_instance('i-01', 2)")
    assert refusal.value.sqlstate == "SM110"


def test_paused_instance_goes_and_stays_paused(many: psycopg.Connection[Any]) -> None:
    many.execute("select pgsm.pause_instance('i-01')")
    many.execute("call pgsm.upgrade_instances('m', 2)")
    found = many.execute(
        "select version, status from pgsm.instances where instance_id = 'i-01'"
    )
    assert found.fetchone() == (2, "paused")


def test_upgrade_is_a_step_in_the_log_with_a_pre_image(
    many: psycopg.Connection[Any],
) -> None:
    many.execute("select pgsm.upgrade_instance('i-01', 2)")
    logged = many.execute(
        "select origin, event, data, version from pgsm.event_log"
        " where instance_id = 'i-01' and revision = 2"
    )
    assert logged.fetchone() == ("upgrade", "pgsm.upgrade", {"from": 1, "to": 2}, 2)
    image = many.execute(
        "select from_version, instance -> 'context' from pgsm_private.upgrade_preimages"
        " where instance_id = 'i-01'"
    )
    assert image.fetchone() == (1, {"n": 1})


def test_current_version_is_what_new_instances_start_with(
    many: psycopg.Connection[Any],
) -> None:
    many.execute("select pgsm.set_current_version('m', 2)")
    many.execute("select pgsm.start_instance('m', 'new', '{\"n\": 1}')")
    assert versions(many)["new"] == 2
    assert versions(many)["i-01"] == 1
    many.execute("select pgsm.upgrade_instance('i-01')")
    assert versions(many)["i-01"] == 2
    for machine, version, sqlstate in (("m", 3, "SM003"), ("n", 1, "SM002")):
        with pytest.raises(psycopg.Error) as refusal:
            many.execute("select pgsm.set_current_version(%s, %s)", [machine, version])
        assert refusal.value.sqlstate == sqlstate


def test_upgrade_to_its_own_version_is_nothing(many: psycopg.Connection[Any]) -> None:
    row = many.execute("select revision from pgsm.upgrade_instance('i-01', 1)")
    assert row.fetchone() == (1,)


def test_upgrade_between_versions_needs_no_order(many: psycopg.Connection[Any]) -> None:
    many.execute("select pgsm.upgrade_instance('i-01', 2)")
    many.execute("select pgsm.upgrade_instance('i-01', 1)")
    found = many.execute(
        "select version, revision, value from pgsm.instances where instance_id = 'i-01'"
    )
    assert found.fetchone() == (1, 3, "a")


# -- one transaction


def all_at_once(connection: psycopg.Connection[Any], **named: Any) -> int:
    given = "".join(f", {name} => %s" for name in named)
    query = f"select pgsm.upgrade_all('m', 2{given})"
    row = connection.execute(query, list(named.values())).fetchone()
    assert row is not None
    return int(row[0])


def test_upgrade_all_is_all_or_nothing(many: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        all_at_once(many)
    assert refusal.value.sqlstate == "SM405"
    assert "bad: 7" in (refusal.value.diag.message_detail or "")
    assert set(versions(many).values()) == {1}
    many.execute("delete from shop.bad")
    assert all_at_once(many) == 20
    assert all_at_once(many) == 0


def test_upgrade_all_with_tables_and_rows_commits_or_vanishes(
    many: psycopg.Connection[Any],
) -> None:
    script = (
        "begin; alter table shop.bad add column why text;"
        " update shop.bad set why = 'no'; select pgsm.upgrade_all('m', 2); commit"
    )
    with pytest.raises(psycopg.Error):
        many.execute(script)
    many.rollback()
    assert many.execute("select * from shop.bad").fetchall() == [(7,), (13,)]


def test_filter_says_which_go(many: psycopg.Connection[Any]) -> None:
    assert all_at_once(many, filter='{"context": {"n": 3}}') == 1
    assert all_at_once(many, filter='{"states": ["b"]}') == 0
    assert all_at_once(many, filter='{"version": [3, 4]}') == 0
    named = all_at_once(many, filter='{"states": ["a"]}', instances=["i-04", "i-03"])
    assert named == 1
    assert {n for n, v in versions(many).items() if v == 2} == {"i-03", "i-04"}
    for bad in ('{"colour": 1}', "[]"):
        with pytest.raises(psycopg.Error) as refusal:
            all_at_once(many, filter=bad)
        assert refusal.value.sqlstate == "SM115"


def test_call_returns_what_it_did_and_says_so_on_the_way(
    many: psycopg.Connection[Any],
) -> None:
    notices: list[str] = []
    many.add_notice_handler(lambda notice: notices.append(str(notice.message_primary)))
    row = many.execute("call pgsm.upgrade_instances('m', 2, batch => 10)").fetchone()
    assert row == (20, 18, 2)
    assert notices[0].startswith("upgraded 9 of 10 instances")
    assert len(notices) == 2


def test_too_many_failures_stop_it_after_the_batch(
    many: psycopg.Connection[Any],
) -> None:
    call = "call pgsm.upgrade_instances('m', 2, batch => 7, max_failures => 0)"
    with pytest.raises(psycopg.Error) as refusal:
        many.execute(call)
    assert refusal.value.sqlstate == "SM405"
    assert sum(version == 2 for version in versions(many).values()) == 6
    many.execute("delete from shop.bad")
    many.execute(call)
    assert set(versions(many).values()) == {2}


THOUSAND = 1000


@pytest.mark.parametrize("batch", [100, THOUSAND])
def test_one_of_a_thousand_whose_context_function_raises_stays_alone(
    many: psycopg.Connection[Any], batch: int
) -> None:
    many.execute("delete from shop.bad where n = 13")
    many.execute(
        "select count(pgsm.start_instance('m', format('j-%%s', n),"
        " jsonb_build_object('n', n), version => 1)) from generate_series(21, %s) as n",
        [THOUSAND],
    )
    row = many.execute("call pgsm.upgrade_instances('m', 2, batch => %s)", [batch])
    assert row.fetchone() == (THOUSAND, THOUSAND - 1, 1)
    assert [name for name, version in versions(many).items() if version == 1] == [
        "i-07"
    ]
    images = many.execute("select count(*) from pgsm_private.upgrade_preimages")
    assert images.fetchone() == (THOUSAND - 1,)
