-- Deploy pgsm:functions/end_effect_later to pg
-- requires: functions/effect_error
-- requires: functions/effect_event
-- requires: functions/now
-- requires: tables/effects
-- requires: tables/timers

begin;
set local role pgsm_owner;

create or replace function pgsm_private.end_effect_later (
    effect  pgsm_private.effects,
    error   jsonb
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_effect  pgsm_private.effects := end_effect_later.effect;
    v_error   jsonb;
begin
    v_error := pgsm_private.effect_error(end_effect_later.error, true, v_effect.attempt);
    update pgsm_private.effects as e
    -- a late answer stays visible as such
    set status = case when e.cancel_requested then 'late' else 'failed' end,
        error = v_error,
        lease_token = null,
        lease_until = null,
        runner_id = null,
        finished_at = pgsm_private.now()
    where e.instance_id = v_effect.instance_id and e.effect_id = v_effect.effect_id;
    if v_effect.kind = 'invoke' and not v_effect.cancel_requested then
        insert into pgsm_private.timers
            (instance_id, timer_id, kind, event, data, due_at, armed_at)
        values (
            v_effect.instance_id,
            format('effect/%s/%s', v_effect.effect_id, v_effect.attempt),
            'message',
            'error.invoke.' || v_effect.invoke_id,
            pgsm_private.effect_event(v_effect, '', jsonb_build_object('error', v_error)) - 'type',
            pgsm_private.now(),
            pgsm_private.now()
        );
    end if;
end;
$$;

comment on function pgsm_private.end_effect_later (pgsm_private.effects, jsonb) is $comment$
    Fail an effect for good whose machine could not take that in time: its
    error.invoke.<id> is queued as a message.  Instance and effect are locked.
$comment$;

commit;
