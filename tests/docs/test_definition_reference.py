"""docs/reference/definition.md has each key of the parser, and its examples run."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pgsm.engine import definition, definition_values, exact
from pgsm.engine.definition import NOT_YET
from pgsm.engine.definition_events import RESERVED_NAMES, RESERVED_PREFIXES
from pgsm.engine.definition_shapes import At, Check, Shape
from scripts import build_schema, reference
from scripts.build_schema import BUILT_IN

from .examples import Example, Run, examples

PAGE = reference.PAGE.read_text("utf-8")
TABLES = reference.tables(PAGE)
EXAMPLES = list(examples(PAGE))
BUILT_IN_SHAPES = [f"action-{kind}" for kind in BUILT_IN]
# What the engine does not do yet: part of an example → why.
FAILING: dict[str, str] = {}
RUNS = [example for example in EXAMPLES if example.steps]


def shapes_of_the_parser() -> Iterator[Shape]:
    """All the shapes that the parser's modules have as they are, or in a table."""
    for path in Path(definition.__file__).parent.glob("definition_*.py"):
        module = importlib.import_module(f"pgsm.engine.{path.stem}")
        for value in vars(module).values():
            values = value.values() if isinstance(value, dict) else [value]
            yield from (shape for shape in values if isinstance(shape, Shape))


def test_each_shape_of_the_parser_has_a_name_here() -> None:
    known = list(build_schema.SHAPES.values())
    assert [shape.kind for shape in shapes_of_the_parser() if shape not in known] == []


def described(name: str) -> set[str]:
    """The keys of a shape's table, and of those that it leaves keys to."""
    found: set[str] = set()
    for table in build_schema.tables_of(name):
        found |= TABLES.get(table, {}).keys()
    return found


@pytest.mark.parametrize("name", build_schema.SHAPES)
def test_each_key_of_the_parser_is_described(name: str) -> None:
    keys = set(build_schema.SHAPES[name].fields)
    if name in BUILT_IN_SHAPES:
        keys.remove("type")  # it stands in the table of actions
    assert keys - described(name) == set()


def test_each_key_that_is_described_is_one_of_the_parser() -> None:
    keys: dict[str, set[str]] = {
        "everywhere": {"$schema", "x-…"},
        "actions": set(BUILT_IN),
        "value": {"args", *definition_values._MARKS},
    }
    for name, shape in build_schema.SHAPES.items():
        for table in build_schema.tables_of(name):
            keys.setdefault(table, set()).update(shape.fields)
    unknown = {name: set(table) - keys[name] for name, table in TABLES.items()}
    assert {name: found for name, found in unknown.items() if found} == {}


def test_what_is_not_supported_yet_is_marked() -> None:
    marked = {
        f"{_kind(table)}.{key}"
        for table, rows in TABLES.items()
        for key, meaning in rows.items()
        if meaning.startswith(reference.NOT_YET)
    }
    assert marked == set(NOT_YET)


def _kind(table: str) -> str:
    shape = build_schema.SHAPES.get(table)
    return shape.kind if shape else table.removesuffix("s")


def test_events_of_the_engine_are_those_that_are_reserved() -> None:
    section = PAGE.partition("## Events of the engine")[2].partition("```")[0]
    named = re.findall(r"^\| `([^`<]*)(?:<.*)?` ", section, re.M)
    assert sorted(named) == sorted([*RESERVED_PREFIXES, *RESERVED_NAMES])


# ------------------------------------------------------------------ examples


def _line(example: Example) -> str:
    return f"line {example.line}"


@pytest.mark.usefixtures("whole_language")
@pytest.mark.parametrize("example", EXAMPLES, ids=_line)
def test_examples_are_definitions(example: Example) -> None:
    for text in example.definitions:
        assert definition.check(text).problems == []


def _runs() -> Iterator[Any]:
    for example in RUNS:
        reasons = [
            why for part, why in FAILING.items() if part in example.definitions[-1]
        ]
        marks = [pytest.mark.xfail(reason=why, strict=True) for why in reasons]
        yield pytest.param(example, marks=marks, id=_line(example))


@pytest.mark.parametrize("example", list(_runs()))
def test_examples_run_as_printed(example: Example) -> None:
    run = Run(example)
    for line in example.steps:
        run.check(line)


@pytest.mark.parametrize("example", EXAMPLES, ids=_line)
def test_examples_without_a_run_are_of_what_is_not_supported_yet(
    example: Example,
) -> None:
    problems = [
        p for text in example.definitions for p in definition.check(text).problems
    ]
    assert bool(problems) == (not example.steps)
    assert {problem.code for problem in problems} <= {"not_supported_yet"}


@pytest.mark.usefixtures("whole_language")
def test_each_key_stands_in_an_example(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[str] = set()

    def feature(check: Check, name: str, at: At) -> None:
        seen.add(_of_a_declaration(name, at.path))

    monkeypatch.setattr(Check, "feature", feature)
    for example in EXAMPLES:
        for text in example.definitions:
            definition.check(text)
    wanted = {
        _of_a_declaration(f"{shape.kind}.{key}", _PLACES.get(name, ()))
        for name, shape in build_schema.SHAPES.items()
        for key in shape.fields
        if name != "root" or key in TABLES["root"]
    }
    assert wanted <= seen


_PLACES = {"effect": ("implementations", "effects", "e")}


def _of_a_declaration(feature: str, path: tuple[Any, ...]) -> str:
    """The action and the declaration of an effect have the same name of a shape."""
    declared = feature.startswith("effect.") and path[:2] == _PLACES["effect"][:2]
    return f"declared {feature}" if declared else feature


def test_each_kind_of_value_stands_in_an_example() -> None:
    parts = list(_objects([exact.loads(t) for e in EXAMPLES for t in e.definitions]))
    for mark in definition_values._MARKS:
        assert any(mark in part for part in parts), mark


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _objects(item)


# --------------------------------------------------------------------- links


def _anchor(title: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", title.lower().replace("`", ""))
    return "#" + kept.replace(" ", "-")


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)]+)\)", PAGE))))
def test_links_lead_somewhere(target: str) -> None:
    if "://" in target:
        return
    name, mark, anchor = target.partition("#")
    path = reference.PAGE.parent / name if name else reference.PAGE
    assert path.exists()
    if mark:
        titles = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.M)
        assert mark + anchor in [_anchor(title) for title in titles]
