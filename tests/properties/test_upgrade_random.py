"""Random versions, random maps: what an upgrade may never do."""

from __future__ import annotations

from typing import Any

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pgsm import errors
from pgsm.engine import configuration, plan, step
from tests.charts.doors import PostgresChart, PostgresEngine
from tests.charts.test_upgrade_undo import facts, undo
from tests.charts.upgrades import Machine

from .examples import examples

Json = Any
NAMES = ["a", "b", "c", "d"]


@st.composite
def states(draw: Any, depth: int = 0) -> Json:
    """One to four states, some with a timer, an invocation, inner states, regions."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    return {name: draw(state(depth)) for name in names}


@st.composite
def state(draw: Any, depth: int) -> Json:
    node: Json = {}
    for key in draw(st.sets(st.sampled_from(["1 hour", "1 day"]))):
        node.setdefault("after", {})[key] = {}
    if draw(st.booleans()):
        node["invoke"] = {"src": draw(st.sampled_from(["mail", "call"]))}
    if depth < 2 and draw(st.integers(0, 2)) == 0:
        node["states"] = draw(states(depth + 1))
        if draw(st.booleans()):
            node["type"] = "parallel"
        else:
            node["initial"] = draw(st.sampled_from(sorted(node["states"])))
    return node


@st.composite
def documents(draw: Any) -> Json:
    inner = draw(states())
    document: Json = {
        "initial": draw(st.sampled_from(sorted(inner))),
        "context": {"n": 1},
        "states": inner,
        "implementations": {"effects": {"mail": {}, "call": {}}},
    }
    # an event to each state
    paths = [one.path for one in plan.compile_plan(_normal(document)).states[1:]]
    document["on"] = {f"to.{path}": {"target": f"#{path}"} for path in paths}
    for path in paths:
        _at(document, path)["id"] = path
    return document


def _normal(document: Json) -> Json:
    import json

    from pgsm.engine import definition

    checked = definition.check(json.dumps(document))
    assert checked.document is not None, checked.problems
    return checked.document


def _at(document: Json, path: str) -> Json:
    for key in path.split("."):
        document = document["states"][key]
    return document


def compiled(document: Json) -> plan.Plan:
    return plan.compile_plan(_normal(document))


def timers(chart: PostgresChart) -> list[tuple[str, str, str]]:
    return [
        (row["timer_id"], row["state"], row["delay"])
        for row in chart.rows(
            "select timer_id, state, delay from pgsm.timers"
            " where instance_id = %s and kind = 'after' order by 2, 3",
            chart.instance_id,
        )
    ]


def running(chart: PostgresChart) -> list[tuple[str, str, str, str]]:
    return [
        (row["effect_id"], row["state"], row["invoke_id"], row["name"])
        for row in chart.rows(
            "select effect_id, state, invoke_id, name from pgsm_private.effects"
            " where instance_id = %s and status in ('pending', 'retrying', 'running')"
            " and not cancel_requested order by 2, 3",
            chart.instance_id,
        )
    ]


def check_work(new: plan.Plan, chart: PostgresChart, *, dropped: bool = False) -> None:
    """The configuration is legal, with each of its timers and invocations once.

    A timer that was dropped is not armed again.
    """
    snapshot = chart.snapshot()
    active = set(step.load_configuration(new, "\n".join(snapshot.states)))
    assert configuration.is_legal(active, new.root)
    wanted = [(s.path, d.key) for s in active for d in s.delays]
    armed = [(path, key) for _, path, key in timers(chart)]
    assert len(set(armed)) == len(armed)
    assert set(armed) <= set(wanted) if dropped else set(armed) == set(wanted)
    wanted_work = [(s.path, i.invoke_id, i.src) for s in active for i in s.invocations]
    found = [(path, invoke, name) for _, path, invoke, name in running(chart)]
    assert sorted(found) == sorted(wanted_work)


def refused(db: psycopg.Connection[Any], machine: Machine, *, in_bulk: bool) -> bool:
    """Upgrade; whether that was refused, as it is where states exclude one another."""
    if in_bulk:
        batch = "select failed from pgsm.upgrade_batch(%s, 2, 10)"
        return machine.chart.rows(batch, machine.name) == [{"failed": 1}]
    try:
        with db.transaction():
            machine.upgrade()
    except errors.UpgradeRefused:
        return True
    return False


def foretold(machine: Machine) -> bool:
    """Whether check_upgrade has a problem with the one instance that there is."""
    check = "select problem from pgsm.check_upgrade(%s, 1, 2)"
    return any(row["problem"] for row in machine.chart.rows(check, machine.name))


@settings(
    examples(25),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), old=documents(), new=documents())
def test_upgrade_loses_and_doubles_nothing_and_is_undone_to_the_letter(
    db: psycopg.Connection[Any], data: st.DataObject, old: Json, new: Json
) -> None:
    before, after = compiled(old), compiled(new)
    targets = st.sampled_from([one.path for one in after.states[1:]])
    leaves = [one.path for one in before.states if not one.children]
    rules = {
        "states": {leaf: data.draw(targets) for leaf in leaves},
        "timers": data.draw(st.sampled_from(["restart", "drop", {"default": "keep"}])),
        "effects": data.draw(st.sampled_from(["keep", "restart"])),
    }
    events = data.draw(st.lists(st.sampled_from(sorted(old["on"])), max_size=3))
    with db.transaction(force_rollback=True):
        machine = Machine(PostgresEngine(db), old, {**new, "description": "new"})
        chart = machine.chart
        for event in events:
            chart.send(event)
        check_work(before, chart)
        kept = {timer for timer, _, _ in timers(chart)}
        was = facts(chart)
        machine.declare(**rules)
        problem = foretold(machine)
        assert refused(db, machine, in_bulk=data.draw(st.booleans())) == problem
        if problem:
            assert facts(chart) == was
            return
        check_work(after, chart, dropped=rules["timers"] == "drop")
        now = {timer for timer, _, _ in timers(chart)}
        if rules["timers"] in ("restart", "drop"):
            assert not kept & now
        undo(chart)
        assert facts(chart) == was
