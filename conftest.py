"""Tests and examples share the fixtures of tests/databases.py."""

from __future__ import annotations

pytest_plugins = ("tests.databases",)
