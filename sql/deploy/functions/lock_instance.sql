-- Deploy pgsm:functions/lock_instance to pg
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.lock_instance (instance_id text)
  returns pgsm_private.instances
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances;
begin
    -- "for update" would deadlock mutual senders through foreign keys
    select i.*
    into v_instance
    from pgsm_private.instances as i
    where i.instance_id = lock_instance.instance_id
    for no key update;

    if not found then
        raise exception 'instance "%" does not exist', lock_instance.instance_id
            using errcode = 'SM100',
            hint = 'start it with pgsm.start_instance(machine, instance_id)';
    end if;
    return v_instance;
end;
$$;

comment on function pgsm_private.lock_instance (text) is
    'Lock an instance and return it; the first lock of every transaction that changes one.';

commit;
