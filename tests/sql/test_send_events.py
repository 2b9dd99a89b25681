"""Many events in one call: all or none, in order, and the same as one by one."""

from __future__ import annotations

import json
import random
import threading
from concurrent import futures
from typing import Any

import psycopg
import pytest

from pgsm import errors
from tests.databases import Connect

Json = Any
COUNT = {"type": "assign", "set": {"count": {"expr": "context.count + 1"}}}
NOTE = {
    "type": "assign",
    "set": {"last": {"expr": "event.data.n"}, "secret": {"expr": "event.data.secret"}},
}
ASK = {
    "type": "call",
    "function": "shop.twice(integer)",
    "args": [{"expr": "context.count"}],
    "assign": "count",
}
FAIL = {"type": "assign", "set": {"x": {"expr": "1 / 0"}}}
MAIL = {"type": "effect", "name": "mail"}
TELL = {"type": "send", "to": {"instance": "other"}, "event": "hi"}
DOCUMENT = {
    "initial": "open",
    "context": {"count": 0, "last": None, "secret": None},
    "keys": {"last": {"expr": "context.last"}},
    "sensitive": ["secret"],
    "states": {
        "open": {
            "after": {"1 hour": "late"},
            "on": {
                "count": {"actions": COUNT},
                "note": {"actions": [NOTE, COUNT]},
                "ask": {"actions": ASK},
                "fail": {"actions": FAIL},
                "never": {"guard": {"expr": "false"}, "target": "late"},
                "work": {"target": "busy", "actions": MAIL},
                "tell": {"actions": TELL},
                "end": "over",
                "child": "parent",
            },
            "defer": ["later"],
        },
        "busy": {
            "invoke": {"id": "job", "src": "job"},
            "on": {"back": "open", "later": "late"},
        },
        "parent": {"invoke": {"id": "kid", "machine": "kid"}, "on": {"back": "open"}},
        "late": {"on": {"back": "open"}},
        "over": {"type": "final", "output": {"expr": "context.count"}},
    },
    "implementations": {"effects": {"mail": {}, "job": {}}},
}
KID = {"initial": "a", "states": {"a": {}}}


@pytest.fixture(scope="module", autouse=True)
def machines(dsn: str) -> None:
    with psycopg.connect(dsn) as admin:
        admin.execute(
            "create schema shop; grant usage on schema shop to pgsm_caller;"
            "create function shop.twice (integer) returns integer language sql"
            " as 'select 2 * $1'"
        )
        admin.execute("select pgsm.define_machine('kid', %s)", [json.dumps(KID)])
        admin.execute("select pgsm.define_machine('many', %s)", [json.dumps(DOCUMENT)])


def start(connection: psycopg.Connection, *names: str) -> None:
    for name in names:
        connection.execute("select pgsm.start_instance('many', %s)", [name])


def one(name: str, event: str, **more: Json) -> Json:
    return {"instance_id": name, "event": event, **more}


def send(
    connection: psycopg.Connection, batch: Json, on_unhandled: str | None = None
) -> list[tuple[Any, ...]]:
    return connection.execute(
        "select instance_id, revision, outcome, value, (context ->> 'count')::integer"
        " from pgsm.send_events(%s, %s)",
        [json.dumps(batch), on_unhandled],
    ).fetchall()


def test_answers_come_in_the_order_of_the_events(db: psycopg.Connection) -> None:
    start(db, *"abcdef")
    batch = [one(name, "count") for name in "fbaaecdfa"]
    assert [(row[0], row[4]) for row in send(db, batch)] == [
        ("f", 1), ("b", 1), ("a", 1), ("a", 2), ("e", 1), ("c", 1), ("d", 1),
        ("f", 2), ("a", 3),
    ]  # fmt: skip


def test_no_events_are_no_answers(db: psycopg.Connection) -> None:
    assert send(db, []) == []


