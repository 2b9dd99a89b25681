"""An upgrade to what is the same machine, in place or moved, changes nothing.

A hot-fix that fixes nothing is the identity; a machine that is moved as a whole below
a new state goes on as it would have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pgsm.engine import exact

from . import door, walking
from .examples import examples
from .machines import machines, walks
from .upgrading import Upgrade, upgraded

Json = Any
SAME: dict[str, Json] = {
    "states": {},
    "state": None,
    "context": None,
    "timers": "keep",
    "effects": "keep",
    "history": "refuse",
    "entry": True,
}


def without_ids(state: Json) -> Json:
    """The document with invocations known by their default ids, the states' paths."""
    if isinstance(state, list):
        return [without_ids(item) for item in state]
    if not isinstance(state, dict):
        return state
    found = {key: without_ids(item) for key, item in state.items()}
    for invoke in found.get("invoke", ()):
        invoke.pop("id", None)
    return found


@st.composite
def documents(draw: st.DrawFn) -> Json:
    document = draw(machines(errors=False))
    return without_ids(document) if draw(st.booleans()) else document


def moved(document: Json, kind: str) -> Json:
    """The machine as a state "w" of a new one, for a parallel one beside another."""
    text = exact.dumps({key: value for key, value in document.items() if key != "id"})
    for old, new in (('"#m.', '"#m.w.'), ('in_state(\\"', 'in_state(\\"w.')):
        text = text.replace(old, new)
    inner = exact.loads(text)
    outer = {"id": "m", "type": kind, "states": {"w": inner, "z": {}}}
    if kind == "compound":
        outer["initial"] = "z"
        del outer["type"]
    for key in ("context", "implementations"):
        outer[key] = inner.pop(key)
    return outer


def ended_late(now: door.Instance) -> bool:
    return now.status != "active" or now.revision == 0


# -- the same machine


@given(documents(), walks)
@examples(40)
def test_hot_fix_changes_nothing_but_the_version(document: Json, script: Any) -> None:
    old = door.Machine.of(document)
    new = door.Machine.of({**document, "description": "fixed"})
    *_, last = walking.walk(old, script)
    if ended_late(last.after):
        return
    step = upgraded(old, new, last.after, SAME)
    assert not step.outcome.refused, step.result
    assert untold(step.after) == untold(step.before)


def untold(now: door.Instance) -> door.Instance:
    """The instance but for its revision; what it knows as values, not as texts."""
    return replace(
        now,
        revision=0,
        context=exact.loads(now.context),
        history=exact.loads(now.history or "{}"),
        work=exact.loads(now.work or "{}"),
    )


# -- the same machine elsewhere


@given(documents(), walks, walks, st.sampled_from(["compound", "parallel"]))
@examples(40)
def test_machine_that_is_moved_below_a_state_goes_on_as_it_would_have(
    document: Json, script: Any, rest: Any, kind: str
) -> None:
    old = door.Machine.of(document)
    new = door.Machine.of(moved(document, kind))
    *_, last = walking.walk(old, script)
    if ended_late(last.after):
        return
    mapping = {key: f"w.{key}" for key in document["states"]}
    rules = {**SAME, "states": {"": "w", **mapping}, "entry": False}
    step = upgraded(old, new, last.after, rules)
    assert not step.outcome.refused, step.result
    assert below(step.after) == untold_below(step.before)
    for before, after in both(step, old, new, rest):
        assert below(after) == untold_below(before)


def both(
    step: Upgrade, old: door.Machine, new: door.Machine, script: Any
) -> Iterator[tuple[door.Instance, door.Instance]]:
    """The instance as it would have gone on, and as it goes on."""
    before, after = step.before, step.after
    for turn in script:
        one, other = walking.message(before, *turn), walking.message(after, *turn)
        assert (one is None) == (other is None)
        if one is None or other is None:
            continue
        outcomes = door.step(old, one[1], one[0]), door.step(new, other[1], other[0])
        before, after = (outcome.after for outcome in outcomes)
        if before.status != "active":
            return
        yield before, after


def untold_below(now: door.Instance) -> Json:
    return facts(now, lambda path: f"w.{path}" if path else "w")


def below(now: door.Instance) -> Json:
    return facts(now, lambda path: path)


def facts(now: door.Instance, name: Any) -> Json:
    """What there is of an instance, with other names for its states."""
    timers = [
        (t.kind, name(t.row["state"]) if t.kind == "after" else t.row["send_id"],
         t.row.get("delay"))
        for t in now.timers
    ]  # fmt: skip
    works = [
        (name(e.row["state"]), e.row["name"], e.row.get("item"))
        for e in now.effects
        if e.row["kind"] == "invoke" and e.status == "pending"
    ]
    return {
        "states": [path for path in map(name, now.states) if path not in ("w", "z")],
        "context": exact.loads(now.context),
        "history": {
            name(key): [name(path) for path in kept]
            for key, kept in exact.loads(now.history or "{}").items()
        },
        "timers": timers,
        "works": works,
        "children": len(now.children),
    }
