-- Deploy pgsm:functions/diagram to pg
-- requires: functions/machine_document
-- requires: functions/find_version

begin;
set local role pgsm_owner;

create or replace function pgsm.diagram (machine text, version integer default null)
  returns text
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_version  pgsm_private.machine_versions;
begin
    v_version := pgsm_private.find_version(diagram.machine, diagram.version);
    return pgsm_engine.call('diagram', array[
        pgsm_private.machine_document(v_version.machine, v_version.version), null
    ])::jsonb #>> '{}';
end;
$$;

comment on function pgsm.diagram (text, integer) is $comment$
    A picture of a version (null: the current one), as Mermaid text.

        select pgsm.diagram('order');

    Returns a state diagram that GitHub, GitLab and others draw; psql -At shows
    it as it is.  Raises SM002 or SM003.
$comment$;

commit;
