"""`pgsm simulate`: what is typed happens, is shown, undone, and kept."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pgsm.cli import main
from pgsm.cli.simulate_prompt import completed

from . import files

DOOR = """
    id: door
    initial: closed
    context: {n: 0}
    states:
      closed:
        on:
          open:
            target: opened
            guard: {expr: "get(event.data, 'key') == 7"}
            actions:
              - {type: assign, set: {n: {expr: context.n + 1}}}
              - {type: log, message: click}
              - {type: emit, event: door.opened}
      opened:
        on: {shut: closed}
        after: {1 minute: closed}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    files.write(tmp_path, "door.yaml", DOOR)
    files.write(tmp_path, "order.yaml", files.ORDER)
    return tmp_path


def run(*arguments: Any, typed: str = "") -> Result:
    return CliRunner().invoke(main, ["simulate", *map(str, arguments)], input=typed)


def after(result: Result, command: str) -> list[str]:
    """What was printed after a command."""
    lines = result.stdout.splitlines()
    begin = lines.index(f"> {command}") + 1
    ends = [n for n in range(begin, len(lines)) if lines[n].startswith("> ")]
    return [line.strip() for line in lines[begin : ends[0] if ends else None]]


def test_a_step_shows_what_it_did_and_what_may_follow() -> None:
    result = run("door.yaml", typed='open {"key": 7}\nquit\n')
    assert result.exit_code == 0
    assert after(result, 'open {"key": 7}') == [
        "✓ open: closed → opened",
        "context: /n = 1",
        "emitted: door.opened {}",
        "note:    click",
        "door-1  opened  revision 2, 2030-01-01 12:00:00 UTC",
        "events:  shut",
        "timer:   1 minute of opened in 1 minute",
    ]


def test_what_is_refused_is_said_and_changes_nothing() -> None:
    result = run("door.yaml", typed="open\n")
    assert result.exit_code == 0
    assert after(result, "open")[:2] == [
        "✗ guards refuse the event: get(event.data, 'key') == 7",
        "door-1  closed  revision 1, 2030-01-01 12:00:00 UTC",
    ]


def test_time_passes_to_what_is_due_next() -> None:
    result = run("door.yaml", typed='open {"key": 7}\nadvance\nadvance 1 day\n')
    assert after(result, "advance") == [
        "✓ after.1 minute.opened: opened → closed",
        "door-1  closed  revision 3, 2030-01-01 12:01:00 UTC",
        "events:  open (guarded)",
    ]
    assert "2030-01-02 12:01:00 UTC" in after(result, "advance 1 day")[0]


def test_steps_are_undone_one_by_one() -> None:
    typed = 'open {"key": 7}\nshut\nundo\nundo\nundo\n'
    result = run("door.yaml", typed=typed)
    assert [
        line for line in result.stdout.splitlines() if line.startswith("door-1")
    ] == [
        f"door-1  {state}  revision {n}, 2030-01-01 12:00:00 UTC"
        for state, n in [
            ("closed", 1),
            ("opened", 2),
            ("closed", 3),
            ("opened", 2),
            ("closed", 1),
        ]
    ]
    assert "there is nothing to undo" in result.stdout


def test_what_is_not_understood_is_an_exit_code_in_a_pipe() -> None:
    result = run("door.yaml", typed="opne\n")
    assert result.exit_code == 1
    assert 'did you mean "open"?' in result.stdout
    for wrong in ("send", "done", "to x", "open {", "advance noon", "done x", "save"):
        assert run("door.yaml", typed=f"{wrong}\n").exit_code == 1, wrong
    assert run("door.yaml", typed="\n# a comment\nshow all\nlog\nhelp\n").exit_code == 0


def test_functions_are_asked_for_until_it_is_said_what_they_return() -> None:
    typed = 'accept {"eta": 5}\nno\nfalse\nreturns shop.in_stock(text) true\n'
    result = run(
        "order.yaml", "--input", '{"total": 1}', typed=typed + 'accept {"eta": 9}\n'
    )
    assert result.exit_code == 0
    question = 'shop.in_stock("order-1") returns (JSON): '
    assert f"{question}no\nthat is no JSON: " in result.stdout
    assert f"{question}false\n" in result.stdout
    assert "✗ guards refuse the event" in result.stdout
    assert "✓ accept: offered → charging" in after(result, 'accept {"eta": 9}')


