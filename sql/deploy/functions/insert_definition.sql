-- Deploy pgsm:functions/insert_definition to pg
-- requires: tables/definitions

begin;
set local role pgsm_owner;

create or replace function pgsm_private.insert_definition (
    machine  text,
    version  integer,
    rows     json
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
begin
    insert into pgsm_private.states
        (machine, version, path, position, parent, key, type, settings)
    select insert_definition.machine, insert_definition.version,
        r.path, r.position, r.parent, r.key, r.type, r.settings
    from json_to_recordset(insert_definition.rows -> 'states') as r (
        path text, position integer, parent text, key text, type text, settings json);

    insert into pgsm_private.transitions
        (machine, version, state, position, kind, event, delay, invoke_id, targets,
        guard, reenter, settings)
    select insert_definition.machine, insert_definition.version,
        r.state, r.position, r.kind, r.event, r.delay, r.invoke_id, r.targets,
        r.guard, r.reenter, r.settings
    from json_to_recordset(insert_definition.rows -> 'transitions') as r (
        state text, position integer, kind text, event text, delay text,
        invoke_id text, targets text[], guard json, reenter boolean, settings json);

    insert into pgsm_private.actions
        (machine, version, state, owner, transition_position, position, action)
    select insert_definition.machine, insert_definition.version,
        r.state, r.owner, coalesce(r.transition_position, -1), r.position, r.action
    from json_to_recordset(insert_definition.rows -> 'actions') as r (
        state text, owner text, transition_position integer, position integer, action json);

    insert into pgsm_private.invocations
        (machine, version, state, position, invoke_id, src, child, settings)
    select insert_definition.machine, insert_definition.version,
        r.state, r.position, r.invoke_id, r.src, r.machine, r.settings
    from json_to_recordset(insert_definition.rows -> 'invocations') as r (
        state text, position integer, invoke_id text, src text, machine text, settings json);

    insert into pgsm_private.implementations
        (machine, version, kind, name, position, definition)
    select insert_definition.machine, insert_definition.version,
        r.kind, r.name, r.position, r.definition
    from json_to_recordset(insert_definition.rows -> 'implementations') as r (
        kind text, name text, position integer, definition json);
end;
$$;

comment on function pgsm_private.insert_definition (text, integer, json) is
    'Write the parts of a version as the engine made rows of them.';

commit;
