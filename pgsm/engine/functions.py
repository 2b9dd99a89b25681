"""The functions of the expression language: `FUNCTIONS`, by name.

They are defined by the modules that are imported here.
"""

from __future__ import annotations

from . import expression_lists, expression_numbers, expression_texts
from .expression_table import FUNCTIONS, Function

__all__ = ["FUNCTIONS", "MODULES", "Function"]

MODULES = (expression_numbers, expression_lists, expression_texts)
