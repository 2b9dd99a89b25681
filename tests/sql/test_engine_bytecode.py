"""The interpreter as it was compiled by the deploy, which a session loads."""

from __future__ import annotations

import psycopg
import pytest

from tests.databases import Connect

COMPARE = """
do language plpython3u $$
import importlib.util
import marshal

magic = importlib.util.MAGIC_NUMBER.hex()
rows = plpy.execute(
    "select m.name, m.source, b.code, b.magic from pgsm_engine.modules as m"
    " left join pgsm_engine.bytecode as b using (release, name)"
)
assert len(rows) > 30
for row in rows:
    assert row["magic"] == magic, row["name"]
    kept = marshal.loads(row["code"])
    assert kept == compile(row["source"], kept.co_filename, "exec"), row["name"]
    assert kept.co_filename.startswith("<pgsm_engine_"), kept.co_filename
$$
"""
MACHINE = '{"initial": "a", "states": {"a": {"on": {"go": "b"}}, "b": {}}}'
GO = "select outcome from pgsm.send_event('i', 'go')"


def test_each_module_is_there_as_it_would_be_compiled(connect: Connect) -> None:
    connect().execute(COMPARE.encode())


@pytest.mark.parametrize(
    "change",
    ["delete from pgsm_engine.bytecode", "update pgsm_engine.bytecode set magic = 'x'"],
)
def test_a_session_of_another_python_compiles_the_source(
    fresh_dsn: str, change: str
) -> None:
    with psycopg.connect(fresh_dsn) as admin:
        admin.execute(change.encode())
    with psycopg.connect(fresh_dsn) as session:
        session.execute("select pgsm.define_machine('m', %s)", [MACHINE])
        session.execute("select pgsm.start_instance('m', 'i')")
        assert session.execute(GO).fetchone() == ("taken",)


def test_what_the_deploy_has_compiled_is_what_a_session_runs(fresh_dsn: str) -> None:
    with psycopg.connect(fresh_dsn) as admin:
        admin.execute(
            "do language plpython3u $$\n"
            "import marshal\n"
            "code = compile('raise RuntimeError(\"from the bytecode\")', 'x', 'exec')\n"
            'plan = plpy.prepare("update pgsm_engine.bytecode set code = $1'
            " where name = 'step'\", ['bytea'])\n"
            "plpy.execute(plan, [marshal.dumps(code)])\n"
            "$$"
        )
    with (
        psycopg.connect(fresh_dsn) as session,
        pytest.raises(psycopg.Error, match="from the bytecode"),
    ):
        session.execute("select pgsm.define_machine('m', %s)", [MACHINE])
