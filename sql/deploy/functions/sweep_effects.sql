-- Deploy pgsm:functions/sweep_effects to pg
-- requires: functions/record_failure
-- requires: functions/instance_exists
-- requires: functions/statement_ends_at
-- requires: functions/stop_deadline
-- requires: functions/ended_effects
-- requires: functions/extend_deadlines
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
    v_until     timestamptz := pgsm_private.statement_ends_at();
    v_found     jsonb;
    v_instance  pgsm_private.instances;
    v_effect    pgsm_private.effects;
    v_error     jsonb;
    v_swept     integer := 0;
begin
    perform pgsm_private.extend_deadlines();
    -- an array: user SQL could fetch from the cursor of a loop over a query
    foreach v_found in array array(
        select jsonb_array_elements(pgsm_private.ended_effects(sweep_effects.batch))
    )
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

        v_error := case
            when v_effect.cancel_requested then
                '{"type": "cancelled", "message": "not done before its state was left"}'
            when v_effect.status = 'running' then jsonb_build_object(
                'type', 'lease_expired',
                'message', format('runner "%s" did not answer before its lease ended', v_effect.runner_id)
            )
            else '{"type": "deadline", "message": "not done before its deadline"}'
        end;
        perform pgsm_private.record_failure(
            v_instance, v_effect, v_error, v_effect.status <> 'running', interval '0'
        );
        v_swept := v_swept + 1;
        -- a step has used up the timeout, which would not come again for the next one
        exit when clock_timestamp() > v_until;
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
