"""An upgrade as a host does it: what it gives to the engine, and what it does then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from pgsm.engine import plan, upgrade

from . import door

Json = Any
Key = tuple[str, str]


@dataclass(frozen=True)
class Upgrade:
    """One that went, or was refused: then ``after`` is ``before``."""

    old: plan.Plan
    new: plan.Plan
    rules: Mapping[str, Json]
    before: door.Instance
    outcome: door.Outcome
    kept: door.Instance  # before, with what the map has kept under its new names

    @property
    def after(self) -> door.Instance:
        return self.outcome.after

    @property
    def result(self) -> dict[str, Json]:
        return self.outcome.result


def upgraded(
    old: door.Machine, new: door.Machine, before: door.Instance, rules: Json
) -> Upgrade:
    """The instance moved to the new version by the rules."""
    plans = old.plan(), new.plan()
    finals = [state.path for state in plans[0].states if state.kind == "final"]
    rules = {"finals": finals, "keys": [], **rules}
    delays, works = delays_of(plans[0], before), invocations_of(before)
    outcome = door.migrate(new, before, rules, delays, works)
    if outcome.refused:
        return Upgrade(*plans, rules, before, outcome, before)
    kept = keep_work(before, outcome.result["kept"])
    after = door.applied(kept, outcome.result)
    return Upgrade(*plans, rules, before, replace(outcome, after=after), kept)


def delays_of(found: plan.Plan, now: door.Instance) -> list[Json]:
    """As pgsm_private.delays_of: all timers, and the delays that have none."""
    armed = [
        {"timer_id": str(n), "state": t.row["state"], "delay": t.row["delay"]}
        for n, t in enumerate(now.timers)
        if t.kind == "after"
    ]
    names = [(row["state"], row["delay"]) for row in armed]
    over = [
        {"timer_id": None, "state": path, "delay": delay.key}
        for path in ("", *now.states)
        for delay in found.state_by_path[path].delays
        if (path, delay.key) not in names
    ]
    return [*armed, *over]


def invocations_of(now: door.Instance) -> list[Json]:
    """As pgsm_private.invocations_of: those that have ended count, too."""
    return [
        {
            "effect_id": effect.effect_id,
            **{key: effect.row[key] for key in ("state", "invoke_id", "name")},
        }
        for effect in now.effects
        if effect.row["kind"] == "invoke"
        and effect.row["state"] in ("", *now.states)
        and effect.status != "cancelled"
    ]


def keep_work(now: door.Instance, kept: Json) -> door.Instance:
    """As pgsm_private.keep_work."""
    timers = {row.pop("timer_id"): row for row in kept["timers"]["keep"]}
    dropped = kept["timers"]["drop"]
    effects = {row.pop("effect_id"): row for row in kept["effects"]["keep"]}
    names = [str(n) for n, t in enumerate(now.timers) if t.kind == "after"]
    # each in one of the two, once
    assert sorted([*timers, *dropped]) == sorted(names)
    ended = kept["effects"]["cancel"]
    given = [row["effect_id"] for row in invocations_of(now)]
    assert sorted([*effects, *ended]) == sorted(given)
    return replace(
        now,
        timers=tuple(
            replace(timer, row={**timer.row, **timers.get(str(n), {})})
            for n, timer in enumerate(now.timers)
            if str(n) not in dropped
        ),
        effects=tuple(_kept(effect, effects, ended) for effect in now.effects),
    )


def _kept(
    effect: door.Effect, kept: Mapping[str, Json], ended: list[str]
) -> door.Effect:
    if effect.effect_id in ended and effect.status == "pending":
        return replace(effect, status="cancelled")
    return replace(effect, row={**effect.row, **kept.get(effect.effect_id, {})})


# -- rules ----------------------------------------------------------------------------

POLICIES = ("keep", "keep", "recompute", "restart", "drop")
CONTEXTS = (
    None,
    None,
    '{"set": {"n": {"expr": "context.n + 7"}, "fuel": 4}, "remove": ["none"]}',
)


@st.composite
def rules(draw: st.DrawFn, old: plan.Plan, new: plan.Plan) -> Json:
    """A map of all leaves, and of some outer states; policies, some of them by name."""
    targets = st.sampled_from([s.path for s in new.states[1:] if s.kind != "history"])
    target = st.one_of(targets, targets, st.lists(targets, min_size=2, max_size=2))
    states = {}
    for state in old.states[1:]:
        same = upgrade.map_path(state.path, {}, state.kind, new)
        free = same is not upgrade.NO_STATE or not upgrade.is_leaf(state)
        if state.kind != "history" and not (free and draw(st.booleans())):
            states[state.path] = draw(target)
    return {
        "states": states,
        "state": None,
        "context": draw(st.sampled_from(CONTEXTS)),
        "timers": draw(_policy(POLICIES, [s.path for s in old.states if s.delays])),
        "effects": draw(
            _policy(
                ("keep", "keep", "restart", "cancel"),
                [name for _, name in old.invocations],
            )
        ),
        "history": draw(st.sampled_from(("keep", "keep", "forget", "refuse"))),
        "entry": draw(st.sampled_from((False, False, True))),
    }


def _policy(words: tuple[str, ...], names: list[str]) -> st.SearchStrategy[Json]:
    word = st.sampled_from(words)
    if not names:
        return word
    named = st.dictionaries(st.sampled_from(sorted(set(names))), word, max_size=2)
    return st.one_of(
        word, st.builds(lambda default, some: {**some, "default": default}, word, named)
    )
