-- Deploy pgsm:functions/is_awaited to pg
-- requires: tables/effects
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.is_awaited (
    effect    pgsm_private.effects,
    instance  pgsm_private.instances
)
  returns boolean
  language plpgsql
  stable
as $$
#variable_conflict use_column
declare
    v_effect    pgsm_private.effects := is_awaited.effect;
    v_instance  pgsm_private.instances := is_awaited.instance;
begin
    return v_effect.kind = 'action'
        or (
            v_instance.status in ('active', 'paused')
            and (v_effect.state = '' or v_effect.state = any (v_instance.states))
            and not exists (
                select
                from pgsm_private.effects as e
                where e.instance_id = v_effect.instance_id
                    and e.invoke_id = v_effect.invoke_id
                    and e.item is not distinct from v_effect.item
                    and e.created_at > v_effect.created_at
            )
        );
end;
$$;

comment on function pgsm_private.is_awaited (pgsm_private.effects, pgsm_private.instances) is
    'Whether a failed effect may be done again: an action, or an invocation whose state was not left.';

commit;
