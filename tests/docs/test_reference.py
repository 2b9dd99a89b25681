"""The generated reference pages say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg

from pgsm import errors
from scripts import build_docs

ROOT = Path(__file__).resolve().parent.parent.parent
CODE = re.compile(r"\bSM\d{3}\b")


def codes_raised() -> set[str]:
    """The codes that the SQL and the engine name, in raise or in a comment."""
    files = [
        *(ROOT / "sql" / "deploy").rglob("*.sql"),
        *(ROOT / "pgsm" / "engine").glob("*.py"),
    ]
    return {code for path in files for code in CODE.findall(path.read_text("utf-8"))}


def test_every_code_has_a_class_and_every_class_is_raised() -> None:
    classes = [error.sqlstate for error in errors.PgsmError.__subclasses__()]
    assert len(classes) == len(set(classes))
    assert set(classes) == codes_raised()


def test_every_error_says_what_it_means() -> None:
    for error in errors.PgsmError.__subclasses__():
        meaning = (error.__doc__ or "").partition("\n")[0]
        assert meaning.endswith("."), error


def test_errors_page_is_generated_from_the_classes() -> None:
    assert build_docs.ERRORS.read_text("utf-8") == build_docs.errors_page(), (
        "run: python scripts/build_docs.py"
    )


def test_functions_page_is_generated_from_the_comments(dsn: str) -> None:
    assert build_docs.FUNCTIONS.read_text("utf-8") == build_docs.functions_page(dsn), (
        "run: python scripts/build_docs.py --dsn DSN"
    )


def test_every_function_view_and_type_of_the_schema_is_explained(
    db: psycopg.Connection,
) -> None:
    found = db.execute(
        """
        select p.oid::regprocedure::text
        from pg_proc as p
        where p.pronamespace = 'pgsm'::regnamespace
            and obj_description(p.oid, 'pg_proc') is null
        union all
        select c.oid::regclass::text
        from pg_class as c
        where c.relnamespace = 'pgsm'::regnamespace
            and coalesce(obj_description(c.oid, 'pg_class'),
                         obj_description(c.reltype, 'pg_type')) is null
        """
    ).fetchall()
    assert found == []
