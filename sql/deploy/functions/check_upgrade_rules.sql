-- Deploy pgsm:functions/check_upgrade_rules to pg
-- requires: functions/check_upgrade_function
-- requires: functions/machine_document

begin;
set local role pgsm_owner;

create or replace function pgsm_private.check_upgrade_rules (
    old_version  pgsm_private.machine_versions,
    new_version  pgsm_private.machine_versions,
    rules        jsonb,
    author       text
)
  returns jsonb
  language plpgsql
  stable
as $$
#variable_conflict use_column
declare
    v_old      pgsm_private.machine_versions := check_upgrade_rules.old_version;
    v_new      pgsm_private.machine_versions := check_upgrade_rules.new_version;
    v_rules    jsonb := check_upgrade_rules.rules;
    v_context  text := v_rules ->> 'context';
begin
    return pgsm_engine.call('check_upgrade', array[
        v_old.checksum, pgsm_private.machine_document(v_old.machine, v_old.version),
        v_new.checksum, pgsm_private.machine_document(v_new.machine, v_new.version),
        v_rules::text
    ])::jsonb -> 'problems'
    || case when v_old.version = v_new.version then
        '[{"path": "$.to_version", "code": "same_version",
            "message": "the two versions are the same"}]'::jsonb
        else '[]' end
    || pgsm_private.check_upgrade_function(
        '$.context', case when ltrim(v_context) not like '{%' then v_context end,
        '{text,json,text[],text[]}', '{jsonb,json}', check_upgrade_rules.author)
    || pgsm_private.check_upgrade_function(
        '$.state', v_rules ->> 'state', '{text,json}', '{text}', check_upgrade_rules.author);
end;
$$;

comment on function pgsm_private.check_upgrade_rules (
    pgsm_private.machine_versions, pgsm_private.machine_versions, jsonb, text
) is 'All problems of an upgrade that is declared, with their paths.';

commit;
