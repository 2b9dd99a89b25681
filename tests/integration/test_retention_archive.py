"""The archive: an ended instance as one row."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.databases import Connect

from .keeping import Connection, age, column, complete, define, keep, run, send, start


@pytest.fixture
def archived(fresh_dsn: str, connect: Connect) -> Connection:
    """a of machine m is archived."""
    one = connect(fresh_dsn)
    define(one)
    define(one, name="other")
    start(one, "a")
    send(one, "a", "note", "e-1")
    complete(one)
    send(one, "a", "end")
    keep(one, "instances", "0", "m", "archive")
    assert run(one) == {"instances": 1}
    return one


def row(connection: Connection, query: str) -> Any:
    return connection.execute(query.encode()).fetchone()


def test_an_archived_instance_is_readable_as_it_was(archived: Connection) -> None:
    found = row(
        archived,
        "select status, value, context, output, tenant, keys, revision,"
        " jsonb_path_query_array(log, '$.event'),"
        " jsonb_path_query_array(effects, '$.status')"
        " from pgsm.archived_instances where instance_id = 'a'",
    )
    person = {"name": "Ada of a"}
    assert found == (
        "done", "over", person, person, "acme", person, 3,
        ["pgsm.start", "note", "end"], ["succeeded"],
    )  # fmt: skip
    assert column(archived, "select 1 from pgsm.instances") == []
    assert column(archived, "select 1 from pgsm.event_log") == []


def test_what_is_sent_to_it_is_refused_and_its_id_is_free(archived: Connection) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        send(archived, "a", "note")
    assert refusal.value.sqlstate == "SM100"
    start(archived, "a")
    send(archived, "a", "end")
    assert run(archived) == {"instances": 1}
    assert len(column(archived, "select 1 from pgsm.archived_instances")) == 2


def test_of_other_machines_it_is_as_they_say(archived: Connection) -> None:
    start(archived, "b", machine="other")
    send(archived, "b", "end")
    assert run(archived) == {}
    keep(archived, "instances", "0")
    assert run(archived) == {"instances": 1}
    ids = "select instance_id from pgsm.archived_instances"
    assert column(archived, ids) == ["a"]


def test_the_archive_has_a_retention_too(archived: Connection) -> None:
    keep(archived, "archive", "10 years")
    assert run(archived) == {}
    age(archived, "archived_instances", "archived_at", "11 years")
    assert run(archived) == {"archive": 1}


def test_a_person_is_erased_in_the_archive_too(archived: Connection) -> None:
    start(archived, "a")  # a living one of the same id
    erased = row(archived, "select status, details from pgsm.erase_instance('a')")
    assert erased == ("stopped", None)
    text = "select to_jsonb(a)::text from pgsm_private.archived_instances as a"
    assert "Ada" not in column(archived, text)[0]
    facts = row(
        archived,
        "select jsonb_path_query_array(log, '$.event'),"
        " jsonb_path_query_array(effects, '$.name') from pgsm.archived_instances",
    )
    assert facts == (["pgsm.start", "note", "end"], ["note"])


def test_one_that_is_only_in_the_archive_is_erased_there(archived: Connection) -> None:
    erased = row(
        archived,
        "select instance_id, status, value, revision, details"
        " from pgsm.erase_instance('a', 'request 17')",
    )
    assert erased == ("a", "done", "over", 3, {"archived": True})
    text = "select to_jsonb(a)::text from pgsm_private.archived_instances as a"
    assert "Ada" not in column(archived, text)[0]
