"""The page on the processing model names every difference that the engine makes."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from pgsm.engine.semantics import Semantics

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "processing-model.md"


def test_each_difference_between_scxml_and_xstate_is_explained() -> None:
    section = PAGE.read_text().partition("## Documents of SCXML")[2]
    explained = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    fields = [field.name for field in dataclasses.fields(Semantics)]
    assert explained == [name for name in fields if name != "name"]
