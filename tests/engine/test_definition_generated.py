"""Over generated documents: nothing raises, and the normal form is one."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pgsm.engine import definition, exact, rows
from pgsm.engine.definition_actions import BUILT_IN
from pgsm.engine.definition_root import ROOT
from pgsm.engine.definition_states import INVOKE, STATE, TRANSITION

# --------------------------------------------------------------- any JSON at all

WORDS = sorted(
    {
        *ROOT.fields,
        *STATE.fields,
        *TRANSITION.fields,
        *INVOKE.fields,
        *BUILT_IN,
        *(key for shape in BUILT_IN.values() for key in shape.fields),
        *("guards", "actions", "delays", "effects", "and", "or", "not", "in", "sql"),
        *("expr", "literal", "at", "unit", "parallel", "final", "history", "deep"),
        *("a", "b", "a.b", ".a", "#a", "#", ".", "", "*", "a.*", "1 day", "PT1S", "-1"),
        *("xstate.done.state.a", "xstate.raise", "xstate.stateIn", "cond", "$schema"),
        *("x-y", "s.f(int)", "context.a > 1", "1 +", "in_state('a')", "a[", "true"),
    }
)
words = st.sampled_from(WORDS)
texts = words | st.text(max_size=5)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False, places=3)
    | texts
)
any_json = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner),
    max_leaves=40,
)
documents_of_words = st.dictionaries(
    st.sampled_from(sorted(ROOT.fields)), any_json, max_size=6
)
states_of_words = st.fixed_dictionaries(
    {"states": st.dictionaries(texts, st.dictionaries(words, any_json), max_size=3)}
)
anything = any_json | documents_of_words | states_of_words

fast = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@given(anything)
@fast
def test_no_json_makes_the_check_raise(document: Any) -> None:
    checked = definition.check(document)
    assert (checked.document is None) == bool(checked.problems)
    assert checked.problems or isinstance(document, dict)
    for problem in checked.problems:
        assert problem.path.startswith("$")
        assert problem.code.isidentifier()
        assert problem.message
        assert not problem.message.endswith(".")


@given(st.text() | any_json.map(lambda value: json.dumps(value, default=str)))
@fast
def test_no_text_makes_the_check_raise(text: str) -> None:
    definition.check(text)


@given(st.integers(150, 260), st.sampled_from(["a", "states", "and", "not", "[]"]))
@fast
def test_no_nesting_makes_the_check_raise(depth: int, key: str) -> None:
    value: Any = "x"
    for _ in range(depth):
        value = [value] if key == "[]" else {key: value}
    for place in ("context", "on", "always", "entry", "states", "invoke"):
        definition.check({place: value, "a": value})
    guard = {"always": {"guard": value, "actions": value}}
    definition.check({"initial": "a", "states": {"a": guard}})


# ---------------------------------------------------------------- sound machines

KEYS = ("a", "b", "c d")
values = st.recursive(
    st.none()
    | st.integers(-5, 5)
    | st.sampled_from(["", "v", {"expr": "context.n + 1"}, {"literal": {"expr": 1}}])
    | st.just({"sql": "shop.f(int)", "args": [1]}),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["k", "l"]), inner, max_size=2)
    ),
    max_leaves=4,
)
guards = st.recursive(
    st.sampled_from(["ready", {"type": "ready"}, {"expr": "context.n > 0"}]),
    lambda inner: (
        st.fixed_dictionaries({"not": inner})
        | st.fixed_dictionaries({"and": st.lists(inner, max_size=2)})
    ),
    max_leaves=3,
)
simple_actions = (
    st.sampled_from(["note", {"type": "note"}, {"type": "raise", "event": "e"}])
    | st.fixed_dictionaries({"type": st.just("log"), "message": values})
    | st.fixed_dictionaries(
        {"set": st.dictionaries(st.sampled_from(["p", "q.r"]), values, min_size=1)},
        optional={"remove": st.sampled_from(["a", ["a", "b.c"]])},
    ).map(lambda parts: {**parts, "type": "assign"})
)
actions = simple_actions | st.lists(
    simple_actions
    | st.fixed_dictionaries({"actions": st.lists(simple_actions, max_size=2)}).map(
        lambda branch: {"branches": [branch], "type": "choose"}
    ),
    max_size=3,
)
extensions = {
    "meta": values,
    "description": st.text('ab é."', max_size=3),
    "x-b": values,
    "x-a": values,
    "$schema": st.just("s"),
}


@st.composite
def shuffled(draw: st.DrawFn, parts: dict[str, Any]) -> dict[str, Any]:
    """The object with its keys in some order."""
    return {key: parts[key] for key in draw(st.permutations(list(parts)))}


@st.composite
def transitions(draw: st.DrawFn, own: tuple[str, ...]) -> Any:
    parts = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "target": st.sampled_from([*own, ["#m.a"], []]),
                "guard": guards,
                "actions": actions,
                "reenter": st.booleans(),
                **extensions,
            },
        )
    )
    one = draw(shuffled(parts))
    return draw(st.sampled_from([*own, one, [one], [one, *own], {}]))


@st.composite
def states(draw: st.DrawFn, depth: int, siblings: tuple[str, ...]) -> dict[str, Any]:
    """A state which may have children; its transitions go to siblings or children."""
    inner = tuple(draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=depth)))
    own = transitions((*siblings, *(f".{key}" for key in inner)))
    parts = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "entry": actions,
                "exit": actions,
                "tags": st.sampled_from(["t", ["t", "u"], []]),
                "on": st.dictionaries(st.sampled_from(["z", "e", "e.*", "*"]), own),
                "after": st.dictionaries(st.sampled_from(["1 day", "10", "soon"]), own),
                "always": own,
                "invoke": st.sampled_from(
                    ["mail", ["mail", {"machine": "sub", "input": 1}]]
                )
                | st.fixed_dictionaries(
                    {"src": st.just("mail")},
                    optional={
                        "onError": own,
                        "onDone": own,
                        "timeout": st.just("1s"),
                        **extensions,
                    },
                ),
                "defer": st.sampled_from(["d", ["d.*"]]),
                **extensions,
            },
        )
    )
    if inner:
        parts["states"] = {key: draw(states(depth - 1, inner)) for key in inner}
        if draw(st.booleans()):
            parts["type"] = "parallel"
        else:
            first = draw(st.sampled_from(inner))
            parts["initial"] = draw(
                st.sampled_from([first, {"target": first, "actions": "note"}])
            )
        if siblings and draw(st.booleans()):
            parts["onDone"] = draw(own)
        if draw(st.booleans()):
            parts["states"]["h"] = {"type": "history", "target": inner[0]}
    return draw(shuffled(parts))


@st.composite
def machines(draw: st.DrawFn) -> dict[str, Any]:
    parts = draw(states(3, ()))
    parts.setdefault("states", {}).setdefault("a", {})
    if parts.get("type") != "parallel":
        parts.setdefault("initial", "a")
    parts["id"] = "m"
    parts["implementations"] = {
        "delays": {"soon": {"expr": "1", "unit": "days"}},
        "effects": {"mail": {"retry": {"max": "1m", "attempts": 3}}},
        "actions": {"note": draw(actions)} if draw(st.booleans()) else {"note": []},
        "guards": {"ready": {"expr": "params != 1"}},
    }
    if parts["implementations"]["actions"]["note"]:
        parts["implementations"]["actions"] = {"note": {"type": "log", "message": 1}}
    return draw(shuffled(parts))


@given(machines())
@fast
def test_the_normal_form_of_a_normal_form_is_itself(machine: dict[str, Any]) -> None:
    first = definition.check(machine)
    assert first.problems == []
    second = definition.check(exact.dumps(first.document))
    assert second.problems == []
    assert exact.dumps(second.document) == exact.dumps(first.document)
    assert second.checksum == first.checksum


@given(machines())
@fast
def test_rows_give_the_document_back(machine: dict[str, Any]) -> None:
    document = definition.normalise(machine)
    parts = exact.loads(exact.dumps(rows.to_rows(document)))
    assert exact.dumps(rows.from_rows(parts)) == exact.dumps(document)


@given(machines(), st.data())
@fast
def test_a_damaged_machine_makes_nothing_raise(
    machine: dict[str, Any], data: st.DataObject
) -> None:
    machine = copy.deepcopy(machine)  # parts of it are the strategies' own
    place: Any = machine
    while isinstance(place, (dict, list)) and place:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], (dict, list)) or data.draw(st.booleans()):
            place[key] = data.draw(any_json)
            break
        place = place[key]
    definition.check(machine)
