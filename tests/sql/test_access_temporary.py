"""A session's own temporary objects, named like those that pgsm's functions use."""

from __future__ import annotations

import json

import psycopg
import pytest

from tests.databases import Connect

from . import evil, user_sql
from .conftest import AsRole

# Each call runs in a session of its own, whose functions are all compiled anew.
CALLS = """
client     select pgsm.start_instance('probe', 'temp-1', version => 1)
client     select pgsm.start_instance('probe', 'temp', if_exists => 'return')
client     select pgsm.send_event('temp', 'call', '{"command": "select 1"}')
client     select pgsm.send_event('temp', 'value', '{"command": "select 1"}', 'id-1')
client     select pgsm.send_event('temp', 'begin', expected_revision => 99)
client     select pgsm.send_event('temp', 'nothing', on_unhandled => 'refuse')
client     select pgsm.send_event('temp', 'begin')
client     select pgsm.post_event('temp', 'call', delay => '1 hour')
client     select pgsm.get_instance('temp')
client     select pgsm.enabled_events('temp')
client     select pgsm.watch_instance('temp')
client     select pgsm.start_or_send('probe', 'temp-2', 'begin')
client     select pgsm.start_or_send('probe', 'temp-3', 'begin')
client     select pgsm.start_or_send('probe', 'temp-4', 'begin')
client     select pgsm.start_or_send('probe', 'temp-5', 'begin')
client     select pgsm.send_events('BATCH')
client     select pgsm.find_instances('probe', 'tenant', 'x', 'active')
client     select pgsm.send_event_by_key('probe', 'tenant', 'x', 'begin')
client     select pgsm.simulate_event('temp', 'call', '{"command": "select 1"}')
client     select pgsm.simulate_event('temp', 'begin', '{}', 2)
client     select * from pgsm.instance_keys
client     select pgsm.instance_tree('temp')
client     select pgsm.lint_machine('probe', 1)
client     select pgsm.timer_status()
client     select pgsm.diagram('probe')
client     select pgsm.diagram_instance('temp')
client     select pgsm.machine_definition('probe', 1)
client     select * from pgsm.instances, pgsm.event_log, pgsm.timers, pgsm.effects
client     select * from pgsm.states, pgsm.transitions, pgsm.machine_versions
author     select pgsm.define_machine('temp', '{"initial": "a", "states": {"a": {}}}')
author     select * from pgsm.check_definition('{"initial": "a"}')
author     select pgsm.define_upgrade('probe', 2, 1)
author     select pgsm.set_current_version('probe', 2)
author     select pgsm.upgrade_instance('temp', 2)
author     select pgsm.upgrade_batch('probe', 2, 10)
author     select pgsm.upgrade_path('probe', 1, 2)
author     select pgsm.check_upgrade('probe', 1, 2)
author     select pgsm.preview_upgrade('temp', 2)
author     select pgsm.preview_upgrades('probe', 2, 5)
author     select pgsm.diff_versions('probe', 1, 2)
author     select pgsm.replay('probe', 2, max_instances => 3)
author     select pgsm.upgrade_all('probe', 1, '{"states": ["none"]}')
author     select pgsm.set_upgrade_policy('probe', 'manual')
author     select pgsm.pause_machine('probe', 2)
author     select pgsm.resume_machine('probe')
operator   select pgsm.set_state('temp', '{none}', reason => 'a test')
operator   select pgsm.undo_upgrade('temp')
operator   select pgsm.pause_instance('temp')
operator   select pgsm.resume_instance('temp')
operator   select pgsm.stop_instance('temp')
operator   select pgsm.retry_effect('temp', '1/0')
operator   select pgsm.cancel_effect('temp', '1/0')
operator   select pgsm.pause_effects('probe.work')
operator   select pgsm.resume_effects('probe.work')
operator   select pgsm.limit_effects('probe.work', 10, 10)
operator   select pgsm.retry_effects('probe.work')
operator   select * from pgsm.failed_effects, pgsm.effect_stats, pgsm.effect_names
operator   select pgsm.retry_timer('temp', 't')
operator   select pgsm.move_timer('temp', 't', '2030-01-01')
operator   select pgsm.cancel_timer('temp', 't')
operator   select pgsm.erase_instance('temp-2', 'asked for')
operator   select pgsm.delete_instance('temp-2', 'a test')
operator   select pgsm.adopt_database()
operator   select pgsm.enable_cron()
operator   select pgsm.disable_cron()
scheduler  select pgsm.stop_timers(true)
scheduler  select pgsm.stop_timers(false)
scheduler  select pgsm.make_log_partitions(6)
scheduler  select pgsm.forget_event_ids()
operator   select pgsm.set_retention('effects', '0', 'probe')
operator   select pgsm.set_retention('instances', '0', action => 'archive')
operator   select pgsm.reset_retention('effects', 'probe')
scheduler  select pgsm.begin_retention('1 hour')
scheduler  select pgsm.prune('effects'), pgsm.prune('instances'), pgsm.prune('log')
scheduler  select pgsm.end_retention('{}', true)
scheduler  select pgsm.drop_log_partition('2000-01-01')
scheduler  call pgsm.run_retention()
scheduler  select pgsm.cron_jobs(60)
scheduler  select pgsm.cron_statements(60)
scheduler  select pgsm.begin_timer_turn('d', 'cron')
scheduler  select pgsm.run_timer_turn('d')
scheduler  select pgsm.end_timer_turn('d')
scheduler  select pgsm.fire_timers()
scheduler  call pgsm.run_timers('0 seconds')
runner     select pgsm.register_runner('t', '{probe.work}')
runner     select pgsm.heartbeat_effects('t', '[]')
runner     select pgsm.claim_effects('t', '{probe.work}', 5)
runner     select pgsm.complete_effects('[{"instance_id": "temp", "effect_id": "1/0"}]')
runner     select pgsm.fail_effect('temp', '1/0', gen_random_uuid(), '{}')
runner     select pgsm.release_effects('t', '[]')
runner     select pgsm.wait_for_effects('t', '{probe.work}')
runner     select pgsm.stop_waiting('t')
runner     select pgsm.release()
runner     select pgsm.unregister_runner('t')
"""
# enough instances for them to be stepped and written together
BATCH = json.dumps(
    [
        {"instance_id": f"temp{suffix}", "event": "begin", "event_id": "b"}
        for suffix in ("", "-2", "-3", "-4", "-5")
    ]
)
CASES = [
    line.replace("BATCH", BATCH).split(maxsplit=1)
    for line in CALLS.strip().splitlines()
]


