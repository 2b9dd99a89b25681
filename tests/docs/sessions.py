"""Pages that are sessions in a shell: files to write, commands, what they print.

A JSON, SQL or text block right after `<!-- file: NAME -->` is written to that file.
In a console block each line that begins with "$ " is typed, and what follows is printed
by it; what sqitch prints is not compared where nothing follows.  A SQL block without a
file is run in the database.  `<!-- test: WORDS -->` calls the hook of that name.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psycopg
from click.testing import CliRunner

from pgsm import sqitch
from pgsm.cli import main

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to"
_STEP = re.compile(
    r"^<!-- test: (?P<hook>[^\n]*) -->$"
    r"|^(?:<!-- file: (?P<file>[^\n]*) -->\n)?"
    r"```(?P<language>json|sql|console|text|ini)\n(?P<block>.*?)^```$",
    re.M | re.S,
)

# What differs from run to run.
_VARYING = [
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"), "TIME"),
    (re.compile(r'"\d{4}-\d\d-\d\dT[^"]*"'), '"TIME"'),
    (re.compile(r"\b[0-9a-f]{64}\b"), "CHECKSUM"),
    (re.compile(r"/[0-9a-f]{8}/"), "/INCARNATION/"),
]


def masked(text: str) -> str:
    """The text without what differs from run to run."""
    for pattern, word in _VARYING:
        text = pattern.sub(word, text)
    return text


def commands(block: str) -> Iterator[tuple[str, str]]:
    """What is typed in a block, and what is printed then."""
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        typed, _, printed = part.partition("\n")
        yield typed, printed


def play(page: str, dsn: str, hooks: Mapping[str, Callable[[], None]]) -> None:
    """Do all that a page says, in the current directory; it has to print the same."""
    for step in _STEP.finditer((HOW_TO / page).read_text("utf-8")):
        if step["hook"]:
            hooks[step["hook"]]()
        elif step["file"]:
            path = Path(step["file"])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step["block"], encoding="utf-8")
        elif step["language"] == "sql":
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute(step["block"].encode())
        elif step["language"] == "console":
            for typed, shown in commands(step["block"]):
                printed = type_(typed, dsn)
                if shown or not typed.startswith("sqitch "):
                    assert masked(printed) == masked(shown), typed


def type_(typed: str, dsn: str) -> str:
    """What a command prints; those of pgsm run in this process."""
    program, *arguments = shlex.split(typed)
    env = {**sqitch.environment(dsn), "PGSM_DSN": dsn, "PGTZ": "UTC"}
    if program == "pgsm" and not {"|", ">"} & set(arguments):
        return CliRunner().invoke(main, arguments, env=env).output
    env["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", typed],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (typed, done.stdout)
    return done.stdout
