"""The how-to about operating instances shows what the commands print."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from pgsm.cli import main

from . import sessions

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "operate-instances.md"
TEXT = PAGE.read_text("utf-8")
STEP = re.compile(
    r"^<!-- test: (?P<hook>[^\n]*) -->$|^```console\n(?P<block>.*?)^```$", re.M | re.S
)


def printed_by(typed: str, dsn: str) -> str:
    program, *arguments = shlex.split(typed)
    assert program == "pgsm"
    env = {"PGSM_DSN": dsn, "PGTZ": "UTC"}
    return CliRunner().invoke(main, arguments, env=env).output


def fail(dsn: str) -> None:
    """The runner's last attempt at all card.charge fails."""
    error = '{"type": "Timeout", "message": "no answer from the bank"}'
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "select pgsm.fail_effect(instance_id, effect_id, lease_token, %s, true)"
            " from pgsm.claim_effects('runner-1', '{card.charge}', 9)",
            [error],
        )


def test_commands_print_what_the_page_shows(
    fresh_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (document,) = re.findall(r"^```json\n(.*?)^```$", TEXT, re.M | re.S)
    Path("order.json").write_text(document)
    for step in STEP.finditer(TEXT):
        if step["hook"]:
            assert step["hook"] == "card.charge fails"
            fail(fresh_dsn)
            continue
        for typed, shown in sessions.commands(step["block"]):
            assert sessions.masked(printed_by(typed, fresh_dsn)) == sessions.masked(
                shown
            ), typed


def test_completion_is_what_bash_takes() -> None:
    (line,) = re.findall(r"^```bash\n(.*?)^```$", TEXT, re.M | re.S)
    bin_ = Path(sys.executable).parent
    done = subprocess.run(
        ["bash", "-c", f"{line}complete -p pgsm"],
        env={"PATH": f"{bin_}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "_pgsm_completion" in done.stdout, done.stderr
