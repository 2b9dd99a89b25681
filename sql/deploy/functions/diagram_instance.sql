-- Deploy pgsm:functions/diagram_instance to pg
-- requires: functions/machine_document
-- requires: functions/find_instance

begin;
set local role pgsm_owner;

create or replace function pgsm.diagram_instance (instance_id text)
  returns text
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances;
begin
    v_instance := pgsm_private.find_instance(diagram_instance.instance_id);
    return pgsm_engine.call('diagram', array[
        pgsm_private.machine_document(v_instance.machine, v_instance.version),
        to_jsonb(v_instance.states)::text
    ])::jsonb #>> '{}';
end;
$$;

comment on function pgsm.diagram_instance (text) is $comment$
    A picture of an instance's machine with its active states in colour, as Mermaid text.

        select pgsm.diagram_instance('order-42');

    Returns what pgsm.diagram does for the instance's version.  Raises SM100.
$comment$;

commit;
