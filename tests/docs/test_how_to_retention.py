"""The how-to about a small database shows what the commands print."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from .sessions import commands, masked
from .test_how_to_operate import STEP, printed_by

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/keep-the-database-small.md"
TEXT = PAGE.read_text("utf-8")
BLOCK = re.compile(
    rf"{STEP.pattern}|^```sql\n(?P<query>.*?)^```$", re.MULTILINE | re.DOTALL
)
PREPARE = """
    select pgsm.define_machine('order', {document});
    select pgsm.start_instance('order', 'order-1', '{{"customer": "Ada"}}');
    select pgsm.send_event('order-1', 'accept', event_id => 'click-1');
    select pgsm.complete_effects(jsonb_agg(jsonb_build_object(
        'instance_id', instance_id, 'effect_id', effect_id, 'lease_token', lease_token,
        'output', null)))
    from pgsm.claim_effects('r', '{{email.send}}', 9);
    update pgsm_private.effects set finished_at = now() - interval '2 years';
    update pgsm_private.instances set finished_at = now() - interval '2 years';
    update pgsm_private.event_ids set recorded_at = now() - interval '2 years';
"""


def prepared(connection: psycopg.Connection[object]) -> None:
    (document,) = re.findall(r"^```json\n(.*?)^```$", TEXT, re.M | re.S)
    quoted = psycopg.sql.Literal(document).as_string(connection)
    connection.execute(PREPARE.format(document=quoted).encode())


def test_commands_and_queries_do_what_the_page_says(
    fresh_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with psycopg.connect(fresh_dsn, autocommit=True) as connection:
        for step in BLOCK.finditer(TEXT):
            if step["hook"]:
                prepared(connection)
            elif step["query"] and step["query"].startswith("copy"):
                with connection.cursor().copy(step["query"].encode()) as copied:
                    assert list(copied) == []
            elif step["query"]:
                found = connection.execute(step["query"].encode()).fetchall()
                if "archived_instances" in step["query"]:
                    assert found == [("order-1", "done", {"customer": "Ada"}, 2)]
            else:
                for typed, shown in commands(step["block"]):
                    assert masked(printed_by(typed, fresh_dsn)) == masked(shown), typed
