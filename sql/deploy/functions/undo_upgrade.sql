-- Deploy pgsm:functions/undo_upgrade to pg
-- requires: functions/undo_problem
-- requires: functions/restore_work
-- requires: functions/lock_instance
-- requires: functions/describe_instance
-- requires: functions/now
-- requires: functions/actor
-- requires: tables/event_log

begin;
set local role pgsm_owner;

create or replace function pgsm.undo_upgrade (instance_id text)
  returns pgsm.snapshot
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_now       timestamptz;
    v_instance  pgsm_private.instances;
    v_old       pgsm_private.instances;
    v_image     pgsm_private.upgrade_preimages;
    v_problem   text;
begin
    v_instance := pgsm_private.lock_instance(undo_upgrade.instance_id);
    v_now := pgsm_private.now();
    select p.* into v_image
    from pgsm_private.upgrade_preimages as p
    where p.instance_id = v_instance.instance_id and p.revision = v_instance.revision;
    v_problem := pgsm_private.undo_problem(v_instance, v_image);
    if v_problem is not null then
        raise exception 'the upgrade of instance "%" cannot be undone: %',
            v_instance.instance_id, v_problem
            using errcode = 'SM403',
            hint = 'an upgrade to the old version may be declared like any other';
    end if;
    v_old := jsonb_populate_record(null::pgsm_private.instances, v_image.instance);
    update pgsm_private.instances as i
    set version = v_old.version, checksum = v_old.checksum, states = v_old.states,
        value = v_old.value, tags = v_old.tags, context = v_old.context,
        history = v_old.history, work = v_old.work, output = v_old.output,
        tenant = v_old.tenant, revision = i.revision + 1,
        clock = greatest(v_now, i.clock)
    where i.instance_id = v_instance.instance_id
    returning i.* into v_old;
    perform pgsm_private.restore_work(v_old, v_image);
    insert into pgsm_private.event_log (
        instance_id, revision, recorded_at, machine, version, origin, event, data, clock,
        actor, source_states, target_states, transitions, release
    )
    values (
        v_old.instance_id, v_old.revision, clock_timestamp(), v_old.machine, v_old.version,
        'upgrade', 'pgsm.undo_upgrade',
        jsonb_build_object('from', v_instance.version, 'to', v_old.version), v_old.clock,
        pgsm_private.actor(), v_instance.states, v_old.states, '[]', '0.1'
    );
    return pgsm_private.describe_instance(v_old, 'taken', '{}');
end;
$$;

comment on function pgsm.undo_upgrade (text) is $comment$
    Take the last upgrade (or set_state) of an instance back, from its pre-image: all
    is as it was, but for the revision and the log, which go on.

        select * from pgsm.undo_upgrade('order-42');

    Possible while nothing else has happened.  Returns the snapshot.  Raises SM100,
    SM403 with the reason: an event was taken or a timer fired since, an effect that
    the upgrade cancelled was running, one that it started runs, it sent messages,
    started or stopped children, or ended the instance.
$comment$;

commit;
