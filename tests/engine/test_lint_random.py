"""Warnings hold: what they say never happens does not happen in random machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pgsm.engine import definition, lint
from tests.differential import generator, ours

SEEDS = (*range(40), 1600, 1847, 2183, 2436, 3366, 3551, 5354, 6095)

Json = Any


def active(value: Json, above: str = "") -> set[str]:
    """The paths of the active states of a value in XState's shape."""
    if isinstance(value, str):
        return {above + value}
    found: set[str] = set()
    for key, inner in value.items():
        found |= {above + key, *active(inner, f"{above}{key}.")}
    return found


def state_path(path: str) -> str:
    """The state at a JSON path, by its path from below the root."""
    return path.replace("$.states.", "").replace(".states.", ".")


def refuted(warning: lint.Problem, played: ours.Played) -> str | None:
    """What happened although a warning says that it does not; None for nothing."""
    taken = {path for paths in played.taken for path in paths}
    values = [active(r["value"]) for r in played.records if "value" in r]
    failed = any("error" in record for record in played.records)
    state = state_path(warning.path)
    if warning.code == "unreachable_state":
        return "it was active" if any(state in value for value in values) else None
    if warning.code in ("dead_transition", "duplicate_unguarded"):
        own = [path for path in taken if path.startswith(warning.path)]
        return f"{own} was taken" if own else None
    if warning.code == "left_at_once":
        return next(_own_events(warning.path, taken), None)
    if warning.code in ("always_loop", "raise_loop"):
        return "it ended" if warning.path in taken and not failed else None
    if warning.code == "no_way_out":
        ends = [r["status"] for r in played.records if "value" in r]
        left = any(
            state in before and state not in after and status == "active"
            for before, after, status in zip(values, values[1:], ends[1:], strict=False)
        )
        return "it was left" if left else None
    return None


def _own_events(path: str, taken: set[str]) -> Iterator[str]:
    for key in ("on", "after", "onDone"):
        yield from (each for each in taken if each.startswith(f"{path}.{key}"))


@pytest.mark.parametrize("seed", SEEDS)
def test_what_a_warning_excludes_does_not_happen(seed: int) -> None:
    case = generator.case(seed)
    warnings = lint.lint(definition.normalise(case.machine))
    played = ours.play(case)
    wrong = {w: what for w in warnings if (what := refuted(w, played))}
    assert wrong == {}
