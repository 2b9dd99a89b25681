"""`pgsm retention`: what is kept for how long, and a run."""

from __future__ import annotations

import json

import psycopg

from tests.databases import Connect

from .keeping import age, define, keep, send, start
from .operated import done, lines, refused, run


def test_show_has_what_is_set_and_what_holds_without(fresh_dsn: str) -> None:
    shown = done(fresh_dsn, "retention", "show").splitlines()
    assert shown[0].split() == ["what", "machine", "kept", "then", "set"]
    assert shown[1].split() == ["log", "(all)", "for", "ever"]
    assert shown[2].split() == ["event_ids", "(all)", "30", "days", "delete"]
    assert shown[-1] == "it has not run yet"


def test_set_says_what_holds_now(fresh_dsn: str, connect: Connect) -> None:
    define(connect(fresh_dsn), name="order")

    def said(*arguments: str) -> str:
        return done(fresh_dsn, "retention", "set", *arguments).strip()

    assert said("effects", "90 days") == "effects: kept for 90 days"
    own = ["--machine", "order"]
    assert said("effects", "forever", *own) == (
        "effects of machine order: kept for ever"
    )
    assert said("effects", "default", *own) == (
        "effects of machine order: kept for 90 days"
    )
    assert said("effects", "default") == "effects: kept for ever"
    assert said("instances", "2 years", *own, "--archive") == (
        "instances of machine order: kept for 2 years, then archived"
    )
    found = lines(fresh_dsn, "retention", "show", "--machine", "order")
    assert found[-1]["keep"] == "2 years"
    assert (found[-1]["machine"], found[-1]["action"]) == ("order", "archive")


def test_what_cannot_be_set_is_refused(fresh_dsn: str) -> None:
    wrong = ["retention", "set", "effects", "soon"]
    assert "soon" in refused(fresh_dsn, *wrong)
    unknown = ["retention", "set", "effects", "1 day", "--machine", "x"]
    assert "SM002" in refused(fresh_dsn, *unknown)
    assert run(fresh_dsn, "retention", "set", "all", "1 day").exit_code == 2


def test_run_removes_and_show_tells_of_it(fresh_dsn: str, connect: Connect) -> None:
    one = connect(fresh_dsn)
    define(one)
    start(one, "a")
    send(one, "a", "note", "e-1")
    assert done(fresh_dsn, "retention", "run") == "removed: nothing\n"
    age(one, "event_ids", "recorded_at")
    assert done(fresh_dsn, "retention", "run") == "removed: 1 event_ids\n"
    assert "removed 1 event_ids" in done(fresh_dsn, "retention", "show")
    printed = json.loads(done(fresh_dsn, "retention", "run", "--json"))
    assert printed == {"removed": {}, "is_complete": True}


def test_run_that_comes_to_no_end_exits_with_one(
    fresh_dsn: str, connect: Connect
) -> None:
    one = connect(fresh_dsn)
    define(one)
    start(one, "a", "b")
    keep(one, "log", "1 year")
    with psycopg.connect(fresh_dsn, autocommit=True) as admin:
        # one try instead of a hundred
        body = admin.execute(
            "select pg_get_functiondef('pgsm.run_retention'::regproc)"
        ).fetchone()
        assert body is not None
        once = body[0].replace("(pg_catalog.<) 100", "(pg_catalog.<) 1")
        assert once != body[0]
        admin.execute(once)
    log_of_last_year = (
        "insert into pgsm_private.event_log select (jsonb_populate_record(l,"
        " jsonb_build_object('recorded_at', now() - interval '2 years'))).*"
        " from pgsm_private.event_log as l where instance_id = 'a'"
    )
    one.execute(log_of_last_year)
    one.execute("select pgsm.make_log_partitions()")
    long = connect(fresh_dsn)
    with long.transaction():
        send(long, "b", "note")
        result = run(fresh_dsn, "retention", "run")
    assert result.exit_code == 1
    assert "not all" in result.output
    assert done(fresh_dsn, "retention", "run") == "removed: 1 months of the log\n"
