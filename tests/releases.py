"""What a release's fixture holds, and how it must go on under any later release.

`fill` makes running instances of several kinds through the public functions; `go_on`
takes each of them to its end.  A fixture is a dump of such a database, with `facts`
before and after going on.  What stands here is what users have: a later release adds
to `fill` and changes nothing.
"""

from __future__ import annotations

import json
import lzma
import re
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from pgsm import programs, sqitch

from . import clock

Json = Any
Connection = psycopg.Connection[Any]
DIRECTORY = Path(__file__).resolve().parent / "fixtures" / "releases"

KEEP = {"type": "assign", "set": {"out": {"expr": "event.output"}}}
TAKE = {"target": "over", "actions": KEEP}
KID = {
    "initial": "k",
    "states": {"k": {"on": {"end": "z"}}, "z": {"type": "final"}},
    "output": 3,
}


def machine(first: str, *defer: str, **on: str) -> Json:
    """The machine of a version; `first` is its first state."""
    to = ("working", "listing", "family", "group", "noting", "end")
    waits = {"after": {"1 day": "late"}, "on": {**dict(zip(to, to, strict=True)), **on}}
    return {
        "initial": first,
        "context": {"out": None, "name": {"expr": 'get(input, "name", null)'}},
        "keys": {"name": {"expr": "context.name"}},
        "states": {
            first: {**waits, "defer": list(defer)},
            "working": {"invoke": {"src": "mail", "onDone": TAKE}},
            "listing": {
                "invoke": {"src": "mail", "each": [1, 2], "onDone": TAKE},
            },
            "family": {"invoke": {"machine": "kid", "onDone": TAKE}},
            "group": {
                "initial": "x",
                "on": {"leave": "away"},
                "states": {
                    "x": {"on": {"y": "y"}},
                    "y": {},
                    "h": {"type": "history", "history": "deep"},
                },
            },
            "away": {"on": {"back": "group.h"}},
            "noting": {"entry": {"type": "effect", "name": "letter", "key": "note"}},
            "late": {},
            "over": {},
            "end": {"type": "final"},
        },
        "implementations": {"effects": {"mail": {}, "letter": {}}},
    }  # fmt: skip


OLD = machine("waiting", "pay")
NEW = machine("ready", pay="over")
STARTED = {
    "timer": [],
    "deferred": ["pay"],
    "posted": [],
    "queued": ["working"],
    "running": ["working"],
    "failed": ["working"],
    "list": ["listing"],
    "family": ["family"],
    "told": ["family"],
    "away": ["group", "y", "leave"],
    "noting": ["noting"],
    "paused": [],
    "done": ["end"],
    "upgraded": [],
    "lazy": [],
}


def fill(connection: Connection) -> None:
    """Instances in the middle of all that may be under way."""
    run = connection.execute
    for name, document in (("kid", KID), ("work", OLD), ("lazy", OLD)):
        run("select pgsm.define_machine(%s, %s)", [name, json.dumps(document)])
    for name, events in STARTED.items():
        kind = "lazy" if name == "lazy" else "work"
        given = json.dumps({"name": name})
        run("select pgsm.start_instance(%s, %s, %s)", [kind, name, given])
        for event in events:
            run("select pgsm.send_event(%s, %s)", [name, event])
    for name in ("lazy", "work"):
        query = "select pgsm.define_machine(%s, %s, make_current => %s)"
        run(query, [name, json.dumps(NEW), name == "lazy"])
        run(
            'select pgsm.define_upgrade(%s, 1, 2, \'{"waiting": "ready"}\','
            ' context => \'{"set": {"version": 2}}\')',
            [name],
        )
    run("select pgsm.set_upgrade_policy('lazy', 'lazy')")
    run("select pgsm.post_event('posted', 'working', delay => '1 hour')")
    run("select pgsm.send_event(instance_id, 'end') from pgsm.instances"
        " where parent_id = 'told'")  # fmt: skip
    run("select pgsm.upgrade_instance('upgraded', 2), pgsm.pause_instance('paused')")
    for row in claimed(connection):
        where = [row["instance_id"], row["effect_id"], row["lease_token"]]
        if row["instance_id"] == "failed":
            run("select pgsm.fail_effect(%s, %s, %s, '{\"message\": \"no\"}',"
                " permanent => true)", where)  # fmt: skip
        elif row["instance_id"] == "list":
            complete(connection, row)
            break


