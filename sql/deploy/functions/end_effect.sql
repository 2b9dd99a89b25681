-- Deploy pgsm:functions/end_effect to pg
-- requires: functions/deliver_effect_event
-- requires: functions/effect_event
-- requires: functions/is_fatal
-- requires: functions/queue_effect_event
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.end_effect (
    instance  pgsm_private.instances,
    effect    pgsm_private.effects,
    error     jsonb
)
  returns text
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_now      timestamptz := pgsm_private.now();
    v_effect   pgsm_private.effects := end_effect.effect;
    v_error    jsonb := end_effect.error;
    v_event    jsonb;
    v_message  text;
begin
    update pgsm_private.effects as e
    set status = 'failed',
        error = v_error,
        lease_token = null,
        lease_until = null,
        runner_id = null,
        finished_at = v_now
    where e.instance_id = v_effect.instance_id and e.effect_id = v_effect.effect_id;

    if v_effect.kind <> 'invoke' then
        return 'failed';
    end if;

    v_event := pgsm_private.effect_event(
        v_effect, 'error.invoke.' || v_effect.invoke_id, jsonb_build_object('error', v_error));
    begin
        if pgsm_private.deliver_effect_event(end_effect.instance, v_effect, v_event) = 'taken'
        then
            v_error := v_error || '{"handled": true}';
        end if;
    exception
        when query_canceled or internal_error then
            perform pgsm_private.queue_effect_event(end_effect.instance, v_effect, v_event);
        when others then
            if pgsm_private.is_fatal(sqlstate) then
                raise;
            end if;
            get stacked diagnostics v_message = message_text;
            v_error := v_error || jsonb_build_object(
                'refused', jsonb_build_object('message', v_message, 'code', sqlstate)
            );
    end;

    update pgsm_private.effects as e
    set error = v_error
    where e.instance_id = v_effect.instance_id
        and e.effect_id = v_effect.effect_id
        and e.error is distinct from v_error;
    return 'failed';
end;
$$;

comment on function pgsm_private.end_effect (
    pgsm_private.instances, pgsm_private.effects, jsonb
) is $comment$
    Fail an effect for good and deliver an invoke's error.invoke.<id>.  Instance
    and effect are locked by the caller.  Returns failed.

    Where a transition took the event the error gets "handled": true.  Where
    none did the effect is an open incident; where the machine refused it, the
    refusal is kept as "refused".  An event whose step takes too long waits
    (queue_effect_event).
$comment$;

commit;
