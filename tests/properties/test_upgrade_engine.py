"""Random versions and maps in memory: legal, and nothing lost or doubled."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, target
from hypothesis import strategies as st

from pgsm.engine import exact, upgrade

from . import door, walking
from .examples import examples
from .machines import DELAYS, machines, walks
from .test_configurations import check_history, check_states
from .upgrading import Upgrade, rules, upgraded

Json = Any


def named(policy: Json, *names: str) -> str:
    """The word of a policy for what has these names, the first first."""
    if isinstance(policy, str):
        return policy
    for name in names:
        if name in policy:
            return str(policy[name])
    return str(policy["default"])


def becomes(step: Upgrade, path: str) -> list[str]:
    """Where the map sends a state, whether or not it is active then."""
    mapped = upgrade.map_path(path, step.rules["states"], None, step.new)
    return list(upgrade.paths_of(mapped))


# -- timers


def check_timers(step: Upgrade) -> None:
    """A timer for each delay of an active state, but where the old one is no more."""
    active = ["", *step.after.states]
    after = [t.row for t in step.after.timers if t.kind == "after"]
    armed = Counter((row["state"], row["delay"]) for row in after)
    wanted = {
        (path, delay.key): delay
        for path in active
        for delay in step.new.state_by_path[path].delays
    }
    assert set(armed) <= set(wanted)
    assert set(armed.values()) <= {1}
    for row in after:
        assert row["event"] == wanted[row["state"], row["delay"]].event
    missing = {key for key in wanted if key[1] in DELAYS} - set(armed)
    assert missing <= over(step)


def over(step: Upgrade) -> set[tuple[str, str]]:
    """The delays whose timers are not armed again: they fired, or are dropped."""
    armed = [
        (t.row["state"], t.row["delay"])
        for t in step.before.timers
        if t.kind == "after"
    ]
    found = set()
    for path in ("", *step.before.states):
        for delay in step.old.state_by_path[path].delays:
            word = named(step.rules["timers"], path)
            gone = word == "drop" or (path, delay.key) not in armed
            if gone and word != "restart":
                found |= {(new, delay.key) for new in becomes(step, path)}
    return found


def check_kept_timers(step: Upgrade) -> None:
    """Kept is what the policy keeps, unless two have become one."""
    kept = {row["timer_id"]: row for row in step.result["kept"]["timers"]["keep"]}
    for timer_id in step.result["kept"]["timers"]["drop"]:
        timer = step.before.timers[int(timer_id)].row
        word = named(step.rules["timers"], timer["state"])
        places = [(new, timer["delay"]) for new in becomes(step, timer["state"])]
        merged = any((r["state"], r["delay"]) in places for r in kept.values())
        assert word in ("drop", "restart") or merged or timer["delay"] not in DELAYS
    for timer_id in kept:
        timer = step.before.timers[int(timer_id)].row
        assert named(step.rules["timers"], timer["state"]) in ("keep", "recompute")
    sent = [t for t in step.before.timers if t.kind == "send"]
    cancelled = step.result.get("cancel", ())
    if step.after.status == "active":
        assert all(
            t in step.after.timers or t.row["send_id"] in cancelled for t in sent
        )


# -- invocations and children


def check_work(step: Upgrade) -> None:
    """Each invocation of an active state runs once, or has ended, or is cancelled."""
    running: Counter[Any] = Counter()
    for effect in step.after.effects:
        if effect.row["kind"] == "invoke" and effect.status == "pending":
            row = effect.row
            assert (
                step.new.invocations[row["state"], row["invoke_id"]].src == row["name"]
            )
            running[row["state"], row["invoke_id"], row.get("item")] += 1
    known = exact.loads(step.after.work or "{}")
    children = known.get("children", {})
    assert sorted(c["instance"] for c in children.values()) == sorted(
        child.row["instance"] for child in step.after.children
    )
    for name, child in children.items():
        if child.get("state") is not None:
            running[child["state"], child.get("each", name), child.get("item")] += 1
    assert set(running.values()) <= {1}
    active = {"", *step.after.states}
    assert {state for state, _, _ in running} <= active
    lists = {(each["state"], name) for name, each in known.get("each", {}).items()}
    items = {(state, name) for state, name, item in running if item is not None}
    assert items == lists
    wanted = {
        (path, one.invoke_id)
        for path in active
        for one in step.new.state_by_path[path].invocations
    }
    found = {(state, name) for state, name, _ in running}
    assert found <= wanted
    missing = wanted - found
    assert missing <= ended(step) | nothing_to_do(step)


def ended(step: Upgrade) -> set[tuple[str, str]]:
    """The invocations that are not started again: the old one has ended."""
    found = set()
    for path in ("", *step.before.states):
        for one in step.old.state_by_path[path].invocations:
            word = named(step.rules["effects"], one.invoke_id, path)
            if word == "cancel" or (
                word == "keep" and not runs(step, path, one.invoke_id)
            ):
                found |= {(new, one.invoke_id) for new in becomes(step, path)}
    return found


def runs(step: Upgrade, path: str, invoke_id: str) -> bool:
    known = exact.loads(step.before.work or "{}")
    return (
        any(
            e.status == "pending"
            and (e.row.get("state"), e.row.get("invoke_id")) == (path, invoke_id)
            for e in step.before.effects
        )
        or invoke_id in known.get("each", {})
        or invoke_id in known.get("children", {})
    )


def nothing_to_do(step: Upgrade) -> set[tuple[str, str]]:
    """A list of no items is complete at once."""
    return {
        (state.path, one.invoke_id)
        for state in step.new.states
        for one in state.invocations
        if one.each is not None and not one.each.items(None)
    }


@given(machines(errors=False), machines(errors=False), walks, st.data())
@examples(8)
def test_upgraded_instance_is_legal_and_has_each_timer_and_invocation_once(
    old: Json, new: Json, script: Any, data: st.DataObject
) -> None:
    versions = door.Machine.of(old), door.Machine.of(new)
    plans = versions[0].plan(), versions[1].plan()
    *_, last = walking.walk(versions[0], script)
    if last.after.status != "active" or last.after.revision == 0:
        return
    step = upgraded(*versions, last.after, data.draw(rules(*plans)))
    target(float(len(step.before.timers) + len(step.before.effects)))
    if step.outcome.refused:
        assert step.result["error"]["code"] in ("SM402", "SM101", "SM103")
        return
    check_states(step.new, step.after)
    check_history(step.new, step.after)
    check_kept_timers(step)
    if step.after.status == "active":
        check_timers(step)
        check_work(step)
    now = step.after
    # and it goes on
    for what, which, body in data.draw(walks):
        if now.status != "active":
            return
        taken = walking.message(now, what, which, body)
        if taken is not None:
            event, without = taken
            outcome = door.step(versions[1], without, event)
            assert not outcome.refused
            now = outcome.after
            check_states(step.new, now)
