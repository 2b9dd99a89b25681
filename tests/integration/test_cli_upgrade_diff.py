"""`pgsm upgrade diff`, and its text and Markdown."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from pgsm.cli import upgrade_diff

from .operated import ORDER, done, lines, refused, run, write

CHANGED: dict[str, Any] = {
    **ORDER,
    "states": {
        **ORDER["states"],
        "offered": {
            "on": {
                "accept": {
                    **ORDER["states"]["offered"]["on"]["accept"],
                    "guard": {"in": "a|b"},
                },
                "reject": {"target": "cancelled", "guard": {"expr": "context.eta"}},
            },
            "after": {"20 minutes": "cancelled"},
        },
        "a|b": {},
    },
}


@pytest.fixture(scope="module")
def versions(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    directory = tmp_path_factory.mktemp("versions")
    for number, document in enumerate((ORDER, CHANGED), start=1):
        file = write(directory, document, f"{number}.json")
        done(dsn, "machine", "define", file, "--name", "order")
    return dsn


def test_difference_names_what_came_went_and_changed(versions: str) -> None:
    printed = done(versions, "upgrade", "diff", "order", "1", "2").splitlines()
    assert printed == [
        "+ state a|b (atomic)",
        "~ transition offered on accept",
        '    guard.expr: "event.data.eta <= 60" → nothing',
        '    guard.in: nothing → "a|b"',
        "- transition offered on cancel → cancelled",
        "+ transition offered on reject → cancelled if context.eta",
        "- timer offered after 10 minutes → cancelled",
        "+ timer offered after 20 minutes → cancelled",
    ]


def test_its_json_has_both_sides(versions: str) -> None:
    found = lines(versions, "upgrade", "diff", "order", "1", "2")
    assert found[0] == {
        "kind": "state",
        "name": "a|b",
        "change": "added",
        "old": None,
        "new": {"type": "atomic"},
    }
    formatted = done(versions, "upgrade", "diff", "order", "1", "2", "--format", "json")
    assert len(formatted.splitlines()) == len(found)


def test_its_markdown_is_a_table_with_diagrams(versions: str) -> None:
    command = ("upgrade", "diff", "order", "1", "2", "--format", "markdown")
    printed = done(versions, *command)
    assert "| + | state a\\|b (atomic) | | |" in printed
    assert "| ~ | transition offered on accept | `guard.expr` " in printed
    assert "`guard.in` nothing | `a\\|b` |" in printed
    assert printed.count("```mermaid") == 2


def test_its_markdown_draws_a_declared_map(versions: str) -> None:
    with psycopg.connect(versions, autocommit=True) as connection:
        connection.execute(
            "select pgsm.define_upgrade('order', 2, 1, '{\"a|b\": null}')"
        )
    command = ("upgrade", "diff", "order", "2", "1", "--format", "markdown")
    printed = done(versions, *command)
    assert printed.count("```mermaid") == 1
    assert "refused" in printed


def test_same_versions_have_no_difference(versions: str) -> None:
    result = run(versions, "upgrade", "diff", "order", "1", "1")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "the two versions are the same\n"


def test_unknown_version_is_refused(versions: str) -> None:
    assert "(SM003)" in refused(versions, "upgrade", "diff", "order", "1", "9")


def test_differences_go_down_to_what_differs() -> None:
    old = {"actions": [{"type": "log"}, {"set": {"a": 1, "b": True}}], "n": [1]}
    new = {"actions": [{"type": "log"}, {"set": {"a": 1, "b": 1}}], "n": [1, 2]}
    assert list(upgrade_diff.differences(old, new)) == [
        ("actions[1].set.b", True, 1),
        ("n", [1], [1, 2]),
    ]
