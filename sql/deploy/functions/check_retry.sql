-- Deploy pgsm:functions/check_retry to pg
-- requires: tables/effects
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.check_retry (
    instance  pgsm_private.instances,
    effect    pgsm_private.effects
)
  returns void
  language plpgsql
  stable
as $$
#variable_conflict use_column
declare
    v_effect    pgsm_private.effects := check_retry.effect;
    v_instance  pgsm_private.instances := check_retry.instance;
    v_reason    text;
begin
    if v_effect.status not in ('failed', 'pending', 'retrying') then
        v_reason := format('It is %s.', v_effect.status);
    elsif v_effect.kind = 'invoke' and v_instance.status is null then
        v_reason := 'Its instance does not exist any more.';
    elsif v_effect.kind = 'invoke' and v_instance.status not in ('active', 'paused') then
        v_reason := format('Its instance is %s.', v_instance.status);
    elsif v_effect.kind = 'invoke'
        and v_effect.state <> ''
        and v_effect.state <> all (v_instance.states)
    then
        v_reason := format('Its state "%s" was left.', v_effect.state);
    elsif v_effect.kind = 'invoke' and exists (
        select
        from pgsm_private.effects as e
        where e.instance_id = v_effect.instance_id
            and e.invoke_id = v_effect.invoke_id
            and e.item is not distinct from v_effect.item
            and e.effect_id <> v_effect.effect_id
            and e.created_at > v_effect.created_at
    ) then
        v_reason := format('Its state "%s" was left and entered again.', v_effect.state);
    else
        return;
    end if;

    raise exception 'effect "%" of instance "%" cannot be retried',
        v_effect.effect_id, v_effect.instance_id
        using errcode = 'SM303',
            detail = v_reason;
end;
$$;

comment on function pgsm_private.check_retry (
    pgsm_private.instances, pgsm_private.effects
) is 'Refuse, with SM303, to retry an effect that nobody waits for or that is running.';

commit;