EVENTS = ["count", "note", "ask", "never", "unknown", "work", "tell", "back", "later",
          "child", "end"]  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_batch_does_what_its_events_do_one_by_one(
    db: psycopg.Connection, seed: int
) -> None:
    """All that is stored is the same but for clocks and drawn ids."""
    chance = random.Random(seed)
    pairs: list[tuple[str, str, Json, Json]] = []
    names = [f"i{number}" for number in range(12)]
    for number in range(60):
        name = chance.choice(names)
        event = chance.choice(EVENTS if number > 40 else EVENTS[:-1])
        if event == "end" and chance.random() < 0.5:
            event = "count"
        data = {"n": number, "secret": "s3cret"} if event == "note" else {}
        more = {"event_id": f"e{number}"} if chance.random() < 0.3 else {}
        pairs.append((name, event, data, more))
    stored = []
    for prefix, batched in (("x", True), ("y", False)):
        with db.transaction(force_rollback=True):
            start(db, *(f"{prefix}{name}" for name in names))
            batch = [one(f"{prefix}{n}", e, data=d, **m) for n, e, d, m in pairs]
            batch = drop_after_the_end(batch)
            answers = (
                send(db, batch)
                if batched
                else [row for event in batch for row in send(db, [event])]
            )
            stored.append(([row[1:] for row in answers], everything(db, prefix)))
    assert stored[0] == stored[1]


def drop_after_the_end(batch: list[Json]) -> list[Json]:
    """Leave out what would be refused: events after a possible end."""
    ended, kept = set(), []
    for event in batch:
        if event["instance_id"] not in ended:
            kept.append(event)
        if event["event"] == "end":
            ended.add(event["instance_id"])
    return kept


def everything(connection: psycopg.Connection, prefix: str) -> list[list[Any]]:
    """What is stored of instances, without prefix, clocks and drawn ids."""
    columns = {
        "instances": "revision, status, states, value, tags, context, history, output",
        "event_log": "revision, origin, event, data, event_id, source_states,"
        " target_states, transitions, changes, answers, notes, emitted, actor",
        "timers": "kind, state, delay, event, status, ordinal",
        "effects": "effect_id, name, kind, state, status, input",
        "instance_keys": "name, value",
        "event_ids": "event_id, event, data",
    }
    found = []
    for table, names in columns.items():
        rows = connection.execute(
            f"select substr(instance_id, 2), {names} from pgsm_private.{table}"
            " where starts_with(instance_id, %s) order by 1, 2, 3, 4::text",
            [prefix],
        ).fetchall()
        text = json.dumps(rows, default=str).replace(prefix + "i", "i")
        found.append(json.loads(text))
    return found


def test_one_that_is_refused_undoes_all(db: psycopg.Connection) -> None:
    start(db, *"abcdef")
    before = everything(db, "")
    for bad, error in (
        (one("c", "fail"), errors.EventFailed),
        (one("c", "pgsm.stop"), errors.BadEvent),
        (one("c", "count", data=[]), errors.BadEvent),
        (one("c", "count", data=None), errors.BadEvent),
        (one("c", ""), errors.BadEvent),
        (one("c", "count", expected_revision=9), errors.RevisionMismatch),
        (one("nobody", "count"), errors.UnknownInstance),
        (one("", "count"), errors.UnknownInstance),
    ):
        with pytest.raises(error), db.transaction():
            send(
                db, [*(one(name, "count") for name in "abdef"), bad, one("a", "count")]
            )
        assert everything(db, "") == before


def test_unhandled_events_are_refused_where_that_is_asked_for(
    db: psycopg.Connection,
) -> None:
    start(db, *"abcdef")
    batch = [one(name, "count") for name in "abcde"] + [one("f", "never")]
    assert [row[2] for row in send(db, batch)] == ["taken"] * 5 + ["guarded"]
    with pytest.raises(errors.EventRefused), db.transaction():
        send(db, batch, "refuse")
    with pytest.raises(errors.BadOption), db.transaction():
        send(db, batch, "what")


