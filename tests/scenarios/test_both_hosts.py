"""The same scenarios pass in memory and in a database, of which nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import tuple_row

from pgsm.scenarios.database import DatabaseHost
from pgsm.scenarios.running import Result
from pgsm.testing import durations

from . import files

Play = Callable[..., list[Result]]

SHOP = """
    create schema shop;
    grant usage on schema shop to pgsm_caller;
    create function shop.in_stock (text) returns boolean stable language sql
      as $$ select $1 <> 'order-9' $$;
"""


@pytest.fixture(scope="module")
def shop_dsn(dsn: str) -> Iterator[str]:
    """A database with what the machines call, and a role that sends."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SHOP)
        connection.execute("create role scenario_sender in role pgsm_client")
        yield dsn
        connection.execute("drop role scenario_sender")


@pytest.fixture(params=["memory", "database"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Play:
    if request.param == "memory":
        return lambda text, **more: files.memory(tmp_path, text, **more)
    dsn = request.getfixturevalue("shop_dsn")

    def in_database(text: str, **more: Any) -> list[Result]:
        with psycopg.connect(dsn) as connection:
            before = _instances(connection)
            found = files.database(connection, tmp_path, text, **more)
            assert _instances(connection) == before
        return found

    return in_database


def _instances(connection: psycopg.Connection[Any]) -> list[Any]:
    cursor = connection.cursor(row_factory=tuple_row)
    return cursor.execute("select instance_id from pgsm.instances").fetchall()


def passes(results: list[Result]) -> None:
    assert [(r.scenario.name, files.told(r)) for r in results if not r.ok] == []
    assert results


def test_events_effects_and_time(play: Play) -> None:
    passes(
        play("""
        machine: order.yaml
        input: {total: 12.50}
        functions: {shop.in_stock(text): true}
        scenarios:
          - name: paid
            steps:
              - expect:
                  value: offered
                  tags: [waiting]
                  timers: [{delay: 10 minutes, state: offered, in: 10 minutes}]
                  effects: []
              - send: accept
                data: {eta: 20}
                expect:
                  value: charging
                  states: charging
                  context: {eta: 20, total: 12.5}
                  outcome: taken
                  emitted: [{event: order.accepted, data: {eta: 20}}]
                  notes: [accepted]
                  timers: []
                  effects: [{name: card.charge, input: {amount: 12.50}, attempt: 0}]
              - done: charge
                output: {receipt: 7}
                expect: {value: paid, status: done, output: {paid: true}, effects: []}
          - name: it is tried again
            steps:
              - {send: accept, data: {eta: 20}}
              - retry: charge
                message: no network
                expect:
                  effects: [{invoke: charge, status: retrying, attempt: 1,
                             error: {message: no network}}]
              - {done: card.charge, output: {receipt: 7}, expect: {value: paid}}
          - name: not for ever
            steps:
              - {send: accept, data: {eta: 20}}
              - {retry: charge, expect: {value: charging}}
              - {retry: charge, message: off, code: net, expect: {value: declined}}
              - expect: {effects: [{name: card.charge, status: failed,
                                    error: {code: net, message: "off"}}]}
          - name: declined
            steps:
              - {send: accept, data: {eta: 20}}
              - {error: charge, message: "no", expect: {value: declined, effects: []}}
          - name: a deadline
            steps:
              - {send: accept, data: {eta: 20}}
              - {advance: 59 minutes, expect: {value: charging}}
              - {advance: 1 minute, expect: {value: declined}}
          - name: expired
            steps:
              - {advance: 9 minutes 59 seconds, expect: {value: offered}}
              - {advance: 1 second, expect: {value: expired, status: done}}
          - name: until a time
            clock: 2031-05-01T10:00:00Z
            steps:
              - expect: {timers: [{at: "2031-05-01T10:10:00Z"}]}
              - {advance_to: "2031-05-01 10:09Z", expect: {value: offered}}
              - {advance_to: "2031-05-01 10:10Z", expect: {value: expired}}
        """)
    )


def test_refusals_and_senders(play: Play) -> None:
    passes(
        play("""
        machine: order.yaml
        input: {total: 12}
        scenarios:
          - name: guarded
            id: order-9
            functions: {shop.in_stock(text): false}
            steps:
              - {send: accept, expect: {refused: true, value: offered}}
              - {send: accept, expect: {outcome: guarded}}
              - expect: {refuses: [accept, nothing], takes: []}
          - name: an event of nobody
            functions: {shop.in_stock(text): true}
            steps:
              - {send: pay, expect: {refused: true, outcome: no_transition}}
              - expect: {takes: [{event: accept, data: {eta: 1}}], refuses: [pay]}
          - name: an error
            steps:
              - send: break
                expect: {refused: SM102, value: offered}
              - send: break
                expect: {refused: {code: SM102, message: nothing}}
          - name: who sends
            steps:
              - {send: cancel, expect: {refused: true}}
              - {send: cancel, as: scenario_sender, expect: {refused: true}}
              - send: cancel
                as: {role: scenario_sender, claims: {sub: ann}}
                expect: {refused: true}
        """)
    )


def test_events_that_would_be_taken_are_those_of_the_sender(play: Play) -> None:
    passes(
        play(
            """
        machine: order.yaml
        as: {role: scenario_sender, claims: {sub: ann}}
        steps:
          - expect: {takes: [open], refuses: [shut, break]}
        """,
            machine="""
        initial: a
        context: {}
        states:
          a:
            on:
              open: {target: b, guard: {expr: auth.claims.sub == "ann"}}
              shut: {target: b, guard: {expr: auth.claims.sub == "bob"}}
              break: {target: b, guard: {expr: auth.claims.nothing == 1}}
          b: {}
        """,
        )
    )


def test_a_machine_that_does_not_start_is_told_so(play: Play) -> None:
    (result,) = play("machine: order.yaml\nsteps: [{send: accept}]\n")
    (line,) = files.told(result)
    assert line.startswith('1: it does not start: SM102: event "pgsm.start"')


def test_a_timer_that_is_refused_is_a_refused_step(play: Play) -> None:
    passes(
        play(
            """
        machine: order.yaml
        steps:
          - advance: 1 minute
            expect: {refused: SM102, value: a, timers: [{delay: 1 minute}]}
        """,
            machine="""
        initial: a
        context: {}
        states:
          a:
            after:
              1 minute:
                target: b
                actions: {type: assign, set: {x: {expr: context.nothing}}}
          b: {}
        """,
        )
    )


FAMILY = """
    id: order
    initial: cooking
    context: {cook: null}
    states:
      cooking:
        invoke:
          id: dish
          machine: dish
          input: {name: pizza}
          onDone:
            target: served
            actions: {type: assign, set: {cook: {expr: event.output.by}}}
        on:
          hurry: {actions: {type: send, to: {child: dish}, event: hurry}}
      served:
        on:
          praise:
            actions:
              type: send
              to: {instance: kitchen-1}
              event: praised
              data: {dish: pizza}
"""


def test_children_and_other_instances(play: Play, tmp_path: Path) -> None:
    files.write(
        tmp_path,
        "dish.yaml",
        """
        initial: waiting
        context: {name: {expr: input.name}, hurried: false}
        states:
          waiting:
            on:
              hurry: {actions: {type: assign, set: {hurried: true}}}
              ready: done
          done: {type: final}
        output: {by: kim}
        """,
    )
    passes(
        play(
            """
        machine: order.yaml
        machines:
          - id: kitchen
            initial: quiet
            context: {praised: 0}
            states:
              quiet:
                on:
                  praised:
                    actions: {type: assign, set: {praised: {expr: context.praised + 1}}}
        steps:
          - {start: kitchen, id: kitchen-1}
          - send: hurry
            expect:
              value: cooking
              instances:
                dish: {value: waiting, context: {name: pizza, hurried: true}}
          - send: ready
            to: dish
            expect: {value: served, context: {cook: kim}}
          - send: praise
            expect: {instances: {kitchen-1: {context: {praised: 1}}}}
          - post: praised
            to: kitchen-1
            delay: 5 minutes
            expect:
              instances:
                kitchen-1: {timers: [{event: praised, in: 5 minutes}]}
          - advance: 5 minutes
            expect: {instances: {kitchen-1: {context: {praised: 2}, timers: []}}}
        """,
            machine=FAMILY,
        )
    )


def test_what_a_step_lacks_is_told_the_same(play: Play) -> None:
    results = play("""
        machine: order.yaml
        input: {total: 12}
        functions: {shop.in_stock(text): true}
        scenarios:
          - steps:
              - send: accept
                data: {eta: 20}
                expect:
                  value: paid
                  context: {eta: 21}
                  effects: [email.send]
          - steps: [{send: acept}]
          - steps: [{done: charge}]
          - steps: [{send: accept, to: kitchen}]
        """)
    lines = [files.told(result) for result in results]
    assert lines[0] == [
        '9: value: "paid" / "charging"',
        "10: context.eta: 21 / 20",
        '11: effects: "email.send" / card.charge (charge) {"amount":12} pending',
    ]
    assert lines[1] == ["12: nothing takes the event (if that is meant: refused: true)"]
    assert lines[2] == [
        '13: instance "order-1" has no open effect "charge"; its effects: none'
    ]
    assert lines[3] == [
        '14: there is no instance or child "kitchen"; there are order-1'
    ]


def test_instances_of_others_are_left_alone(dsn: str, tmp_path: Path) -> None:
    """A clock in 2030 makes all their timers due."""
    with psycopg.connect(dsn) as connection:
        connection.execute("select pgsm.define_machine('waiter', %s)", [WAITER])
        connection.execute("select pgsm.start_instance('waiter', 'waiter-1')")
        query = "select instance_id, status from pgsm.timers"
        host = DatabaseHost(files.prepared(connection))
        host.start("waiter", {}, "waiter-2", None)
        host.advance_to(durations.add(host.clock, "1 day"))
        assert host.view("waiter-2").value == "gone"
        assert host.rows(query) == [{"instance_id": "waiter-1", "status": "armed"}]


WAITER = (
    '{"initial": "here", "states": {"here": {"after": {"1 day": "gone"}}, "gone": {}}}'
)
