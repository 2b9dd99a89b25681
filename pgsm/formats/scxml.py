"""SCXML: `load` gives definitions of a document, `dump` the document of one."""

from __future__ import annotations

from .common import Exported, FormatError, Imported, Problem
from .scxml_export import dump
from .scxml_import import load

__all__ = ["Exported", "FormatError", "Imported", "Problem", "dump", "load"]
