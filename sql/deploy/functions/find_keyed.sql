-- Deploy pgsm:functions/find_keyed to pg
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.find_keyed (machine text, name text, value text)
  returns setof pgsm_private.instances
  language plpgsql
  stable
as $$
#variable_conflict use_column
begin
    if find_keyed.name = 'tenant' then
        return query
        select i.*
        from pgsm_private.instances as i
        where i.machine = find_keyed.machine and i.tenant = find_keyed.value
        order by i.instance_id;
        return;
    end if;
    return query
    select i.*
    from pgsm_private.instance_keys as k
    join pgsm_private.instances as i on i.instance_id = k.instance_id
    where k.machine = find_keyed.machine
        and k.name = find_keyed.name
        and k.value = find_keyed.value
    order by i.instance_id;
end;
$$;

comment on function pgsm_private.find_keyed (text, text, text) is
    'The instances of a machine that have this value under this key, tenant included.';

commit;
