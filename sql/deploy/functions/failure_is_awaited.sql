-- Deploy pgsm:functions/failure_is_awaited to pg
-- requires: functions/is_awaited
-- requires: tables/effects
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.failure_is_awaited (
    instance   pgsm_private.instances,
    effect_id  text
)
  returns boolean
  language plpgsql
  stable
as $$
#variable_conflict use_column
declare
    v_effect  pgsm_private.effects;
begin
    select e.*
    into v_effect
    from pgsm_private.effects as e
    where e.instance_id = failure_is_awaited.instance.instance_id
        and e.effect_id = failure_is_awaited.effect_id;
    -- one that is tried again meanwhile has not failed
    return not found
        or (v_effect.status = 'failed'
            and pgsm_private.is_awaited(v_effect, failure_is_awaited.instance));
end;
$$;

comment on function pgsm_private.failure_is_awaited (pgsm_private.instances, text) is
    'Whether an error.invoke.<id> that waited is still of interest: its invocation was neither left nor retried.';

commit;
