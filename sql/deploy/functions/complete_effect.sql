-- Deploy pgsm:functions/complete_effect to pg
-- requires: functions/deliver_effect_event
-- requires: functions/output_event
-- requires: functions/now
-- requires: functions/is_fatal
-- requires: functions/instance_exists
-- requires: functions/answer_is_late
-- requires: functions/deliver_late
-- requires: functions/release_next_effect
-- requires: functions/keep_output
--
-- Lock order: the instance, then the effect.

begin;
set local role pgsm_owner;

create or replace function pgsm_private.complete_effect (
    instance_id  text,
    effect_id    text,
    lease_token  text,
    output       jsonb
)
  returns text
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_now       timestamptz := pgsm_private.now();
    v_instance  pgsm_private.instances;
    v_effect    pgsm_private.effects;
    v_outcome   text := 'succeeded';
    v_message   text;
    v_detail    text;
begin
    -- In this one subtransaction: a row that is locked in an outer one and changed in
    -- an inner one gets a multixact.
    select i.*
    into v_instance
    from pgsm_private.instances as i
    where i.instance_id = complete_effect.instance_id
    for no key update skip locked;
    if not found and pgsm_private.instance_exists(complete_effect.instance_id) then
        return 'busy';
    end if;

    update pgsm_private.effects as e
    set status = case
            when pgsm_private.answer_is_late(e, v_instance.status) then 'late'
            else 'succeeded'
        end,
        output = complete_effect.output,
        error = null,
        lease_token = null,
        lease_until = null,
        runner_id = null,
        finished_at = v_now
    where e.instance_id = complete_effect.instance_id
        and e.effect_id = complete_effect.effect_id
        and e.lease_token::text = lower(complete_effect.lease_token)
    returning e.* into v_effect;
    if not found then
        return 'lease_lost';
    elsif v_effect.status = 'late' then
        v_outcome := pgsm_private.deliver_late(
            v_instance, v_effect, jsonb_build_object('output', v_effect.output)
        );
    elsif v_effect.kind = 'invoke' or v_effect.reply is not null then
        perform pgsm_private.deliver_effect_event(
            v_instance, v_effect, pgsm_private.output_event(v_effect)
        );
    end if;
    if v_effect.place is not null then
        perform pgsm_private.release_next_effect(v_effect.instance_id, v_effect.name);
    end if;
    return v_outcome;

exception
    when query_canceled or others then
        if v_effect.status is distinct from 'succeeded'
            or (pgsm_private.is_fatal(sqlstate) and sqlstate not in ('57014', 'XX000'))
        then
            raise;
        end if;
        get stacked diagnostics v_message = message_text, v_detail = pg_exception_detail;
        return pgsm_private.keep_output(
            complete_effect.instance_id, complete_effect.effect_id,
            complete_effect.lease_token, complete_effect.output,
            case when not pgsm_private.is_fatal(sqlstate) then jsonb_build_object(
                'type', 'refused', 'message', v_message, 'code', sqlstate, 'detail', v_detail
            ) end
        );
end;
$$;

comment on function pgsm_private.complete_effect (text, text, text, jsonb) is $comment$
    Record that one effect is done and deliver its event; complete_effects
    calls it.  Returns succeeded, late, refused, busy or lease_lost.
$comment$;

commit;
