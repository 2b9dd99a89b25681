"""What the benchmarks make of what they have measured."""

from __future__ import annotations

from benchmarks import bloat, scaling
from benchmarks.bloat import Look
from benchmarks.scaling import Case, Turn


def test_the_cost_is_against_the_fewest_of_the_same_machine() -> None:
    cases = scaling.make_cases([1000, 100_000], log=10, timers=20, effects=30)
    assert [case.name for case in cases] == [
        "1,000 instances",
        "100,000 instances",
        "10 log rows",
        "no pending timers",
        "20 pending timers",
        "30 waiting effects",
    ]
    rates = [100, 80, 50, 60, 40, 30]
    turns = [
        Turn(case.name, rate + noise)
        for case, rate in zip(cases, rates, strict=True)
        for noise in (-10, 0, 30)
    ]
    found = scaling.costs(cases, turns)
    assert [found[case] for case in cases] == [1, 1.25, 2, 1, 1.5, 2]


def test_a_case_has_the_base_s_instances_but_where_they_are_counted() -> None:
    assert Case("instances", 7).instances == 7
    assert Case("pending timers", 7).instances == scaling.BASE


def look(events: int, size: int, hot: float | None) -> Look:
    return Look(events, "instances", size, 0, 0, 0, 0, hot)


def test_sizes_level_off_where_the_last_third_is_as_the_middle() -> None:
    grown = [look(n, size, 0.5) for n, size in enumerate((10, 20, 40, 40, 40))]
    assert bloat.levels(grown, "instances") == 1
    growing = [look(n, n * 10, None) for n in range(1, 6)]
    assert bloat.levels(growing, "instances") == 1.25


def test_the_hot_share_leaves_looks_without_updates_out() -> None:
    found = [look(1, 1, 0.8), look(2, 1, None), look(3, 1, 1.0)]
    assert bloat.hot_share(found, "instances") == 0.9
    assert bloat.hot_share(found, "timers") is None
