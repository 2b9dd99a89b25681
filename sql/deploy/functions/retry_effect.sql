-- Deploy pgsm:functions/retry_effect to pg
-- requires: functions/lock_effect
-- requires: functions/deliver_output
-- requires: functions/notify_runners
-- requires: functions/check_retry
-- requires: functions/log_repair
-- requires: functions/release_next_effect
-- requires: functions/effect_interval
-- requires: functions/now
--
-- Lock order: the instance, then the effect.

begin;
set local role pgsm_owner;

create or replace function pgsm.retry_effect (instance_id text, effect_id text)
  returns text
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_effect    pgsm_private.effects;
    v_instance  pgsm_private.instances;
    v_now       timestamptz;
    v_outcome   text;
begin
    v_effect := pgsm_private.lock_effect(retry_effect.instance_id, retry_effect.effect_id);
    select i.*
    into v_instance
    from pgsm_private.instances as i
    where i.instance_id = retry_effect.instance_id;
    perform pgsm_private.check_retry(v_instance, v_effect);
    if v_instance.instance_id is not null then
        v_instance := pgsm_private.log_repair(
            v_instance, 'pgsm.retry_effect', jsonb_build_object(
                'effect', v_effect.effect_id, 'name', v_effect.name,
                'was', v_effect.status, 'last_error', v_effect.error)
        );
    end if;

    if v_effect.error ->> 'type' = 'refused' and v_effect.output is not null then
        -- the work is done: only its event is still to be delivered
        update pgsm_private.effects as e
        set status = 'succeeded', error = null
        where e.instance_id = v_effect.instance_id and e.effect_id = v_effect.effect_id;
        v_outcome := pgsm_private.deliver_output(v_instance, v_effect);
        if v_effect.place is not null then
            perform pgsm_private.release_next_effect(v_effect.instance_id, v_effect.name);
        end if;
        return v_outcome;
    end if;

    v_now := pgsm_private.now();
    update pgsm_private.effects as e
    set status = case e.status when 'failed' then 'pending' else e.status end,
        attempt = case e.status when 'failed' then 0 else e.attempt end,
        due_at = v_now,
        deadline_at = v_now + pgsm_private.effect_interval(e.policy -> 'within', null),
        time_left = null,
        finished_at = null
    where e.instance_id = v_effect.instance_id and e.effect_id = v_effect.effect_id
    returning e.* into v_effect;

    perform pgsm_private.notify_runners();
    return v_effect.status;
end;
$$;

comment on function pgsm.retry_effect (text, text) is $comment$
    Do a failed effect again, in place, with all its attempts and under the same
    idempotency key; one that waits for its next attempt becomes due at once.

        select pgsm.retry_effect('order-42', '3/0');

    Where the work was done and the machine refused the event, only the event is
    delivered again.  Recorded in the instance's log.  Returns pending or retrying; succeeded or refused for such
    an event.  Raises SM300 when there is no such effect, SM303 when it is
    running or over, or when its state has been left.
$comment$;

commit;
