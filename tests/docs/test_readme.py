"""What the README shows works as printed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text("utf-8")
PROMPT = "pgsm=# "


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.M | re.S)


def parse(session: str) -> tuple[list[str], list[str]]:
    """The statements that are typed in a psql session, and the lines of output."""
    typed: list[str] = []
    printed: list[str] = []
    complete = True
    for line in session.splitlines():
        if line.startswith(PROMPT):
            typed.append(line.removeprefix(PROMPT))
        elif not complete:
            typed[-1] += "\n" + line.removeprefix(" " * len(PROMPT))
        else:
            printed.append(line)
        code = re.sub(r"\s*--.*", "", typed[-1])
        complete = code.startswith("\\") or code.endswith(";")
    return typed, printed


def psql(dsn: str, typed: list[str]) -> list[str]:
    """What psql prints; without the spaces at the ends of lines."""
    done = subprocess.run(
        ["psql", "--no-psqlrc", dsn],
        input="\n".join(typed) + "\n",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return [line.rstrip() for line in done.stdout.splitlines()]


def test_first_session_prints_what_the_readme_prints(fresh_dsn: str) -> None:
    (session,) = blocks("psql")
    typed, printed = parse(session)
    assert psql(fresh_dsn, typed) == printed


def test_its_machine_has_eight_lines() -> None:
    typed, _ = parse(blocks("psql")[0])
    assert len(typed[1].splitlines()) == 8


def test_sql_blocks_run_one_after_the_other(fresh_dsn: str) -> None:
    with psycopg.connect(fresh_dsn, autocommit=True) as connection:
        for block in blocks("sql"):
            for statement in statements(block):
                connection.execute(statement)
        found = connection.execute(
            "select value, version from pgsm.instances where instance_id = 'ada'"
        ).fetchone()
        (slices,) = connection.execute("select slices from bakery.pizzas").fetchone()
        timers = connection.execute(
            "select state, delay, due_at - armed_at < '3 hours 1 minute'"
            " from pgsm.timers where kind = 'after' and instance_id = 'ada'"
        ).fetchall()
        family = connection.execute(
            "select depth, value from pgsm.instance_tree('doc-1')"
        ).fetchall()
    assert found == ("digesting", 2)
    assert family == [(0, "inReview"), (1, "asked"), (1, "asked")]
    assert slices == 6
    assert timers == [("digesting", "4 hours", True)]


def statements(block: str) -> list[str]:
    """A block's statements: each ends with a semicolon at the end of a line."""
    return [
        part
        for part in re.split(r";[ ]*(?:--.*)?\n(?=\n|\S|\Z)", block)
        if part.strip()
    ]


def test_its_handler_is_one_for_the_runner(tmp_path: Path) -> None:
    (block,) = blocks("python")
    (tmp_path / "friends.py").write_text(block)
    code = "import friends; print(friends.effects.default_registry.names)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "friends.tell" in done.stdout


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#:]+)\)", README))
def test_links_lead_somewhere(target: str) -> None:
    assert (ROOT / target).exists()
