-- Deploy pgsm:functions/record_failure to pg
-- requires: functions/end_effect
-- requires: functions/retry_delay
-- requires: functions/effect_attempts
-- requires: functions/answer_is_late
-- requires: functions/deliver_late
-- requires: functions/effect_error
-- requires: functions/release_next_effect
-- requires: tables/effect_limits
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.record_failure (
    instance     pgsm_private.instances,
    effect       pgsm_private.effects,
    error        jsonb,
    permanent    boolean,
    retry_after  interval
)
  returns text
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_effect  pgsm_private.effects := record_failure.effect;
    v_error   jsonb;
    v_now     timestamptz := pgsm_private.now();
    v_due     timestamptz;
    v_status  text;
begin
    v_error := pgsm_private.effect_error(
        record_failure.error, record_failure.permanent, v_effect.attempt
    );
    v_due := greatest(v_now, v_now + coalesce(
        record_failure.retry_after,
        pgsm_private.retry_delay(v_effect.policy, v_effect.attempt)
    ));

    if pgsm_private.answer_is_late(v_effect, (record_failure.instance).status) then
        v_status := 'cancelled';
    elsif record_failure.permanent
        or v_effect.attempt >= pgsm_private.effect_attempts(v_effect.policy)
        or (
            v_due >= v_effect.deadline_at
            -- while the name is paused its deadlines stand still
            and not exists (
                select
                from pgsm_private.effect_pauses as p
                where p.name = v_effect.name and p.paused_at < v_effect.deadline_at
            )
        )
    then
        v_status := pgsm_private.end_effect(record_failure.instance, v_effect, v_error);
    else
        v_status := 'retrying';
    end if;

    if v_status <> 'failed' then
        update pgsm_private.effects as e
        set status = v_status,
            error = v_error,
            due_at = case v_status when 'retrying' then v_due else e.due_at end,
            finished_at = case v_status when 'cancelled' then v_now end,
            lease_token = null,
            lease_until = null,
            runner_id = null
        where e.instance_id = v_effect.instance_id and e.effect_id = v_effect.effect_id
        returning e.* into v_effect;
    end if;
    if v_status = 'cancelled' then
        v_status := pgsm_private.deliver_late(
            record_failure.instance, v_effect, jsonb_build_object('error', v_error)
        );
    end if;
    if v_effect.place is not null and v_status <> 'retrying' then
        perform pgsm_private.release_next_effect(v_effect.instance_id, v_effect.name);
    end if;
    return v_status;
end;
$$;

comment on function pgsm_private.record_failure (
    pgsm_private.instances, pgsm_private.effects, jsonb, boolean, interval
) is $comment$
    Record a failed attempt of an effect; instance and effect are locked by the
    caller.  Returns retrying; failed after the last attempt, a permanent
    failure, or where the next attempt would begin past the deadline; cancelled
    where nobody waits for the effect any more.
$comment$;

commit;
