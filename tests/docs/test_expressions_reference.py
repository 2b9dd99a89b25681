"""docs/reference/expressions.md has all of the language, and its examples are so."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest

from pgsm.engine import definition_shapes, exact, expression_compiler, run, scxml, step
from pgsm.engine import expression_numbers as numbers
from pgsm.engine import expression_tokens as tokens
from pgsm.engine import expression_values as values
from pgsm.engine.expressions import compile_expression
from pgsm.engine.functions import FUNCTIONS
from scripts import reference

PAGE = (reference.ROOT / "docs" / "reference" / "expressions.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## (.*)\n((?:(?!## ).*\n)*)", PAGE, re.M))
SCOPE = exact.loads(re.findall(r"^```json\n(.*?)^```", PAGE, re.M | re.S)[0])
NAMES = frozenset(SCOPE)


def rows(section: str) -> list[list[str]]:
    """The cells of a section's tables, without their heads."""
    tables = re.findall(r"((?:^\|.*\n)+)", SECTIONS[section], re.M)
    return [
        [cell.strip() for cell in row.strip("|").split("|")]
        for table in tables
        for row in table.splitlines()[2:]
    ]


def examples() -> list[tuple[str, str]]:
    """Expression and result of each row that has them."""
    return [
        (row[-2].strip("`"), row[-1].strip("`"))
        for section in ("Names", "Literals", "Operators", "Functions")
        for row in rows(section)
    ]


@pytest.mark.parametrize(("source", "result"), examples())
def test_examples_give_what_is_printed(source: str, result: str) -> None:
    scope = {**SCOPE, "in_state": lambda path: path == "open"}
    value = compile_expression(source, NAMES)(scope)
    assert exact.dumps(value) == exact.dumps(exact.loads(result))


def test_each_name_is_described() -> None:
    described = [row[0].strip("`").partition("(")[0] for row in rows("Names")]
    assert sorted(described) == sorted(
        [*expression_compiler.NAMES, "input", "in_state"]
    )
    assert set(described) - {"in_state"} == NAMES
    assert definition_shapes.GLOBALS <= NAMES


def test_scope_of_the_examples_has_the_keys_that_the_engine_gives() -> None:
    assert list(SCOPE["event"]) == list(run.make_event("e", {}))
    who = step.Who("i", "m", "1", None, "2030-01-01T00:00:00Z", None).scope()
    assert list(SCOPE["instance"]) == list(who["instance"])
    assert {*who, "context", "event"} == NAMES


def test_each_function_is_described_as_it_describes_itself() -> None:
    described = [(row[0].strip("`"), row[1]) for row in rows("Functions")]
    known = [(f.signature, f.summary) for f in FUNCTIONS.values()]
    assert sorted(described) == sorted(known)


def test_each_function_is_called_by_its_own_example() -> None:
    for signature, _, source, _ in rows("Functions"):
        assert signature.strip("`").partition("(")[0] + "(" in source


def _kinds(node: ast.AST) -> set[type[ast.AST]]:
    return {type(part) for part in ast.walk(node)}


def test_each_operator_stands_in_an_example() -> None:
    seen: set[type[ast.AST]] = set()
    for source, _ in examples():
        seen |= _kinds(ast.parse(re.sub(r"\.from\b", ".from_", source), mode="eval"))
    wanted: set[Any] = {
        *expression_compiler._VISITORS,
        *expression_compiler._BINARY,
        *expression_compiler._COMPARE,
        *(ast.And, ast.Or, ast.Not, ast.USub, ast.UAdd, ast.Is, ast.IsNot, ast.Slice),
    }
    assert wanted - {ast.Tuple} <= seen


def test_each_system_variable_is_described() -> None:
    section = "Documents with SCXML's semantics"
    described = {row[0].strip("`") for row in rows(section)}
    assert described == {*scxml.SYSTEM_VARIABLES, "In(id)"}
    event = run.make_event("e", {})
    for key in scxml.system_event(event, "internal", {"id": "i"}):
        assert f"`{key}`" in SECTIONS[section]


@pytest.mark.parametrize(
    "limit",
    [
        tokens.MAX_LENGTH,
        tokens.MAX_DEPTH,
        tokens.MAX_NUMBER,
        expression_compiler.MAX_LOOPS,
        values.MAX_ELEMENTS,
        values.WORK // values.STEP_COST,
        numbers.MAX_RANGE,
        exact.MAX_DIGITS,
    ],
)
def test_each_limit_is_told(limit: int) -> None:
    assert re.search(rf"(?<![\d,]){limit:,}(?![\d,])", SECTIONS["Limits"])
