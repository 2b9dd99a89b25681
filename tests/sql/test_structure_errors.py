"""Every SQLSTATE that is raised has its exception class, and the other way round."""

from __future__ import annotations

import re

from pgsm import errors, sqitch

PROJECT = sqitch.project_directory()
CODE = re.compile(r"\bSM\d{3}\b")
QUOTED = re.compile(r"""['"](SM\d{3})['"]""")


def raised() -> set[str]:
    """The codes that stand as literals in the SQL, the engine's sources included."""
    return {
        code
        for path in (PROJECT / "sql" / "deploy").rglob("*.sql")
        for code in QUOTED.findall(path.read_text(encoding="utf-8"))
    }


def known() -> set[str]:
    """The codes of pgsm.errors."""
    return {
        str(value.sqlstate)
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.PgsmError)
    } - {"None"}


def test_every_code_that_is_raised_has_a_class_and_every_class_a_code() -> None:
    assert raised() == known()


def test_every_code_that_a_comment_names_exists() -> None:
    named = {
        code
        for path in (PROJECT / "sql" / "deploy").rglob("*.sql")
        if path.parent.name != "engine"
        for code in CODE.findall(path.read_text(encoding="utf-8"))
    }
    assert named <= known()
