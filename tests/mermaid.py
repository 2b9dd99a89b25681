"""npm's mermaid, to draw diagrams for real: installed once, in .pgsm-test/mermaid/.

    found = mermaid.draw({"door": text})["door"]

A test that asks for it is skipped, with the reason, where node or npm is absent or
the registry cannot be reached.
"""

from __future__ import annotations

import fcntl
import functools
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from . import servers

PACKAGES = {"mermaid": "11.17.2", "jsdom": "29.1.1"}
DIRECTORY = servers.DIRECTORY / "mermaid"
SCRIPT = Path(__file__).parent / "formats" / "mermaid_check.mjs"
INSTALLING = 240  # seconds
RUNNING = 120  # seconds


def draw(diagrams: dict[str, str]) -> dict[str, Any]:
    """What each diagram shows: its texts, tags and handlers, or its error."""
    directory = workspace()
    script = directory / SCRIPT.name
    shutil.copy(SCRIPT, script)
    done = subprocess.run(
        [_program("node"), str(script)],
        input=json.dumps(diagrams),
        capture_output=True,
        text=True,
        timeout=RUNNING,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@functools.cache
def workspace() -> Path:
    """A directory whose node_modules has these versions; or the test skips."""
    _program("node")
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    with (DIRECTORY / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if any(_installed(name) != version for name, version in PACKAGES.items()):
            _install()
    return DIRECTORY


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed; mermaid runs in it")
    return found


def _installed(name: str) -> str | None:
    package = DIRECTORY / "node_modules" / name / "package.json"
    if not package.is_file():
        return None
    return str(json.loads(package.read_text())["version"])


def _install() -> None:
    (DIRECTORY / "package.json").write_text('{"private": true}\n')
    wanted = [f"{name}@{version}" for name, version in PACKAGES.items()]
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    try:
        done = subprocess.run(
            [_program("npm"), "install", *wanted, "--save-exact", *quiet],
            cwd=DIRECTORY,
            capture_output=True,
            text=True,
            timeout=INSTALLING,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm could not install mermaid in {INSTALLING} seconds")
    if done.returncode:
        reason = done.stderr.strip().partition("\n")[0]
        pytest.skip(f"npm cannot install mermaid: {reason}")
