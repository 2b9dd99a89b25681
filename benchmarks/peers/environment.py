"""The peers' own environments: a venv and node_modules."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pgsm import sqitch
from pgsm.programs import SetupError

HERE = Path(__file__).resolve().parent
DIRECTORY = HERE.parent.parent / ".pgsm" / "bench-peers"
MOST_PROCESSES = 2
LONGEST = 300  # seconds of one turn


@dataclass(frozen=True)
class Peers:
    """The interpreters that have the peers' packages."""

    python: Path
    node: Path

    def command(self, script: str, *arguments: str) -> list[str]:
        """The command line of a script of this folder, by its suffix."""
        by_suffix = {".py": self.python, ".mjs": self.node}
        path = DIRECTORY / script if script.endswith(".mjs") else HERE / script
        return [str(by_suffix[path.suffix]), str(path), *arguments]


def install() -> Peers:
    """Install what requirements.txt and package.json name, once."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise SetupError("node and npm are needed", "apt-get install nodejs npm")
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    python = DIRECTORY / "venv" / "bin" / "python"
    if _is_news("requirements.txt"):
        _run([sys.executable, "-m", "venv", "--clear", str(DIRECTORY / "venv")])
        listed = str(HERE / "requirements.txt")
        _run([str(python), "-m", "pip", "install", "--quiet", "-r", listed])
        _keep("requirements.txt")
    if _is_news("package.json"):
        _keep("package.json")
        _run([str(npm), "install", "--silent", "--prefix", str(DIRECTORY)])
    # an ES module finds packages beside itself
    for script in HERE.glob("*.mjs"):
        (DIRECTORY / script.name).write_text(script.read_text())
    return Peers(python, Path(node))


def run_program(peers: Peers, program: str, *arguments: str) -> None:
    """Run a program of the peers' venv."""
    _run([str(peers.python.with_name(program)), *arguments])


def versions() -> dict[str, str]:
    """Of the peers, by name."""
    pinned = [line.split("==") for line in _text("requirements.txt").splitlines()]
    found = {name.partition("[")[0]: version for name, version in pinned}
    return {**found, **json.loads(_text("package.json"))["dependencies"]}


def run(command: list[str], dsn: str, **settings: Any) -> dict[str, Any]:
    """Run a script to its end; the object that its last line is."""
    done = subprocess.run(
        [*command, json.dumps(settings)],
        env=_environment(dsn),
        cwd=HERE.parent.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command[1:])} failed:\n{done.stderr.strip()}")
    return _last_object(done.stdout)


def run_together(
    command: list[str], dsn: str, clients: int, **settings: Any
) -> list[dict[str, Any]]:
    """Run a script in some processes that share the clients and begin together.

    Each says "ready" when it is connected and warm, and waits for a line.
    """
    processes = min(clients, MOST_PROCESSES)
    shares = [
        clients // processes + (n < clients % processes) for n in range(processes)
    ]
    started = [
        subprocess.Popen(
            [*command, json.dumps({**settings, "clients": share})],
            env=_environment(dsn),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for share in shares
    ]
    for process in started:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise SystemExit(f"{' '.join(command[1:])} did not start")
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    found = [_last_object(process.communicate()[0]) for process in started]
    if any(process.returncode for process in started):
        raise SystemExit(f"{' '.join(command[1:])} failed")
    return found


def _environment(dsn: str) -> dict[str, str]:
    """libpq's variables, which all the drivers read."""
    return {**os.environ, **sqitch.environment(dsn), "DSN": dsn}


def _last_object(text: str) -> dict[str, Any]:
    lines = text.strip().splitlines()
    found = json.loads(lines[-1]) if lines else None
    if not isinstance(found, dict):
        raise SystemExit(f"a peer said something else:\n{text}")
    return found


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SetupError(f"{command[0]} failed", done.stderr.strip()[-2000:])


def _is_news(name: str) -> bool:
    kept = DIRECTORY / name
    return not kept.exists() or kept.read_text() != _text(name)


def _keep(name: str) -> None:
    (DIRECTORY / name).write_text(_text(name))


def _text(name: str) -> str:
    return (HERE / name).read_text()
