-- Deploy pgsm:functions/lint_machine to pg
-- requires: functions/machine_document
-- requires: functions/find_version

begin;
set local role pgsm_owner;

create or replace function pgsm.lint_machine (machine text, version integer default null)
  returns table (path text, code text, message text, hint text)
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_version  pgsm_private.machine_versions;
begin
    v_version := pgsm_private.find_version(lint_machine.machine, lint_machine.version);
    return query
    select r.path, r.code, r.message, r.hint
    from jsonb_to_recordset(
        pgsm_engine.call('lint', array[
            pgsm_private.machine_document(v_version.machine, v_version.version)
        ])::jsonb
    ) as r (path text, code text, message text, hint text);
end;
$$;

comment on function pgsm.lint_machine (text, integer) is $comment$
    Warnings about a version (null: the current one): what is allowed and hardly meant.

        select * from pgsm.lint_machine('order');

    Returns one row a warning: its JSON path in machine_definition, a code, a
    message and what to do, in document order; no row when there are none.
    Raises SM002 or SM003.
$comment$;

commit;
