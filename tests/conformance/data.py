"""Where the public suites' data lies: $PGSM_CONFORMANCE, or beside the checkout."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "conformance"


def directory() -> Path:
    return Path(os.environ.get("PGSM_CONFORMANCE") or BESIDE)


def lines(name: str) -> list[Any]:
    """The records of a .jsonl file; none where it is absent."""
    path = directory() / name
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]
