"""npm's xstate, for tests that compare with it: installed once, in .pgsm-test/node/.

    states = node.run("import {createMachine} from 'xstate'; …", stdin)

A test that asks for it is skipped, with the reason, where node or npm is absent or
the registry cannot be reached.
"""

from __future__ import annotations

import fcntl
import functools
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from . import servers

XSTATE = "5.33.3"
DIRECTORY = servers.DIRECTORY / "node"
INSTALLING = 120  # seconds
RUNNING = 300  # seconds


@functools.cache
def workspace() -> Path:
    """A directory whose node_modules has that version of xstate; or the test skips."""
    _program("node")
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    with (DIRECTORY / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _installed() != XSTATE:
            _install()
    return DIRECTORY


def run(script: str, stdin: str = "") -> str:
    """What an ES module, given as its text, prints; `xstate` can be imported.

    Raises AssertionError with what it said on standard error when it fails.
    """
    directory = workspace()
    done = subprocess.run(
        [_program("node"), "--input-type=module", "--eval", script],
        cwd=directory,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=RUNNING,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed; xstate@{XSTATE} runs in it")
    return found


def _installed() -> str | None:
    package = DIRECTORY / "node_modules" / "xstate" / "package.json"
    if not package.is_file():
        return None
    return str(json.loads(package.read_text())["version"])


def _install() -> None:
    (DIRECTORY / "package.json").write_text('{"private": true}\n')
    command = [_program("npm"), "install", f"xstate@{XSTATE}", "--save-exact"]
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    try:
        done = subprocess.run(
            [*command, *quiet],
            cwd=DIRECTORY,
            env={**os.environ, "npm_config_update_notifier": "false"},
            capture_output=True,
            text=True,
            timeout=INSTALLING,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm could not install xstate@{XSTATE} in {INSTALLING} seconds")
    if done.returncode:
        reason = done.stderr.strip().partition("\n")[0]
        pytest.skip(f"npm cannot install xstate@{XSTATE}: {reason}")
