"""What is expected and not so is told; what is not mentioned does not matter."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import files

MACHINE = """
    id: order
    initial: both
    context: {list: [{id: 1, n: a}, {id: 2, n: b}], yes: true, one: 1, money: 0.30}
    states:
      both:
        type: parallel
        tags: [busy, open]
        states:
          a: {initial: x, states: {x: {on: {go: y}}, y: {}}}
          b: {initial: z, states: {z: {after: {1 day: z2}}, z2: {}}}
        on:
          say:
            actions:
              - {type: log, message: hello}
              - {type: emit, event: said, data: {what: hello}}
              - {type: effect, name: mail, input: {to: ann, cc: [bob]}}
              - {type: effect, name: mail, input: {to: bob, cc: []}}
              - {type: raise, event: later, delay: 2 hours, id: bell, data: {n: 1}}
          later: {}
    implementations: {effects: {mail: {}}}
"""
STEP = """
machine: order.yaml
steps:
  - send: say
    expect: {expect}
"""


def differences(folder: Path, expect: str) -> list[str]:
    (result,) = files.memory(folder, STEP.replace("{expect}", expect), MACHINE)
    return [line.removeprefix("4: ") for line in files.told(result)]


@pytest.mark.parametrize(
    "expect",
    [
        "{value: {both: {a: x, b: z}}}",
        "{states: [both.a.x, both]}",
        "{states: both.b.z}",
        "{context: {}}",
        "{context: {yes: true, money: 0.3, list: [{id: 1}, {n: b}]}}",
        "{tags: [open, busy]}",
        "{notes: [hello]}",
        "{emitted: [said]}",
        "{emitted: [{event: said, data: {what: hello}}]}",
        "{effects: [mail, mail]}",
        "{effects: [mail, {input: {to: ann}}]}",
        "{effects: [{input: {cc: []}}, {status: pending, input: {to: ann}}]}",
        "{timers: [1 day, bell]}",
        "{timers: [later, {state: both.b.z, in: 24 hours}]}",
        "{timers: [{id: bell, data: {n: 1}, in: 2 hours}, {delay: 1 day}]}",
        "{takes: [go, say], refuses: [stop]}",
        "{status: active, output: null, outcome: taken}",
        "{refused: false}",
    ],
)
def test_what_is_so_is_no_difference(tmp_path: Path, expect: str) -> None:
    assert differences(tmp_path, expect) == []


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ("{value: both}", 'value: "both" / {"both":{"a":"x","b":"z"}}'),
        (
            "{states: both.a.y}",
            'states: "both.a.y" is active / both, both.a, both.a.x,',
        ),
        ("{context: {one: true}}", "context.one: true / 1"),
        ("{context: {two: null}}", "context.two: null / nothing: there is no such key"),
        (
            "{context: {list: [{id: 1}]}}",
            'context.list: [{"id":1}] / [{"id":1,"n":"a"}',
        ),
        ("{context: {list: [{id: 1}, {id: 3}]}}", "context.list[1].id: 3 / 2"),
        ("{tags: [open]}", 'tags: ["open"] / ["busy","open"]'),
        ("{notes: []}", 'notes: [] / ["hello"]'),
        ("{emitted: []}", 'emitted: [] / [{"event":"said"'),
        ("{emitted: [sad]}", 'emitted: ["sad"] / [{"event":"said"'),
        ("{effects: []}", "effects: no others / mail "),
        ("{effects: [mail]}", 'effects: no others / mail {"to":"bob","cc":[]} pending'),
        ("{effects: [mail, mail, sms]}", 'effects: "sms" / mail '),
        ("{effects: [mail, mail, {status: failed}]}", 'effects: {"status":"failed"} /'),
        ("{timers: [bell]}", "timers: no others / 1 day of both.b.z in 1 day"),
        (
            "{timers: [bell, {in: 1 hour}]}",
            'timers: {"in":"1 hour"} / later in 2 hours;',
        ),
        ("{takes: [stop]}", "takes: stop would be taken / would not be taken"),
        ("{refuses: [go]}", "refuses: go would not be taken / would be taken"),
        ("{status: done}", 'status: "done" / "active"'),
        ("{outcome: deferred}", 'outcome: "deferred" / "taken"'),
        ("{refused: true}", "refused: a refusal / taken"),
        ("{refused: SM101}", 'refused: a refusal "SM101" / taken'),
        ("{instances: {kid: {value: a}}}", "instances.kid: an instance / there is no"),
    ],
)
def test_what_is_not_so_is_told(tmp_path: Path, expect: str, said: str) -> None:
    (found,) = differences(tmp_path, expect)
    assert found.startswith(said)


def test_only_the_first_step_that_fails_is_told(tmp_path: Path) -> None:
    (result,) = files.memory(
        tmp_path,
        """
        machine: order.yaml
        steps:
          - {send: say, expect: {value: nowhere, status: done}}
          - {send: nothing}
        """,
        MACHINE,
    )
    assert len(result.failures) == 2
    assert result.step is not None
    assert result.step.number == 1


def test_a_function_without_a_result_is_asked_for(tmp_path: Path) -> None:
    (result,) = files.memory(
        tmp_path,
        """
        machine: order.yaml
        input: {total: 1}
        steps: [{send: accept}]
        """,
    )
    (told,) = files.told(result)
    assert told == (
        '3: the machine calls shop.in_stock(text): say what it returns, "functions":'
        ' {"shop.in_stock(text)":null}'
    )


def test_functions_change_by_a_step_and_can_fail(tmp_path: Path) -> None:
    (result,) = files.memory(
        tmp_path,
        """
        machine: order.yaml
        input: {total: 1}
        functions: {"shop.in_stock(text)": {error: {message: closed, code: SH001}}}
        steps:
          - {send: accept, data: {eta: 1}, expect: {refused: true, value: offered}}
          - functions: {"shop.in_stock(text)": true}
          - {send: accept, data: {eta: 1}, expect: {value: charging}}
        """,
    )
    assert files.told(result) == []


def test_a_machine_with_problems_is_told_with_its_paths(tmp_path: Path) -> None:
    text = "machine: order.yaml\nsteps: []\n"
    (result,) = files.memory(tmp_path, text, "initial: x\nstates: {a: {on: {go: b}}}\n")
    assert [line.partition(": $")[0] for line in files.told(result)] == [
        "1: the machine",
        "1: the machine",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("machine: nothing\nsteps: []\n", 'there is no file and no machine "nothing"'),
        ("machine: no.yaml\nsteps: []\n", "there is no file "),
        ("machine: {}\nversion: 2\nsteps: []\n", '"version" is of a machine in a data'),
        ("machine: {}\nclock: noon\nsteps: []\n", 'clock: "noon" is no'),
        ("machine: {}\nsteps: [{advance: noon}]\n", '"noon" is no '),
        ("machine: {}\nsteps: [{start: x}]\n", 'there is no machine "x": name its'),
    ],
)
def test_what_cannot_be_played_is_a_failure(
    tmp_path: Path, text: str, said: str
) -> None:
    (result,) = files.memory(tmp_path, text)
    assert said in files.told(result)[0]
