"""Running pgbench and reading what it says."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pgsm import programs, sqitch


@dataclass(frozen=True)
class Round:
    """What one run did."""

    script: str
    clients: int
    tps: float
    latency_ms: float
    transactions: int


def run(dsn: str, script: Path, clients: int, seconds: float) -> Round:
    """One run in prepared mode.  Raises SystemExit where a transaction failed."""
    command = [programs.find_server().program("pgbench"), "--no-vacuum"]
    command += ["--protocol=prepared", f"--file={script}", f"--client={clients}"]
    command += [f"--jobs={min(clients, 2)}", f"--time={max(1, round(seconds))}"]
    done = subprocess.run(
        command,
        env=sqitch.environment(dsn),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"pgbench failed:\n{done.stderr.strip()}")
    return Round(
        script.name,
        clients,
        tps=_number(r"^tps = ([\d.]+)", done.stdout),
        latency_ms=_number(r"^latency average = ([\d.]+) ms", done.stdout),
        transactions=int(
            _number(r"^number of transactions actually processed: (\d+)", done.stdout)
        ),
    )


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise SystemExit(f"pgbench said something else:\n{text}")
    return float(found[1])
