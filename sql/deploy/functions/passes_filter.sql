-- Deploy pgsm:functions/passes_filter to pg
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.passes_filter (instance pgsm_private.instances, filter jsonb)
  returns boolean
  language plpgsql
  stable
as $$
#variable_conflict use_column
begin
    return (
        select (not ($2 ? 'version') or $2 -> 'version' @> to_jsonb(($1).version))
            and (not ($2 ? 'tenant') or $2 ->> 'tenant' = ($1).tenant)
            and (not ($2 ? 'context') or ($1).context @> ($2 -> 'context'))
            and (not ($2 ? 'states') or to_jsonb(($1).states)
                ?| array(select jsonb_array_elements_text($2 -> 'states')))
            and (not ($2 ? 'keys') or not exists (
                select
                from jsonb_each_text($2 -> 'keys') as r (name, value)
                where not exists (
                    select from pgsm_private.instance_keys as k
                    where k.instance_id = ($1).instance_id
                        and k.name = r.name and k.value = r.value)))
    );
end;
$$;

comment on function pgsm_private.passes_filter (pgsm_private.instances, jsonb) is
    'Whether an instance has what a filter asks for: version, states, tenant, keys, context.';

commit;
