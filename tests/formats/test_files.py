"""Definitions are read from JSON and YAML 1.2 with exact numbers, once per key."""

from __future__ import annotations

import io
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pgsm.engine import exact
from pgsm.formats import files
from pgsm.formats.common import FormatError

VALUE = (
    '{"on": {"a": "yes", "b": "no", "c": "null", "d": "1e5", "e": "2020-01-01"},'
    ' "1000": 1.10, "big": 1E+30, "small": 1E-30, "int": 12345678901234567890,'
    ' "t": true, "n": null, "s": "a: b # c", "m": "x\\ny", "": "", "l": [[], {}],'
    ' "u": "1_000", "o": "010", "tab": "\\t", "é": "😀"}'
)


def problems(text: str) -> list[Any]:
    with pytest.raises(FormatError) as refused:
        files.read_yaml(text)
    return [(p.path, p.code, p.message) for p in refused.value.problems]


def test_a_value_written_as_yaml_reads_as_the_same() -> None:
    value = exact.loads(VALUE)
    again = files.read_yaml(files.to_yaml(value))
    assert again == value
    assert exact.dumps(again) == exact.dumps(value)


def test_yaml_is_of_version_1_2() -> None:
    text = "on: {yes: no, 1000: off}\nat: 12:30:00\nday: 2020-01-01\noctal: 0o17"
    assert files.read_yaml(text) == {
        "on": {"yes": "no", "1000": "off"},
        "at": "12:30:00",
        "day": "2020-01-01",
        "octal": 15,
    }


def test_numbers_of_yaml_are_exact() -> None:
    found = files.read_yaml("[0.1, 1.10, 123456789012345678901234567890, 1e-30]")
    assert [str(number) for number in found] == [
        "0.1",
        "1.10",
        "123456789012345678901234567890",
        "1E-30",
    ]
    assert type(found[0]) is Decimal


def test_a_key_that_stands_twice_is_refused_by_its_path_and_line() -> None:
    message = 'the key "b" stands twice (line 3)'
    assert problems("a:\n  b: 1\n  b: 2\n") == [("$.a.b", "bad_yaml", message)]


@pytest.mark.parametrize(
    "text",
    [
        "a: .nan",
        "a: !!set {x}",
        "a: !!binary aGk=",
        "a: !python/object:os.system x",
        "? [1]\n: 2",
        "a: 1\n---\nb: 2",
        "a: [",
        'a: "\\0"',
        "a: &x [*x]",
        "a: *nowhere",
    ],
)
def test_what_json_cannot_hold_is_refused(text: str) -> None:
    assert problems(text)


def test_aliases_cannot_blow_a_document_up() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert problems("\n".join(lines)) == [
        ("$", "too_large", "the document is too large (line 1)")
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [("m.json", '{"a": 1}'), ("m.yaml", "a: 1"), ("m", "a: 1"), ("n", ' {"a": 1}')],
)
def test_a_file_is_read_by_its_name_or_else_its_looks(
    tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)
    assert files.read_definition(tmp_path / name) == {"a": 1}


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(b"on: {go: b}")

    monkeypatch.setattr(sys, "stdin", Stdin)
    assert files.read_definition("-") == {"on": {"go": "b"}}


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b'{"a": 1, "a": 2}', b"{"])
def test_a_file_that_cannot_be_read_is_a_format_error(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "m.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FormatError):
        files.read_definition(path)
