-- Deploy pgsm:functions/keep_output to pg
-- requires: tables/effects
-- requires: tables/instances
-- requires: functions/output_event
-- requires: functions/queue_effect_event
-- requires: functions/release_next_effect
-- requires: functions/instance_exists
-- requires: functions/now
--
-- Lock order: the instance, then the effect.

begin;
set local role pgsm_owner;

create or replace function pgsm_private.keep_output (
    instance_id  text,
    effect_id    text,
    lease_token  text,
    output       jsonb,
    error        jsonb
)
  returns text
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_now       timestamptz := pgsm_private.now();
    v_instance  pgsm_private.instances;
    v_effect    pgsm_private.effects;
begin
    -- what held it was undone with the step
    select i.*
    into v_instance
    from pgsm_private.instances as i
    where i.instance_id = keep_output.instance_id
    for no key update skip locked;
    if not found and pgsm_private.instance_exists(keep_output.instance_id) then
        return 'busy';
    end if;

    update pgsm_private.effects as e
    set status = case when keep_output.error is null then 'succeeded' else 'failed' end,
        output = keep_output.output,
        error = keep_output.error || jsonb_build_object('attempts', e.attempt),
        lease_token = null,
        lease_until = null,
        runner_id = null,
        finished_at = v_now
    where e.instance_id = keep_output.instance_id
        and e.effect_id = keep_output.effect_id
        and e.lease_token::text = lower(keep_output.lease_token)
    returning e.* into v_effect;
    if not found then
        return 'lease_lost';
    elsif keep_output.error is not null then
        return 'refused';
    end if;

    if v_effect.kind = 'invoke' or v_effect.reply is not null then
        perform pgsm_private.queue_effect_event(
            v_instance, v_effect, pgsm_private.output_event(v_effect)
        );
    end if;
    if v_effect.place is not null then
        perform pgsm_private.release_next_effect(v_effect.instance_id, v_effect.name);
    end if;
    return 'succeeded';
end;
$$;

comment on function pgsm_private.keep_output (text, text, text, jsonb, jsonb) is $comment$
    Keep what an effect has brought whose event could not be applied: with the
    machine's error it is failed and a retry delivers the event again; without one,
    where the step took too long, the event waits.
    Returns refused, succeeded, busy or lease_lost.
$comment$;

commit;
