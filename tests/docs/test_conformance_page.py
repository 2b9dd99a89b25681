"""docs/explanation/conformance.md gives the scores that the tests have."""

from __future__ import annotations

import re

import pytest

from scripts import reference
from tests.conformance import data, test_w3c, test_xstate, w3c

PAGE = (reference.ROOT / "docs" / "explanation" / "conformance.md").read_text("utf-8")
W3C = {
    "W3C, mandatory and automatic": "mandatory_auto",
    "W3C, optional, of what is mapped": "optional_mapped",
}
XSTATE = {
    "XState's own tests, scenarios": "scenarios",
    "XState's own tests, transitions": "transitions",
}


def scores(suite: str) -> list[int]:
    """Tests, and how many of them pass in memory and in PostgreSQL."""
    row = re.search(rf"^\| {re.escape(suite)} \|(.*)\|$", PAGE, re.M)
    assert row, suite
    return [int(cell) for cell in row[1].split("|")]


@pytest.mark.parametrize("suite", W3C)
def test_scores_of_the_w3c_are_told(suite: str) -> None:
    tests = w3c.tests(W3C[suite])
    if not tests:
        pytest.skip(f"no {data.directory()}/w3c")
    doors = (test_w3c.FAILING_IN_MEMORY, test_w3c.FAILING_IN_POSTGRES)
    failing = [len(set(tests) & set(known)) for known in doors]
    assert scores(suite) == [len(tests), *(len(tests) - n for n in failing)]


@pytest.mark.parametrize("suite", XSTATE)
def test_scores_of_xstates_scenarios_are_told(suite: str) -> None:
    found = data.lines(f"xstate/{XSTATE[suite]}.jsonl")
    if not found:
        pytest.skip(f"no {data.directory()}/xstate")
    failing = len({scenario["id"] for scenario in found} & set(test_xstate.FAILING))
    assert scores(suite) == [len(found), len(found) - failing, len(found) - failing]
