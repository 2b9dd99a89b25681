-- Deploy pgsm:functions/sensitive_paths to pg
-- requires: tables/definitions
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.sensitive_paths (instance_id text)
  returns jsonb
  language plpgsql
  stable
as $$
#variable_conflict use_column
begin
    return (
        select coalesce(
            (
                select jsonb_agg(to_jsonb(string_to_array(p.path, '.')))
                from pgsm_private.instances as i
                join pgsm_private.machine_versions as v
                    on v.machine = i.machine and v.version = i.version
                cross join jsonb_array_elements_text(
                    coalesce(v.settings::jsonb -> 'sensitive', '[]')
                ) as p (path)
                where i.instance_id = $1
            ),
            '[]'
        )
    );
end;
$$;

comment on function pgsm_private.sensitive_paths (text) is
    'The sensitive paths of an instance''s document, each an array of keys.';

commit;
