"""Scenario files of tests: written beside their machines, read, and played."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads

from pgsm.engine import exact
from pgsm.scenarios.playing import play_in_database, play_in_memory
from pgsm.scenarios.reading import read
from pgsm.scenarios.running import Result

ORDER = """
    id: order
    initial: offered
    context: {total: {expr: input.total}, eta: null, receipt: null}
    states:
      offered:
        tags: [waiting]
        on:
          accept:
            target: charging
            guard: {sql: "shop.in_stock(text)", args: [{expr: instance.id}]}
            actions:
              - {type: assign, set: {eta: {expr: event.data.eta}}}
              - {type: emit, event: order.accepted, data: {eta: {expr: event.data.eta}}}
              - {type: log, message: accepted}
          cancel: {target: cancelled, guard: {expr: auth.role == "owner"}}
          break: {actions: {type: assign, set: {total: {expr: context.nothing}}}}
        after: {10 minutes: expired}
      charging:
        invoke:
          id: charge
          src: card.charge
          input: {amount: {expr: context.total}}
          onDone:
            target: paid
            actions: {type: assign, set: {receipt: {expr: event.output.receipt}}}
          onError: declined
        on: {cancel: cancelled}
      paid: {type: final}
      cancelled:
        entry: {type: effect, name: email.send, input: {template: sorry}}
      declined: {}
      expired: {type: final}
    output: {paid: {expr: context.receipt != null}}
    implementations:
      effects: {card.charge: {retry: {attempts: 2}, within: 1 hour}, email.send: {}}
"""


def write(folder: Path, name: str, text: str) -> str:
    """The path of a file with a text, whose margin is taken off."""
    place = folder / name
    place.write_text(textwrap.dedent(text).lstrip("\n"), "utf-8")
    return str(place)


def memory(folder: Path, text: str, machine: str = ORDER) -> list[Result]:
    """What comes of a file's scenarios in memory."""
    write(folder, "order.yaml", machine)
    file = write(folder, "order.scenarios.yaml", text)
    return [play_in_memory(scenario) for scenario in read(file)]


def database(
    connection: psycopg.Connection[Any], folder: Path, text: str, machine: str = ORDER
) -> list[Result]:
    """What comes of a file's scenarios in a database, where all is rolled back."""
    write(folder, "order.yaml", machine)
    file = write(folder, "order.scenarios.yaml", text)
    prepared(connection)
    return [play_in_database(scenario, connection) for scenario in read(file)]


def prepared(connection: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    """The connection as hosts want it: rows are dicts, numbers exact."""
    connection.row_factory = dict_row
    set_json_loads(
        lambda text: exact.loads(text if isinstance(text, str) else text.decode()),
        connection,
    )
    return connection


def told(result: Result) -> list[str]:
    """The failures in lines, without the file's name."""
    return [
        f"{f.line}: {f.what}" + (f": {f.expected} / {f.found}" if f.expected else "")
        for f in result.failures
    ]
