"""Mermaid: what a diagram shows of a machine, and that hostile names do no harm."""

from __future__ import annotations

import re

import pytest

from pgsm.engine import diagram, diagram_model, diagram_texts, exact, step
from tests import mermaid
from tests.formats import diagrams

WHOLE = diagrams.normal(diagrams.WHOLE)


def shown(document: object) -> str:
    return diagram.mermaid(diagrams.normal(document))


def whole() -> str:
    """The text with its entities read and its line breaks taken out."""
    text = diagram.mermaid(WHOLE).replace("<br/>", " ")
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), text)


@pytest.mark.parametrize(
    "line",
    [
        "[*] --> s_idle",
        "s_idle : Nothing to do",
        "s_idle : # calm, free",
        "s_idle : entry / keep",
        "s_idle : exit / raise left",
        "s_idle --> s_work : go [mayGo] / keep after patience",
        "s_idle --> s_over : go [else] after 1 min",
        "s_idle --> s_idle : again",
        "s_idle --> s_work_past : back",
        "s_work_left_one : invoke mail.send",
        "s_work_left_one --> s_work_left_two : mail.send done mail.send failed",
        "s_work_left_two : invoke machine child, for each line of context.items",
        "s_work_left_two : child item done / keep",
        "s_work_left_two --> s_work_left_three : child done",
        "s_work_right_on --> s_work_right_off : [mayStop]",
        "s_work_right_old --> s_work_right_off",
        "s_work_left_three --> [*]",
        "s_work --> s_over : done",
        "s_any --> s_over : stop [mayStop]",
        "s_any : note / keep",
        'state "H*" as s_work_past',
        "--",
    ],
)
def test_a_diagram_says_what_a_machine_does(line: str) -> None:
    assert line in [text.strip() for text in whole().splitlines()]


def test_a_transition_to_several_states_goes_through_a_bar() -> None:
    lines = [line.strip() for line in whole().splitlines()]
    [bar] = [line.split()[1] for line in lines if line.endswith("<<fork>>")]
    assert f"s_idle --> {bar} : both" in lines
    assert f"{bar} --> s_work_left_two" in lines
    assert f"{bar} --> s_work_right_on" in lines


def test_transitions_with_the_same_ends_are_one_arrow() -> None:
    assert len(re.findall(r"s_idle --> s_over\b", whole())) == 1


def test_active_states_are_in_colour() -> None:
    text = diagram.mermaid(WHOLE, ["work", "work.left", "work.left.two"])
    assert "class s_work_left_two active" in text
    assert "class s_work,s_work_left around" in text


def test_an_unlike_name_does_not_take_anothers_place() -> None:
    states = {"a b": {}, "a_b": {}, "a": {"initial": "b", "states": {"b": {}}}}
    text = shown({"initial": "a", "states": states})
    names = re.findall(r" as (\w+)", text)
    assert len(names) == len(set(names)) == 4


def test_long_texts_are_cut_at_a_space() -> None:
    assert diagram_texts.shorten("one two three four five", 16) == "one two three…"
    assert diagram_texts.shorten("a" * 50, 10) == "a" * 9 + "…"
    long = {"expr": " or ".join(f"context.value == {n}" for n in range(40))}
    on = {"go": {"target": "b", "guard": long}}
    text = shown({"initial": "a", "states": {"a": {"on": on}, "b": {}}})
    assert max(map(len, text.splitlines())) < 250


def test_arrows_that_lead_back_break_every_circle() -> None:
    for path in diagrams.EXAMPLES:
        picture = diagram_model.picture(diagrams.example(path))
        back = diagram_model.leading_back(picture)
        onwards = [a for a in picture.arrows if id(a) not in back and not a.inside]
        left = {box for box in picture.root.walk() if not box.children}
        while free := {b for b in left if not any(_goes(a, b, left) for a in onwards)}:
            left -= free
        assert not left, path.name


def _goes(arrow: diagram_model.Arrow, box: object, left: object) -> bool:
    return arrow.source is box and any(target in left for target in arrow.targets)  # type: ignore[operator]


def test_the_engine_draws_what_the_command_draws() -> None:
    text = step.call("diagram", [exact.dumps(WHOLE), '["over"]'])
    assert exact.loads(text) == diagram.mermaid(WHOLE, ["over"])


def test_an_upgrade_shows_both_versions_and_the_map_between_them() -> None:
    old = diagrams.normal(
        {"id": "m", "initial": "a", "states": {"a": {}, "b": {}, "c": {}}}
    )
    new = diagrams.normal({"id": "m", "initial": "a", "states": {"a": {}, "d": {}}})
    text = diagram.upgrade(old, new, {"b": "d", "c": None}, ("version 1", "version 2"))
    lines = [line.strip() for line in text.splitlines()]
    assert 'state "m, version 1" as old_version {' in lines
    assert "old_a --> new_a" in lines
    assert "old_b --> new_d : upgrade" in lines
    assert "old_c --> old_c_refused : upgrade" in lines


def test_a_transition_to_the_root_is_said_in_its_state() -> None:
    again = {"on": {"again": {"target": "#m", "reenter": True}}}
    text = shown({"id": "m", "initial": "a", "states": {"a": again}})
    assert "s_a : #8635; again, from the start" in text


def test_a_machine_without_states_is_a_state() -> None:
    text = shown({"id": "m", "on": {"a": {"actions": {"type": "log", "message": 1}}}})
    assert 'state "m" as s_' in text
    assert "s_ : a / log" in text


@pytest.mark.parametrize("text", diagrams.HOSTILE)
def test_a_label_has_nothing_that_mermaid_or_html_reads(text: str) -> None:
    escaped = diagram.escape(diagram_texts.clean(text))
    assert not set("<>&\"':;{}%`*") & set(re.sub(r"#\d+;", "", escaped))
    assert "#" not in re.sub(r"#\d+;", "", escaped)


# ------------------------------------------------------------------- drawn for real


def test_mermaid_draws_the_examples_and_all_there_is() -> None:
    texts = {p.name: diagram.mermaid(diagrams.example(p)) for p in diagrams.EXAMPLES}
    texts |= {f"odd {n}": shown(odd) for n, odd in enumerate(diagrams.ODD)}
    texts["whole"] = diagram.mermaid(WHOLE, ["work", "work.left", "work.left.two"])
    first, second = (diagrams.example(diagrams.EXAMPLES[n]) for n in (0, 1))
    texts["upgrade"] = diagram.upgrade(first, second, {"cart": None})
    for name, found in mermaid.draw(texts).items():
        assert "error" not in found, name
        assert found["texts"], name


def test_mermaid_shows_hostile_names_as_they_are() -> None:
    document = diagrams.normal(diagrams.hostile())
    [found] = mermaid.draw({"hostile": diagram.mermaid(document)}).values()
    assert "error" not in found
    assert found["handlers"] == []
    assert not {"script", "img", "a", "iframe", "b", "i"} & set(found["tags"])
    seen = _letters("".join(found["texts"]))
    for text in diagrams.HOSTILE:
        assert _letters(diagram_texts.shorten(text)) in seen, text


def _letters(text: str) -> str:
    return re.sub(r"\s|…", "", text)
