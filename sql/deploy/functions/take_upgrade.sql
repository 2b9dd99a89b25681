-- Deploy pgsm:functions/take_upgrade to pg
-- requires: functions/find_upgrade
-- requires: functions/delays_of
-- requires: functions/keep_work
-- requires: functions/evaluate
-- requires: functions/write_step
-- requires: functions/time_text
-- requires: functions/save_preimage

begin;
set local role pgsm_owner;

create or replace function pgsm_private.take_upgrade (
    instance  pgsm_private.instances,
    version   integer,
    actor     jsonb
)
  returns pgsm.snapshot
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances := take_upgrade.instance;
    v_new       pgsm_private.machine_versions;
    v_clock     timestamptz := greatest(pgsm_private.now(), v_instance.clock);
    v_result    jsonb;
    v_data      jsonb;
begin
    v_new := pgsm_private.find_version(v_instance.machine, take_upgrade.version);
    v_data := jsonb_build_object('from', v_instance.version, 'to', v_new.version);
    v_result := pgsm_private.evaluate('migrate', array[
        v_new.checksum,
        null,
        array_to_string(v_instance.states, E'\n'),
        v_instance.context::text,
        v_instance.history::text,
        v_instance.work::text,
        pgsm_private.find_upgrade(v_instance.machine, v_instance.version, v_new.version)::text,
        pgsm_private.delays_of(v_instance)::text,
        -- one that has ended counts too: its invocation is not started again
        (select coalesce(jsonb_agg(jsonb_build_object(
                'effect_id', e.effect_id, 'state', e.state,
                'invoke_id', e.invoke_id, 'name', e.name)), '[]')
            from pgsm_private.effects as e
            where e.instance_id = v_instance.instance_id and e.kind = 'invoke'
                and e.state = any (v_instance.states || array[''])
                and e.status in ('pending', 'retrying', 'running', 'succeeded', 'failed')
                and not e.cancel_requested)::text,
        v_instance.instance_id,
        v_instance.machine,
        v_new.version::text,
        v_instance.parent_id,
        pgsm_private.time_text(v_clock),
        take_upgrade.actor::text,
        v_instance.revision::text,
        null
    ], v_instance.machine, v_new.version);
    if v_result ? 'error' then
        raise exception 'instance "%" cannot go from version % to %: %',
            v_instance.instance_id, v_instance.version, v_new.version,
            v_result #>> '{error,message}'
            using errcode = 'SM402',
            detail = format('machine "%s", state %s', v_instance.machine, v_instance.value),
            hint = coalesce(v_result #>> '{error,hint}', 'nothing has changed');
    end if;

    perform pgsm_private.save_preimage(v_instance, v_new.version, v_clock);
    v_instance.version := v_new.version;
    v_instance.checksum := v_new.checksum;
    update pgsm_private.instances as i
    set version = v_new.version, checksum = v_new.checksum
    where i.instance_id = v_instance.instance_id;
    perform pgsm_private.keep_work(
        v_instance.instance_id, v_new.version, v_result -> 'kept', v_clock, v_new.time_zone
    );
    return pgsm_private.write_step(
        v_instance, v_result, v_clock, 'upgrade', 'pgsm.upgrade', v_data, null,
        take_upgrade.actor
    );
end;
$$;

comment on function pgsm_private.take_upgrade (pgsm_private.instances, integer, jsonb) is $comment$
    Move a locked instance to another version of its machine: map the states,
    the context, the timers and invocations, keep what was, settle.

    Lock order: the instance, its timers, its effects.
$comment$;

commit;