def claimed(connection: Connection) -> list[dict[str, Any]]:
    """All effects that may be claimed, for an hour."""
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            "select * from pgsm.claim_effects('tests', '{mail,letter}', 100, '1 hour')"
        )
        return cursor.fetchall()


def complete(connection: Connection, claim: dict[str, Any]) -> None:
    given = {key: claim[key] for key in ("instance_id", "effect_id")}
    given |= {"lease_token": str(claim["lease_token"]), "output": 7}
    connection.execute("select pgsm.complete_effects(%s)", [json.dumps([given])])


def go_on(connection: Connection, now: datetime) -> None:
    """All goes on from where it was, `now` on the clock, under this release."""
    run = connection.execute
    run("select pgsm.adopt_database()")
    run("select pgsm.make_log_partitions()")
    clock.set_clock(connection, now.isoformat())
    run("select pgsm.undo_upgrade('upgraded'), pgsm.resume_instance('paused')")
    with connection.cursor(row_factory=dict_row) as cursor:
        # what the runner of before holds, it completes
        cursor.execute("select * from pgsm_private.effects where status = 'running'")
        for row in cursor.fetchall():
            complete(connection, row)
    run("select pgsm.send_event('lazy', 'pay')")
    run("select pgsm.upgrade_all('work', 2)")
    run("select pgsm.retry_effect(instance_id, effect_id)"
        " from pgsm.effects where status = 'failed'")  # fmt: skip
    while work := claimed(connection):
        for row in work:
            complete(connection, row)
    run("select pgsm.send_event(instance_id, 'end') from pgsm.instances"
        " where parent_id = 'family'")  # fmt: skip
    run("select pgsm.send_event('away', 'back')")
    fire(connection)
    clock.set_clock(connection, (now + timedelta(days=2)).isoformat())
    fire(connection)
    while work := claimed(connection):
        for row in work:
            complete(connection, row)


def fire(connection: Connection) -> None:
    """Fire timers and messages until none is due."""
    while connection.execute("select fired from pgsm.fire_timers()").fetchone() != (0,):
        pass


def facts(connection: Connection) -> dict[str, Json]:
    """What a user sees of each instance, and of what is under way."""
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            "select instance_id, machine, version, status, value, context,"
            " array(select array[t.event, t.status] from pgsm.timers as t"
            "  where t.instance_id = i.instance_id order by 1) as timers,"
            " array(select array[e.name, e.status] from pgsm.effects as e"
            "  where e.instance_id = i.instance_id order by 1) as effects"
            " from pgsm.instances as i"
        )
        found = {row.pop("instance_id"): row for row in cursor.fetchall()}
    rows: dict[str, Json] = json.loads(json.dumps(found))
    return rows


# -- dumps --------------------------------------------------------------------------


def dump(dsn: str) -> str:
    """The database as SQL, with sqitch's registry."""
    said = _run(dsn, "pg_dump", "--no-comments")
    # each dump has a key of its own, which older programs do not know
    return re.sub(r"^\\(un)?restrict .*\n", "", said, flags=re.MULTILINE)


def restore(dsn: str, script: str) -> None:
    _run(dsn, "psql", "-Xq", "-v", "ON_ERROR_STOP=1", given=script)


def _run(dsn: str, program: str, *arguments: str, given: str = "") -> str:
    done = subprocess.run(
        [programs.find_server().program(program), *arguments],
        env=sqitch.environment(dsn),
        input=given,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def make(dsn: str) -> tuple[str, Json]:
    """A dump of the database, filled, and what is expected of it: at, before, after."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        fill(connection)
        (now,) = connection.execute("select clock_timestamp()").fetchone() or ()
        before = facts(connection)
        script = dump(dsn)
        at = now + timedelta(minutes=1)
        go_on(connection, at)
        after = facts(connection)
    return script, {"at": at.isoformat(), "before": before, "after": after}


def write(directory: Path, script: str, expected: Json) -> None:
    """Keep a fixture."""
    directory.mkdir(parents=True)
    packed = lzma.compress(script.encode(), preset=9 | lzma.PRESET_EXTREME)
    (directory / "dump.sql.xz").write_bytes(packed)
    text = json.dumps(expected, indent=1, sort_keys=True)
    (directory / "expected.json").write_text(text + "\n", encoding="utf-8")


def read(directory: Path) -> tuple[str, Json]:
    """What `make` gave for a release."""
    script = lzma.decompress((directory / "dump.sql.xz").read_bytes()).decode()
    expected = (directory / "expected.json").read_text(encoding="utf-8")
    return script, json.loads(expected)