@pytest.mark.parametrize("name", ["played.scenarios.yaml", "played.json"])
def test_what_was_played_passes_as_a_scenario(folder: Path, name: str) -> None:
    typed = f"""cancel
accept {{"eta": 20}}
true
retry charge no network
advance 10 seconds
done charge {{"receipt": 7}}
save {folder / "kept" / name} paid
save {folder / "kept" / name} paid
"""
    (folder / "kept").mkdir()
    result = run("order.yaml", "--input", '{"total": 12.50}', typed=typed)
    assert "5 steps written" in result.stdout
    assert "File exists" in result.stdout
    played = CliRunner().invoke(main, ["test", str(folder / "kept" / name)])
    assert played.exit_code == 0, played.output
    kept = (folder / "kept" / name).read_text()
    assert "../order.yaml" in kept
    assert "refused" in kept


def test_children_and_other_instances_are_played_with(folder: Path) -> None:
    files.write(
        folder,
        "dish.yaml",
        "initial: a\nstates: {a: {on: {ready: b}}, b: {type: final}}\n",
    )
    files.write(
        folder,
        "meal.yaml",
        """
        initial: cooking
        states:
          cooking: {invoke: {id: main, machine: dish, onDone: served}}
          served: {}
        """,
    )
    typed = "to main ready\nstart dish other-1\nto other-1 ready\n"
    result = run("meal.yaml", "--machine", "dish.yaml", typed=typed)
    assert result.exit_code == 0
    assert "child:   main (meal-1/main/1) in a" in result.stdout
    assert "✓ done.invoke.main: cooking → served" in after(result, "to main ready")


def test_machines_of_a_database_are_read(fresh_dsn: str) -> None:
    environment = {"PGSM_DSN": fresh_dsn}
    define = ["machine", "define", "door.yaml", "--name", "gate"]
    assert CliRunner().invoke(main, define, env=environment).exit_code == 0
    result = CliRunner().invoke(
        main, ["simulate", "gate"], env=environment, input='open {"key": 7}\n'
    )
    assert result.exit_code == 0, result.output
    assert "gate-1  opened" in result.stdout


def test_what_does_not_start_is_exit_code_1(folder: Path) -> None:
    result = run("order.yaml")
    assert result.exit_code == 1
    assert "it does not start" in result.stderr
    files.write(folder, "bad.yaml", "initial: x\n")
    assert "pgsm check says more" in run("bad.yaml").stderr
    assert run("nothing.yaml").exit_code == 2
    assert run("door.yaml", "--version", "2").exit_code == 2
    assert run("door.yaml", "--input", "{").exit_code == 2


def test_of_many_states_those_near_active_ones_are_shown(folder: Path) -> None:
    rooms = {f"r{n}": {"initial": "x", "states": {"x": {}, "y": {}}} for n in range(20)}
    document = {"initial": "r3", "states": rooms}
    (folder / "house.json").write_text(json.dumps(document))
    result = run("house.json", typed="show all\n")
    assert len(after(result, "show all")) == 61
    first = result.stdout.partition("house-1")[0].splitlines()
    assert first.index("● r3") + 1 == first.index("  ● x")
    assert len(first) == 22


def test_completion_begins_where_the_word_begins() -> None:
    words = {"": ["open", "send"], "send": ["open", "oval"]}
    assert completed("o", words) == [("open", -1)]
    assert completed("send o", words) == [("open", -1), ("oval", -1)]
    assert completed("shut x", words) == []


READY = "\x1b[?2004h"  # prompt_toolkit takes keys from here on


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, *command: str) -> None:
        self.leader, follower = pty.openpty()
        size = struct.pack("HHHH", 40, 120, 0, 0)
        fcntl.ioctl(follower, termios.TIOCSWINSZ, size)
        self.process = subprocess.Popen(
            command,
            stdin=follower,
            stdout=follower,
            stderr=follower,
            env={**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
            close_fds=True,
        )
        os.close(follower)
        self.shown = ""

    def until(self, text: str, seconds: float = 60) -> None:
        """Wait until a text has been shown."""
        deadline = time.monotonic() + seconds
        while text not in self.shown:
            left = deadline - time.monotonic()
            assert left > 0, f"{text!r} is not in {self.shown!r}"
            ready, _, _ = select.select([self.leader], [], [], left)
            if ready:
                self.shown += os.read(self.leader, 65536).decode(errors="replace")

    def type(self, text: str) -> None:
        os.write(self.leader, text.encode())


def test_a_person_types_and_completes(folder: Path) -> None:
    terminal = Terminal(sys.executable, "-m", "pgsm", "simulate", "door.yaml")
    try:
        terminal.until("open (guarded)")
        terminal.until(READY)
        terminal.shown = ""
        terminal.type("ope")
        terminal.until("open")  # in the menu
        terminal.shown = ""
        terminal.type("\t")
        terminal.until("n")
        terminal.type(' {"key": 7}\r')
        terminal.until("revision 2")
        terminal.until("shut")
        terminal.type("quit\r")
        assert terminal.process.wait(60) == 0
    finally:
        terminal.process.kill()
        terminal.process.wait()
        os.close(terminal.leader)
