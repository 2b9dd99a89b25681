-- Deploy pgsm:functions/check_filter to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create or replace function pgsm_private.check_filter (filter jsonb)
  returns void
  language plpgsql
  immutable
as $$
#variable_conflict use_column
declare
    v_key  text;
begin
    if jsonb_typeof(check_filter.filter) is distinct from 'object' then
        raise exception 'a filter is a JSON object' using errcode = 'SM115';
    end if;
    select k.key into v_key
    from jsonb_object_keys(check_filter.filter) as k (key)
    where k.key not in ('version', 'states', 'tenant', 'keys', 'context')
    limit 1;
    if found then
        raise exception 'a filter has no "%"', v_key
            using errcode = 'SM115', hint = 'version, states, tenant, keys, context';
    end if;
end;
$$;

comment on function pgsm_private.check_filter (jsonb) is
    'Refuse what is no filter of instances (SM115).';

commit;
