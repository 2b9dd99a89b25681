-- Deploy pgsm:functions/context_changes to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create or replace function pgsm_private.context_changes (before jsonb, after jsonb, path text default '')
  returns jsonb
  language plpgsql
  immutable
as $$
#variable_conflict use_column
declare
    v_key     text;
    v_path    text;
    v_found   jsonb := '{}';
    v_before  jsonb;
    v_after   jsonb;
begin
    foreach v_key in array array(
        select jsonb_object_keys(context_changes.before)
        union
        select jsonb_object_keys(context_changes.after)
        order by 1
    ) loop
        v_before := context_changes.before -> v_key;
        v_after := context_changes.after -> v_key;
        v_path := concat_ws('.', nullif(context_changes.path, ''), v_key);
        if jsonb_typeof(v_before) = 'object' and jsonb_typeof(v_after) = 'object' then
            v_found := v_found || pgsm_private.context_changes(v_before, v_after, v_path);
        elsif v_before is distinct from v_after then
            v_found := v_found || jsonb_build_object(v_path,
                case when v_before is null then '{}'
                    else jsonb_build_object('before', v_before) end
                || case when v_after is null then '{}'
                    else jsonb_build_object('after', v_after) end);
        end if;
    end loop;
    return v_found;
end;
$$;

comment on function pgsm_private.context_changes (jsonb, jsonb, text) is
    'The parts of an object that differ in another: {"path": {"before", "after"}}, absent where there is none.';

commit;
