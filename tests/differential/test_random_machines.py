"""Random machines do the same in npm's xstate.

Run more of them with PGSM_DIFFERENTIAL_COUNT=20000, or some of them again with
PGSM_DIFFERENTIAL_SEED: the machine of seed 7 is the first with SEED=7.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Sequence
from typing import Any

import pytest

from tests import node

from . import compare, coverage, differences, ours, shrink
from .generator import Case, case

Json = Any
COUNT = 2000
FRESH = 1000
AT_ONCE = 500
LIKE_XSTATE = 0.85  # the least share of machines that differ in nothing


def seeds() -> list[range]:
    """Fixed seeds, and others each time; or those that are asked for."""
    count = int(os.environ.get("PGSM_DIFFERENTIAL_COUNT", COUNT))
    if "PGSM_DIFFERENTIAL_SEED" in os.environ:
        first = int(os.environ["PGSM_DIFFERENTIAL_SEED"])
        return [range(first, first + count)]
    first = random.SystemRandom().randrange(10**6, 10**9)
    return [range(count), range(first, first + count * FRESH // COUNT)]


@pytest.mark.timeout(3600)
def test_random_machines_do_the_same_in_xstate(
    capsys: pytest.CaptureFixture[str],
) -> None:
    node.workspace()  # skips where there is none
    chosen = seeds()
    compared = run([seed for some in chosen for seed in some])
    with capsys.disabled():
        ranges = ", ".join(f"{some.start} to {some.stop - 1}" for some in chosen)
        print(f"\nseeds {ranges}: {compared}")


def run(numbers: Sequence[int]) -> str:
    """What was compared; an assertion fails at the first machine that differs."""
    cases: list[Case] = []
    played: list[ours.Played] = []
    explained: list[Case] = []
    for start in range(0, len(numbers), AT_ONCE):
        some = [case(seed) for seed in numbers[start : start + AT_ONCE]]
        mine, theirs = compare.both(some)
        explained += explain(some, mine, theirs)
        cases += some
        played += mine
    if len(cases) >= AT_ONCE:
        check_coverage(cases, played)
        assert len(explained) < (1 - LIKE_XSTATE) * len(cases)
    steps = sum(len(one.records) for one in played)
    return (
        f"{len(cases)} machines, {steps} steps; {len(explained)} of the machines"
        " differ, all by the listed differences"
    )


def explain(
    cases: Sequence[Case], mine: Sequence[ours.Played], theirs: Sequence[Json]
) -> list[Case]:
    """The cases that differ from XState, but not from XState with our differences."""
    differing = [
        (one, pgsm)
        for one, pgsm, npm in zip(cases, mine, theirs, strict=True)
        if compare.difference(one, pgsm.records, npm)
    ]
    again = compare.xstate([one for one, _ in differing], list(differences.MENDS))
    for (one, pgsm), npm in zip(differing, again, strict=True):
        if compare.difference(one, pgsm.records, npm):
            pytest.fail(report(shrink.shrink(one, list(differences.MENDS))))
    return [one for one, _ in differing]


def report(found: compare.Mismatch) -> str:
    machine = {
        key: item
        for key, item in found.case.machine.items()
        if key not in ("implementations", "context")
    }
    return (
        f"{found}\nof the machine\n{json.dumps(machine)}\n"
        f"events {json.dumps(found.case.events)}\n"
        f"again: PGSM_DIFFERENTIAL_SEED={found.case.seed} PGSM_DIFFERENTIAL_COUNT=1"
    )


def check_coverage(cases: Sequence[Case], played: Sequence[ours.Played]) -> None:
    taken, written = coverage.counted(cases, played)
    least = {**coverage.TAKEN, **coverage.WRITTEN}
    rare = {
        key: share for key, share in {**taken, **written}.items() if share < least[key]
    }
    assert not rare, f"too rare, in per mille: {rare}"
