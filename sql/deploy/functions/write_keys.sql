-- Deploy pgsm:functions/write_keys to pg
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.write_keys (
    instance  pgsm_private.instances,
    keys      jsonb
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances := write_keys.instance;
    v_keys      jsonb := write_keys.keys - 'tenant';
begin
    delete from pgsm_private.instance_keys as k
    where k.instance_id = v_instance.instance_id
        and v_keys ? k.name
        and v_keys ->> k.name is distinct from k.value;

    insert into pgsm_private.instance_keys (instance_id, machine, name, value)
    select v_instance.instance_id, v_instance.machine, r.name, r.value
    from jsonb_each_text(v_keys) as r (name, value)
    where r.value is not null
    on conflict do nothing;
end;
$$;

comment on function pgsm_private.write_keys (pgsm_private.instances, jsonb) is
    'Keep an instance''s searchable values; writes only those that changed.';

commit;
