-- Deploy pgsm:functions/raise_upgrade_refusal to pg
-- requires: functions/upgrade_refusal

begin;
set local role pgsm_owner;

create or replace function pgsm_private.raise_upgrade_refusal (
    instance  pgsm_private.instances,
    version   integer,
    error     jsonb
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances := raise_upgrade_refusal.instance;
begin
    raise exception '%', pgsm_private.upgrade_refusal(
        v_instance, raise_upgrade_refusal.version, raise_upgrade_refusal.error)
        using errcode = 'SM402',
        detail = format('machine "%s", state %s', v_instance.machine, v_instance.value),
        hint = coalesce(raise_upgrade_refusal.error ->> 'hint', 'nothing has changed');
end;
$$;

comment on function pgsm_private.raise_upgrade_refusal (pgsm_private.instances, integer, jsonb) is
    'Raise the engine''s refusal of an upgrade (SM402).';

commit;
