-- Deploy pgsm:functions/find_instance to pg
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.find_instance (instance_id text)
  returns pgsm_private.instances
  language plpgsql
  stable
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances;
begin
    select i.*
    into v_instance
    from pgsm_private.instances as i
    where i.instance_id = find_instance.instance_id;
    if not found then
        raise exception 'instance "%" does not exist', find_instance.instance_id
            using errcode = 'SM100';
    elsif v_instance.status = 'deleted' then
        raise exception 'instance "%" was deleted', find_instance.instance_id
            using errcode = 'SM120';
    end if;
    return v_instance;
end;
$$;

comment on function pgsm_private.find_instance (text) is
    'An instance as it stands, without locking it; raises SM100 and SM120.';

commit;
