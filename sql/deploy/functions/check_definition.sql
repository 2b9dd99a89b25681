-- Deploy pgsm:functions/check_definition to pg
-- requires: functions/check_document
-- requires: functions/caller_role

begin;
set local role pgsm_owner;

create or replace function pgsm.check_definition (definition json)
  returns table (path text, code text, message text, hint text)
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    select r.path, r.code, r.message, r.hint
    from jsonb_to_recordset(
        (pgsm_private.check_document(
            check_definition.definition, pgsm_private.caller_role()
        ) -> 'problems')::jsonb
    ) as r (path text, code text, message text, hint text);
end;
$$;

comment on function pgsm.check_definition (json) is $comment$
    All problems of a definition, without defining anything.

        select * from pgsm.check_definition('{"initial": "nowhere", "states": {"a": {}}}');

    Returns one row a problem: its JSON path, a code, a message and what to do;
    no row when the definition is right.
$comment$;

commit;
