"""XState's JSON becomes a definition, and what cannot is reported by its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pgsm.engine import definition, exact
from pgsm.formats import xstate
from pgsm.formats.common import FormatError

Json = Any


def load(machine: Json) -> Json:
    """The document of a machine; it is a definition in normal form."""
    document = xstate.load(machine).document
    assert definition.normalise(document) == document
    return document


def transition(raw: Json) -> Json:
    """What a transition of the state a becomes."""
    machine = {"initial": "a", "states": {"a": {"on": {"go": raw}}, "b": {}}}
    (found,) = load(machine)["states"]["a"]["on"]["go"]
    return found


def entry(*raw: Json) -> Json:
    return load({"entry": list(raw)}).get("entry", [])


def warnings(machine: Json) -> list[tuple[str, str]]:
    return [(found.path, found.code) for found in xstate.load(machine).warnings]


def test_machine_that_stands_inside_of_something_else_is_a_problem() -> None:
    with pytest.raises(FormatError, match='under the key "machine"'):
        xstate.load({"machine": {"initial": "a", "states": {"a": {}}}})


# ------------------------------------------------------------------ names stay names


def test_unimplemented_names_get_something_harmless_and_are_reported() -> None:
    machine = {
        "initial": "a",
        "states": {
            "a": {
                "entry": ["track"],
                "on": {"go": {"guard": {"type": "rich", "params": {"n": 1}}}},
                "after": {"patience": "a"},
                "invoke": {"src": "load"},
            }
        },
    }
    found = xstate.load(machine)
    assert found.document["implementations"] == {
        "guards": {"rich": {"expr": "false"}},
        "actions": {"track": []},
        "delays": {"patience": {"at": None}},
        "effects": {"load": {}},
    }
    assert {(w.path, w.code) for w in found.warnings} == {
        ("$.states.a.entry[0]", "needs_implementation"),
        ("$.states.a.on.go.guard", "needs_implementation"),
        ("$.states.a.after.patience", "needs_implementation"),
    }
    hints = " ".join(w.hint or "" for w in found.warnings)
    for name in ('"guards"."rich"', '"actions"."track"', '"delays"."patience"'):
        assert f'write "implementations".{name}: ' in hints


def test_a_warning_says_when_a_missing_guard_allows_something() -> None:
    guard = {"@code": "function not(){}", "@name": "not", "guards": ["rich"]}
    (found,) = xstate.load({"on": {"go": {"guard": guard}}}).warnings
    assert "true where it is negated" in found.message


def test_names_of_built_in_actions_are_changed() -> None:
    found = xstate.load({"entry": ["log", {"type": "stop"}]})
    assert [a["type"] for a in found.document["entry"]] == ["logAction", "stopAction"]
    assert ("$.entry[0]", "renamed") in [(w.path, w.code) for w in found.warnings]


def test_data_that_looks_like_an_expression_stays_data() -> None:
    document = load({"context": {"a": {"expr": "1 + 1"}, "b": [{"sql": 1}]}})
    assert document["context"] == {
        "a": {"literal": {"expr": "1 + 1"}},
        "b": [{"literal": {"sql": 1}}],
    }


# ------------------------------------------------------------------------- functions

LOST = {"@code": "({context}) => context.n > 1", "@name": ""}


@pytest.mark.parametrize("lost", [None, {}, LOST, {"$function": "() => 1"}])
def test_an_action_that_was_a_function_is_left_out_and_reported(lost: Json) -> None:
    assert warnings({"entry": [lost, "x"]})[0] == ("$.entry[0]", "function")
    assert entry(lost, "x") == [{"type": "x"}]


def test_a_guard_that_was_a_function_is_false() -> None:
    assert transition({"guard": LOST, "target": "b"})["guard"] == {"expr": "false"}


def test_the_negation_of_a_lost_guard_is_false_too() -> None:
    guard = {"@code": "", "@name": "not", "guards": [LOST]}
    assert transition({"guard": guard})["guard"] == {"not": {"not": {"expr": "false"}}}


def test_an_open_transition_before_others_has_lost_its_guard() -> None:
    machine = {"on": {"go": [{"actions": "x"}, {"actions": "y"}]}}
    assert ("$.on.go[0]", "function") in warnings(machine)
    first, last = load(machine)["on"]["go"]
    assert first["guard"] == {"expr": "false"}
    assert "guard" not in last


def test_a_report_shows_the_source_of_the_function_shortened() -> None:
    long = {"@code": f"() => {'x' * 200}"}
    short, cut = xstate.load({"entry": [LOST, long]}).warnings
    assert short.message.endswith("({context}) => context.n > 1")
    assert cut.message.endswith("x…")
    assert len(cut.message) < 130


def test_computed_context_input_and_output_are_left_out_and_reported() -> None:
    machine = {
        "context": LOST,
        "initial": "a",
        "states": {
            "a": {"invoke": {"src": "load", "input": LOST}},
            "b": {"type": "final", "output": LOST},
        },
    }
    document = load(machine)
    assert document["context"] == {}
    assert "input" not in document["states"]["a"]["invoke"][0]
    assert "output" not in document["states"]["b"]
    assert [path for path, _ in warnings(machine)] == [
        "$.context",
        "$.states.a.invoke.input",
        "$.states.b.output",
    ]


# -------------------------------------------------------------- XState's own actions


@pytest.mark.parametrize(
    ("raw", "ours"),
    [
        (
            {"type": "xstate.assign", "assignment": {"n": 1, "a.b": 2}},
            {"type": "assign", "set": {"n": 1, '["a.b"]': 2}},
        ),
        (
            {"type": "xstate.raise", "event": {"type": "e", "x": 1}, "delay": 5},
            {"type": "raise", "event": "e", "data": {"x": 1}, "delay": 5},
        ),
        (
            {"type": "xstate.sendTo", "to": "kid", "event": {"type": "e"}, "id": "q"},
            {"type": "send", "to": {"child": "kid"}, "event": "e", "id": "q"},
        ),
        (
            {"type": "xstate.sendTo", "to": "#_parent", "event": {"type": "e"}},
            {"type": "send", "to": "parent", "event": "e"},
        ),
        (
            {"type": "xstate.emit", "event": {"type": "e", "x": 1}},
            {"type": "emit", "event": "e", "data": {"x": 1}},
        ),
        ({"type": "xstate.cancel", "sendId": "q"}, {"type": "cancel", "id": "q"}),
        ({"type": "xstate.log", "value": "hi"}, {"type": "log", "message": "hi"}),
        (
            {"type": "xstate.spawnChild", "src": "m", "id": "kid", "input": {"n": 1}},
            {"type": "spawn", "machine": "m", "id": "kid", "input": {"n": 1}},
        ),
        (
            {"type": "xstate.stopChild", "actorRef": "kid"},
            {"type": "stop", "id": "kid"},
        ),
        (
            {"type": "xstate.choose", "conds": [{"actions": ["xy"]}]},
            {"type": "choose", "branches": [{"actions": [{"type": "xy"}]}]},
        ),
    ],
)
def test_built_in_actions_are_translated(raw: Json, ours: Json) -> None:
    noise = {"resolve": {"@code": "…"}, "execute": {"@code": "…"}, "@code": "…"}
    assert entry({**noise, **raw}) == [ours]


@pytest.mark.parametrize(
    "raw",
    [
        {"type": "xstate.assign"},
        {"type": "xstate.assign", "assignment": LOST},
        {"type": "xstate.raise", "event": LOST},
        {"type": "xstate.raise", "event": {"type": "e"}, "delay": LOST},
        {"type": "xstate.sendTo", "to": LOST, "event": {"type": "e"}},
        {"type": "xstate.cancel", "sendId": LOST},
        {"type": "xstate.stopChild", "actorRef": LOST},
        {"type": "xstate.enqueueActions", "collect": LOST},
    ],
)
def test_an_action_with_a_lost_part_is_left_out_as_a_whole(raw: Json) -> None:
    assert entry(raw) == []
    assert [code for _, code in warnings({"entry": [raw]})] == ["function"]


def test_the_known_part_of_an_assignment_is_kept() -> None:
    raw = {"type": "xstate.assign", "assignment": {"n": 1, "m": LOST}}
    assert entry(raw) == [{"type": "assign", "set": {"n": 1}}]
    assert warnings({"entry": [raw]}) == [("$.entry[0].assignment.m", "function")]


# -------------------------------------------------------------------------- XState 4


def test_the_spellings_of_xstate_4_are_understood() -> None:
    machine = {
        "initial": "a",
        "predictableActionArguments": True,
        "states": {
            "a": {
                "onEntry": "one",
                "entry": ["two"],
                "activities": ["beep"],
                "invoke": {"src": {"type": "load", "n": 1}, "data": {"m": 2}},
                "on": {
                    "": {"target": "b", "cond": {"type": "rich", "min": 3}},
                    "in": {"target": "b", "in": "#b"},
                },
                "after": [{"delay": 50, "target": "b"}],
            },
            "b": {"id": "b", "parallel": True, "states": {"c": {}, "d": {}}},
            "e": {"type": "final", "data": {"n": 1}},
        },
    }
    states = load(machine)["states"]
    a = states["a"]
    assert a["entry"] == [{"type": "one"}, {"type": "two"}]
    assert [i["src"] for i in a["invoke"]] == ["beep", "load"]
    assert a["invoke"][1]["input"] == {"m": 2}
    rich = {"type": "rich", "params": {"min": 3}}
    assert a["always"] == [{"target": ["b"], "guard": rich}]
    assert a["on"]["in"] == [{"target": ["b"], "guard": {"in": "#b"}}]
    assert a["after"] == {"50": [{"target": ["b"]}]}
    assert states["b"]["type"] == "parallel"
    assert states["e"]["output"] == {"n": 1}


@pytest.mark.parametrize(
    ("raw", "reenter"),
    [
        ({"target": "self"}, None),
        ({"target": "self", "cond": "x"}, True),
        ({"target": "#self.c", "cond": "x"}, True),
        ({"target": ".c", "cond": "x"}, None),
        ({"target": "#self.c", "cond": "x", "internal": True}, False),
        ({"target": "b", "cond": "x"}, None),
    ],
)
def test_external_transitions_of_xstate_4_leave_their_state(
    raw: Json, reenter: bool | None
) -> None:
    state: Json = {"id": "self", "initial": "c", "states": {"c": {}}, "on": {"go": raw}}
    machine = {"initial": "self", "states": {"self": state, "b": {}}}
    (found,) = load(machine)["states"]["self"]["on"]["go"]
    assert found.get("reenter") is reenter


def test_a_mere_target_is_external_in_xstate_4_too() -> None:
    machine = {"initial": "a", "strict": True, "states": {"a": {"on": {"go": "a"}}}}
    assert load(machine)["states"]["a"]["on"]["go"] == [
        {"target": ["a"], "reenter": True}
    ]


# --------------------------------------------------------------------------- Stately


def test_an_export_of_stately_is_read() -> None:
    machine = {
        "context": {},
        "id": "Video",
        "initial": "Opened",
        "types": {"events": {}, "context": {}},
        "schemas": {"events": {}},
        "states": {
            "Opened": {
                "description": "the player is there",
                "invoke": {
                    "id": "start",
                    "src": "startVideo",
                    "input": {},
                    "onDone": [{"target": "Closed", "actions": [], "meta": {}}],
                    "onError": [{"target": "Stopped", "actions": {"type": "report"}}],
                },
                "on": {"stop": [{"target": "Stopped", "actions": [], "meta": {}}]},
                "entry": {"type": "play", "params": {"loud": True}},
                "exit": [{"type": "pause"}],
                "tags": [],
                "meta": {"@layout": {"x": 1}},
            },
            "Stopped": {"after": {"5000": [{"target": "#Video.Closed"}]}},
            "Closed": {"type": "final"},
        },
    }
    found = xstate.load(machine)
    assert list(found.machines) == ["Video"]
    assert {w.code for w in found.warnings} == {"needs_implementation"}
    opened = found.document["states"]["Opened"]
    assert opened["entry"] == [{"type": "play", "params": {"loud": True}}]
    assert opened["on"]["stop"] == [{"target": ["Stopped"], "meta": {}}]
    assert opened["invoke"][0]["src"] == "startVideo"


# ---------------------------------------------------------------------------- actors


def test_a_machine_that_is_an_actor_becomes_a_machine() -> None:
    child = {"id": "payment", "initial": "x", "states": {"x": {}}}
    machine = {
        "id": "order",
        "invoke": [{"src": child}, {"src": "named"}, {"src": "work"}],
        "implementations": {"actors": {"named": {**child, "id": "other"}}},
    }
    found = xstate.load(machine)
    assert list(found.machines) == ["order", "named", "payment"]
    one, two, three = found.document["invoke"]
    assert (one["machine"], two["machine"]) == ("payment", "named")
    assert three["src"] == "work"
    assert found.document["implementations"]["effects"] == {"work": {}}


def test_children_that_cannot_be_are_reported() -> None:
    promise = {"config": {"@code": "async () => 1"}, "transition": {"@code": "…"}}
    event = {"type": "hi"}
    machine = {
        "invoke": {"src": "load", "id": "work"},
        "entry": [
            {"type": "xstate.spawnChild", "src": "load", "id": "kid"},
            {"type": "xstate.sendTo", "to": "work", "event": event},
            {"type": "xstate.sendTo", "to": "kid", "event": event},
        ],
        "implementations": {"actors": {"load": promise}},
    }
    assert warnings(machine) == [
        ("$.entry[0]", "machine"),
        ("$.entry[1]", "receiver"),
    ]


def test_an_actor_without_a_name_is_an_effect_called_after_its_place() -> None:
    machine = {"initial": "a", "states": {"a": {"invoke": [{"src": {}}, {}]}}}
    assert [i["src"] for i in load(machine)["states"]["a"]["invoke"]] == ["a", "a 2"]
    assert warnings(machine) == [
        ("$.states.a.invoke[0].src", "function"),
        ("$.states.a.invoke[1].src", "function"),
    ]


def test_what_has_no_counterpart_is_left_out_and_reported() -> None:
    machine = {
        "unknown": 1,
        "on": {"a*": {}, "xstate.snapshot.x": {}},
        "invoke": {"src": "s", "systemId": "s", "onSnapshot": {"actions": "x"}},
        "onDone": {"actions": []},
        "initial": "a",
        "states": {"a": {"id": "a", "route": {}}},
    }
    assert set(warnings(machine)) == {
        ("$.unknown", "left_out"),
        ('$.on["a*"]', "left_out"),
        ('$.on["xstate.snapshot.x"]', "left_out"),
        ("$.invoke.systemId", "left_out"),
        ("$.invoke.onSnapshot", "left_out"),
        ("$.onDone", "left_out"),
        ("$.states.a.route", "left_out"),
    }


def test_what_is_wrong_is_reported_all_at_once() -> None:
    machine = {"initial": "x", "states": {"a": {"on": {"go": "nowhere"}}}}
    with pytest.raises(FormatError) as refused:
        xstate.load(machine)
    assert [p.path for p in refused.value.problems] == [
        "$.initial",
        "$.states.a.on.go",
    ]


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"a": 1, "a": 2}', "null"])
def test_a_text_that_is_no_machine_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        xstate.load(text)


def test_the_json_of_the_machine_itself_is_reported_as_incomplete() -> None:
    machine = {
        "id": "m",
        "key": "m",
        "order": -1,
        "type": "compound",
        "history": False,
        "initial": {"target": ["#m.a"], "source": "#m", "actions": []},
        "states": {
            "a": {
                "id": "m.a",
                "key": "a",
                "order": 1,
                "type": "atomic",
                "initial": {"target": [], "source": "#m.a"},
                "entry": [{"type": "xstate.raise"}],
                "exit": [{"type": "xstate.cancel"}],
                "on": {
                    "xstate.after.9.m.a": [
                        {"target": ["#m.a"], "delay": 9, "source": "#m.a"}
                    ]
                },
                "transitions": [],
            }
        },
    }
    found = xstate.load(machine)
    assert [w.hint for w in found.warnings] == ["use JSON.stringify(machine.config)"]
    assert found.document["states"]["a"] == {
        "id": "m.a",
        "after": {"9": [{"target": ["#m.a"]}]},
    }


# ----------------------------------------------------------------------- the how-to

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "move-from-xstate.md"


def test_the_report_on_the_how_to_page_is_what_is_printed() -> None:
    def code(source: str) -> Json:
        return {"@code": source}

    machine = {
        "context": code("({input}) => ({total: input.total})"),
        "on": {"go": {"guard": "hasItems"}},
        "implementations": {
            "guards": {"hasItems": code("({context}) => context.total > 0")}
        },
    }
    lines = []
    for warning in xstate.load(machine).warnings:
        lines.append(f"warning: {warning.path}: {warning.message}")
        lines.append(f"    {warning.hint}")
    assert "```\n" + "\n".join(lines) + "\n```" in HOW_TO.read_text()


def test_the_table_of_the_how_to_page_has_valid_definitions() -> None:
    rows = [line for line in HOW_TO.read_text().splitlines() if line.startswith("| `")]
    ours = [row.split(" | ")[1].split("`")[1] for row in rows]
    whole = [cell for cell in ours if "…" not in cell]
    assert len(whole) > 5
    document: Json = {"initial": "a", "states": {"a": {}}}
    entry, always, more = [], [], {"effects": {"email.send": {}}}
    for cell in whole:
        if cell.startswith('{"type"'):
            entry.append(exact.loads(cell))
        elif cell.startswith("{"):
            always.append({"guard": exact.loads(cell), "target": "a"})
        else:
            found = exact.loads(f"{{{cell}}}")
            params = found.pop("params", None)
            always.append({"guard": {"type": "rich", "params": params}})
            (more if "delays" in found else document).update(found)
    more["guards"] = {"rich": {"expr": "params.min < 1"}}
    document["states"]["a"] = {"entry": entry, "always": always}
    document["implementations"] = more
    assert definition.check(document).problems == []
