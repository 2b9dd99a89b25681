-- Deploy pgsm:functions/without_paths to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create or replace function pgsm_private.without_paths (value jsonb, paths jsonb)
  returns jsonb
  language plpgsql
  immutable
as $$
#variable_conflict use_column
declare
    v_value  jsonb := without_paths.value;
    v_path   jsonb;
begin
    if jsonb_typeof(v_value) in ('object', 'array') then
        foreach v_path in array array(select jsonb_array_elements(without_paths.paths)) loop
            v_value := v_value #- array(select jsonb_array_elements_text(v_path));
        end loop;
    end if;
    return v_value;
end;
$$;

comment on function pgsm_private.without_paths (jsonb, jsonb) is
    'A value without what is at the paths, each an array of keys: what is sensitive is not kept.';

commit;