@pytest.fixture(scope="module")
def probe(dsn: str) -> None:
    with psycopg.connect(dsn) as admin:
        user_sql.install(admin)
        admin.execute("select pgsm.start_instance('probe', 'temp', version => 1)")


@pytest.mark.usefixtures("probe")
@pytest.mark.parametrize(("kind", "call"), CASES)
def test_temporary_objects_never_run_as_the_owner(
    as_role: AsRole, kind: str, call: str
) -> None:
    session = as_role(kind)
    notices: list[str] = []
    session.add_notice_handler(lambda n: notices.append(n.message_primary or ""))
    session.execute(evil.TEMPORARY)
    session.execute(
        "create temp table instances (instance_id pg_catalog.text);"
        "create temp table snapshot (instance_id pg_catalog.text);"
        "create temp table pg_proc (oid pg_catalog.oid)"
    )
    try:
        session.execute(call)
    except psycopg.DatabaseError as error:
        assert (error.sqlstate or "")[:2] == "SM", error  # noqa: PT017
    assert evil.ran_as("\n".join(notices)) <= {session.info.user}


def test_every_public_routine_is_called_with_temporary_objects_about(
    connect: Connect,
) -> None:
    names = connect().execute(
        "select distinct proname from pg_proc where pronamespace = 'pgsm'::regnamespace"
    )
    called = "\n".join(call for _, call in CASES)
    missing = {name for (name,) in names if f"pgsm.{name}(" not in called}
    # upgrade_instances: in test_access_search_path.py; the other needs pg_cron
    assert missing <= {"upgrade_instances", "purge_cron_log"}
