"""What is wrong with a document is found at once, each thing at its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pgsm.engine import definition


def machine(**parts: Any) -> dict[str, Any]:
    """A sound document with two states, and with the parts given."""
    sound = {
        "id": "m",
        "initial": "a",
        "states": {"a": {"on": {"go": "b"}}, "b": {}},
        "implementations": {
            "guards": {"ready": {"expr": "context.n > 0"}},
            "actions": {"note": {"type": "log", "message": "noted"}},
            "delays": {"patience": 1000},
            "effects": {"email.send": {}},
        },
    }
    return {**sound, **parts}


def state(**parts: Any) -> dict[str, Any]:
    """The document whose state `a` has the parts given."""
    return machine(states={"a": parts, "b": {}})


def problems(document: Any) -> list[tuple[str, str]]:
    """The path and code of each problem."""
    return [(p.path, p.code) for p in definition.check(document).problems]


def only_problem(document: Any) -> definition.Problem:
    found = definition.check(document).problems
    assert len(found) == 1, found
    return found[0]


def test_a_sound_document_has_no_problems() -> None:
    checked = definition.check(machine())
    assert checked.problems == []
    assert checked.document is not None
    assert checked.checksum is not None


def test_five_mistakes_are_found_at_once_in_document_order() -> None:
    document = machine(
        states={
            "a": {
                "on": {
                    "go": {"target": "c", "guard": "reddy"},
                    "stop*": "b",
                },
                "entry": {"type": "assign", "set": {"n": {"expr": "1 +"}}},
            },
            "b": {"invoke": {"src": "email.sent"}},
        }
    )
    assert problems(document) == [
        ("$.states.a.on.go.target", "bad_target"),
        ("$.states.a.on.go.guard", "unresolved_guard"),
        ('$.states.a.on["stop*"]', "bad_event_descriptor"),
        ("$.states.a.entry.set.n.expr", "bad_expression"),
        ("$.states.b.invoke.src", "undeclared_effect"),
    ]
    assert definition.check(document).document is None


def test_problems_come_in_the_order_of_the_text() -> None:
    text = '{"zeta": 1, "states": {"b": {"x": 1}, "a": {"x": 1}}, "alpha": 1}'
    assert [path for path, _ in problems(text)] == [
        "$",  # initial is missing
        "$.zeta",
        "$.states.b.x",
        "$.states.a.x",
        "$.alpha",
    ]


def test_a_message_is_lower_case_and_has_names_in_quotes() -> None:
    problem = only_problem(state(on={"go": "bb"}))
    assert problem.message == 'there is no state "bb" here'
    assert problem.hint == 'did you mean "b"?'


def test_a_name_is_no_hint_for_itself() -> None:
    problems = definition.check({"initial": "a.b", "states": {"a.b": {}}}).problems
    assert [problem.code for problem in problems] == ["bad_initial", "bad_state_key"]
    assert problems[0].hint is None


@pytest.mark.parametrize("key", ["$schema", "x-note"])
def test_extensions_are_allowed_and_kept(key: str) -> None:
    transition = {"target": "b", key: "kept"}
    document = {**state(on={"go": transition}, **{key: "kept"}), key: {"a": [1]}}
    normal = definition.normalise(document)
    assert normal[key] == {"a": [1]}
    assert normal["states"]["a"][key] == "kept"
    assert normal["states"]["a"]["on"]["go"][0][key] == "kept"


@pytest.mark.parametrize(
    ("text", "path", "code"),
    [
        ("", "$", "bad_json"),
        ("[]", "$", "wrong_type"),
        ('{"id": "a", "id": "b"}', "$.id", "bad_json"),
        ('{"id": "\\u0000"}', "$.id", "bad_json"),
        ("[" * 1_000 + "]" * 1_000, None, "bad_json"),
        ('"' + "x" * 5_000_001 + '"', "$", "too_large"),
    ],
)
def test_a_text_that_is_no_document(text: str, path: str | None, code: str) -> None:
    problem = only_problem(text)
    assert problem.code == code
    assert path in (None, problem.path)


STATE_MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    ({"entyr": "note"}, ".entyr", "unknown_key"),
    ({"entry": 1}, ".entry", "wrong_type"),
    ({"entry": ["note", "not"]}, ".entry[1]", "unresolved_action"),
    ({"tags": [1]}, ".tags[0]", "wrong_type"),
    ({"type": "paralel"}, ".type", "bad_type"),
    ({"type": "parallel"}, "", "missing_states"),
    ({"type": "compound", "states": {}}, "", "missing_states"),
    ({"type": "atomic", "initial": "c", "states": {"c": {}}}, ".type", "bad_type"),
    ({"states": {"c": {}}}, "", "missing_initial"),
    ({"initial": "b", "states": {"c": {}}}, ".initial", "bad_initial"),
    ({"initial": "#m.b", "states": {"c": {}}}, ".initial", "bad_initial"),
    ({"initial": "c"}, ".initial", "misplaced_key"),
    ({"onDone": "b"}, ".onDone", "misplaced_key"),
    ({"output": 1}, ".output", "misplaced_key"),
    ({"target": "b"}, ".target", "misplaced_key"),
    ({"type": "final", "on": {"go": "b"}}, ".on", "bad_final"),
    ({"type": "final", "states": {"c": {}}}, ".states", "bad_final"),
    ({"type": "final", "invoke": "email.send"}, ".invoke", "bad_final"),
    ({"type": "history", "target": "b", "on": {}}, ".on", "bad_history"),
    ({"on": {"": "b"}}, '.on[""]', "bad_event_descriptor"),
    ({"on": {"a.*.b": "b"}}, '.on["a.*.b"]', "bad_event_descriptor"),
    ({"on": {"a..b": "b"}}, '.on["a..b"]', "bad_event_descriptor"),
    ({"on": {"go": None}}, ".on.go", "wrong_type"),
    ({"on": ["go"]}, ".on", "wrong_type"),
    ({"on": {"e" * 201: "b"}}, f".on.{'e' * 201}", "name_too_long"),
    ({"on": {"xstate.init": "b"}}, '.on["xstate.init"]', "bad_event_descriptor"),
    ({"after": {"10 minuts": "b"}}, '.after["10 minuts"]', "bad_delay"),
    ({"after": {"-1 day": "b"}}, '.after["-1 day"]', "bad_delay"),
    ({"after": {"patiense": "b"}}, ".after.patiense", "unresolved_delay"),
    ({"always": {"target": ["b", "b"]}}, ".always.target", "bad_target"),
    ({"always": {"target": "b", "garud": "ready"}}, ".always.garud", "unknown_key"),
    ({"always": {"target": "b", "reenter": 1}}, ".always.reenter", "wrong_type"),
    ({"defer": "a*"}, ".defer", "bad_event_descriptor"),
    ({"id": "m"}, ".id", "duplicate_id"),
    ({"id": "m.b"}, ".id", "duplicate_id"),
    ({"invoke": {"src": "mail"}}, ".invoke.src", "undeclared_effect"),
    ({"invoke": {"input": 1}}, ".invoke", "missing_key"),
    (
        {"invoke": {"src": "email.send", "collect": True}},
        ".invoke.collect",
        "misplaced_key",
    ),
    (
        {"invoke": {"src": "email.send", "retry": {"attempts": 0}}},
        ".invoke.retry.attempts",
        "bad_value",
    ),
    (
        {"invoke": {"src": "email.send", "timeout": "soon"}},
        ".invoke.timeout",
        "bad_delay",
    ),
    (
        {"invoke": [{"id": "i", "src": "email.send"}, {"id": "i", "machine": "m"}]},
        ".invoke[1]",
        "duplicate_id",
    ),
]


@pytest.mark.parametrize(("parts", "path", "code"), STATE_MISTAKES)
def test_a_mistake_in_a_state(parts: dict[str, Any], path: str, code: str) -> None:
    assert problems(state(**parts)) == [(f"$.states.a{path}", code)]


ACTION_MISTAKES: list[tuple[Any, str, str]] = [
    ({}, "", "missing_key"),
    ({"type": 1}, ".type", "wrong_type"),
    ({"type": "note", "parms": 1}, ".parms", "unknown_key"),
    ({"type": "assign"}, "", "missing_key"),
    ({"type": "assign", "set": {"a]": 1}}, '.set["a]"]', "bad_path"),
    ({"type": "assign", "set": {"a[1 +]": 1}}, '.set["a[1 +]"]', "bad_expression"),
    ({"type": "assign", "remove": [""]}, ".remove[0]", "bad_path"),
    ({"type": "raise"}, "", "missing_key"),
    ({"type": "raise", "event": "a.*"}, ".event", "bad_event_name"),
    ({"type": "raise", "event": "done.state.a"}, ".event", "reserved_event"),
    ({"type": "raise", "event": "e", "delay": -1}, ".delay", "bad_delay"),
    ({"type": "raise", "event": "e", "delay": {"in": 1}}, ".delay", "bad_delay"),
    (
        {"type": "raise", "event": "e", "delay": {"expr": "1", "unit": "minute"}},
        ".delay.unit",
        "bad_value",
    ),
    ({"type": "send", "event": "e"}, "", "missing_key"),
    ({"type": "send", "to": "x", "event": "e"}, ".to", "bad_value"),
    ({"type": "send", "to": {}, "event": "e"}, ".to", "bad_value"),
    ({"type": "cancel"}, "", "missing_key"),
    ({"type": "rearm", "delay": "patience"}, ".delay", "unresolved_delay"),
    ({"type": "effect", "name": "mail"}, ".name", "undeclared_effect"),
    (
        {"type": "effect", "name": "email.send", "reply": "after.x"},
        ".reply",
        "reserved_event",
    ),
    ({"type": "call", "function": "f(text)"}, ".function", "bad_function"),
    ({"type": "call", "function": "shop.f"}, ".function", "bad_function"),
    ({"type": "call", "function": "shop.f(te;xt)"}, ".function", "bad_function"),
    ({"type": "call", "function": "pgsm_private.f()"}, ".function", "bad_function"),
    ({"type": "call", "function": '"pgsm_engine".f()'}, ".function", "bad_function"),
    ({"type": "call", "function": "PGSM_PRIVATE.f()"}, ".function", "bad_function"),
    ({"type": "call", "function": "shop.f(text)"}, ".args", "bad_arguments"),
    ({"type": "choose", "branches": []}, ".branches", "bad_value"),
    ({"type": "choose", "branches": [{"guard": "redy"}]}, ".branches[0].guard", ""),
    ({"type": "foreach", "in": []}, "", "missing_key"),
    (
        {"type": "foreach", "in": [], "item": "event", "actions": []},
        ".item",
        "reserved_name",
    ),
    ({"type": "foreach", "in": [], "item": "a b", "actions": []}, ".item", "bad_name"),
    ({"type": "log", "message": {"expr": "1", "x": 1}}, ".message", "ambiguous_value"),
    ({"type": "log", "message": {"expr": "item"}}, ".message.expr", "bad_expression"),
    ({"type": "log", "message": {"expr": "input"}}, ".message.expr", "bad_expression"),
    ({"type": "log", "message": {"sql": "f()"}}, ".message.sql", "bad_function"),
    ({"type": "spawn", "machine": "m"}, "", "missing_key"),
    ({"type": "stop"}, "", "missing_key"),
    ({"type": "emit", "event": ""}, ".event", "bad_event_descriptor"),
]


@pytest.mark.parametrize(("action", "path", "code"), ACTION_MISTAKES)
def test_a_mistake_in_an_action(action: Any, path: str, code: str) -> None:
    place = f"$.states.a.entry[0]{path}"
    assert problems(state(entry=[action])) == [(place, code or "unresolved_guard")]


GUARD_MISTAKES: list[tuple[Any, str, str]] = [
    (True, "", "wrong_type"),
    ({}, "", "bad_guard"),
    ({"expr": "true", "not": "ready"}, "", "bad_guard"),
    ({"and": "ready"}, ".and", "wrong_type"),
    ({"or": ["ready", "redy"]}, ".or[1]", "unresolved_guard"),
    ({"not": {"not": "redy"}}, ".not.not", "unresolved_guard"),
    ({"in": "c"}, ".in", "bad_target"),
    ({"in": "#c"}, ".in", "bad_target"),
    ({"expr": "in_state('c')"}, ".expr", "bad_expression"),
    ({"expr": "in_state('#m.b')"}, ".expr", "bad_expression"),
    ({"sql": "shop.f(text)", "args": []}, ".args", "bad_arguments"),
]


@pytest.mark.parametrize(("guard", "path", "code"), GUARD_MISTAKES)
def test_a_mistake_in_a_guard(guard: Any, path: str, code: str) -> None:
    document = state(always={"target": "b", "guard": guard})
    assert problems(document) == [(f"$.states.a.always.guard{path}", code)]


ROOT_MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    ({"type": "final"}, ".type", "bad_type"),
    ({"onDone": "a"}, ".onDone", "misplaced_key"),
    ({"context": []}, ".context", "wrong_type"),
    ({"context": {"n": {"expr": "output"}}}, ".context.n.expr", "bad_expression"),
    ({"unhandled": "reject"}, ".unhandled", "bad_value"),
    ({"sensitive": ["a[0]"]}, ".sensitive[0]", "bad_path"),
    ({"sensitive": ["cards.*.no"]}, ".sensitive[0]", "bad_path"),
    ({"inputSchema": 1}, ".inputSchema", "wrong_type"),
    ({"eventSchemas": {"go*": {}}}, '.eventSchemas["go*"]', "bad_event_descriptor"),
    ({"internalEvents": [1]}, ".internalEvents[0]", "wrong_type"),
    ({"indexStates": 1}, ".indexStates", "wrong_type"),
    ({"allowRead": "redy"}, ".allowRead", "unresolved_guard"),
    ({"keys": {"": 1}}, '.keys[""]', "bad_name"),
    ({"states": {"a": {}, "a.b": {}}}, '.states["a.b"]', "bad_state_key"),
    ({"states": {"a": {}, "#b": {}}}, '.states["#b"]', "bad_state_key"),
    ({"states": {"a": {}, "": {}}}, '.states[""]', "bad_state_key"),
    ({"states": {"a": {}, "b": 1}}, ".states.b", "wrong_type"),
    ({"states": {"a": {}, "b" * 201: {}}}, f".states.{'b' * 201}", "name_too_long"),
    ({"entry": "notes", "on": {"e": "a"}}, ".entry", ""),
]


@pytest.mark.parametrize(("parts", "path", "code"), ROOT_MISTAKES)
def test_a_mistake_in_the_root(parts: dict[str, Any], path: str, code: str) -> None:
    found = problems({**machine(), **parts})
    if code:
        assert found == [(f"$.{path.removeprefix('.')}", code)]
    else:
        assert found == [("$.entry", "unresolved_action"), ("$.on.e", "bad_target")]


IMPLEMENTATION_MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    ({"guard": {}}, ".guard", "unknown_key"),
    ({"actions": []}, ".actions", "wrong_type"),
    ({"actions": {"assign": []}}, ".actions.assign", "reserved_name"),
    ({"actions": {"sendTo": []}}, ".actions.sendTo", "reserved_name"),
    ({"actions": {"f": ["f"]}}, ".actions.f[0]", "recursive_action"),
    ({"actions": {"f": "g", "g": "f"}}, ".actions.g", "recursive_action"),
    ({"guards": {"f": {"not": "f"}}}, ".guards.f.not", "recursive_guard"),
    ({"delays": {"1 day": 1}}, '.delays["1 day"]', "reserved_name"),
    ({"delays": {"1000": 1}}, '.delays["1000"]', "reserved_name"),
    ({"delays": {"d": {"sql": "s.f()"}}}, ".delays.d", "bad_delay"),
    ({"effects": {"e": {"retries": 1}}}, ".effects.e.retries", "unknown_key"),
    ({"effects": {"e": {"priority": 1.5}}}, ".effects.e.priority", "bad_value"),
    ({"effects": {"e": {"late": "never"}}}, ".effects.e.late", "bad_value"),
]


@pytest.mark.parametrize(("parts", "path", "code"), IMPLEMENTATION_MISTAKES)
def test_a_mistake_in_the_implementations(
    parts: dict[str, Any], path: str, code: str
) -> None:
    found = problems(machine(implementations=parts))
    assert found == [(f"$.implementations{path}", code)]


def test_a_chain_of_named_actions_is_no_recursion() -> None:
    chain: dict[str, Any] = {f"f{n}": [f"f{n + 1}", f"f{n + 1}"] for n in range(2_000)}
    chain["f2000"] = []
    assert problems(machine(implementations={"actions": chain})) == []


def test_a_circle_of_names_is_reported_once() -> None:
    actions = {
        "a": "b",
        "b": {"type": "choose", "branches": [{"actions": "c"}]},
        "c": ["a"],
        "d": "a",
    }
    problem = only_problem(machine(implementations={"actions": actions}))
    assert problem.path == "$.implementations.actions.c[0]"
    assert problem.message.startswith('the action "a" uses itself')


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("#b", "b"),
        ("B", "b"),
        (".b", "b"),
        ("c", ".c"),
        ("#inn", "#inner"),
        ("d", "#d"),
    ],
)
def test_a_hint_has_the_target_that_was_probably_meant(
    written: str, meant: str
) -> None:
    document = machine(
        states={
            "a": {
                "initial": "c",
                "states": {
                    "c": {"id": "inner", "initial": "d", "states": {"d": {"id": "d"}}}
                },
                "on": {"go": written},
            },
            "b": {},
        }
    )
    assert only_problem(document).hint == f'did you mean "{meant}"?'


PARALLEL = {
    "id": "p",
    "type": "parallel",
    "states": {
        "left": {
            "initial": "x",
            "states": {"x": {}, "y": {}, "old": {"type": "history"}},
        },
        "right": {"initial": "x", "states": {"x": {}, "y": {}}},
    },
}


@pytest.mark.parametrize(
    ("targets", "sound"),
    [
        ([".left.x", ".right.y"], True),
        ([".left.old", ".right.y"], True),
        ([".left", ".right.y"], True),
        ([".left.x", ".left.y"], False),
        ([".left.x", ".left.old"], False),
        ([".left", ".left.y"], False),
        ([".left.x", ".left.x"], False),
        (["#p", ".left"], False),
    ],
)
def test_several_targets_must_be_possible_together(
    targets: list[str], sound: bool
) -> None:
    document = {**PARALLEL, "on": {"go": {"target": targets}}}
    expected = [] if sound else [("$.on.go.target", "bad_target")]
    assert problems(document) == expected


@pytest.mark.parametrize("target", ["old", "#old"])
def test_a_history_state_is_initial_only_with_a_default(target: str) -> None:
    history: dict[str, Any] = {"type": "history", "id": "old"}
    document = {"initial": target, "states": {"a": {}, "old": history}}
    assert problems(document) == [("$.initial", "bad_initial")]
    history["target"] = "a"
    assert problems(document) == []


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("old", "bad_history"),
        ("#m.b", "bad_history"),
        ("c", None),
        (".c", "bad_history"),
    ],
)
def test_the_default_of_a_history_state_is_inside_of_its_parent(
    target: str, code: str | None
) -> None:
    inner = {"c": {}, "old": {"type": "history", "target": target}}
    found = problems(state(initial="c", states=inner))
    assert found == ([("$.states.a.states.old.target", code)] if code else [])


def test_invocations_of_states_that_exclude_each_other_may_share_an_id() -> None:
    invoke = {"id": "mail", "src": "email.send"}
    shared = machine(states={"a": {"invoke": invoke}, "b": {"invoke": invoke}})
    assert problems(shared) == []
    together = machine(invoke=invoke, states={"a": {"invoke": invoke}})
    assert [code for _, code in problems(together)] == ["duplicate_id"]


def test_more_states_than_allowed_are_refused() -> None:
    states: dict[str, Any] = {f"s{n}": {} for n in range(5_001)}
    found = definition.check({"initial": "s0", "states": states}).problems
    assert [p.code for p in found] == ["too_many_states"]


def test_states_nested_too_deeply_are_refused() -> None:
    document: dict[str, Any] = {}
    for _ in range(51):
        document = {"initial": "s", "states": {"s": document}}
    assert "too_deep" in [code for _, code in problems(document)]
    assert problems(document["states"]["s"]) == []


def test_what_is_not_run_yet_is_refused_where_it_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(definition.NOT_YET, "action.spawn", "spawn is for later")
    monkeypatch.setitem(definition.NOT_YET, "invoke.each", "each is for later")
    document = state(
        entry={"type": "spawn", "machine": "m", "id": "x"},
        invoke={"src": "email.send", "each": [1]},
    )
    assert problems(document) == [
        ("$.states.a.entry", "not_supported_yet"),
        ("$.states.a.invoke.each", "not_supported_yet"),
    ]


def test_functions_effects_and_intervals_are_listed_for_postgres() -> None:
    value = {"sql": "shop.stock(text, numeric(10, 2)[])", "args": ["a", []]}
    document = state(
        entry=[
            {"type": "call", "function": "shop.f()", "assign": "a.b"},
            {"type": "effect", "name": "email.send", "input": {"deep": [value]}},
        ],
        after={"1 day 02:30": "b", "PT10M": "b", "1000": "b", "patience": "b"},
        always={"target": "b", "guard": {"sql": 'shop."F f"()'}},
    )
    checked = definition.check(document)
    assert checked.problems == []
    assert checked.effects == ["email.send"]
    assert [(use.function, use.kind) for use in checked.functions] == [
        ("shop.f()", "call"),
        ("shop.stock(text, numeric(10, 2)[])", "value"),
        ('shop."F f"()', "guard"),
    ]
    assert checked.functions[1].path == "$.states.a.entry[1].input.deep[0].sql"
    assert checked.intervals == [
        ('$.states.a.after["1 day 02:30"]', "1 day 02:30"),
        ("$.states.a.after.PT10M", "PT10M"),
    ]


def test_names_are_known_where_they_belong() -> None:
    loop = {"type": "foreach", "in": {"expr": "context.list"}, "item": "r"}
    document = machine(
        context={"n": {"expr": "input.n"}},
        keys={"tenant": {"expr": "input.tenant"}},
        implementations={
            "guards": {"many": {"expr": "params.n > 1"}},
            "actions": {"set": {"type": "log", "message": {"expr": "params"}}},
            "delays": {"later": {"expr": "params.days", "unit": "days"}},
            "effects": {"email.send": {}},
        },
        states={
            "a": {
                "entry": {
                    **loop,
                    "actions": [
                        {"type": "log", "message": {"expr": "[r, index]"}},
                        {"type": "set", "params": {"expr": "r"}},
                    ],
                },
                "invoke": {
                    "src": "email.send",
                    "each": {"expr": "context.list"},
                    "input": {"expr": "[item, index]"},
                    "onDone": {"target": "b", "guard": {"expr": "event.output != []"}},
                },
            },
            "b": {},
        },
    )
    assert problems(document) == []


def test_a_literal_is_not_looked_into() -> None:
    message = {"literal": {"expr": "1 +", "sql": 1}}
    assert problems(state(entry={"type": "log", "message": message})) == []


def test_key_order_is_part_of_the_checksum_where_it_is_meaning() -> None:
    text = json.dumps(machine())
    same = definition.check(
        '{"states": {"a": {"on": {"go": [{"target": "b"}]}}, '
        '"b": {}}, "id": "m", "initial": "a", "implementations": '
        + json.dumps(machine()["implementations"])
        + "}"
    )
    assert same.checksum == definition.check(text).checksum
    other = machine(states={"b": {}, "a": {"on": {"go": "b"}}})
    assert definition.check(other).checksum != definition.check(text).checksum


def test_a_document_from_python_may_have_floats() -> None:
    normal = definition.normalise(machine(context={"rate": 0.1}))
    assert str(normal["context"]["rate"]) == "0.1"
    assert [c for _, c in problems({"context": {"n": float("nan")}})] == ["bad_json"]
