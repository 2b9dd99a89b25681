"""The W3C's implementation-report tests of SCXML pass, through both doors.

The files are the W3C's, under its test suite licence; they are not part of this
repository.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from pgsm.formats import scxml

from . import data, w3c

LISTS = [("mandatory_auto", 161), ("optional_mapped", 17)]

# Ratchets: test → why it does not pass yet.
FAILING_IN_MEMORY: dict[str, str] = {}
FAILING_IN_POSTGRES: dict[str, str] = {}


def check(
    name: str, count: int, door: Callable[[str], str | None], failing: dict[str, str]
) -> None:
    tests = w3c.tests(name)
    if not tests:
        pytest.skip(f"{count} tests {name} of the W3C: no {data.directory()}/w3c")
    assert len(tests) == count
    failures = {test: failure for test in tests if (failure := door(test))}
    print(f"{name}: {count - len(failures)} of {count}")
    unexpected = {test: why for test, why in failures.items() if test not in failing}
    assert unexpected == {}
    assert [test for test in failing if test in set(tests) - failures.keys()] == []


@pytest.mark.parametrize(("name", "count"), LISTS)
def test_scxml_tests_pass_in_memory(name: str, count: int) -> None:
    check(name, count, w3c.in_memory, FAILING_IN_MEMORY)


@pytest.mark.parametrize(("name", "count"), LISTS)
def test_scxml_tests_pass_in_the_database(
    name: str, count: int, db: psycopg.Connection[Any]
) -> None:
    def door(test: str) -> str | None:
        return w3c.in_postgres(test, db)

    check(name, count, door, FAILING_IN_POSTGRES)


@pytest.mark.parametrize(("name", "count"), LISTS)
def test_exported_documents_are_imported_as_they_were(name: str, count: int) -> None:
    tests = w3c.tests(name)
    if not tests:
        pytest.skip(f"{count} documents {name} of the W3C: no {data.directory()}/w3c")
    documents = [document for test in tests for document in w3c.machines(test).values()]
    assert len(documents) >= count
    for document in documents:
        exported = scxml.dump(document)
        assert exported.warnings == []
        assert scxml.load(exported).document == document
