-- Deploy pgsm:functions/lock_instances to pg
-- requires: functions/lock_instance

begin;
set local role pgsm_owner;

create or replace function pgsm_private.lock_instances (instance_ids text[])
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_locked  text[];
begin
    -- rows are locked as the sort gives them: ascending, as all set functions do
    v_locked := array(
        select i.instance_id
        from pgsm_private.instances as i
        where i.instance_id = any (lock_instances.instance_ids)
        order by i.instance_id collate "C"
        for no key update
    );
    if cardinality(v_locked) < cardinality(lock_instances.instance_ids) then
        perform pgsm_private.lock_instance(min(m.instance_id))
        from (
            select unnest(lock_instances.instance_ids)
            except
            select unnest(v_locked)
        ) as m (instance_id);
    end if;
end;
$$;

comment on function pgsm_private.lock_instances (text[]) is
    'Lock instances (each named once) in the order of all set functions; raises SM100 for one that is missing.';

commit;
