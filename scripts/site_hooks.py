"""What the documentation's site takes from outside of docs/."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

SCHEMA = "machine.schema.json"
SOURCE = Path(__file__).resolve().parents[1] / "pgsm" / SCHEMA


def on_files(files: Files, config: Any) -> Files:
    """The JSON Schema of definitions, which pages link to where it is in the tree."""
    files.append(File.generated(config, SCHEMA, abs_src_path=str(SOURCE)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    return markdown.replace(f"](../../pgsm/{SCHEMA})", f"](../{SCHEMA})")
