-- Deploy pgsm:functions/set_state to pg
-- requires: functions/move_instance
-- requires: functions/save_preimages
-- requires: functions/preimages_of
-- requires: functions/lock_instance
-- requires: functions/check_sendable
-- requires: functions/find_version
-- requires: functions/describe_instance
-- requires: functions/actor
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm.set_state (
    instance_id  text,
    states       text[],
    context      jsonb default null,
    reason       text default null,
    entry        boolean default false
)
  returns pgsm.snapshot
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances;
    v_clock     timestamptz;
    v_lasting   text;
    v_images    pgsm_private.upgrade_preimages[];
begin
    v_instance := pgsm_private.lock_instance(set_state.instance_id);
    if v_instance.status not in ('active', 'paused') then
        perform pgsm_private.check_sendable(v_instance, null);
    elsif set_state.states is null or nullif(btrim(set_state.reason), '') is null then
        raise exception 'set_state needs states and a reason' using errcode = 'SM115';
    elsif set_state.context is not null and jsonb_typeof(set_state.context) <> 'object' then
        raise exception 'the context is a JSON object, not %', jsonb_typeof(set_state.context)
            using errcode = 'SM115';
    end if;
    v_clock := greatest(pgsm_private.now(), v_instance.clock);
    v_images := pgsm_private.preimages_of(
        array[row(1, v_instance, v_clock, null, null)::pgsm_private.batch_step],
        v_instance.version
    );
    v_lasting := pgsm_private.move_instance(
        v_instance,
        pgsm_private.find_version(v_instance.machine, v_instance.version),
        jsonb_build_object('states', '{}'::jsonb, 'targets', set_state.states,
            'value', set_state.context, 'context', null, 'timers', 'keep',
            'entry', coalesce(set_state.entry, false)),
        'repair', 'pgsm.set_state',
        jsonb_build_object('reason', set_state.reason, 'states', set_state.states),
        pgsm_private.actor(), v_clock
    );
    perform pgsm_private.save_preimages(
        v_images, jsonb_build_object(v_instance.instance_id, v_lasting)
    );
    select i.* into v_instance
    from pgsm_private.instances as i
    where i.instance_id = v_instance.instance_id;
    return pgsm_private.describe_instance(v_instance, 'taken', '{}');
end;
$$;

comment on function pgsm.set_state (text, text[], jsonb, text, boolean) is $comment$
    Repair an instance: say which states are active, and what its context is (null:
    as it was).  It is an upgrade from its version to itself.

        select * from pgsm.set_state('order-42', '{preparing}',
                                     reason => 'the kitchen had it all the time');

    Timers and effects of states that stay active go on, others end; those of states
    that become active start; their entry actions run with entry => true.  Then the
    instance settles.  In the log with the reason; undo_upgrade takes it back.
    Returns the snapshot.  Raises SM100, SM110 (it has ended), SM115 (no reason), SM402 (no such states).
$comment$;

commit;
