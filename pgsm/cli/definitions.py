"""Reading the definitions that commands are given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..formats import files
from ..formats.common import FormatError
from .common import fail


def read(file: str) -> Any:
    """The document in a JSON or YAML file, "-" being standard input."""
    if file != "-" and not Path(file).is_file():
        raise click.BadParameter(f"there is no file {file!r}", param_hint="FILE")
    if file.endswith(".scxml"):
        raise click.BadParameter(
            f"pgsm import scxml {file} | pgsm machine define - --name NAME",
            param_hint="an SCXML document is imported first",
        )
    try:
        return files.read_definition(file)
    except FormatError as error:
        lines = [f"{p.path}: {p.message}" for p in error.problems]
        fail("\n".join(lines), "pgsm check says more")


def name_of(document: Any, file: str) -> str:
    """The name of a document's machine: its \"id\", else the file's name."""
    found = document.get("id") if isinstance(document, dict) else None
    if isinstance(found, str):
        return found
    if file == "-":
        raise click.UsageError('a document without "id" needs --name NAME')
    return Path(file).name.split(".")[0]
