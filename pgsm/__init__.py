"""Statecharts that run inside PostgreSQL, next to the data they guard."""

from __future__ import annotations

__version__ = "0.1.0"
