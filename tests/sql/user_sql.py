"""A machine that runs any SQL as user SQL, and the doors through which it does."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import psycopg

from .conftest import AsRole

# shop.run executes a text; shop.attempt gives the SQLSTATE that it met, or "done".
# shop.ask and shop.tell are stable, as guards and values must be.  shop.say raises a
# notice, which arrives also when the transaction is rolled back.
SHOP = """
create schema shop;
grant usage on schema shop to pgsm_caller, pgsm_author;

create function shop.run (command text) returns text
  language plpgsql
as $$
begin
    execute run.command;
    return current_user;
end;
$$;

create function shop.attempt (command text) returns text
  language plpgsql
as $$
begin
    execute attempt.command;
    return 'done';
exception
    when others then
        return sqlstate;
end;
$$;

create function shop.ask (command text) returns boolean
  language plpgsql
  stable
as $$
begin
    execute ask.command;
    return true;
end;
$$;

create function shop.tell (command text) returns text
  language plpgsql
  stable
as $$
begin
    execute tell.command;
    return current_user;
end;
$$;

create function shop.say (message text) returns void
  language plpgsql
as $$
begin
    raise notice '%', message;
end;
$$;

create function shop.upgrade (id text, context jsonb, old text[], new text[])
  returns jsonb
  language plpgsql
as $$
begin
    execute context ->> 'command';
    return context || jsonb_build_object('result', current_user);
end;
$$;
"""

FROM_EVENT = [{"expr": "event.data.command"}]
FROM_CONTEXT = [{"expr": "context.command"}]


def call(
    function: str = "shop.run(text)", arguments: list[Any] = FROM_EVENT
) -> dict[str, Any]:
    return {
        "type": "call",
        "function": function,
        "args": arguments,
        "assign": "result",
    }


def machine() -> dict[str, Any]:
    told = {"sql": "shop.tell(text)", "args": FROM_EVENT}
    asked = {"sql": "shop.ask(text)", "args": FROM_EVENT}
    return {
        "initial": "idle",
        "context": {"command": {"expr": "get(input, 'command', '')"}, "result": None},
        "states": {
            "idle": {
                "on": {
                    "attempt": {"actions": call("shop.attempt(text)")},
                    "call": {"actions": call()},
                    "guard": {
                        "guard": asked,
                        "actions": {"type": "assign", "set": {"result": "asked"}},
                    },
                    "value": {"actions": {"type": "assign", "set": {"result": told}}},
                    "begin": {"target": "working"},
                }
            },
            "working": {
                "invoke": {
                    "src": "probe.work",
                    "onDone": {
                        "target": "idle",
                        "actions": call(arguments=FROM_CONTEXT),
                    },
                }
            },
        },
        "implementations": {"effects": {"probe.work": {}}},
    }


def starting() -> dict[str, Any]:
    """Version 2: its instances run the SQL when they start."""
    document = machine()
    document["states"]["idle"]["entry"] = call(arguments=FROM_CONTEXT)
    return document


def install(connection: psycopg.Connection) -> None:
    """The schema shop, and the machine "probe" in two versions."""
    connection.execute(SHOP)
    for version, document in ((1, machine()), (2, starting())):
        connection.execute(
            "select pgsm.define_machine('probe', %s, %s, make_current => false)",
            [json.dumps(document), version],
        )
    connection.execute(
        "select pgsm.define_upgrade('probe', 1, 2,"
        " context => 'shop.upgrade(text, jsonb, text[], text[])')"
    )


def start(client: psycopg.Connection, command: str = "", version: int = 1) -> str:
    """Start a probe, in whatever transaction there is; its id."""
    instance = uuid.uuid4().hex
    client.execute(
        "select pgsm.start_instance('probe', %s,"
        " jsonb_build_object('command', %s::text), version => %s)",
        [instance, command, version],
    )
    return instance


# The doors: each lets the command run as user SQL, and gives the connection that did.

Notices = list[str]


def _listen(connection: psycopg.Connection, notices: Notices) -> None:
    connection.add_notice_handler(
        lambda notice: notices.append(notice.message_primary or "")
    )


def _send(event: str) -> Callable[[AsRole, str, Notices], psycopg.Connection]:
    def door(as_role: AsRole, command: str, notices: Notices) -> psycopg.Connection:
        client = as_role("client")
        instance = start(client)
        _listen(client, notices)
        _tried(
            client,
            "select pgsm.send_event(%s, %s, jsonb_build_object('command', %s::text))",
            [instance, event, command],
        )
        return client

    return door


def _start(as_role: AsRole, command: str, notices: Notices) -> psycopg.Connection:
    client = as_role("client")
    _listen(client, notices)
    _tried(
        client,
        "select pgsm.start_instance('probe', %s,"
        " jsonb_build_object('command', %s::text), version => 2)",
        [uuid.uuid4().hex, command],
    )
    return client


def _timer(as_role: AsRole, command: str, notices: Notices) -> psycopg.Connection:
    client, scheduler = as_role("client"), as_role("scheduler")
    client.execute(
        "select pgsm.post_event(%s, 'call', jsonb_build_object('command', %s::text))",
        [start(client), command],
    )
    _listen(scheduler, notices)
    _tried(scheduler, "select pgsm.fire_timers()", [])
    return scheduler


def _upgrade(as_role: AsRole, command: str, notices: Notices) -> psycopg.Connection:
    operator = as_role("operator")
    instance = start(as_role("client"), command)
    _listen(operator, notices)
    _tried(operator, "select pgsm.upgrade_instance(%s, 2)", [instance])
    return operator


def _upgrades(as_role: AsRole, command: str, notices: Notices) -> psycopg.Connection:
    operator = as_role("operator")
    instance = start(as_role("client"), command)
    _listen(operator, notices)
    _tried(
        operator,
        "call pgsm.upgrade_instances('probe', 2, instances => array[%s])",
        [instance],
    )
    return operator


def _completion(as_role: AsRole, command: str, notices: Notices) -> psycopg.Connection:
    client, runner = as_role("client"), as_role("runner")
    client.execute("select pgsm.send_event(%s, 'begin')", [start(client, command)])
    _listen(runner, notices)
    _tried(
        runner,
        "select pgsm.complete_effects((select jsonb_agg(to_jsonb(c))"
        " from pgsm.claim_effects('r', '{probe.work}', 50) as c))",
        [],
    )
    return runner


DOORS = {
    "call": _send("call"),
    "guard": _send("guard"),
    "value": _send("value"),
    "start": _start,
    "timer": _timer,
    "upgrade": _upgrade,
    "upgrades": _upgrades,
    "completion": _completion,
}
READING = ("guard", "value")


def through(as_role: AsRole, door: str, command: str) -> tuple[psycopg.Connection, str]:
    """Run a command as user SQL; who let it in, and the notices that were raised."""
    notices: Notices = []
    connection = DOORS[door](as_role, command, notices)
    return connection, "\n".join(notices)


def _tried(connection: psycopg.Connection, query: str, arguments: list[Any]) -> None:
    """Whether it is refused is another question: notices arrive in either case."""
    try:
        connection.execute(query, arguments)
    except psycopg.DatabaseError as error:
        assert error.sqlstate in ("SM102", "SM402"), error  # noqa: PT017
