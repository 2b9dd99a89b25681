-- Deploy pgsm:functions/machine_definition to pg
-- requires: functions/machine_document
-- requires: functions/find_version

begin;
set local role pgsm_owner;

create or replace function pgsm.machine_definition (machine text, version integer default null)
  returns json
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_version  pgsm_private.machine_versions;
begin
    v_version := pgsm_private.find_version(
        machine_definition.machine, machine_definition.version
    );
    return pgsm_private.machine_document(v_version.machine, v_version.version)::json;
end;
$$;

comment on function pgsm.machine_definition (text, integer) is $comment$
    The document of a version (null: the current one).

        select pgsm.machine_definition('order', 2);

    Returns the document, put together from the version's rows, in its normal
    form: defining it again gives the same rows.  Raises SM002 or SM003.
$comment$;

commit;
