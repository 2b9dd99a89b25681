"""DOT: what dot draws of a machine, and that hostile names do no harm."""

from __future__ import annotations

import re
import shutil
import xml.etree.ElementTree as ElementTree

import pytest

from pgsm.engine import diagram_texts
from pgsm.formats import dot, graphviz
from tests.formats import diagrams

pytestmark = pytest.mark.skipif(not shutil.which("dot"), reason="needs graphviz's dot")

WHOLE = diagrams.normal(diagrams.WHOLE)
SVG = "{http://www.w3.org/2000/svg}"


def draw(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(graphviz.draw(text, "svg"))


def texts(svg: ElementTree.Element) -> list[str]:
    return [found.text or "" for found in svg.iter(f"{SVG}text")]


def groups(svg: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [g for g in svg.iter(f"{SVG}g") if g.get("class") == kind]


def test_dot_draws_all_there_is_in_a_machine() -> None:
    svg = draw(dot.to_dot(WHOLE))
    seen = texts(svg)
    for text in ("whole", "idle", "# calm, free", "[mayGo]", "/ keep", "after 1 min"):
        assert text in seen
    assert seen.count("H") == 1
    assert seen.count("H*") == 1
    assert len(groups(svg, "cluster")) == 3


def test_regions_of_a_parallel_state_have_dashed_frames() -> None:
    frames = {}
    for group in groups(draw(dot.to_dot(WHOLE)), "cluster"):
        shape = next(g for g in group if g.tag in (f"{SVG}path", f"{SVG}polygon"))
        frames[texts(group)[0]] = shape.get("stroke-dasharray")
    assert frames == {"work": None, "left": "5,2", "right": "5,2"}


def test_active_states_are_in_colour() -> None:
    text = dot.to_dot(WHOLE, ["work", "work.left", "work.left.two"])
    assert text.count(dot.ACTIVE) == 1
    assert text.count(dot.ACTIVE_LINE) == 3


@pytest.mark.parametrize("path", diagrams.EXAMPLES, ids=lambda path: path.name)
def test_no_text_of_an_example_covers_another(path: object) -> None:
    svg = draw(dot.to_dot(diagrams.example(path)))  # type: ignore[arg-type]
    places = [
        (float(t.get("x") or 0), float(t.get("y") or 0)) for t in svg.iter(f"{SVG}text")
    ]
    assert len(places) == len(set(places))
    for number, (x, y) in enumerate(places):
        for other_x, other_y in places[number + 1 :]:
            assert abs(x - other_x) > 4 or abs(y - other_y) > 6


PAIRS = [(0, 1), (1, 0), (2, 5), (5, 2), (3, 3)]


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_the_old_version_is_left_of_the_new_one(old: int, new: int) -> None:
    one, other = (diagrams.example(diagrams.EXAMPLES[n]) for n in (old, new))
    svg = draw(dot.upgrade_to_dot(one, other, {}, ("v1", "v2")))
    where = {text.text: float(text.get("x") or 0) for text in svg.iter(f"{SVG}text")}
    assert where[f"{one['id']}, v1"] < where[f"{other['id']}, v2"]


def test_what_may_not_be_upgraded_is_refused() -> None:
    old, new = (diagrams.example(diagrams.EXAMPLES[n]) for n in (0, 1))
    svg = draw(dot.upgrade_to_dot(old, new, {"cart": None}))
    assert texts(svg).count("refused") == 1


def test_a_picture_in_which_dots_curves_fail_is_drawn_with_lines() -> None:
    svg = draw(dot.upgrade_to_dot(WHOLE, WHOLE, {}))
    assert texts(svg).count("idle") == 2


@pytest.mark.parametrize("number", range(len(diagrams.ODD)))
def test_every_edge_that_is_written_is_drawn(number: int) -> None:
    text = dot.to_dot(diagrams.normal(diagrams.ODD[number]))
    written = [line for line in text.splitlines() if " -> " in line]
    seen = [line for line in written if "style=invis" not in line]
    assert len(groups(draw(text), "edge")) == len(seen)


def test_hostile_names_are_shown_as_they_are() -> None:
    svg = draw(dot.to_dot(diagrams.normal(diagrams.hostile())))
    tags = {element.tag.removeprefix(SVG) for element in svg.iter()}
    assert tags <= {
        "svg",
        "g",
        "title",
        "polygon",
        "polyline",
        "path",
        "text",
        "ellipse",
    }
    attributes = {name for element in svg.iter() for name in element.attrib}
    assert not [name for name in attributes if name.startswith("on")]
    seen = re.sub(r"\s|…", "", "".join(texts(svg)))
    for text in diagrams.HOSTILE:
        assert re.sub(r"\s|…", "", diagram_texts.shorten(text)) in seen


def test_the_picture_has_its_machines_name_as_title_and_no_tips() -> None:
    svg = draw(dot.to_dot(WHOLE))
    assert [title.text for title in svg.iter(f"{SVG}title")] == ["whole"]


def test_a_machine_nested_fifty_deep_is_drawn() -> None:
    inner: dict[str, object] = {}
    for _ in range(48):
        inner = {"initial": "s", "states": {"s": inner}}
    svg = draw(dot.to_dot(diagrams.normal(inner)))
    assert len(groups(svg, "cluster")) == 47
