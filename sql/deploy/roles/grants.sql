-- Deploy pgsm:roles/grants to pg
--
-- All that anybody may do, in one place.  Nothing is executable by public.

begin;

revoke execute on all functions in schema pgsm, pgsm_private, pgsm_engine from public;
revoke execute on all procedures in schema pgsm from public;

grant usage on schema pgsm to
    pgsm_author, pgsm_client, pgsm_runner, pgsm_scheduler, pgsm_viewer, pgsm_operator;

grant usage on type pgsm.snapshot, pgsm.claimed_effect, pgsm.timer_turn, pgsm.upgrade_turn,
    pgsm.upgrade_preview, pgsm.simulation to
    pgsm_author, pgsm_client, pgsm_runner, pgsm_scheduler, pgsm_viewer, pgsm_operator;

-- read
grant select on all tables in schema pgsm to
    pgsm_author, pgsm_client, pgsm_viewer, pgsm_operator;
grant select on pgsm.effect_names, pgsm.effect_stats, pgsm.runners to pgsm_runner;
-- views call it as who reads them; without usage on its schema nobody can name it
grant execute on function pgsm_private.now to
    pgsm_author, pgsm_client, pgsm_runner, pgsm_viewer, pgsm_operator;
grant execute on function
    pgsm.get_instance,
    pgsm.find_instances,
    pgsm.enabled_events,
    pgsm.instance_tree,
    pgsm.watch_instance,
    pgsm.timer_status,
    pgsm.machine_definition,
    pgsm.lint_machine,
    pgsm.diagram,
    pgsm.diagram_instance
to pgsm_author, pgsm_client, pgsm_viewer, pgsm_operator;

-- start and send
grant execute on function
    pgsm.start_instance,
    pgsm.start_or_send,
    pgsm.send_event,
    pgsm.send_event_by_key,
    pgsm.send_events,
    pgsm.post_event
to pgsm_client, pgsm_operator;

grant execute on function
    pgsm.simulate_event
to pgsm_author, pgsm_client, pgsm_operator;

-- define and upgrade
grant execute on function
    pgsm.define_machine,
    pgsm.check_definition,
    pgsm.set_current_version,
    pgsm.define_upgrade
to pgsm_author;
grant execute on function
    pgsm.upgrade_instance,
    pgsm.upgrade_batch,
    pgsm.upgrade_all,
    pgsm.undo_upgrade,
    pgsm.preview_upgrade,
    pgsm.preview_upgrades,
    pgsm.check_upgrade,
    pgsm.upgrade_path,
    pgsm.diff_versions,
    pgsm.replay,
    pgsm.set_upgrade_policy,
    pgsm.pause_machine,
    pgsm.resume_machine
to pgsm_author, pgsm_operator;
grant execute on function pgsm.set_state to pgsm_operator;
grant execute on procedure
    pgsm.upgrade_instances
to pgsm_author, pgsm_operator;

-- operate
grant execute on function
    pgsm.set_current_version,
    pgsm.pause_instance,
    pgsm.resume_instance,
    pgsm.stop_instance,
    pgsm.retry_effect,
    pgsm.cancel_effect,
    pgsm.retry_effects,
    pgsm.pause_effects,
    pgsm.resume_effects,
    pgsm.limit_effects,
    pgsm.retry_timer,
    pgsm.move_timer,
    pgsm.cancel_timer,
    pgsm.delete_instance,
    pgsm.erase_instance,
    pgsm.adopt_database,
    pgsm.enable_cron,
    pgsm.disable_cron
to pgsm_operator;

-- drive timers
grant execute on function
    pgsm.fire_timers,
    pgsm.begin_timer_turn,
    pgsm.run_timer_turn,
    pgsm.end_timer_turn,
    pgsm.cron_jobs,
    pgsm.cron_statements,
    pgsm.purge_cron_log,
    pgsm.stop_timers,
    pgsm.make_log_partitions,
    pgsm.forget_event_ids,
    pgsm.drop_log_partition
to pgsm_scheduler, pgsm_operator;
grant execute on procedure pgsm.run_timers to pgsm_scheduler, pgsm_operator;

-- retention
grant execute on function pgsm.set_retention, pgsm.reset_retention to pgsm_operator;
grant execute on function
    pgsm.make_log_partitions,
    pgsm.prune,
    pgsm.begin_retention,
    pgsm.end_retention
to pgsm_scheduler, pgsm_runner, pgsm_operator;
grant execute on procedure pgsm.run_retention to pgsm_scheduler, pgsm_runner, pgsm_operator;

-- run effects, and timers where no cron does
grant execute on function
    pgsm.fire_timers,
    pgsm.begin_timer_turn,
    pgsm.run_timer_turn,
    pgsm.end_timer_turn
to pgsm_runner;
grant execute on function
    pgsm.register_runner,
    pgsm.release,
    pgsm.unregister_runner,
    pgsm.claim_effects,
    pgsm.heartbeat_effects,
    pgsm.complete_effects,
    pgsm.fail_effect,
    pgsm.release_effects,
    pgsm.wait_for_effects,
    pgsm.stop_waiting
to pgsm_runner;

commit;