def test_event_after_the_end_in_one_batch_is_refused(db: psycopg.Connection) -> None:
    start(db, *"abcdef")
    batch = [one(name, "end") for name in "abcdef"] + [one("c", "count")]
    with pytest.raises(errors.InstanceEnded):
        send(db, batch)


def test_paused_instance_refuses_the_batch(db: psycopg.Connection) -> None:
    start(db, *"abcdef")
    db.execute("select pgsm.pause_instance('d')")
    with pytest.raises(errors.InstancePaused):
        send(db, [one(name, "count") for name in "abcdef"])


def test_event_ids_count_once_in_a_batch_and_over_batches(
    db: psycopg.Connection,
) -> None:
    start(db, *"abcdef")
    batch = [one(name, "count", event_id="e1") for name in "abcdefab"]
    first = send(db, batch)
    assert first[0] == first[6]
    assert send(db, batch) == first
    assert [row[4] for row in first] == [1] * 8
    other = [one(name, "note", event_id="e1") for name in "abcdef"]
    with pytest.raises(errors.EventIdTaken):
        send(db, other)


def test_expected_revisions_are_looked_at(db: psycopg.Connection) -> None:
    start(db, *"abcdef")
    batch = [one(name, "count", expected_revision=1) for name in "abcdef"]
    assert {row[1] for row in send(db, batch)} == {2}


@pytest.mark.parametrize(
    "events",
    [
        None,
        "{}",
        "null",
        '"x"',
        "[1]",
        "[null]",
        "[[]]",
        "[{}]",
        '[{"instance_id": "a"}]',
        '[{"event": "e"}]',
        '[{"instance_id": 1, "event": "e"}]',
        '[{"instance_id": null, "event": "e"}]',
        '[{"instance_id": "a", "event": 1}]',
        '[{"instance_id": "a", "event": "e", "event_id": 1}]',
        '[{"instance_id": "a", "event": "e", "evnt": 1}]',
        '[{"instance_id": "a", "event": "e", "expected_revision": 1.5}]',
        '[{"instance_id": "a", "event": "e", "expected_revision": "now"}]',
        json.dumps([one("a", "e")] * 10_001),
    ],
)
def test_what_is_no_batch_is_refused(db: psycopg.Connection, events: str) -> None:
    with pytest.raises(errors.BadBatch):
        db.execute("select pgsm.send_events(%s)", [events])


def test_ten_thousand_events_to_few_and_to_one_are_taken(
    db: psycopg.Connection,
) -> None:
    names = [f"n{number} 😀" for number in range(100)]
    start(db, *names)
    batch = [one(name, "count") for _ in range(97) for name in names]
    batch += [one(names[0], "count")] * 300
    answers = send(db, batch)
    assert len(answers) == 10_000
    assert answers[-1][4] == 397
    assert db.execute(
        "select count(*), count(distinct revision) from pgsm.event_log"
        " where instance_id = %s",
        [names[0]],
    ).fetchone() == (398, 398)


def test_batches_in_any_order_do_not_deadlock_and_lose_nothing(
    dsn: str, connect: Connect
) -> None:
    sessions, calls = 5, 8
    names = [f"shared {number}" for number in range(30)]
    start(connect(), *names)
    barrier = threading.Barrier(sessions)

    def work(seed: int) -> None:
        chance = random.Random(seed)
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("set deadlock_timeout = '50ms'")
            barrier.wait()
            for _ in range(calls):
                send(connection, [one(n, "count") for n in chance.sample(names, 30)])

    with futures.ThreadPoolExecutor(sessions) as pool:
        list(pool.map(work, range(sessions)))
    rows = connect().execute(
        "select distinct context ->> 'count', revision from pgsm.instances"
        " where starts_with(instance_id, 'shared ')"
    )
    assert rows.fetchall() == [(str(sessions * calls), sessions * calls + 1)]
