"""A tiny sqitch project and empty databases, for the tests of the tools around."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests import templates

from . import tiny


@pytest.fixture
def tiny_project(tmp_path: Path) -> Path:
    return tiny.write_project(tmp_path / "a tiny project")


@pytest.fixture
def empty_dsn(server_dsn: str) -> Iterator[str]:
    """An empty database whose name needs quoting."""
    name = f"pgsm_test_{uuid.uuid4().hex[:8]} 'empty"
    quoted = sql.Identifier(name)
    with psycopg.connect(server_dsn, autocommit=True) as admin:
        admin.execute(sql.SQL("create database {}").format(quoted))
        yield templates.in_database(server_dsn, name)
        admin.execute(sql.SQL("drop database {} with (force)").format(quoted))
