"""A definition becomes JSON of XState 5, and comes back as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pgsm.engine import definition, exact
from pgsm.formats import xstate
from pgsm.formats.common import FormatError

Json = Any
EXAMPLES = sorted(Path(__file__).parents[2].glob("examples/*/*.json"))


def dump(document: Json) -> Json:
    """The JSON of a definition, from which the same definition is read again."""
    text = xstate.dump(document)
    again = xstate.load(text)
    assert again.document == definition.normalise(document)
    assert again.warnings == []
    return exact.loads(text)


def warnings(document: Json) -> list[tuple[str, str]]:
    return [(found.path, found.code) for found in xstate.dump(document).warnings]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_come_back_as_they_were(path: Path) -> None:
    dump(exact.loads(path.read_text()))


def test_what_stands_in_place_gets_a_name_that_can_be_read() -> None:
    document = {
        "initial": "a",
        "context": {"total": 1},
        "states": {
            "a": {
                "entry": [
                    {"type": "assign", "set": {"total": 2, "b": 3}, "remove": "c"},
                    {"type": "raise", "event": "paid"},
                    {"type": "effect", "name": "mail"},
                    {"type": "call", "function": "shop.mark(text)", "args": ["x"]},
                    {"type": "log", "message": {"expr": "now"}},
                ],
                "on": {
                    "go": {"guard": {"expr": "context.total > 0"}},
                    "in": {"guard": {"and": ["rich", {"not": {"in": "a"}}]}},
                    "sql": {"guard": {"sql": "shop.ok(text)", "args": ["x"]}},
                },
            }
        },
        "implementations": {
            "guards": {"rich": {"expr": "context.total > 9"}},
            "effects": {"mail": {}},
        },
    }
    a = dump(document)["states"]["a"]
    assert [action["type"] for action in a["entry"]] == [
        "set total, b, remove c",
        "raise paid",
        "effect mail",
        "call shop.mark",
        "log",
    ]
    assert [found["guard"] for (found,) in a["on"].values()] == [
        "context.total > 0",
        "rich and (not (in a))",
        "sql shop.ok",
    ]


def test_equal_things_share_a_name_and_others_get_a_number() -> None:
    raised = [{"type": "raise", "event": "e", "data": n, "id": "x"} for n in (1, 2, 1)]
    found = dump(
        {
            "entry": [*raised, "raise e (3)"],
            "implementations": {"actions": {"raise e (3)": []}},
        }
    )
    names = [action["type"] for action in found["entry"]]
    assert names == ["raise e", "raise e (2)", "raise e", "raise e (3)"]


def test_a_long_expression_has_a_short_name() -> None:
    source = " + ".join(["1"] * 40) + " > 1"
    found = dump({"on": {"go": {"guard": {"expr": source}}}})
    name = found["on"]["go"][0]["guard"]
    assert len(name) == 60
    assert found["x-pgsm"]["inline"]["guards"][name] == {"expr": source}


@pytest.mark.parametrize(
    ("delay", "text"),
    [
        ("10 minutes", "600000"),
        ("1 hour 30 min", "5400000"),
        ("01:30", "5400000"),
        ("0.5s", "500"),
        ("PT1H30M", "5400000"),
        ("1500", "1500"),
        ("patience", "patience"),
    ],
)
def test_a_fixed_length_of_time_becomes_milliseconds(delay: str, text: str) -> None:
    implementations = {"delays": {"patience": 5}}
    document = {"after": {delay: {}}, "implementations": implementations}
    found = dump(document)
    assert list(found["after"]) == [text]
    assert warnings(document) == []


@pytest.mark.parametrize("delay", ["1 day", "P1M", "1 month 2 days"])
def test_a_length_that_the_calendar_decides_is_reported(delay: str) -> None:
    found = dump({"after": {delay: {}}})
    assert list(found["after"]) == [delay]
    assert warnings({"after": {delay: {}}})[0][1] == "delay"


def test_computed_values_are_null_and_reported() -> None:
    document = {
        "context": {"a": {"expr": "input.a"}, "b": 1, "c": {"literal": {"expr": "x"}}},
        "initial": "s",
        "states": {
            "s": {"invoke": {"src": "e", "input": {"n": {"expr": "context.b"}}}},
            "f": {"type": "final", "output": {"expr": "context.a"}},
        },
        "implementations": {"effects": {"e": {}}},
    }
    found = dump(document)
    assert found["context"] == {"a": None, "b": 1, "c": {"expr": "x"}}
    assert found["states"]["s"]["invoke"][0]["input"] == {"n": None}
    assert found["states"]["f"]["output"] is None
    assert warnings(document) == [
        ("$.context", "expression"),
        ("$.states.s.invoke[0].input", "expression"),
        ("$.states.f.output", "expression"),
    ]


def test_events_of_the_engine_have_the_names_of_xstate() -> None:
    document = {
        "id": "m",
        "initial": "a",
        "states": {
            "a": {
                "initial": "b",
                "invoke": {"src": "e", "id": "x"},
                "after": {"5": {}},
                "states": {"b": {"type": "final"}},
                "on": {
                    "done.invoke.x": {},
                    "error.invoke.x": {},
                    "done.state.a": {},
                    "after.5.a": {},
                    "done.invoke.*": {},
                },
            }
        },
        "implementations": {"effects": {"e": {}}},
    }
    assert list(dump(document)["states"]["a"]["on"]) == [
        "xstate.done.actor.x",
        "xstate.error.actor.x",
        "xstate.done.state.m.a",
        "xstate.after.5.m.a",
        "xstate.done.actor.*",
    ]


def test_what_xstate_has_no_place_for_is_kept_beside_it() -> None:
    document = {
        "id": "m",
        "version": 3,
        "initial": "a",
        "context": {"list": []},
        "keys": {"k": {"expr": "context.list"}},
        "unhandled": "refuse",
        "timeZone": "Europe/Berlin",
        "defer": ["later"],
        "states": {
            "a": {
                "initial": {"target": "b.c"},
                "invoke": {
                    "id": "all",
                    "machine": "child",
                    "each": {"expr": "context.list"},
                    "onItem": {},
                },
                "states": {"b": {"initial": "d", "states": {"c": {}, "d": {}}}},
            }
        },
        "x-note": 1,
    }
    found = dump(document)
    assert found["x-note"] == 1
    assert found["states"]["a"]["initial"] == "b"
    assert found["states"]["a"]["invoke"][0]["src"] == "child"
    assert set(warnings(document)) == {
        ("$.defer", "no_counterpart"),
        ("$.states.a.initial", "no_counterpart"),
        ("$.states.a.invoke[0].each", "no_counterpart"),
    }


def test_states_that_javascript_would_reorder_are_reported() -> None:
    document = {"type": "parallel", "states": {"b": {}, "1": {}}}
    assert warnings(document) == [("$.states", "order")]


def test_a_document_with_problems_is_refused_with_all_of_them() -> None:
    with pytest.raises(FormatError) as refused:
        xstate.dump({"initial": "x", "states": {"a": {"on": {"e": "y"}}}})
    assert len(refused.value.problems) == 2


def test_a_document_with_the_semantics_of_scxml_is_refused() -> None:
    with pytest.raises(FormatError, match="SCXML"):
        xstate.dump({"semantics": "scxml", "initial": "a", "states": {"a": {}}})


def test_numbers_stay_exact() -> None:
    text = xstate.dump(
        '{"context": {"a": 1.10, "b": 1e-30, "c": 12345678901234567890}}'
    )
    assert '{"a": 1.10, "b": 1E-30, "c": 12345678901234567890}' in text
