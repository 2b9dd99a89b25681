-- Deploy pgsm:functions/sweep_effects to pg
-- requires: functions/record_failure
-- requires: functions/instance_exists
-- requires: functions/stop_deadline
-- requires: functions/note_effect_marks
-- requires: functions/now
--
-- Lock order: each instance, then its effect, in ascending instance_id.  The
-- candidates are read without locks, and nothing waits for an instance.

begin;
set local role pgsm_owner;

create or replace function pgsm_private.sweep_effects (batch integer)
  returns integer
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_now       timestamptz := pgsm_private.now();
    v_begun     timestamptz := clock_timestamp();
    v_renewed   text[];
    v_begins    timestamptz;
    v_ended     jsonb;
    v_found     jsonb;
    v_instance  pgsm_private.instances;
    v_effect    pgsm_private.effects;
    v_swept     integer := 0;
begin
    v_renewed := array(
        select m.name
        from pgsm_private.effect_marks as m
        where m.name = '' and m.noted_at < v_begun - interval '1 second'
        for update skip locked
    );
    select m.due_at into v_begins
    from pgsm_private.effect_marks as m
    where m.name = '' and v_renewed = '{}';
    v_begins := coalesce(v_begins, '-infinity');
    select coalesce(jsonb_agg(to_jsonb(c) order by c.instance_id, c.effect_id), '[]')
    into v_ended
    from (
        (select '' as name, e.instance_id, e.effect_id, e.lease_until as due_at
        from pgsm_private.effects as e
        where e.status = 'running' and e.lease_until between v_begins and v_now
        order by e.lease_until
        limit sweep_effects.batch)
        union all
        (select '' as name, e.instance_id, e.effect_id, e.deadline_at as due_at
        from pgsm_private.effects as e
        where e.status in ('pending', 'retrying')
            and e.deadline_at is not null
            and e.deadline_at between v_begins and v_now
        order by e.deadline_at
        limit sweep_effects.batch)
    ) as c;
    if v_renewed <> '{}' or clock_timestamp() - v_begun > interval '25 milliseconds' then
        perform pgsm_private.note_effect_marks(
            array[''], v_renewed, v_ended, clock_timestamp() - v_begun
        );
    end if;

    -- an array: user SQL could fetch from the cursor of a loop over a query
    foreach v_found in array array(select jsonb_array_elements(v_ended))
    loop
        select i.*
        into v_instance
        from pgsm_private.instances as i
        where i.instance_id = v_found ->> 'instance_id'
        for no key update skip locked;
        continue when not found and pgsm_private.instance_exists(v_found ->> 'instance_id');

        -- read again under the lock: another sweep may have been here
        select e.*
        into v_effect
        from pgsm_private.effects as e
        where e.instance_id = v_found ->> 'instance_id'
            and e.effect_id = v_found ->> 'effect_id'
            and (
                (e.status = 'running' and e.lease_until <= v_now)
                or (e.status in ('pending', 'retrying') and e.deadline_at <= v_now)
            )
        for update skip locked;
        continue when not found;
        continue when v_effect.status <> 'running' and pgsm_private.stop_deadline(v_effect);

        perform pgsm_private.record_failure(
            v_instance,
            v_effect,
            case
                when v_effect.cancel_requested then
                    '{"type": "cancelled", "message": "not done before its state was left"}'
                when v_effect.status = 'running' then jsonb_build_object(
                    'type', 'lease_expired',
                    'message', format('runner "%s" did not answer before its lease ended', v_effect.runner_id)
                )
                else '{"type": "deadline", "message": "not done before its deadline"}'
            end,
            v_effect.status <> 'running',
            interval '0'
        );
        v_swept := v_swept + 1;
    end loop;
    return v_swept;
end;
$$;

comment on function pgsm_private.sweep_effects (integer) is $comment$
    Take back effects whose lease has ended (tried again at once while they have
    attempts left) and fail those whose deadline is over; at most batch of each.
    Returns how many.  Instances that others have locked wait for the next sweep.
$comment$;

commit;
