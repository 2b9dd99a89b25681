"""`pgsm types`: the module is formatted, passes mypy, and means what it says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import click.testing
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgsm.cli import main
from pgsm.types import Machine, module_of
from pgsm.types_schema import camel, literal

HERE = Path(__file__).resolve().parent
ORDER = HERE / "order.json"
EXAMPLES = HERE.parents[1] / "examples"

USE = """
from __future__ import annotations

import order_types as types

import pgsm


def accept(client: pgsm.Client, order: str) -> types.OrderContext:
    event: types.OrderEvent = "accept"
    data: types.OrderAcceptData = {"eta": 20}
    sent = client.send(order, event, data)
    context: types.OrderContext = sent.context
    return context


def total(context: types.OrderContext) -> str:
    status: types.OrderState = "paid"
    return f"{context['total'] + 1} {context['lines'][0]['sku']} {status}"
"""
WRONG = """
from __future__ import annotations

import order_types as types

event: types.OrderEvent = "acept"
state: types.OrderState = "nowhere"
data: types.OrderAcceptData = {"eta": "20"}
given: types.OrderInput = {}
"""


def run(*arguments: str) -> click.testing.Result:
    return click.testing.CliRunner().invoke(main, ["types", *arguments])


def formatted(directory: Path) -> None:
    check(directory, "ruff", "format", "--isolated", "--diff", "order_types.py")


def check(directory: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the types of order.json."""
    directory = tmp_path_factory.mktemp("types")
    done = run(str(ORDER), "-o", str(directory / "order_types.py"))
    assert done.exit_code == 0, done.output
    return directory


def test_module_is_formatted(directory: Path) -> None:
    formatted(directory)


def test_module_can_be_imported(directory: Path) -> None:
    check(directory, "order_types")


def test_module_passes_mypy_and_finds_what_is_wrong(directory: Path) -> None:
    (directory / "use.py").write_text(USE)
    (directory / "wrong.py").write_text(WRONG)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "use.py", "wrong.py"],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
    places = [line.split(": ")[0] for line in done.stdout.splitlines()[:-1]]
    assert places == [f"wrong.py:{line}" for line in (6, 7, 8, 9)], done.stdout


def test_module_has_the_names(directory: Path) -> None:
    text = (directory / "order_types.py").read_text()
    for line in (
        'OrderState = Literal["offered", "paid"]',
        'OrderTag = Literal["open"]',
        'OrderKey = Literal["payment"]',
        'OrderEffect = Literal["card.charge"]',
        "    sku: str",
        "    count: NotRequired[int | None]",
        "    total: int | Decimal",
        '        "first-name": NotRequired[str],',
        "    sum: Any",
    ):
        assert line in text.splitlines(), text


def test_floats_are_floats() -> None:
    done = run(str(ORDER), "--numbers", "float")
    assert "    total: float" in done.output
    assert "Decimal" not in done.output


def test_check_says_whether_it_is_up_to_date(directory: Path, tmp_path: Path) -> None:
    written = directory / "order_types.py"
    assert run(str(ORDER), "-o", str(written), "--check").exit_code == 0
    other = tmp_path / "other.py"
    done = run(str(ORDER), "-o", str(other), "--check")
    assert (done.exit_code, other.exists()) == (1, False)
    assert "is not up to date" in done.output
    assert run(str(ORDER), "--check").exit_code == 2
    assert run(str(ORDER), "--version", "1").exit_code == 2


def test_all_examples_have_types(tmp_path: Path) -> None:
    files = [str(path) for path in sorted(EXAMPLES.rglob("*.json"))]
    module = tmp_path / "order_types.py"
    done = run(*files, "-o", str(module))
    assert done.exit_code == 0, done.output
    formatted(tmp_path)
    check(tmp_path, "mypy", "--strict", "order_types.py")


def test_types_of_a_machine_in_a_database(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "select pgsm.define_machine('order', %s)", [ORDER.read_text()]
        )
    done = run("order", "--dsn", dsn)
    assert done.output.startswith('"""Types of the machine "order", version 1.\n')
    assert done.output.splitlines()[2:] == run(str(ORDER)).output.splitlines()[2:]
    assert run("order", "--dsn", dsn, "--version", "7").exit_code == 1


# ------------------------------------------------------------------------- at random

NAMES = st.text("abcdefgh_-'\"\\日é", min_size=1, max_size=40)
WORDS = st.sampled_from(["total", "class", "first-name", "éta", "a" * 30])
LEAVES = st.sampled_from(
    [
        True,
        {},
        {"type": "string"},
        {"type": ["integer", "null"]},
        {"type": "number"},
        {"enum": ["a", 1, None, True]},
        {"enum": ["a long value of some length " + "x" * n for n in range(5)]},
        {"const": 'it"s'},
        {"$ref": "#"},
        {"$ref": "elsewhere.json"},
        {"required": ["a"]},
    ]
)


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    properties = st.dictionaries(WORDS, inner, min_size=1, max_size=4)
    return properties.map(
        lambda p: {"type": "object", "properties": p, "required": sorted(p)[:1]}
    )


SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        objects(inner),
        inner.map(lambda s: {"type": "array", "items": s}),
        inner.map(lambda s: {"type": "object", "additionalProperties": s}),
        st.lists(inner, min_size=1, max_size=3).map(lambda s: {"anyOf": s}),
    ),
    max_leaves=12,
)


@settings(max_examples=30, deadline=None)
@given(states=st.lists(NAMES, unique=True, max_size=6), schema=objects(SCHEMAS))
def test_any_module_is_formatted_and_runs(
    tmp_path_factory: pytest.TempPathFactory, states: list[str], schema: Any
) -> None:
    document = {
        "states": {state.replace(".", "_"): {} for state in states},
        "contextSchema": schema,
        "eventSchemas": {"go": schema},
    }
    text = module_of([Machine("order", document)])
    exec(compile(text, "order_types.py", "exec"), {"__name__": "order_types"})
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", "-"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("a", '"a"'),
        ("it's", '"it\'s"'),
        ('"', "'\"'"),
        ("\"'", '"\\"\'"'),
        (None, "None"),
    ],
)
def test_literals_are_written_as_ruff_does(value: Any, written: str) -> None:
    assert literal(value) == written


def test_names_are_in_camel_case() -> None:
    assert camel("order", "restaurant.accept", "data") == "OrderRestaurantAcceptData"
    assert camel("2nd order") == "Machine2ndOrder"
