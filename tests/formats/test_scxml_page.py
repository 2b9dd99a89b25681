"""docs/how-to/move-from-scxml.md says what happens."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

from pgsm.formats import scxml

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "move-from-scxml.md").read_text("utf-8")


def block(language: str) -> str:
    """The first block of code in a language."""
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)
    assert found
    return found[1]


def test_the_example_becomes_what_the_page_shows() -> None:
    imported = scxml.load(block("xml"))
    assert imported.warnings == []
    assert imported.document == json.loads(block("json"))
    assert scxml.load(scxml.dump(imported.document)).document == imported.document


def test_all_codes_of_warnings_of_an_export_are_listed() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", PAGE, re.M)
    modules = ("actions", "convert", "dialect", "export", "inlined", "precedence")
    given = {
        str(call.args[1].value)
        for module in modules
        for call in ast.walk(_tree(module))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "warn"
        and isinstance(call.args[1], ast.Constant)
    }
    assert sorted(listed) == sorted(given)


def _tree(module: str) -> ast.Module:
    file = ROOT / "pgsm" / "formats" / f"scxml_{module}.py"
    return ast.parse(file.read_text("utf-8"))
