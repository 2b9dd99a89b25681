"""A sqitch project of three changes, to deploy without waiting for pgsm's own."""

from __future__ import annotations

from pathlib import Path

PLAN = """\
%syntax-version=1.0.0
%project=tiny

schema 2026-01-01T00:00:00Z Tiny <tiny@example.com> # The schema
table [schema] 2026-01-01T00:00:01Z Tiny <tiny@example.com> # A table
@v1.0 2026-01-01T00:00:02Z Tiny <tiny@example.com> # A release
view [table] 2026-01-01T00:00:03Z Tiny <tiny@example.com> # A view
"""

SCRIPTS = {
    "deploy/schema": "create schema tiny;",
    "revert/schema": "drop schema tiny;",
    "verify/schema": "select 1 / count(*) from pg_namespace where nspname = 'tiny';",
    "deploy/table": "create table tiny.things (id int);",
    "revert/table": "drop table tiny.things;",
    "verify/table": "select id from tiny.things where false;",
    "deploy/view": "create view tiny.seen as select id from tiny.things;",
    "revert/view": "drop view tiny.seen;",
    "verify/view": "select id from tiny.seen where false;",
}

CONF = """\
[core]
    engine = pg
    plan_file = sqitch.plan
    top_dir = sql
[deploy]
    verify = true
"""


def write_project(directory: Path, **scripts: str) -> Path:
    """The project; `scripts` replaces deploy scripts by name."""
    (directory / "sqitch.plan").parent.mkdir(parents=True, exist_ok=True)
    (directory / "sqitch.plan").write_text(PLAN)
    (directory / "sqitch.conf").write_text(CONF)
    replaced = {f"deploy/{name}": text for name, text in scripts.items()}
    for name, text in {**SCRIPTS, **replaced}.items():
        path = directory / "sql" / f"{name}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return directory
