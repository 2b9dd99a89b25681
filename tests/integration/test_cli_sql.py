"""The package calls functions of pgsm and reads its views, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import pgsm

PACKAGE = Path(pgsm.__file__).parent
# the engine is the database's own
FILES = [
    p for p in PACKAGE.rglob("*.py") if "engine" not in p.relative_to(PACKAGE).parts
]
WRITING = re.compile(r"\b(insert\s+into|delete\s+from|update)\s+pgsm\w*\.", re.I)
# worlds of tests stop the clock of the database, and roll all of it back
WORLDS = {"testing/clock.py", "scenarios/database.py", "scenarios/database_sql.py"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_no_private_table_is_named_or_written(file: Path) -> None:
    text = file.read_text("utf-8")
    if str(file.relative_to(PACKAGE)) not in WORLDS:
        assert "pgsm_private" not in text
        assert WRITING.search(text) is None
