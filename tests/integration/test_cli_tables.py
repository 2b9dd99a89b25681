"""Rows on a terminal, in a pipe and as JSON."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from rich.cells import cell_len

from pgsm.cli import tables
from pgsm.engine import exact

LONG = "a" * 90
ROWS = [
    {"id": "kurz", "why": None, "n": Decimal("1.50")},
    {"id": "長い", "why": LONG, "n": 2},
]
COLUMNS = [("id", "id"), ("n", "n"), ("why", lambda row: row["why"])]


def test_columns_in_a_pipe_are_below_each_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tables.print_rows(ROWS, COLUMNS, as_json=False)
    printed = capsys.readouterr().out.splitlines()
    assert printed == ["id    n     why", "kurz  1.50", f"長い  2     {LONG}"]
    assert cell_len("長い") == 4


def test_nothing_is_cut_off_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")
    tables.print_rows(ROWS, COLUMNS, as_json=False)
    printed = capsys.readouterr().out
    assert printed.count("a") == 90
    assert "[" not in printed.replace("\x1b[", "")


def test_markup_in_a_cell_is_text(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    tables.print_rows([{"id": "[red]x[/]"}], [("id", "id")], as_json=False)
    assert "[red]x[/]" in capsys.readouterr().out


def test_json_has_a_line_a_row_with_exact_numbers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tables.print_rows(ROWS, COLUMNS, as_json=True)
    first, second = capsys.readouterr().out.splitlines()
    assert first == '{"id":"kurz","why":null,"n":1.50}'
    assert exact.loads(second)["why"] == LONG


def test_no_row_is_told_beside_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    tables.print_rows([], COLUMNS, as_json=False, none="no order")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "no order\n")
    tables.print_rows([], COLUMNS, as_json=True)
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("offered", "offered"),
        ({"a": {"b": "c"}}, "a.b.c"),
        ({"a": "b", "c": "d"}, '{"a":"b","c":"d"}'),
        ({"a": {}}, '{"a":{}}'),
        ({}, "{}"),
    ],
)
def test_state_is_a_path_where_one_leaf_is_active(value: Any, shown: str) -> None:
    assert tables.state(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (1.25, "1.2 s"),
        (119, "119.0 s"),
        (240, "4 min"),
        (7200, "2 h"),
        (864000, "10 d"),
    ],
)
def test_spans_are_told_in_the_unit_that_fits(seconds: float, shown: str) -> None:
    assert tables.span(datetime.timedelta(seconds=seconds)) == shown


def test_spans_are_seconds_for_scripts() -> None:
    spans = [datetime.timedelta(seconds=90), datetime.timedelta(seconds=1.5)]
    assert exact.dumps(tables.plain(spans)) == "[90,1.5]"


def test_small_spans_have_no_exponent_that_json_lacks() -> None:
    span = datetime.timedelta(microseconds=1)
    assert float(tables.plain(span)) == 1e-06
